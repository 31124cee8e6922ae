//! The verdict of one check as a page.

use std::slice;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use verdict::render::{Style, blind_spots, coverage, grouped, names};
use verdict::{Counterexample, Event, Finding, Record};

use crate::svg::{Extent, inline, style};

/// A paragraph of a page is a line, and has its look from the style sheet.
const PLAIN: Style = Style {
    width: usize::MAX,
    color: false,
    full: false,
};

/// A self-contained HTML page: no script, no request.
#[must_use]
pub fn page(record: &Record) -> String {
    let title = format!("{} · {}", record.check, record.stage);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(style())) (PreEscaped(include_str!("page.css"))) }
            }
            body {
                main {
                    p.stage { (record.stage) }
                    h1 { (record.mark().sign()) " " (record.check) }
                    (outcome(record))
                }
            }
        }
    }
    .into_string()
}

fn outcome(record: &Record) -> Markup {
    html! {
        @match (&record.finding, &record.search) {
            (Some(finding), Some(search)) => {
                (found(finding))
                @if finding.counterexample.is_some() {
                    p.dim { "Found in execution " (grouped(search.executions())) "." }
                }
            }
            (Some(finding), None) => (found(finding)),
            (None, Some(search)) => p { "Passed: " (coverage(search)) "." },
            (None, None) => p { "Passed." },
        }
        @for spot in blind_spots(slice::from_ref(record), PLAIN).lines() {
            p.message { (spot.trim()) }
        }
    }
}

fn found(finding: &Finding) -> Markup {
    html! {
        @if let Some(defect) = &finding.defect { p.defect { (defect) } }
        p.message { (finding.message) }
        @if let Some(place) = &finding.place {
            p.dim { "at " code { (place.file) ":" (place.line) ":" (place.column) } }
            @if !place.source.is_empty() { pre { (place.source) } }
        }
        @if let Some(input) = &finding.input {
            h2 { "The smallest input that shows it" }
            pre { (input) }
        }
        @if let Some(story) = &finding.counterexample { (interleaving(story)) }
        @if let Some(why) = &finding.why { h2 { "Why it matters" } p { (why) } }
        @if let Some(try_next) = &finding.try_next { h2 { "Try" } p { (try_next) } }
        @if !finding.output.is_empty() {
            h2 { "It printed" }
            pre { (finding.output.join("\n")) }
        }
    }
}

fn interleaving(story: &Counterexample) -> Markup {
    let heading = match story.preemptions {
        0 => "How it happens, without any preemption".to_owned(),
        1 => "How it happens, with 1 preemption".to_owned(),
        more => format!("How it happens, with {more} preemptions"),
    };
    html! {
        h2 { (heading) }
        (swimlanes(story))
    }
}

/// The interleaving as a picture, how matters stand at its end, and every step as a
/// table. For a page that has the [`style`](fn@style).
#[must_use]
pub fn swimlanes(story: &Counterexample) -> Markup {
    html! {
        figure tabindex="0" aria-label="The interleaving" { (inline(story, Extent::Short)) }
        @if !story.standing.is_empty() {
            p { "At the end:" }
            ul { @for sentence in &story.standing { li { (sentence) } } }
        }
        details {
            summary { "Every step (" (story.events.len()) ")" }
            figure tabindex="0" aria-label="Every step" { (table(story)) }
        }
    }
}

/// Every step, for reading aloud and for searching.
fn table(story: &Counterexample) -> Markup {
    html! {
        table {
            thead { tr { th { "thread" } th { "step" } th { "object" } th { "line" } th { "source" } } }
            tbody {
                @for event in &story.events {
                    tr class=[event.preempted.then_some("switched")] {
                        td { (story.lanes.get(event.lane).map_or("?", |lane| lane.name.as_str())) }
                        td { (event.action) }
                        td { (event.object.as_deref().unwrap_or_default()) }
                        (place(event))
                    }
                }
            }
        }
    }
}

fn place(event: &Event) -> Markup {
    let detail = event.detail.as_deref().unwrap_or_default();
    html! {
        @match &event.place {
            Some(place) => {
                td { (names::base(&place.file)) ":" (place.line) }
                td { code { (place.source) } @if !detail.is_empty() { " → " (detail) } }
            }
            None => { td {} td { (detail) } }
        }
    }
}
