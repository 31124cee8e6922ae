use std::process::{Command, ExitStatus};
use std::time::Duration;

use super::*;

fn manifest() -> Manifest {
    let check = |name: &str| {
        format!(
            "[[check]]\nname = \"{name}\"\ndefect = \"hot-key\"\ndimension = \"testing\"\n\
             why = \"w\"\ntry = \"t\"\non = {{ process-ended = \"outcome-swallowed\" }}\n"
        )
    };
    let text = "format = 1\nname = \"ring\"\ntitle = \"Ring\"\ntrack = \"t\"\nposition = 1\n\
         minutes = 1\nsummary = \"s\"\nhints = [\"1\", \"2\", \"3\"]\n"
        .to_owned()
        + &check("one")
        + &check("two");
    Manifest::parse(&text, Path::new("stage.toml")).expect("a manifest")
}

fn passed(check: &str) -> Record {
    Record {
        schema: SCHEMA,
        stage: "ring".into(),
        check: check.into(),
        verdict: Verdict::Passed,
        finding: None,
        search: None,
        blind_spots: vec![],
        seed: None,
        duration_ms: 1,
    }
}

fn status(program: &str) -> ExitStatus {
    Command::new(program).status().expect("a program that ends")
}

fn run(end: End, files: &[(&str, String)]) -> Run {
    let records = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        fs::write(records.path().join(name), text).expect("a file");
    }
    Run {
        records,
        end,
        output: "printed".into(),
    }
}

fn json(record: &Record) -> String {
    serde_json::to_string(record).expect("a record")
}

fn of(run: &Run) -> (Vec<(Verdict, String)>, Vec<String>) {
    let (records, problems) = collect(&manifest(), None, run).expect("records");
    let message = |record: &Record| record.finding.as_ref().map(|f| f.message.clone());
    let verdicts = records
        .iter()
        .map(|record| (record.verdict, message(record).unwrap_or_default()));
    (verdicts.collect(), problems)
}

#[test]
fn every_check_with_a_record_has_its_own_verdict() {
    let files = [
        ("one.json", json(&passed("one"))),
        ("two.json", json(&passed("two"))),
    ];
    let (verdicts, problems) = of(&run(End::Exited(status("true")), &files));
    assert_eq!(
        verdicts,
        [
            (Verdict::Passed, String::new()),
            (Verdict::Passed, String::new())
        ]
    );
    assert!(problems.is_empty());
}

#[test]
fn a_check_without_a_record_failed() {
    let files = [("one.json", json(&passed("one")))];
    let (verdicts, _) = of(&run(End::Exited(status("true")), &files));
    assert_eq!(verdicts[0].0, Verdict::Passed);
    assert_eq!(verdicts[1].0, Verdict::Failed);
    assert!(
        verdicts[1]
            .1
            .starts_with("left no record: the process ended"),
        "{}",
        verdicts[1].1
    );
}

#[test]
fn a_record_that_is_torn_foreign_or_of_another_version_failed() {
    let later = Record {
        schema: SCHEMA + 1,
        ..passed("two")
    };
    let files = [
        ("one.json", json(&passed("two"))),
        ("two.json", json(&later)),
    ];
    let (verdicts, _) = of(&run(End::Exited(status("true")), &files));
    assert!(
        verdicts
            .iter()
            .all(|(verdict, _)| *verdict == Verdict::Failed),
        "{verdicts:?}"
    );

    let torn = json(&passed("one"))[..20].to_owned();
    let (verdicts, _) = of(&run(End::Exited(status("true")), &[("one.json", torn)]));
    assert!(verdicts[0].1.contains("can be read"), "{verdicts:?}");
}

#[test]
fn a_run_that_was_ended_timed_out_where_no_record_is() {
    let files = [("one.json", json(&passed("one")))];
    let (verdicts, _) = of(&run(End::OutOfTime(Duration::from_secs(600)), &files));
    assert_eq!(verdicts[0].0, Verdict::Passed);
    assert_eq!(verdicts[1].0, Verdict::TimedOut);
    assert!(
        verdicts[1].1.contains("after 10 minutes"),
        "{}",
        verdicts[1].1
    );
}

#[test]
fn what_the_manifest_does_not_have_is_a_problem_of_the_grader() {
    let files = ["one", "two", "three"].map(|name| (format!("{name}.json"), json(&passed(name))));
    let files: Vec<(&str, String)> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.clone()))
        .collect();
    let (_, problems) = of(&run(End::Exited(status("true")), &files));
    assert_eq!(
        problems,
        ["the check `three` is not in the stage.toml of ring"]
    );

    let (_, problems) = of(&run(End::Exited(status("false")), &files[..2]));
    assert!(
        problems[0].contains("yet the program that runs them failed"),
        "{problems:?}"
    );
}

#[test]
fn only_the_check_that_was_asked_for_needs_a_record() {
    let files = [("two.json", json(&passed("two")))];
    let run = run(End::Exited(status("true")), &files);
    let (records, _) = collect(&manifest(), Some("two"), &run).expect("records");
    assert_eq!(records, [passed("two")]);
}
