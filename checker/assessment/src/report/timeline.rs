//! Events in a line each, and checks over attempts.

use verdict::{Record, Verdict};

use crate::assess::clock;
use crate::{Event, EventId, Kind, Mode, Reason, Session, StageRun};

/// An event, as people read it.
pub(super) struct Row {
    /// The event.
    pub id: EventId,
    /// On the session's clock.
    pub at_ms: u64,
    /// The same, in words.
    pub at: String,
    /// What sort of event, for colour.
    pub sort: Sort,
    /// What happened.
    pub text: String,
}

/// The sorts of events that a timeline tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// Questions and plans.
    Talk,
    /// Edits.
    Edit,
    /// Checks.
    Check,
    /// Hints.
    Hint,
    /// All else.
    Other,
}

impl Sort {
    /// Its name in a style sheet.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Talk => "talk",
            Self::Edit => "edit",
            Self::Check => "check",
            Self::Hint => "hint",
            Self::Other => "other",
        }
    }
}

/// Every event but the ticks.
pub(super) fn rows(session: &Session<'_>) -> Vec<Row> {
    let events = session.events.iter();
    events
        .filter(|event| !matches!(event.kind, Kind::Ticked {}))
        .map(|event| row(session, event))
        .collect()
}

/// One event.
pub(super) fn row(session: &Session<'_>, event: &Event) -> Row {
    let (sort, text) = told(session, event);
    Row {
        id: event.id,
        at_ms: event.at_ms,
        at: clock(event.at_ms),
        sort,
        text,
    }
}

fn told(session: &Session<'_>, event: &Event) -> (Sort, String) {
    match &event.kind {
        Kind::Started {
            name,
            mode,
            minutes,
            seed,
            with_interviewer,
            ..
        } => {
            let mode = match mode {
                Mode::Mock => format!("a mock of {minutes} minutes"),
                Mode::Practice => "practice".to_owned(),
            };
            let who = if *with_interviewer {
                ", with an interviewer"
            } else {
                ""
            };
            (
                Sort::Other,
                format!("started the `{name}` loop, {mode}{who} (seed {seed})"),
            )
        }
        Kind::Resumed {
            away_ms, changed, ..
        } => {
            let away = away_ms.map_or_else(
                || "the machine was started anew".to_owned(),
                |ms| format!("{} off the clock", clock(ms)),
            );
            let changed = if *changed {
                "; the code changed meanwhile"
            } else {
                ""
            };
            (
                Sort::Other,
                format!("went on after an interruption: {away}{changed}"),
            )
        }
        Kind::Ticked {} => (Sort::Other, "on the screen".to_owned()),
        Kind::Opened { stage, .. } => (Sort::Other, format!("opened `{}`", stage.name)),
        Kind::Asked {
            stage,
            question,
            requirement,
            ..
        } => {
            let what = match requirement {
                Some(index) => format!("found out requirement {} of `{stage}`", index + 1),
                None => "no prepared answer".to_owned(),
            };
            (Sort::Talk, format!("asked “{question}”: {what}"))
        }
        Kind::Planned { stage, text } => {
            let words = text.split_whitespace().count();
            (Sort::Talk, format!("planned `{stage}` in {words} words"))
        }
        Kind::Begun { stage } => (Sort::Talk, format!("began to code `{stage}`")),
        Kind::Edited { stage, files, .. } => {
            let lines: usize = files.values().map(|text| text.lines().count()).sum();
            (Sort::Edit, format!("saved `{stage}`, {lines} lines"))
        }
        Kind::Checked {
            stage,
            grace,
            refusal,
            records,
            ..
        } => {
            let result = match refusal {
                Some(refusal) if refusal.contract => "the interface is not the brief's".to_owned(),
                Some(_) => "does not compile".to_owned(),
                None => standing(records),
            };
            let run = run_at(session, stage, event.id);
            let given = run.is_some_and(|run| {
                run.attempts
                    .iter()
                    .any(|attempt| attempt.event.id == event.id && attempt.given)
            });
            let given = if given { " as it was given" } else { "" };
            let grace = if *grace { ", after the clock" } else { "" };
            (
                Sort::Check,
                format!("checked `{stage}`{given}{grace}: {result}"),
            )
        }
        Kind::Hinted { stage, tier } => {
            (Sort::Hint, format!("took hint {tier} of 3 for `{stage}`"))
        }
        Kind::Answered {
            stage, follow_up, ..
        } => (
            Sort::Talk,
            format!("answered follow-up {} about `{stage}`", follow_up + 1),
        ),
        Kind::Advanced { stage } => (Sort::Check, format!("`{stage}` is green")),
        Kind::Peeked { stage } => (Sort::Hint, format!("opened the reference of `{stage}`")),
        Kind::Finished { reason } => {
            let why = match reason {
                Reason::Time => "the clock ended",
                Reason::Asked => "ended by the candidate",
                Reason::Complete => "nothing was left to do",
            };
            (Sort::Other, format!("finished: {why}"))
        }
        Kind::Rated { ratings } if ratings.is_empty() => (
            Sort::Other,
            "the candidate would rather not rate themself".to_owned(),
        ),
        Kind::Rated { .. } => (Sort::Other, "the candidate rated themself".to_owned()),
        Kind::Scored {
            dimension, score, ..
        } => (
            Sort::Other,
            format!("the interviewer gave {score} of 4 for {dimension}"),
        ),
        Kind::Unknown(name) => (
            Sort::Other,
            format!("`{name}`, which a later version knows"),
        ),
    }
}

