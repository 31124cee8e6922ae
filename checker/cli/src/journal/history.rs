//! The journal as a whole, once it is read.

use std::collections::BTreeMap;

use verdict::Mark;

use super::{Checked, Entry, Event};

/// Everything that was noted.
#[derive(Debug, Default)]
pub struct History {
    /// Oldest first.
    pub entries: Vec<Entry>,
    /// The numbers, from 1, of lines that cannot be read and of which nobody was
    /// told yet.
    pub damaged: Vec<usize>,
    /// Up to which line damage was reported.
    reported: usize,
}

/// How far the learner is with a stage.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// The last run of its checks.
    pub last: &'a Checked,
    /// When that ended.
    pub last_at: u64,
    /// When it passed for the first time, if it ever has.
    pub solved_at: Option<u64>,
    /// Whether it had blind spots when it passed last.
    pub blind: bool,
}

impl Standing<'_> {
    /// What is to be seen of it at first sight, if the stage has ever passed.
    pub fn mark(&self) -> Option<Mark> {
        self.solved_at.map(|_| Mark::of_a_pass(self.blind))
    }

    /// How far, in a few words.
    pub fn describe(&self) -> String {
        match (self.solved_at, self.last.passed) {
            (Some(_), false) => format!("passed before; now {}", self.last.describe()),
            _ => self.last.describe(),
        }
    }
}

impl History {
    /// Takes in the next line.
    pub(super) fn take(&mut self, entry: Entry) {
        match entry.event {
            Event::DamageReported { line } => self.reported = self.reported.max(line),
            Event::Unknown => {}
            _ => self.entries.push(entry),
        }
    }

    /// Forgets the damage that was reported before.
    pub(super) fn settled(mut self) -> Self {
        self.damaged.retain(|line| *line > self.reported);
        self
    }

    /// The runs of the checks, oldest first, with when they ended.
    pub fn checks(&self) -> impl Iterator<Item = (u64, &Checked)> {
        self.entries.iter().filter_map(|entry| match &entry.event {
            Event::Checked(checked) => Some((entry.at, checked)),
            _ => None,
        })
    }

    /// How far the learner is with every stage that was ever checked.
    pub fn standings(&self) -> BTreeMap<&str, Standing<'_>> {
        let mut standings: BTreeMap<&str, Standing<'_>> = BTreeMap::new();
        for (at, last) in self.checks() {
            let before = standings.get(last.stage.as_str());
            let solved_before = before.and_then(|standing| standing.solved_at);
            let was_blind = before.is_some_and(|standing| standing.blind);
            let standing = Standing {
                last,
                last_at: at,
                solved_at: solved_before.or(last.passed.then_some(at)),
                blind: if last.passed { last.blind } else { was_blind },
            };
            standings.insert(&last.stage, standing);
        }
        standings
    }

    /// Whether the stage has ever passed.
    pub fn solved(&self, stage: &str) -> bool {
        self.checks()
            .any(|(_, checked)| checked.passed && checked.stage == stage)
    }

    /// How many hints of the stage were shown since it was last begun.
    pub fn hints_shown(&self, stage: &str) -> usize {
        let mut shown = 0;
        for entry in &self.entries {
            match &entry.event {
                Event::Hinted { stage: of, tier } if of == stage => shown = shown.max(*tier),
                Event::Reset { stage: of, .. } if of == stage => shown = 0,
                _ => {}
            }
        }
        shown
    }
}
