//! The verdict on one submission, for a program; `report/human.rs` has it for a
//! person. The JSON form is documented in `docs/records.md`.

mod human;

use std::path::Path;

use serde::Serialize;
use verdict::{BlindSpot, FailureKind, Finding, Mark, Record, Verdict};

use crate::compile::{Reason, Rejection};
use crate::error::Outcome;
use crate::journal::Checked;

pub use human::Shown;

/// Version of the JSON form.
const SCHEMA: u32 = 1;

/// The verdict on one submission.
#[derive(Debug, Serialize)]
pub struct Report {
    schema: u32,
    /// The stage.
    pub stage: String,
    /// The root of what was graded.
    pub source: String,
    /// Whether every check passed. There is no other way to be true than by a
    /// record of each check.
    pub passed: bool,
    /// What the checks that passed did not see. A pass with any is a pass with blind spots.
    pub blind_spots: Vec<BlindSpot>,
    /// Why nothing could be run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejection: Option<Rejection>,
    /// What each check found, in the order of the stage's manifest.
    pub checks: Vec<Record>,
    /// What is wrong with the grader itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
    /// The compiler's warnings about the submission.
    #[serde(skip)]
    pub warnings: usize,
    /// How long it took.
    pub timings_ms: Timings,
}

/// How long it took, in milliseconds.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Timings {
    /// From source to a program.
    pub build: u64,
    /// Running its checks.
    pub check: u64,
}

impl Report {
    /// A report of nothing yet, which is not a pass.
    pub fn new(stage: &str, source: &Path) -> Self {
        Self {
            schema: SCHEMA,
            stage: stage.to_owned(),
            source: source.display().to_string(),
            passed: false,
            blind_spots: Vec::new(),
            rejection: None,
            checks: Vec::new(),
            problems: Vec::new(),
            warnings: 0,
            timings_ms: Timings::default(),
        }
    }

    /// Takes in what the checks found.
    pub fn settle(&mut self, checks: Vec<Record>, problems: Vec<String>) {
        self.passed = !checks.is_empty()
            && problems.is_empty()
            && checks
                .iter()
                .all(|record| record.verdict == Verdict::Passed);
        for spot in checks.iter().flat_map(|record| &record.blind_spots) {
            if !self.blind_spots.contains(spot) {
                self.blind_spots.push(spot.clone());
            }
        }
        self.checks = checks;
        self.problems = problems;
    }

    /// The checks that did not pass, in the order in which to read them: the
    /// manifest's, with those last that say least.
    pub fn open(&self) -> impl Iterator<Item = &Record> {
        let open = self.checks.iter();
        let mut open: Vec<&Record> = open
            .filter(|record| record.verdict != Verdict::Passed)
            .collect();
        open.sort_by_key(|record| Tells::of(record));
        open.into_iter()
    }

    /// How a command that was asked for it ends.
    pub fn outcome(&self) -> Outcome {
        if self.grader_gave_up() {
            Outcome::GaveUp
        } else {
            Outcome::of(self.passed)
        }
    }

    /// Whether nothing is held against the submission, and yet it has not passed.
    pub fn grader_gave_up(&self) -> bool {
        if let Some(rejection) = &self.rejection {
            return rejection.reason == Reason::NotModelled;
        }
        let mut open = self.open().peekable();
        open.peek().is_some()
            && open.all(|record| matches!(record.verdict, Verdict::Inconclusive | Verdict::Error))
    }

    /// What is to be seen of a pass at first sight.
    pub fn mark(&self) -> Mark {
        Mark::of_a_pass(!self.blind_spots.is_empty())
    }

    /// The record of that check.
    pub fn check(&self, name: &str) -> Option<&Record> {
        self.checks.iter().find(|record| record.check == name)
    }

    /// What the journal keeps of it.
    pub fn to_remember(&self, starter: bool) -> Checked {
        let defect = |record: &Record| {
            let defect = record.finding.as_ref()?.defect.clone()?;
            Some((record.check.clone(), defect))
        };
        let verdict = |record: &Record| (record.check.clone(), record.verdict);
        Checked {
            stage: self.stage.clone(),
            passed: self.passed,
            blind: self.passed && !self.blind_spots.is_empty(),
            checks: self.checks.iter().map(verdict).collect(),
            defects: self.checks.iter().filter_map(defect).collect(),
            starter,
        }
    }
}

/// What a failed check tells of the reason. A mistake that stops everything stops many
/// checks, and not all of them know why.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Tells {
    What,
    /// A standstill, and no more.
    Where,
    /// It was given up on.
    Nothing,
}

impl Tells {
    fn of(record: &Record) -> Self {
        let stands_still = |finding: &Finding| {
            let still = matches!(
                finding.kind,
                FailureKind::Deadlock
                    | FailureKind::SelfDeadlock
                    | FailureKind::Asleep
                    | FailureKind::Livelock
            );
            still && finding.defect.is_none()
        };
        match &record.finding {
            _ if record.verdict == Verdict::TimedOut => Self::Nothing,
            Some(finding) if stands_still(finding) => Self::Where,
            _ => Self::What,
        }
    }
}
