//! The journal of a session: one JSON object a line, only ever appended to.
//!
//! Each line begins with a seal, the fingerprint of the seal before it and of the
//! rest of the line. So a line that was edited, removed or slipped in shows.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Event, EventId, Kind, SCHEMA, fingerprint};

/// How a line begins, before the seal and after it.
const BEFORE: &str = "{\"seal\":\"";
const AFTER: &str = "\",";

/// Everything that a session recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Journal {
    /// The events, in the order of their lines. There is at least one, and the
    /// first is the start.
    pub events: Vec<Event>,
    /// The seal of the last line.
    pub seal: String,
    /// How many bytes of the text are whole lines; a torn line may follow.
    pub whole: usize,
    /// The first line whose seal does not fit: the journal was edited.
    pub edited: Option<EventId>,
}

/// Why a journal cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JournalError {
    /// It has no whole line.
    Empty,
    /// It was written by a version that means something else by its words.
    Newer(u32),
    /// A line is not an event.
    Damaged {
        /// The line.
        line: EventId,
        /// What is wrong with it.
        problem: String,
    },
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "it holds no whole line"),
            Self::Newer(schema) => write!(
                f,
                "it was written by a newer version (schema {schema}, this one reads {SCHEMA}); \
                 update Interleave"
            ),
            Self::Damaged { line, problem } => write!(f, "line {line} is damaged: {problem}"),
        }
    }
}

impl std::error::Error for JournalError {}

/// A line without its seal and its number.
#[derive(Serialize, Deserialize)]
struct Line<K> {
    at_ms: u64,
    mono_ms: u64,
    wall: String,
    #[serde(flatten)]
    kind: K,
}

impl Journal {
    /// Reads a journal. A line that the end of the text cuts short was never
    /// acknowledged, and is dropped.
    ///
    /// # Errors
    /// When nothing whole is there, when a later version wrote it, or when a line
    /// in the middle is no event.
    pub fn parse(text: &str) -> Result<Self, JournalError> {
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let mut journal = Self {
            events: Vec::new(),
            seal: String::new(),
            whole,
            edited: None,
        };
        for (number, line) in (1..).zip(text[..whole].lines()) {
            let id = EventId(number);
            let (found, rest) = unseal(line).ok_or_else(|| JournalError::Damaged {
                line: id,
                problem: "it does not begin with a seal".to_owned(),
            })?;
            if journal.edited.is_none() && found != fingerprint([journal.seal.as_str(), rest]) {
                journal.edited = Some(id);
            }
            found.clone_into(&mut journal.seal);
            journal.events.push(event(id, rest)?);
        }
        match journal.events.first().map(|event| &event.kind) {
            None => Err(JournalError::Empty),
            Some(Kind::Started { .. }) => Ok(journal),
            Some(_) => Err(JournalError::Damaged {
                line: EventId(1),
                problem: "a session begins with `started`".to_owned(),
            }),
        }
    }
}

fn unseal(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix(BEFORE)?.split_once(AFTER)
}

fn event(id: EventId, rest: &str) -> Result<Event, JournalError> {
    let damaged = |error: serde_json::Error| JournalError::Damaged {
        line: id,
        problem: error.to_string(),
    };
    let line: Line<Value> = serde_json::from_str(&format!("{{{rest}")).map_err(damaged)?;
    let field = |name: &str| line.kind.get(name).cloned().unwrap_or_default();
    if let Some(schema) = field("schema")
        .as_u64()
        .and_then(|it| u32::try_from(it).ok())
        && schema > SCHEMA
    {
        return Err(JournalError::Newer(schema));
    }
    let name = field("event").as_str().unwrap_or_default().to_owned();
    let kind = if known(&name) {
        serde_json::from_value(line.kind).map_err(damaged)?
    } else {
        Kind::Unknown(name)
    };
    Ok(Event {
        id,
        at_ms: line.at_ms,
        mono_ms: line.mono_ms,
        wall: line.wall,
        kind,
    })
}

/// Whether this version has a meaning for events of that name. One that it has
/// and cannot read is damaged; one that it has not is of a later version.
fn known(name: &str) -> bool {
    const NAMES: [&str; 16] = [
        "started", "resumed", "ticked", "opened", "asked", "planned", "begun", "edited", "checked",
        "hinted", "answered", "advanced", "peeked", "finished", "rated", "scored",
    ];
    NAMES.contains(&name)
}

/// The line to append after the one that has this seal, and its own seal.
///
/// # Errors
/// When the event cannot be written as JSON.
pub fn seal(previous: &str, event: &Event) -> Result<(String, String), serde_json::Error> {
    let line = serde_json::to_string(&Line {
        at_ms: event.at_ms,
        mono_ms: event.mono_ms,
        wall: event.wall.clone(),
        kind: &event.kind,
    })?;
    let rest = line.strip_prefix('{').unwrap_or(&line);
    let seal = fingerprint([previous, rest]);
    Ok((format!("{BEFORE}{seal}{AFTER}{rest}\n"), seal))
}
