//! The specimens are the grader's tests: all of them, of every stage, and what the book
//! tells of them. Hundreds of programs are built for it, which takes minutes, so it is
//! behind the feature `specimens`.

#[expect(dead_code, reason = "shared with tests that need more of it")]
#[path = "../black_box/support.rs"]
mod support;

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;
use verdict::render::{Style, record};
use verdict::{Record, Whose};

use support::{kata_in, real_root, stems};

#[test]
fn every_specimen_of_every_stage_gets_the_verdict_it_deserves() {
    let ended = kata_in(&real_root(), &["specimens", "--format", "json"]);
    let specimens = ended.json();
    let broken: Vec<_> = specimens["specimens"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|specimen| specimen["passed"] != true)
        .map(|specimen| (&specimen["file"], &specimen["problem"]))
        .collect();
    if !broken.is_empty() {
        eprintln!("Not as they deserve, and so without a page:\n{broken:#?}");
    }
    // The pages first: they are written anew whatever else there is to mend.
    assert_counterexamples_are_current(&specimens);
    assert!(broken.is_empty(), "{broken:#?}");
    assert_eq!(ended.status, Some(0), "{}", ended.err);
}

/// The counterexample of every defect that a specimen shows, as the book and
/// `explain` have it. `SNAPSHOTS=overwrite` writes them anew.
#[track_caller]
fn assert_counterexamples_are_current(specimens: &Value) {
    let folder = real_root().join("docs/counterexamples");
    let current = counterexamples(specimens);
    if std::env::var_os("SNAPSHOTS").is_some_and(|action| action == "overwrite") {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder");
        for (defect, text) in &current {
            fs::write(folder.join(defect).with_extension("md"), text).expect("a file");
        }
        for defect in stems(&real_root().join("docs/defects")) {
            include(&defect, current.contains_key(&defect));
        }
    }
    assert_eq!(stems(&folder), current.keys().cloned().collect());
    for (defect, text) in &current {
        let file = folder.join(defect).with_extension("md");
        let committed = fs::read_to_string(&file).expect("a file");
        assert!(
            *text == committed,
            "{} is out of date:\n{text}\nSNAPSHOTS=overwrite cargo test -p checker --features specimens --test specimens",
            file.display()
        );
    }
}

/// Makes the page of a defect include its counterexample, or not.
fn include(defect: &str, wanted: bool) {
    let file = real_root().join(format!("docs/defects/{defect}.md"));
    let line = format!("{{{{#include ../counterexamples/{defect}.md}}}}\n\n");
    let page = fs::read_to_string(&file).expect("a page");
    let mut page = page.replace(&line, "");
    if wanted {
        page = page.replace("\n## The fix\n", &format!("\n{line}## The fix\n"));
    }
    fs::write(file, page).expect("a page");
}

/// One specimen for each defect: the first on the ladder that has a story to
/// tell, or else the first.
fn counterexamples(specimens: &Value) -> BTreeMap<String, String> {
    let mut chosen: BTreeMap<String, (bool, String)> = BTreeMap::new();
    for specimen in specimens["specimens"].as_array().into_iter().flatten() {
        let Some(defect) = specimen["defect"].as_str() else {
            continue;
        };
        if specimen["passed"] != true {
            continue;
        }
        let found: Record = serde_json::from_value(specimen["record"].clone()).expect("a record");
        let story = found.finding.as_ref().is_some_and(|finding| {
            let lanes = finding
                .counterexample
                .as_ref()
                .map(|story| story.lanes.len());
            lanes.is_some_and(|lanes| lanes > 1)
        });
        let known = chosen.get(defect).map(|(story, _)| *story);
        if known.is_none() || (known == Some(false) && story) {
            let file = specimen["file"].as_str().expect("a file");
            chosen.insert(defect.to_owned(), (story, figure(file, defect, found)));
        }
    }
    chosen
        .into_iter()
        .map(|(defect, (_, text))| (defect, text))
        .collect()
}

/// What the check that rejects the specimen says, without its advice: the page
/// has its own.
fn figure(file: &str, defect: &str, mut found: Record) -> String {
    if let Some(finding) = &mut found.finding {
        finding.defect = Some(defect.to_owned());
        finding.message = without_measurements(&finding.message);
        finding.place = finding
            .place
            .take()
            .filter(|place| place.whose == Whose::Learner);
        finding.why = None;
        finding.try_next = None;
    }
    let style = Style {
        width: 80,
        color: false,
        full: false,
    };
    let text = without_lines_of_the_check(&record(&found, style));
    format!(
        "What `{}` of `{}` says of\n`{file}`:\n\n```text\n{}\n```\n",
        found.check,
        found.stage,
        text.trim_end()
    )
}

/// Where a check's own lines are says nothing to a reader, and changes with every edit.
/// They are in `grade.rs` and in the `mod.rs` of its helpers; a specimen is neither.
fn without_lines_of_the_check(text: &str) -> String {
    ["grade.rs", "mod.rs"]
        .into_iter()
        .fold(text.to_owned(), |text, file| {
            let place = format!("{file}:");
            let mut pieces = text.split(&place);
            let first = pieces.next().unwrap_or_default().to_owned();
            pieces.fold(first, |text, piece| {
                text + file + piece.trim_start_matches(|digit: char| digit.is_ascii_digit())
            })
        })
}

/// How steeply a cost grew is measured, and differs from run to run.
fn without_measurements(message: &str) -> String {
    let word = |word: &str| match word.split_once("-fold") {
        Some((number, rest)) if number.parse::<f64>().is_ok() => format!("…-fold{rest}"),
        _ => word.to_owned(),
    };
    message.split(' ').map(word).collect::<Vec<_>>().join(" ")
}
