//! The report for a program: the assessment, and the events that it cites.

use serde::Serialize;

use super::Input;
use super::timeline::rows;
use crate::{Assessment, EventId};

#[derive(Serialize)]
struct Report<'a> {
    schema: u32,
    session: &'a str,
    assessment: &'a Assessment,
    events: Vec<Event>,
}

#[derive(Serialize)]
struct Event {
    id: EventId,
    at_ms: u64,
    text: String,
}

/// The report as JSON.
///
/// # Errors
/// When it cannot be written.
pub fn json(input: &Input<'_>) -> Result<String, serde_json::Error> {
    let events = rows(input.session).into_iter().map(|row| Event {
        id: row.id,
        at_ms: row.at_ms,
        text: row.text,
    });
    let report = Report {
        schema: 1,
        session: input.id,
        assessment: input.assessment,
        events: events.collect(),
    };
    serde_json::to_string_pretty(&report).map(|text| text + "\n")
}
