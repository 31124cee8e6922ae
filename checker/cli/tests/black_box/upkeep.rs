//! What keeps the workspace in order: `doctor`, `new`, and what is made from the
//! help.

use std::fs;

use crate::support::{Workspace, kata_in, real_root};

/// Makes a stage in a fixture workspace, whose checker is elsewhere.
fn new_stage(workspace: &Workspace, arguments: &[&str]) {
    workspace
        .kata(&[&["new"], arguments].concat())
        .with_status(0)
        .shows("new.txt");
    let checker = real_root().join("checker").display().to_string();
    for (package, up) in [
        ("exercises/word-count/grading", "../../../checker"),
        ("solutions/word-count", "../../checker"),
    ] {
        let file = format!("{package}/Cargo.toml");
        let text = workspace.read(&file);
        workspace.write(&file, &text.replace(up, &checker));
    }
}

#[test]
fn a_new_stage_keeps_every_rule() {
    let workspace = Workspace::new("new");
    new_stage(&workspace, &["word-count", "--track", "words"]);
    let list = workspace
        .kata(&["list", "--format", "json"])
        .with_status(0)
        .json();
    assert_eq!(list[2]["name"], "word-count");
    assert_eq!(
        (&list[2]["title"], &list[2]["position"]),
        (&"Word count".into(), &3.into())
    );

    workspace.kata(&["specimens", "word-count"]).with_status(0);
    let reference = ["check", "word-count", "--path", "solutions/word-count"];
    workspace.kata(&reference).with_status(0);
    // The starter is the plausible flaw: most of it passes, and one check tells.
    let starter = workspace.kata(&["check", "word-count"]).with_status(1).out;
    assert!(
        starter.contains("✗ no_update_is_lost   two-step-counter"),
        "{starter}"
    );
    assert!(starter.contains("1 of 2 checks to go"), "{starter}");
    let nothing = workspace.kata(&["reset", "word-count"]).with_status(0).out;
    assert!(nothing.contains("is the starter already"), "{nothing}");

    let doctor = workspace
        .kata(&["doctor", "--format", "json", "--pristine"])
        .json();
    let of_the_new = doctor["findings"].as_array().into_iter().flatten();
    let of_the_new: Vec<_> = of_the_new
        .filter(|finding| finding["about"] == "the stage word-count")
        .collect();
    // Only the catalogue of this small workspace is without one of its defects.
    assert_eq!(of_the_new.len(), 1, "{of_the_new:#?}");
    let problem = of_the_new[0]["problem"].as_str().unwrap_or_default();
    assert!(
        problem.contains("`default-differs`, which has no page"),
        "{problem}"
    );

    workspace
        .kata(&["new", "word-count"])
        .with_status(2)
        .complains("new-there.txt");
    for name in ["Word", "9-lives", "a--b", "../out", "", "a_b"] {
        let ended = workspace.kata(&["new", name]).with_status(2);
        assert!(
            ended.err.contains("cannot be the name of a stage"),
            "{name}: {}",
            ended.err
        );
    }
}

#[test]
fn the_doctor_says_how_to_mend_what_is_wrong() {
    let workspace = Workspace::new("doctor");
    let grade = "exercises/shared-counter/tests/grade.rs";
    let text = workspace.read(grade);
    workspace.write(grade, &text.replace("it_counts_to_a_hundred", "it_counts"));
    let two = "exercises/two-counters/stage.toml";
    let text = workspace.read(two);
    workspace.write(two, &text.replace("position = 2", "position = 1"));
    workspace.write("exercises/shared-counter/src/lib.rs", "// begun\n");
    workspace.write("docs/loose.md", "# Not in the book\n");
    fs::create_dir(workspace.root.join(".kata")).expect("a folder");
    workspace.write(".kata/journal.jsonl", "{\"schema\":7}\n");
    let ended = workspace.kata(&["doctor", "--pristine"]).with_status(1);
    // Where this workspace lies decides how what names it is wrapped; before that, the
    // version of the compiler is whatever it is.
    let stages = ended.out.find("✗ the order").expect("a finding");
    let (state, page) = ended.out.split_at(stages);
    let state: Vec<&str> = state.split_whitespace().collect();
    assert!(
        state
            .join(" ")
            .contains("its schema is 7, and this one knows 1 →"),
        "{state:?}"
    );
    crate::support::assert_page(page, "doctor.txt");
}

#[test]
fn the_real_workspace_is_in_order() {
    let doctor = kata_in(&real_root(), &["doctor", "--format", "json"]).json();
    let findings = doctor["findings"].as_array().into_iter().flatten();
    // How it stands with the learner's own progress does not matter here.
    let broken: Vec<_> = findings
        .filter(|finding| finding["about"] != "your progress, in .kata")
        .filter(|finding| finding["problem"].is_string())
        .collect();
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn completions_and_manual_know_every_command() {
    let help = kata_in(&real_root(), &["--help"]).with_status(0).out;
    let commands: Vec<&str> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(commands.len() > 10, "{commands:?}");
    let outside = tempfile::tempdir().expect("a folder");
    let manual = kata_in(outside.path(), &["man"]).with_status(0).out;
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = kata_in(outside.path(), &["completions", shell])
            .with_status(0)
            .out;
        for command in &commands {
            assert!(script.contains(command), "{shell}: {command}");
        }
        assert!(script.contains("kata"), "{shell}");
    }
    for command in &commands {
        let heading = format!(".SH \"CARGO KATA {}\"", command.to_uppercase());
        assert!(manual.contains(&heading), "{heading}");
    }
    kata_in(outside.path(), &["completions", "tcsh"]).with_status(2);
}
