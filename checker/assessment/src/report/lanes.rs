//! Which counterexamples a report shows.

use std::collections::BTreeSet;

use verdict::Record;
use verdict::render::{self, Style};

use super::Input;
use crate::{Event, StageRun};

/// Columns of a swim-lane.
const WIDTH: usize = 100;

/// The first counterexample of every check that had one.
pub(super) fn shown<'a>(input: &Input<'a>) -> Vec<(&'a StageRun<'a>, &'a Event, &'a Record)> {
    let mut shown = Vec::new();
    let session: &'a crate::Session<'a> = input.session;
    for run in &session.stages {
        let mut told: BTreeSet<&str> = BTreeSet::new();
        for attempt in run.graded() {
            for record in attempt.records {
                let finding = record.finding.as_ref();
                let drawn = finding.is_some_and(|finding| finding.counterexample.is_some());
                if drawn && told.insert(&record.check) {
                    shown.push((run, attempt.event, record));
                }
            }
        }
    }
    shown
}

/// A record as text.
pub(super) fn plain(record: &Record) -> String {
    render::record(
        record,
        Style {
            width: WIDTH,
            color: false,
            full: false,
        },
    )
}
