//! `list`: every stage, and how far the learner is.

use std::collections::BTreeMap;

use serde::Serialize;
use verdict::render::{self, Style, wrap};

use super::history;
use crate::args::{Format, ListArguments};
use crate::error::{Outcome, Result};
use crate::journal::{Checked, Standing};
use crate::output::{print, print_json, style};
use crate::workspace::{Stage, Workspace};

pub fn run(workspace: &Workspace, arguments: &ListArguments) -> Result<Outcome> {
    let ladder = workspace.ladder()?;
    let history = history(workspace)?;
    let standings = history.standings();
    match arguments.format {
        Format::Human => print(&ladder_text(&ladder.stages, &standings, style())),
        Format::Json => {
            let entries = ladder
                .stages
                .iter()
                .map(|stage| Entry::of(stage, &standings));
            print_json(&entries.collect::<Vec<_>>())?;
        }
    }
    ladder.whole().map(|_| Outcome::Passed)
}

/// How far the learner is, by the names of the stages.
pub type Standings<'a> = BTreeMap<&'a str, Standing<'a>>;

/// A stage, for a program.
#[derive(Debug, Serialize)]
pub struct Entry<'a> {
    name: &'a str,
    title: &'a str,
    track: &'a str,
    position: u32,
    minutes: u32,
    summary: &'a str,
    checks: Vec<&'a str>,
    /// When it passed for the first time, in seconds since 1970.
    solved_at: Option<u64>,
    last: Option<&'a Checked>,
}

impl<'a> Entry<'a> {
    pub fn of(stage: &'a Stage, standings: &Standings<'a>) -> Self {
        let manifest = &stage.manifest;
        let standing = standings.get(stage.name());
        Self {
            name: &manifest.name,
            title: &manifest.title,
            track: &manifest.track,
            position: manifest.position,
            minutes: manifest.minutes,
            summary: &manifest.summary,
            checks: manifest
                .checks
                .iter()
                .map(|check| check.name.as_str())
                .collect(),
            solved_at: standing.and_then(|standing| standing.solved_at),
            last: standing.map(|standing| standing.last),
        }
    }
}

/// Every stage with what it is about.
fn ladder_text(stages: &[Stage], standings: &Standings<'_>, style: Style) -> String {
    let mut text = String::new();
    for line in rungs(stages, standings, style) {
        text.push_str(&line.heading);
        text.push('\n');
        for line in wrap(line.summary, style.width - INDENT) {
            text.push_str(&format!("{}{line}\n", " ".repeat(INDENT)));
        }
    }
    text
}

/// Where a summary begins.
const INDENT: usize = 8;

/// A stage of the ladder.
pub struct Rung<'a> {
    /// Its state, position, name, time, and how the last check went.
    pub heading: String,
    /// What it is about.
    pub summary: &'a str,
}

/// The ladder, a rung for each stage; the first of a track names it.
pub fn rungs<'a>(stages: &'a [Stage], standings: &Standings<'_>, style: Style) -> Vec<Rung<'a>> {
    let width = stages
        .iter()
        .map(|stage| stage.name().chars().count())
        .max()
        .unwrap_or(0);
    let mut track = None;
    let mut rungs = Vec::new();
    for stage in stages {
        let manifest = &stage.manifest;
        let mut heading = String::new();
        if track != Some(&manifest.track) {
            let gap = if track.is_some() { "\n" } else { "" };
            heading = format!("{gap}{}\n", style.dim(&manifest.track));
            track = Some(&manifest.track);
        }
        let standing = standings.get(stage.name());
        let mark = match standing.map(Standing::mark) {
            Some(Some(mark)) => render::mark(mark, style),
            Some(None) => style.unsure("·"),
            None => " ".to_owned(),
        };
        let name = format!("{:width$}", manifest.name);
        let minutes = format!("{:>3} min", manifest.minutes);
        heading.push_str(&format!(
            "  {mark} {:>2}  {}  {}  {}",
            manifest.position,
            style.strong(&name),
            style.dim(&minutes),
            standing.map(Standing::describe).unwrap_or_default()
        ));
        let heading = heading.trim_end().to_owned();
        rungs.push(Rung {
            heading,
            summary: &manifest.summary,
        });
    }
    rungs
}