fn standing(records: &[Record]) -> String {
    let red = records
        .iter()
        .filter(|record| record.verdict != Verdict::Passed)
        .count();
    match red {
        0 if records.iter().any(Record::is_blind) => {
            format!("all {} green, with blind spots", records.len())
        }
        0 => format!("all {} green", records.len()),
        red => format!("{red} of {} red", records.len()),
    }
}

fn run_at<'s, 'a>(session: &'s Session<'a>, stage: &str, id: EventId) -> Option<&'s StageRun<'a>> {
    let mut runs = session.stages.iter().rev();
    runs.find(|run| run.facts.name == *stage && run.opened.id < id)
}

/// How a check ended at an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cell {
    /// Green.
    Green,
    /// Green, with blind spots.
    Blind,
    /// Red.
    Red,
    /// It could not tell.
    Open,
    /// The code could not be run.
    Refused,
}

impl Cell {
    pub(super) fn mark(self) -> &'static str {
        match self {
            Self::Green => "✓",
            Self::Blind => "~",
            Self::Red => "✗",
            Self::Open => "·",
            Self::Refused => "–",
        }
    }

    pub(super) fn in_words(self) -> &'static str {
        match self {
            Self::Green => "green",
            Self::Blind => "green, with blind spots",
            Self::Red => "red",
            Self::Open => "not written yet, or could not tell",
            Self::Refused => "could not be run",
        }
    }
}

/// Each check of a stage with how it ended at each attempt.
pub(super) fn grid<'a>(run: &StageRun<'a>) -> Vec<(&'a str, Vec<Cell>)> {
    let cell = |attempt: &crate::Attempt<'_>, check: &str| match attempt.holds(check) {
        _ if attempt.refusal.is_some() => Cell::Refused,
        Some(true) if attempt.record(check).is_some_and(Record::is_blind) => Cell::Blind,
        Some(true) => Cell::Green,
        Some(false) => Cell::Red,
        None => Cell::Open,
    };
    let facts: &'a crate::StageFacts = run.facts;
    facts
        .checks
        .iter()
        .map(|check| {
            let name = check.name.as_str();
            (
                name,
                run.attempts
                    .iter()
                    .map(|attempt| cell(attempt, name))
                    .collect(),
            )
        })
        .collect()
}

/// A saved version of a stage's code.
pub(super) struct Version<'a> {
    /// The stage.
    pub stage: &'a str,
    /// The event that saved it; for what was given, the opening.
    pub event: &'a Event,
    /// The files.
    pub files: &'a crate::Sources,
    /// The files before.
    pub before: Option<&'a crate::Sources>,
    /// What the first check of it said.
    pub result: String,
    /// What was red.
    pub red: Vec<&'a str>,
}

/// Every version, in order.
pub(super) fn versions<'a>(session: &Session<'a>) -> Vec<Version<'a>> {
    let mut versions = Vec::new();
    for run in &session.stages {
        let facts: &'a crate::StageFacts = run.facts;
        let mut saved = vec![(run.opened, &facts.given)];
        saved.extend(run.versions.iter().copied());
        for (index, (event, files)) in saved.iter().enumerate() {
            let hash = crate::of_sources(files);
            let mut attempts = run.attempts.iter();
            let checked =
                attempts.find(|attempt| attempt.hash == hash && attempt.event.id > event.id);
            let (result, red) = match checked {
                None => ("not checked".to_owned(), Vec::new()),
                Some(attempt) if attempt.refusal.is_some() => {
                    ("could not be run".to_owned(), Vec::new())
                }
                Some(attempt) => {
                    let checks = facts.checks.iter().map(|check| check.name.as_str());
                    let red = checks.filter(|check| attempt.holds(check) == Some(false));
                    (standing(attempt.records), red.collect())
                }
            };
            versions.push(Version {
                stage: &facts.name,
                event,
                files,
                before: index.checked_sub(1).map(|before| saved[before].1),
                result,
                red,
            });
        }
    }
    versions.sort_by_key(|version| version.event.id);
    versions
}
