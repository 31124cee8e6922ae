//! `sessions`: when the learner practised, and how it went.

use serde::Serialize;
use verdict::render::Style;

use super::history;
use crate::args::{Format, SessionsArguments};
use crate::clock;
use crate::error::{Outcome, Result};
use crate::journal::{Checked, Entry, Event};
use crate::output::{print, print_json, style};
use crate::workspace::Workspace;

/// A pause of this many seconds begins a new session.
const PAUSE: u64 = 30 * 60;

/// A stretch of practice without a long pause.
#[derive(Debug, Serialize)]
struct Session<'a> {
    /// Seconds since 1970.
    began: u64,
    ended: u64,
    stages: Vec<Work<'a>>,
}

/// What was done for one stage.
#[derive(Debug, Serialize)]
struct Work<'a> {
    stage: &'a str,
    checks: usize,
    hints: usize,
    compared: bool,
    resets: usize,
    first: Option<&'a Checked>,
    last: Option<&'a Checked>,
}

pub fn run(workspace: &Workspace, arguments: &SessionsArguments) -> Result<Outcome> {
    if let Some(stage) = &arguments.stage {
        workspace.stage(stage)?;
    }
    let history = history(workspace)?;
    let sessions = sessions(&history.entries, arguments.stage.as_deref());
    match arguments.format {
        Format::Json => print_json(&sessions)?,
        Format::Human if sessions.is_empty() => {
            print("Nothing was checked yet. `cargo kata` says where to begin.\n");
        }
        Format::Human => print(&text(&sessions, style())),
    }
    Ok(Outcome::Passed)
}

fn sessions<'a>(entries: &'a [Entry], only: Option<&str>) -> Vec<Session<'a>> {
    let mut sessions: Vec<Session<'_>> = Vec::new();
    for entry in entries {
        let Some(stage) = entry.event.stage() else {
            continue;
        };
        if only.is_some_and(|only| only != stage) {
            continue;
        }
        let goes_on = sessions
            .last()
            .is_some_and(|session| entry.at.saturating_sub(session.ended) < PAUSE);
        if !goes_on {
            sessions.push(Session {
                began: entry.at,
                ended: entry.at,
                stages: Vec::new(),
            });
        }
        if let Some(session) = sessions.last_mut() {
            // A wall clock may have been set back.
            session.ended = session.ended.max(entry.at);
            session.work(stage).take(&entry.event);
        }
    }
    sessions
}

impl<'a> Session<'a> {
    fn work(&mut self, stage: &'a str) -> &mut Work<'a> {
        let known = self.stages.iter().position(|work| work.stage == stage);
        let index = known.unwrap_or_else(|| {
            self.stages.push(Work {
                stage,
                checks: 0,
                hints: 0,
                compared: false,
                resets: 0,
                first: None,
                last: None,
            });
            self.stages.len() - 1
        });
        &mut self.stages[index]
    }
}

impl<'a> Work<'a> {
    fn take(&mut self, event: &'a Event) {
        match event {
            Event::Checked(checked) => {
                self.checks += 1;
                self.first.get_or_insert(checked);
                self.last = Some(checked);
            }
            Event::Hinted { .. } => self.hints += 1,
            Event::Compared { .. } => self.compared = true,
            Event::Reset { .. } => self.resets += 1,
            Event::DamageReported { .. } | Event::Unknown => {}
        }
    }

    /// `12 checks, 1 hint: 24 of 25 checks to go, then passed`.
    fn describe(&self) -> String {
        let mut parts = Vec::new();
        for (number, noun) in [
            (self.checks, "check"),
            (self.hints, "hint"),
            (self.resets, "reset"),
        ] {
            match number {
                0 => {}
                1 => parts.push(format!("1 {noun}")),
                _ => parts.push(format!("{number} {noun}s")),
            }
        }
        if self.compared {
            parts.push("compared".to_owned());
        }
        let done = parts.join(", ");
        let end = |checked: Option<&Checked>| checked.map(Checked::describe);
        match (end(self.first), end(self.last)) {
            (Some(first), Some(last)) if first != last => format!("{done}: {first}, then {last}"),
            (Some(first), _) => format!("{done}: {first}"),
            (None, _) => done,
        }
    }
}

fn text(sessions: &[Session<'_>], style: Style) -> String {
    let names = sessions.iter().flat_map(|session| &session.stages);
    let width = names
        .map(|work| work.stage.chars().count())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for session in sessions {
        let minutes = (session.ended - session.began).div_ceil(60).max(1);
        let when = format!("{} UTC, {minutes} min", clock::minute(session.began));
        text.push_str(&format!("{}\n", style.strong(&when)));
        for work in &session.stages {
            let name = format!("{:width$}", work.stage);
            text.push_str(&format!("  {}  {}\n", style.name(&name), work.describe()));
        }
        text.push('\n');
    }
    text + &style.dim("A pause of half an hour begins a new session.") + "\n"
}
