//! Without a command: where the learner is, what is due, and what to do next.

use std::cmp::Reverse;

use serde::Serialize;
use verdict::render::{Style, wrap};

use super::history;
use super::list::{Entry, Standings, rungs};
use crate::args::Format;
use crate::clock;
use crate::download;
use crate::error::{Outcome, Result};
use crate::output::{print, print_json, style};
use crate::practice::{self, Due};
use crate::workspace::{Stage, Workspace};

const PRODUCT: &str = "Interleave: write plain-std Rust against the clock, and have your own \
                       code checked over every interleaving of its threads.";
/// How much practice to ask for at once.
const AT_ONCE: usize = 3;

pub fn run(workspace: &Workspace, format: Format) -> Result<Outcome> {
    let ladder = workspace.ladder()?;
    download::once(workspace);
    let history = history(workspace)?;
    let home = Home {
        stages: &ladder.stages,
        standings: history.standings(),
        schedule: practice::schedule(&history, &ladder.stages),
        now: clock::now(),
    };
    match format {
        Format::Human => print(&home.text(style())),
        Format::Json => print_json(&home.for_a_program())?,
    }
    ladder.whole().map(|_| Outcome::Passed)
}

/// What is known when the learner comes in.
struct Home<'a> {
    stages: &'a [Stage],
    standings: Standings<'a>,
    schedule: Vec<Due>,
    now: u64,
}

/// The same for a program.
#[derive(Debug, Serialize)]
struct ForAProgram<'a> {
    schema: u32,
    stages: Vec<Entry<'a>>,
    next: Option<&'a str>,
    due: Vec<&'a Due>,
    later: Vec<&'a Due>,
}

impl<'a> Home<'a> {
    fn for_a_program(&'a self) -> ForAProgram<'a> {
        let (due, later) = self.schedule.iter().partition(|due| self.is_due(due));
        ForAProgram {
            schema: 1,
            stages: self
                .stages
                .iter()
                .map(|stage| Entry::of(stage, &self.standings))
                .collect(),
            next: self.next().map(Stage::name),
            due,
            later,
        }
    }

    fn text(&self, style: Style) -> String {
        let mut text = lines(PRODUCT, style) + "\n";
        for rung in rungs(self.stages, &self.standings, style) {
            text.push_str(&rung.heading);
            text.push('\n');
        }
        text.push('\n');
        text.push_str(&self.practice(style));
        match self.next() {
            Some(stage) => text.push_str(&self.invitation(stage, style)),
            None if self.stages.is_empty() => {}
            None => text.push_str("Every stage has passed. Any of them may be taken again.\n"),
        }
        text
    }

    /// The stage that was graded last, unless it has passed; then the next one from
    /// there on that never has.
    fn next(&self) -> Option<&'a Stage> {
        let standing = |stage: &Stage| self.standings.get(stage.name());
        let graded_at = |at: &usize| standing(&self.stages[*at]).map(|standing| standing.last_at);
        let latest = (0..self.stages.len()).max_by_key(|at| (graded_at(at), Reverse(*at)))?;
        let (before, from) = self.stages.split_at(latest);
        let is_red = |stage: &Stage| standing(stage).is_some_and(|graded| !graded.last.passed);
        let is_new =
            |stage: &Stage| standing(stage).is_none_or(|graded| graded.solved_at.is_none());
        from.first()
            .filter(|stage| is_red(stage))
            .or_else(|| from.iter().chain(before).find(|stage| is_new(stage)))
    }

    fn is_due(&self, due: &Due) -> bool {
        due.due_at <= self.now
    }

    /// What came back and is due again.
    fn practice(&self, style: Style) -> String {
        let due: Vec<&Due> = self
            .schedule
            .iter()
            .filter(|due| self.is_due(due))
            .collect();
        let Some(first) = due.first() else {
            return String::new();
        };
        let mut text = format!(
            "{}\n\n",
            style.strong("Due for practice, because it came back")
        );
        let width = due
            .iter()
            .map(|due| due.defect.chars().count())
            .max()
            .unwrap_or(0);
        for due in due.iter().take(AT_ONCE) {
            let name = format!("{:width$}", due.defect);
            let seen = clock::ago(due.last_seen, self.now);
            let where_and_when = format!("in {}, {seen}", due.stage);
            text.push_str(&format!(
                "  {}  {}\n",
                style.name(&name),
                style.dim(&where_and_when)
            ));
        }
        if let Some(more) = due.len().checked_sub(AT_ONCE).filter(|more| *more > 0) {
            text.push_str(&format!("  and {more} more\n"));
        }
        let steps = [
            (format!("cargo kata explain {}", first.defect), "what it is"),
            (
                format!("cargo kata reset {}", first.stage),
                "then solve it afresh; your files are kept",
            ),
        ];
        text + "\n" + &todo(&steps, style) + "\n"
    }

    /// What to type next, and what it does.
    fn invitation(&self, stage: &Stage, style: Style) -> String {
        let source = stage.source().display().to_string();
        let steps = [
            (
                format!("cargo kata brief {}", stage.name()),
                "read what it asks for",
            ),
            (format!("edit {source}"), "plain std, nothing of ours"),
            (
                format!("cargo kata check {}", stage.name()),
                "see what is wrong, and where",
            ),
        ];
        let begun = self.standings.contains_key(stage.name());
        let steps = if begun { &steps[1..] } else { &steps[..] };
        let title = style.name(&stage.manifest.title);
        format!("Next: {title}\n\n{}", todo(steps, style))
    }
}

/// Commands, and what they are good for.
fn todo(steps: &[(String, &str)], style: Style) -> String {
    let width = steps
        .iter()
        .map(|(step, _)| step.chars().count())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for (step, why) in steps {
        let pad = " ".repeat(width - step.chars().count());
        text.push_str(&format!(
            "  {}{pad}   {}\n",
            style.strong(step),
            style.dim(why)
        ));
    }
    text
}

fn lines(prose: &str, style: Style) -> String {
    wrap(prose, style.width)
        .into_iter()
        .map(|line| line + "\n")
        .collect()
}
