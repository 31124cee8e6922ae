//! What a session records. The JSON form is documented in `docs/sessions.md`; a
//! change of meaning raises [`SCHEMA`], a new kind of event or a new field does
//! not.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use verdict::Record;

use crate::Dimension;

/// Version of the JSON form.
pub const SCHEMA: u32 = 1;

/// The source files of a submission: path below `src`, text.
pub type Sources = BTreeMap<String, String>;

/// Names an event: its line in the journal, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(pub u32);

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its line.
    pub id: EventId,
    /// When, in milliseconds on the session's clock.
    pub at_ms: u64,
    /// When, on the machine's monotonic clock, which starts anew at each boot.
    pub mono_ms: u64,
    /// When, by the wall clock: for people only, nothing is computed from it.
    pub wall: String,
    /// What.
    pub kind: Kind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "event",
    rename_all = "kebab-case",
    rename_all_fields = "snake_case"
)]
pub enum Kind {
    /// The session began.
    Started {
        /// [`SCHEMA`] of the build that wrote it.
        schema: u32,
        /// The loop, such as `scheduler`.
        name: String,
        /// Whether there is a clock.
        mode: Mode,
        /// How long the clock runs.
        minutes: u32,
        /// How long it runs in this loop unless told otherwise: what reach is measured by.
        usual_minutes: u32,
        /// What repeats a drawn loop.
        seed: u64,
        /// Whether somebody scores what a program cannot.
        with_interviewer: bool,
        /// What will be asked, in order.
        rounds: Vec<Round>,
        /// Which boot of the machine `mono_ms` belongs to.
        boot: String,
    },
    /// The session went on after an interruption; its clock stood still.
    Resumed {
        /// Which boot of the machine `mono_ms` belongs to from here on.
        boot: String,
        /// How long the clock stood still, where that is known.
        away_ms: Option<u64>,
        /// Whether the code is not what it was at the last event.
        changed: bool,
    },
    /// Nothing happened; the session was on the screen.
    Ticked {},
    /// A stage was revealed.
    Opened {
        /// Index into the rounds.
        round: usize,
        /// The stage as it was on that day.
        stage: Box<StageFacts>,
    },
    /// A question was put to the interviewer.
    Asked {
        /// The stage.
        stage: String,
        /// What was asked.
        question: String,
        /// Index of the requirement that it found out.
        requirement: Option<usize>,
        /// What the interviewer said.
        answer: String,
    },
    /// The notes hold a plan.
    Planned {
        /// The stage.
        stage: String,
        /// All of it.
        text: String,
    },
    /// Coding began.
    Begun {
        /// The stage.
        stage: String,
    },
    /// The code changed.
    Edited {
        /// The stage.
        stage: String,
        /// [`of_sources`] of the files.
        hash: String,
        /// Every file.
        files: Sources,
    },
    /// The code was graded.
    Checked {
        /// The stage.
        stage: String,
        /// [`of_sources`] of what was graded.
        hash: String,
        /// Whether the clock had ended already.
        grace: bool,
        /// Why nothing could be run.
        refusal: Option<Refusal>,
        /// What each check found.
        records: Vec<Record>,
    },
    /// A hint was taken.
    Hinted {
        /// The stage.
        stage: String,
        /// 1 to 3, weakest first.
        tier: u8,
    },
    /// A follow-up question was answered.
    Answered {
        /// The stage.
        stage: String,
        /// Index of the question.
        follow_up: usize,
        /// All of the answer.
        text: String,
    },
    /// A stage is green.
    Advanced {
        /// The stage.
        stage: String,
    },
    /// The reference was opened.
    Peeked {
        /// The stage.
        stage: String,
    },
    /// The session ended.
    Finished {
        /// Why.
        reason: Reason,
    },
    /// The candidate rated themself, 1 to 4; empty when they would rather not.
    Rated {
        /// The ratings.
        ratings: BTreeMap<Dimension, u8>,
    },
    /// The interviewer scored a dimension, 1 to 4. The last score counts.
    Scored {
        /// The dimension.
        dimension: Dimension,
        /// The score.
        score: u8,
        /// What it rests on.
        note: String,
    },
    /// An event of a later version: kept and ignored.
    #[serde(skip)]
    Unknown(String),
}

/// Whether it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// A clock, hints that cost, a closed reference, a sealed report.
    Mock,
    /// None of these, and no level.
    Practice,
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The clock.
    Time,
    /// The candidate.
    Asked,
    /// Nothing was left to do.
    Complete,
}

/// One stage of a loop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    /// The stage's name.
    pub stage: String,
    /// How long an interview would give it.
    pub minutes: u32,
    /// The defect that was planted for this round, in a bug-bash.
    pub planted: Option<Planted>,
}

/// A defect to be found and fixed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planted {
    /// Its name in the catalogue.
    pub defect: String,
    /// The check that finds it.
    pub by: String,
    /// The specimen that it comes from.
    pub specimen: String,
}

/// What an assessment has to know about a stage, frozen on the day: a stage that
/// changes later must not change an old report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageFacts {
    /// Its name.
    pub name: String,
    /// What a person calls it.
    pub title: String,
    /// How long an interview would give it.
    pub minutes: u32,
    /// What the prompt leaves out.
    pub requirements: Vec<String>,
    /// What is asked when it is green.
    pub follow_ups: Vec<FollowUpFacts>,
    /// What is graded.
    pub checks: Vec<CheckFacts>,
    /// The code that the candidate was given.
    pub given: Sources,
    /// The defect planted in it.
    pub planted: Option<Planted>,
}

/// A question for after the code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowUpFacts {
    /// The question.
    pub question: String,
    /// What a strong answer contains.
    pub points: Vec<String>,
}

/// A check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckFacts {
    /// Its name, a sentence in snake case.
    pub name: String,
    /// The defect that it is there for.
    pub defect: String,
    /// The dimension that it counts for.
    pub dimension: Dimension,
}

/// Why nothing could be run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Whether the code compiles, and only the interface is not that of the brief.
    pub contract: bool,
    /// What the compiler said.
    pub compiler: String,
}

/// FNV-1a, 64 bits. It tells versions of a text apart and shows where a journal
/// was edited; it keeps out nobody who wants to deceive themself.
#[must_use]
pub fn fingerprint<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in parts.into_iter().flat_map(|part| part.bytes().chain([0])) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{hash:016x}")
}

/// The fingerprint of source files.
#[must_use]
pub fn of_sources(sources: &Sources) -> String {
    fingerprint(
        sources
            .iter()
            .flat_map(|(file, text)| [file.as_str(), text]),
    )
}
