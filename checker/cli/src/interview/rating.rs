//! Scores that people give: the candidate's of themself, the interviewer's.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write, stdin, stdout};

use assessment::{Dimension, Mode, Rubric, Session};

use super::clock::MachineClock;
use super::desk::Desk;
use super::reports;
use super::store::Sessions;
use crate::error::{Context, Error, Outcome, Result};
use crate::output::{print, style};
use crate::workspace::Workspace;

/// `interview rate`.
pub fn rate(workspace: &Workspace, given: &[String], skip: bool) -> Result<Outcome> {
    let handle = Sessions::of(&workspace.root).find(None)?;
    let desk = Desk::at(workspace, &MachineClock, handle);
    let journal = desk.journal()?;
    let session = Session::of(&journal);
    if session.finished.is_none() {
        return Err(Error::new(format!("{} is not finished", desk.handle.id))
            .next("`cargo kata interview finish` ends it."));
    }
    if session.rated.is_some() {
        return Err(Error::new(format!("{} was rated already", desk.handle.id))
            .next("`cargo kata report` shows what came of it."));
    }
    let ratings = if skip {
        BTreeMap::new()
    } else if given.is_empty() && stdin().is_terminal() {
        asked()?
    } else {
        parsed(given)?
    };
    desk.rate(ratings)?;
    reports::unseal(&desk)
}

/// What follows the end of a session.
pub fn after(desk: &Desk<'_>) -> Result<Outcome> {
    let journal = desk.journal()?;
    let practice = Session::of(&journal).mode == Mode::Practice;
    if practice {
        desk.rate(BTreeMap::new())?;
        return reports::unseal(desk);
    }
    print("\nThat is the end. Before you see the report, rate yourself.\n\n");
    if stdin().is_terminal() && stdout().is_terminal() {
        desk.rate(asked()?)?;
        return reports::unseal(desk);
    }
    let all: Vec<String> = Dimension::ALL.iter().map(|id| format!("{id}=3")).collect();
    print(&format!(
        "  cargo kata interview rate {}\n\nfrom 1 to 4 each (1 not yet, 2 Senior, 3 Staff, 4 above), or `rate --skip`.\n",
        all.join(" ")
    ));
    Ok(Outcome::Passed)
}

/// Asks for each dimension in turn.
fn asked() -> Result<BTreeMap<Dimension, u8>> {
    let rubric = Rubric::published();
    let style = style();
    print("1 not yet · 2 Senior · 3 Staff · 4 above; Enter to leave one out\n\n");
    let mut ratings = BTreeMap::new();
    for rule in &rubric.dimensions {
        loop {
            print(&format!(
                "  {} {} ",
                style.strong(&rule.name),
                style.dim("1–4:")
            ));
            let _ = stdout().flush();
            let mut line = String::new();
            let read = stdin()
                .read_line(&mut line)
                .context(|| "Cannot read the rating".into())?;
            let line = line.trim();
            if read == 0 || line.is_empty() {
                break;
            }
            if let Some(rating) = one_to_four(line) {
                ratings.insert(rule.id, rating);
                break;
            }
        }
    }
    print("\n");
    Ok(ratings)
}

fn parsed(given: &[String]) -> Result<BTreeMap<Dimension, u8>> {
    let mut ratings = BTreeMap::new();
    for text in given {
        let (dimension, rating) = pair(text)?;
        ratings.insert(dimension, rating);
    }
    let missing: Vec<&str> = Dimension::ALL
        .iter()
        .filter(|dimension| !ratings.contains_key(dimension))
        .map(|dimension| dimension.id())
        .collect();
    if missing.is_empty() {
        return Ok(ratings);
    }
    Err(Error::new(format!("no rating for {}", missing.join(", ")))
        .next("Rate every dimension from 1 to 4, or say `--skip`."))
}

/// `interview score`.
pub fn score(desk: &Desk<'_>, text: &str, note: &str) -> Result<Outcome> {
    let journal = desk.journal()?;
    if !Session::of(&journal).with_interviewer {
        return Err(Error::new(format!("{} has no interviewer", desk.handle.id))
            .next("`cargo kata interview LOOP --with-interviewer` starts one that has."));
    }
    let (dimension, score) = pair(text)?;
    desk.score(dimension, score, note)?;
    print(&format!("{dimension}: {score} of 4.\n"));
    Ok(Outcome::Passed)
}

fn pair(text: &str) -> Result<(Dimension, u8)> {
    let known = || {
        let ids: Vec<&str> = Dimension::ALL.iter().map(|id| id.id()).collect();
        ids.join(", ")
    };
    let (dimension, rating) = text.split_once('=').ok_or_else(|| {
        Error::new(format!("`{text}` is not `dimension=rating`"))
            .next(format!("The dimensions are {}.", known()))
    })?;
    let dimension = Dimension::parse(dimension).ok_or_else(|| {
        Error::new(format!("`{dimension}` is no dimension"))
            .next(format!("The dimensions are {}.", known()))
    })?;
    let rating = one_to_four(rating)
        .ok_or_else(|| Error::new(format!("`{rating}` is not a number from 1 to 4")))?;
    Ok((dimension, rating))
}

fn one_to_four(text: &str) -> Option<u8> {
    text.parse().ok().filter(|rating| (1..=4).contains(rating))
}
