//! Grading specimens, on a small workspace. All of them, of every stage, are graded by
//! `tests/specimens`.

use std::fs;

use crate::support::Workspace;

#[test]
fn a_specimen_that_breaks_its_promise_is_found() {
    let workspace = Workspace::new("specimens");
    workspace
        .kata(&["specimens", "shared-counter"])
        .with_status(0)
        .shows("specimens.txt");

    let folder = "solutions/shared-counter/specimens";
    let right = workspace.read(&format!("{folder}/accept/atomic.rs"));
    let wrong = workspace.read(&format!("{folder}/reject/two_steps.rs"));
    let header = "//! reject: two-step-counter\n//! by: no_update_is_lost\n";
    let harmless = right.replace("//! accept: without a lock\n", header);
    workspace.write(&format!("{folder}/reject/harmless.rs"), &harmless);
    let harmful = wrong.replace(header, "//! accept: two steps\n");
    workspace.write(&format!("{folder}/accept/harmful.rs"), &harmful);
    workspace
        .kata(&["specimens", "shared-counter"])
        .with_status(1)
        .shows("specimens-broken.txt");

    let arguments = [
        "specimens",
        "shared-counter",
        "--repeat",
        "2",
        "--format",
        "json",
    ];
    let json = workspace.kata(&arguments);
    let json = json.with_status(1).json();
    let failed = json["specimens"].as_array().into_iter().flatten();
    let failed = failed
        .filter(|specimen| specimen["passed"] == false)
        .count();
    assert_eq!((failed, &json["passed"]), (2, &false.into()), "{json:#}");
    let problems = json.to_string();
    assert!(problems.contains("in run 1: "), "{problems}");
}

#[test]
fn a_header_that_cannot_be_read_names_the_file() {
    let workspace = Workspace::new("specimen-headers");
    let file = "solutions/shared-counter/specimens/reject/two_steps.rs";
    let text = workspace.read(file);
    for (header, complaint) in [
        ("//! Two steps.\n", "specimen-no-header.txt"),
        (
            "//! reject: two-step-counter\n//! by: no_such_check\n",
            "specimen-no-check.txt",
        ),
        (
            "//! reject: torn-read\n//! by: no_update_is_lost\n",
            "specimen-other-defect.txt",
        ),
    ] {
        let body = text.split_once("//!\n").expect("a header").1;
        workspace.write(file, &format!("{header}{body}"));
        workspace
            .kata(&["specimens", "shared-counter"])
            .with_status(2)
            .complains(complaint);
    }
    fs::remove_dir_all(workspace.root.join("solutions/shared-counter/specimens"))
        .expect("specimens");
    let ended = workspace
        .kata(&["specimens", "shared-counter"])
        .with_status(2);
    assert!(
        ended
            .err
            .contains("Cannot read solutions/shared-counter/specimens"),
        "{}",
        ended.err
    );
}
