//! How records read, against golden files in `golden/`. After a change that is
//! meant, `SNAPSHOTS=overwrite cargo test -p verdict` rewrites them; read the
//! difference as a learner would.

mod samples;

use std::path::Path;

use snapbox::{Data, assert_data_eq};
use verdict::Record;
use verdict::render::{self, Style};

#[track_caller]
fn reads(record: &Record, width: usize, color: bool, golden: &str) {
    let text = render::record(
        record,
        Style {
            width,
            color,
            full: false,
        },
    );
    if !color {
        let widest = text
            .lines()
            .map(|line| line.chars().count())
            .max()
            .unwrap_or(0);
        assert!(widest <= width, "{widest} columns in\n{text}");
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(golden);
    assert_data_eq!(text, Data::read_from(&path, None).raw());
}

#[test]
fn a_deadlock_of_two_threads() {
    let record = samples::deadlock();
    reads(&record, 80, false, "deadlock-80.txt");
    reads(&record, 120, false, "deadlock-120.txt");
    reads(&record, 80, true, "deadlock-80-colour.txt");
}

#[test]
fn a_lost_update() {
    let record = samples::lost_update();
    reads(&record, 80, false, "lost-update-80.txt");
    reads(&record, 120, false, "lost-update-120.txt");
    reads(&record, 120, true, "lost-update-120-colour.txt");
}

#[test]
fn a_panic_in_a_task() {
    reads(&samples::panic(), 80, false, "panic-80.txt");
    reads(&samples::panic(), 80, true, "panic-80-colour.txt");
}

#[test]
fn a_promise_broken_for_some_input() {
    reads(&samples::property(), 80, false, "property-80.txt");
    reads(&samples::property(), 120, false, "property-120.txt");
}

#[test]
fn a_long_story_is_folded() {
    reads(&samples::long_story(), 80, false, "long-story-80.txt");
}

#[test]
fn five_threads_in_two_files() {
    reads(&samples::many_threads(), 80, false, "many-threads-80.txt");
    reads(&samples::many_threads(), 120, false, "many-threads-120.txt");
}

#[test]
fn the_ends_that_are_not_failures() {
    reads(&samples::passed(), 80, false, "passed-80.txt");
    reads(&samples::blind_spots(), 80, false, "blind-spots-80.txt");
    reads(&samples::timed_out(), 80, false, "timed-out-80.txt");
    reads(&samples::inconclusive(), 80, false, "inconclusive-80.txt");
    reads(&samples::error(), 80, false, "error-80.txt");
}

#[test]
fn what_a_submission_prints_cannot_colour_the_screen() {
    let mut record = samples::panic();
    if let Some(finding) = &mut record.finding {
        finding.message = "\x1b[2J\x1b[31mgone\x1b[0m".to_owned();
        finding.output = vec!["\x1b]0;title\x07\rover".to_owned()];
    }
    let text = render::record(
        &record,
        Style {
            width: 80,
            color: false,
            full: false,
        },
    );
    assert!(!text.contains(['\x1b', '\r', '\x07']), "{text:?}");
    assert!(text.contains("  gone\n"), "{text}");
}
