//! The sample sessions of the book: real grades of real code, replayed on a clock
//! that the script sets. `docs/samples/NAME.toml` is the script; the journal and the
//! reports beside it are what came of it. `SNAPSHOTS=overwrite` writes them anew.

use std::fs;
use std::path::PathBuf;

use serde::Deserialize;
use snapbox::{Data, assert_data_eq};

use crate::real::Timed;
use crate::support::real_root;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Script {
    step: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    /// On the session's clock, `minutes:seconds`.
    at: String,
    /// What the candidate saves: the stage, and where the code comes from.
    stage: Option<String>,
    code: Option<String>,
    /// What the candidate does differently from it.
    #[serde(default)]
    change: Vec<Change>,
    /// Own tests to go with it.
    tests: Option<String>,
    /// What is typed.
    run: Vec<String>,
    /// How the program ends.
    #[serde(default)]
    status: i32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    from: String,
    to: String,
}

fn milliseconds(at: &str) -> u64 {
    let (minutes, seconds) = at.split_once(':').expect("minutes:seconds");
    let number = |text: &str| text.parse::<u64>().expect("a number");
    (number(minutes) * 60 + number(seconds)) * 1000
}

/// A specimen without the header that says what is wrong with it.
fn without_header(text: &str) -> String {
    let lines = text
        .lines()
        .skip_while(|line| line.starts_with("//!") || line.is_empty());
    lines.map(|line| line.to_owned() + "\n").collect()
}

fn samples() -> PathBuf {
    real_root().join("docs/samples")
}

fn replay(name: &str) -> Timed {
    let workspace = Timed::new(name);
    let script = fs::read_to_string(samples().join(format!("{name}.toml"))).expect("a script");
    let script: Script = toml::from_str(&script).expect("a script");
    for step in script.step {
        if let (Some(stage), Some(code)) = (&step.stage, &step.code) {
            let mut text = without_header(&workspace.read(code));
            for Change { from, to } in &step.change {
                assert!(text.contains(from), "{name} at {}: no {from}", step.at);
                text = text.replacen(from, to, 1);
            }
            if let Some(tests) = &step.tests {
                let tests = fs::read_to_string(samples().join("tests").join(tests));
                text.push_str(&tests.expect("the tests"));
            }
            workspace.write(&format!("exercises/{stage}/src/lib.rs"), &text);
        }
        let typed: Vec<&str> = step.run.iter().map(String::as_str).collect();
        workspace.expect(step.status, milliseconds(&step.at), &typed);
    }
    workspace
}

/// Replays a sample and holds its reports against those in the book.
fn sample(name: &str) -> String {
    let workspace = replay(name);
    let report = |format: &str| workspace.expect(0, 0, &["report", "--format", format]);
    let markdown = report("md");
    let folder = samples().join(name);
    let id = "1-scheduler";
    let overwrite = std::env::var_os("SNAPSHOTS").is_some_and(|value| value == "overwrite");
    if overwrite {
        fs::create_dir_all(&folder).expect("a folder");
        let journal = workspace.read(&format!(".kata/sessions/{id}.jsonl"));
        fs::write(folder.join("journal.jsonl"), journal).expect("a journal");
    }
    for (format, file) in [
        ("md", "report.md"),
        ("html", "report.html"),
        ("json", "report.json"),
    ] {
        assert_data_eq!(
            report(format),
            Data::read_from(&folder.join(file), None).raw()
        );
    }
    markdown
}

/// Initial gaps in references and copies, lifecycle and granularity, each closed.
#[test]
fn the_strong_candidate_passes_as_staff_plus() {
    let report = sample("strong");
    for gap in ["References and copies", "Lifecycle", "Lock granularity"] {
        let closed = report.lines().any(|line| {
            line.starts_with(&format!("### {gap} in "))
                && line.ends_with("an initial gap, later closed")
        });
        assert!(closed, "{gap}");
    }
    assert!(report.starts_with("# Session 1-scheduler: Staff+\n"));
    assert!(report.contains("Would you pass a staff-level interview with this? Yes."));
}

/// The same defects, never closed.
#[test]
fn the_weak_candidate_does_not_pass_yet() {
    let report = sample("weak");
    assert!(report.starts_with("# Session 1-scheduler: not yet\n"));
    for gap in ["References and copies", "Lifecycle", "Lock granularity"] {
        let open = format!("### {gap} in `race-fixed`: a gap, still open\n");
        assert!(report.contains(&open), "{gap}");
    }
    assert!(report.contains("Would you pass a staff-level interview with this? Not yet."));
}

/// Hints, and a fix that broke what was green.
#[test]
fn hints_and_a_regression_are_told() {
    let report = sample("hints");
    assert!(report.contains("a regression, later closed"));
    assert!(report.contains("the third caps the stage at Senior"));
}
