//! What checks that passed did not see, in sentences.

use super::{Style, count, wrap};
use crate::{BlindSpot, Place, Record};

const INDENT: usize = 2;
/// Places that are named; the rest are counted.
const PLACES: usize = 3;
/// Checks that are named; more are counted.
const CHECKS: usize = 2;

/// One of them, with everywhere it was met.
struct Told<'a> {
    spot: &'a BlindSpot,
    places: Vec<&'a Place>,
    checks: Vec<&'a str>,
}

/// What these checks did not see, a paragraph for each kind; empty without any.
#[must_use]
pub fn blind_spots(records: &[Record], style: Style) -> String {
    let mut all: Vec<Told<'_>> = Vec::new();
    for record in records {
        for spot in &record.blind_spots {
            let told = match all.iter_mut().find(|told| is_like(told.spot, spot)) {
                Some(told) => told,
                None => {
                    all.push(Told {
                        spot,
                        places: Vec::new(),
                        checks: Vec::new(),
                    });
                    all.last_mut().expect("pushed just now")
                }
            };
            if let Some(at) = place(spot)
                && !told.places.iter().any(|known| same_line(known, at))
            {
                told.places.push(at);
            }
            if !told.checks.contains(&&*record.check) {
                told.checks.push(&record.check);
            }
        }
    }
    let several = records.len() > 1;
    let lines = all.iter().flat_map(|told| {
        let whose = if several {
            whose(&told.checks, records.len())
        } else {
            String::new()
        };
        let text = format!("Blind spot{whose}: {}", sentence(told));
        wrap(&text, style.width - INDENT)
    });
    lines
        .map(|line| format!("{}{}\n", " ".repeat(INDENT), style.unsure(&line)))
        .collect()
}

/// Whether the two are told as one. How far a search came is each check's own.
fn is_like(one: &BlindSpot, other: &BlindSpot) -> bool {
    use BlindSpot::{Bound, Foreign, Loop, Ordering, Outside, References, Unsafe};
    match (one, other) {
        (Bound { .. }, Bound { .. }) => one == other,
        (Loop { .. }, Loop { .. })
        | (Ordering { .. }, Ordering { .. })
        | (Unsafe { .. }, Unsafe { .. }) => true,
        (References { call: one, .. }, References { call: other, .. })
        | (Foreign { what: one, .. }, Foreign { what: other, .. })
        | (Outside { path: one, .. }, Outside { path: other, .. }) => one == other,
        _ => false,
    }
}

fn place(spot: &BlindSpot) -> Option<&Place> {
    match spot {
        BlindSpot::Bound { busiest, .. } => busiest.as_ref(),
        BlindSpot::Loop { at }
        | BlindSpot::Ordering { at }
        | BlindSpot::References { at, .. }
        | BlindSpot::Unsafe { at }
        | BlindSpot::Foreign { at, .. }
        | BlindSpot::Outside { at, .. } => Some(at),
    }
}

fn same_line(one: &Place, other: &Place) -> bool {
    (&one.file, one.line) == (&other.file, other.line)
}

/// ` of all checks`, ` of 3 checks`, ` of this_one and that_one`.
fn whose(checks: &[&str], of: usize) -> String {
    match checks.len() {
        all if all == of => " of all checks".to_owned(),
        some if some <= CHECKS => format!(" of {}", checks.join(" and ")),
        many => format!(" of {}", count(many, "check")),
    }
}

/// `lib.rs:4, lib.rs:9 and 2 more`.
fn there(places: &[&Place]) -> String {
    let named = places.iter().take(PLACES);
    let named = named.map(|place| format!("{}:{}", place.file, place.line));
    let named = Vec::from_iter(named);
    match (named.split_last(), places.len().saturating_sub(PLACES)) {
        (None, _) => String::new(),
        (Some((only, [])), 0) => only.clone(),
        (Some((last, others)), 0) => format!("{} and {last}", others.join(", ")),
        (Some(_), more) => format!("{} and {more} more", named.join(", ")),
    }
}

fn sentence(told: &Told<'_>) -> String {
    let there = there(&told.places);
    match told.spot {
        BlindSpot::Bound {
            covered,
            asked,
            busiest,
        } => {
            let busiest = busiest.as_ref().map_or_else(String::new, |_| {
                format!(" What makes them so many is done at {there} again and again.")
            });
            match covered {
                None => format!(
                    "not even every execution without deviations was tried: there are too \
                     many.{busiest}"
                ),
                Some(0) => format!(
                    "every execution without deviations was tried, but not every one with \
                     {asked}: there are too many.{busiest}"
                ),
                Some(some) => format!(
                    "every execution with up to {} was tried, but not every one with {asked}: \
                     there are too many.{busiest}",
                    count(*some, "deviation")
                ),
            }
        }
        BlindSpot::Loop { .. } => format!(
            "the loop at {there} went round thousands of times while other threads could go on, \
             and was made to wait for them. What would happen if it went on was not tried."
        ),
        BlindSpot::Ordering { .. } => format!(
            "an atomic asks for less than `SeqCst` at {there}, and was given `SeqCst`. What \
             other threads may see late, or in another order, was not tried."
        ),
        BlindSpot::References { call, .. } => format!(
            "`{call}` at {there} depends on how many references there are. Whether another \
             thread makes or drops one just before or just after was not tried."
        ),
        BlindSpot::Unsafe { .. } => format!(
            "`unsafe` at {there}. Whether the rules hold that the compiler cannot check there \
             was not looked at."
        ),
        BlindSpot::Foreign { what, .. } => format!(
            "`{what}` at {there}: what is not written in Rust, or called from there, was not \
             followed."
        ),
        BlindSpot::Outside { path, .. } => format!(
            "`{path}` at {there} reaches outside what is checked. Only what was found there \
             during these checks was seen, and nothing there was set back between two \
             executions."
        ),
    }
}
