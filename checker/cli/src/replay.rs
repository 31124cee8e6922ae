//! An interleaving that was written down, to be followed again.

use std::fs;
use std::path::Path;

use serde::Deserialize;
use verdict::Record;

use crate::error::{Context, Error, Result};

/// The interleaving that failed a check.
#[derive(Debug, Clone)]
pub struct Replay {
    /// The check.
    pub check: String,
    /// The decisions that lead to the failure.
    pub schedule: String,
}

/// What such a file may hold: a report, or the record of one check.
#[derive(Deserialize)]
#[serde(untagged)]
enum Contents {
    Report { stage: String, checks: Vec<Record> },
    Record(Box<Record>),
}

impl Replay {
    /// Reads the first interleaving of `file`, which must be about `stage`.
    pub fn read(file: &Path, stage: &str) -> Result<Self> {
        let name = file.display();
        let text = fs::read_to_string(file).context(|| format!("Cannot read {name}"))?;
        let contents = serde_json::from_str(&text).map_err(|_| {
            Error::new(format!(
                "{name} is neither a report nor the record of a check"
            ))
            .next(format!(
                "`cargo kata check {stage} --format json` prints one."
            ))
        })?;
        let (about, checks) = match contents {
            Contents::Report { stage, checks } => (stage, checks),
            Contents::Record(record) => (record.stage.clone(), vec![*record]),
        };
        if about != stage {
            return Err(Error::new(format!("{name} is about {about}, not {stage}"))
                .next(format!("cargo kata check {about} --replay {name}")));
        }
        let replay = checks.into_iter().find_map(|record| {
            let schedule = record.finding?.counterexample?.schedule;
            let check = record.check;
            (!schedule.is_empty()).then_some(Self { check, schedule })
        });
        replay.ok_or_else(|| {
            Error::new(format!("{name} has no interleaving that could be replayed"))
                .next("Only a check that explores interleavings and fails leaves one.")
        })
    }
}
