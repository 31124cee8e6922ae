//! The report of a session: Markdown, one HTML page, JSON. All three say the same,
//! and nothing that is not in the assessment or in an event.

mod html;
mod json;
mod lanes;
mod markdown;
mod timeline;

use std::collections::BTreeMap;

pub use html::html;
pub use json::json;
pub use markdown::{markdown, summary};

use crate::{Assessment, Journal, Session};

/// What a report is made of.
#[derive(Debug)]
pub struct Input<'a> {
    /// The session's id.
    pub id: &'a str,
    /// Its journal.
    pub journal: &'a Journal,
    /// What happened, by stage.
    pub session: &'a Session<'a>,
    /// What it says.
    pub assessment: &'a Assessment,
    /// The reference of each stage, where it can be had.
    pub references: &'a BTreeMap<String, String>,
}

/// The headings of the four parts.
const PARTS: [&str; 4] = [
    "Overall Assessment",
    "Strengths",
    "Areas for Improvement & Deeper Discussion",
    "Final Verdict",
];

/// `2026-01-15 10:00 UTC`, from `2026-01-15T10:00:00Z`.
fn moment(wall: &str) -> String {
    match (wall.get(..10), wall.get(11..16)) {
        (Some(day), Some(time)) => format!("{day} {time} UTC"),
        _ => wall.to_owned(),
    }
}
