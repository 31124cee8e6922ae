//! How real counterexamples read in a browser: one for each kind of story, told of a
//! specimen that carries the defect. `docs/counterexamples` has them for a terminal.

use std::fs;
use std::path::Path;

use snapbox::{Data, assert_data_eq};
use verdict::{Record, Whose};

use crate::support::{kata_in, real_root};

const STAGE: &str = "race-fixed";
const SPECIMENS: [&str; 10] = [
    "cancel_races_start",
    "check_then_act",
    "empty_means_done",
    "execute_under_lock",
    "lock_order_inversion",
    "lost_wakeup",
    "panic_kills_worker",
    "status_goes_backwards",
    "torn_stats",
    "two_step_counter",
];

#[test]
fn each_kind_of_story_reads_well() {
    for name in SPECIMENS {
        let specimen = format!("solutions/{STAGE}/specimens/reject/{name}.rs");
        let source = fs::read_to_string(real_root().join(&specimen)).expect("the specimen");
        let record = verdict_on(&specimen, promised_check(&source));

        let message = record
            .finding
            .as_ref()
            .map_or("", |finding| &finding.message);
        assert!(!message.contains('\x1b'), "{name} has colour: {message:?}");
        let story = record
            .finding
            .as_ref()
            .and_then(|f| f.counterexample.as_ref());
        let events = &story
            .unwrap_or_else(|| panic!("{name} has no story"))
            .events;
        let places = events.iter().filter_map(|event| event.place.as_ref());
        let quoted: Vec<_> = places
            .filter(|place| place.whose == Whose::Learner)
            .collect();
        assert!(!quoted.is_empty(), "{name}: no line is quoted");
        for place in quoted {
            assert_eq!(place.file, specimen);
            let line = source.lines().nth(place.line as usize - 1);
            assert_eq!(line.map(str::trim), Some(place.source.as_str()), "{name}");
        }

        reads(&picture::page(&record), &format!("{name}.html"));
    }
}

/// The check that a specimen's header names.
fn promised_check(source: &str) -> &str {
    let by = source
        .lines()
        .find_map(|line| line.strip_prefix("//! by: "));
    by.expect("a header that names the check")
}

fn verdict_on(specimen: &str, check: &str) -> Record {
    let arguments = ["check", STAGE, "--path", specimen, "--format", "json"];
    let report = kata_in(&real_root(), &arguments).with_status(1).json();
    let checks: Vec<Record> =
        serde_json::from_value(report["checks"].clone()).expect("records of checks");
    let mut checks = checks.into_iter();
    checks
        .find(|record| record.check == check)
        .expect("the record")
}

#[track_caller]
fn reads(text: &str, golden: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/counterexamples");
    assert_data_eq!(text, Data::read_from(&folder.join(golden), None).raw());
}
