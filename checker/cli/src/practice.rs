//! What is due for practice. A defect that came back is practised on a spacing
//! schedule, since what was once understood is forgotten in a predictable way.
//!
//! - A defect *appears* when a check shows it and the stage's check before did
//!   not. The flaws that a starter is delivered with are not the learner's.
//! - One that appears for the second time, in whichever stage, has *recurred*: it
//!   is due for practice a day later.
//! - Practice is a stage that is solved afresh, after a `reset` or for the first
//!   time, and that has checks for the defect. It puts the next one off further;
//!   a defect that appears again starts over.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::clock::DAY;
use crate::journal::{Checked, Event, History};
use crate::workspace::Stage;

/// Days until the next practice, after each one that went well.
const SPACING: [u64; 6] = [1, 2, 7, 14, 30, 90];

/// A defect to practise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Due {
    /// Its name in the catalogue.
    pub defect: String,
    /// How often it has appeared.
    pub appeared: usize,
    /// Where it appeared last.
    pub stage: String,
    /// When it was seen last, in seconds since 1970.
    pub last_seen: u64,
    /// From when it is due.
    pub due_at: u64,
}

/// What is known about one defect.
#[derive(Debug, Default)]
struct Memory {
    appeared: usize,
    stage: String,
    last_seen: u64,
    /// How many practices in a row went well, once it has recurred.
    went_well: usize,
    due_at: u64,
}

/// The defects on the schedule, the one that is due first in front.
pub fn schedule(history: &History, stages: &[Stage]) -> Vec<Due> {
    let mut memories: BTreeMap<&str, Memory> = BTreeMap::new();
    // What the stage's check before showed.
    let mut shown: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    // The stages that are being solved from their starter.
    let mut afresh: BTreeMap<&str, bool> = BTreeMap::new();
    for entry in &history.entries {
        match &entry.event {
            Event::Reset { stage, .. } => {
                afresh.insert(stage, true);
                shown.remove(stage.as_str());
            }
            // A check of nothing but the starter, or of code that does not
            // compile, says nothing about the learner.
            Event::Checked(checked) if !checked.starter && !checked.checks.is_empty() => {
                let now = checked.defects.values().map(String::as_str).collect();
                let before = shown.insert(&checked.stage, now).unwrap_or_default();
                for defect in &shown[checked.stage.as_str()] {
                    let memory = memories.entry(defect).or_default();
                    memory.see(checked, entry.at, !before.contains(defect));
                }
                let fresh = afresh.entry(&checked.stage).or_insert(true);
                if checked.passed && std::mem::take(fresh) {
                    let stage = stages.iter().find(|stage| stage.name() == checked.stage);
                    let checks = stage.map_or(&[][..], |stage| &stage.manifest.checks);
                    for (defect, memory) in &mut memories {
                        if checks.iter().any(|check| check.finds(defect)) {
                            memory.practise(entry.at);
                        }
                    }
                }
            }
            _ => {}
        }
    }
    let mut due: Vec<Due> = memories
        .into_iter()
        .filter(|(_, memory)| memory.appeared > 1 && memory.went_well < SPACING.len())
        .map(|(defect, memory)| Due {
            defect: defect.to_owned(),
            appeared: memory.appeared,
            stage: memory.stage,
            last_seen: memory.last_seen,
            due_at: memory.due_at,
        })
        .collect();
    due.sort_by(|one, other| (one.due_at, &one.defect).cmp(&(other.due_at, &other.defect)));
    due
}

impl Memory {
    fn see(&mut self, checked: &Checked, at: u64, appears: bool) {
        self.appeared += usize::from(appears);
        self.stage.clone_from(&checked.stage);
        self.last_seen = at;
        self.went_well = 0;
        self.due_at = at + SPACING[0] * DAY;
    }

    /// Practice before its time is welcome, and puts nothing off.
    fn practise(&mut self, at: u64) {
        if at < self.due_at {
            return;
        }
        self.went_well += 1;
        if let Some(days) = SPACING.get(self.went_well) {
            self.due_at = at + days * DAY;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use verdict::{Manifest, Verdict};

    use super::*;
    use crate::journal::Entry;

    fn stages() -> Vec<Stage> {
        let text = "format = 1\nname = \"ring\"\ntitle = \"Ring\"\ntrack = \"t\"\nposition = 1\n\
             minutes = 1\nsummary = \"s\"\nhints = [\"1\", \"2\", \"3\"]\n[[check]]\n\
             name = \"a\"\ndefect = \"torn-read\"\ndimension = \"testing\"\nwhy = \"w\"\ntry = \"t\"\n";
        let manifest = Manifest::parse(text, Path::new("stage.toml")).expect("a manifest");
        let folder = PathBuf::from("exercises/ring");
        vec![Stage { manifest, folder }]
    }

    fn on_day(day: u64, event: Event) -> Entry {
        let at = day * DAY;
        Entry {
            schema: 1,
            at,
            event,
        }
    }

    fn check(day: u64, stage: &str, defect: Option<&str>) -> Entry {
        let verdict = defect.map_or(Verdict::Passed, |_| Verdict::Failed);
        let defects = defect.map(|defect| ("a".to_owned(), defect.to_owned()));
        let checked = Checked {
            stage: stage.to_owned(),
            passed: defect.is_none(),
            blind: false,
            checks: BTreeMap::from([("a".to_owned(), verdict)]),
            defects: defects.into_iter().collect(),
            starter: false,
        };
        on_day(day, Event::Checked(checked))
    }

    fn reset(day: u64) -> Entry {
        let (stage, kept) = ("ring".to_owned(), String::new());
        on_day(day, Event::Reset { stage, kept })
    }

    /// The days on which `torn-read` is due after these events, if any.
    fn due(entries: Vec<Entry>) -> Option<(usize, u64)> {
        let mut history = History::default();
        history.entries = entries;
        let schedule = schedule(&history, &stages());
        schedule.first().map(|due| (due.appeared, due.due_at / DAY))
    }

    const TORN: Option<&str> = Some("torn-read");

    #[test]
    fn a_defect_that_is_mended_once_does_not_come_back() {
        let twice_the_same = vec![check(0, "ring", TORN), check(0, "ring", TORN)];
        assert_eq!(due(twice_the_same), None);
        assert_eq!(
            due(vec![check(0, "ring", TORN), check(0, "ring", None)]),
            None
        );
    }

    #[test]
    fn the_starters_own_defects_do_not_count() {
        let mut starter = check(0, "ring", TORN);
        if let Event::Checked(checked) = &mut starter.event {
            checked.starter = true;
        }
        assert_eq!(due(vec![starter, check(1, "ring", TORN)]), None);
    }

    #[test]
    fn one_that_recurs_is_due_a_day_later_in_whichever_stage_it_was() {
        let reintroduced = vec![
            check(0, "ring", TORN),
            check(0, "ring", Some("hot-key")),
            check(3, "ring", TORN),
        ];
        assert_eq!(due(reintroduced), Some((2, 4)));
        let elsewhere = vec![check(0, "ring", TORN), check(5, "other", TORN)];
        assert_eq!(due(elsewhere), Some((2, 6)));
    }

    #[test]
    fn practice_that_goes_well_spaces_the_next_and_ends_at_last() {
        let mut entries = vec![check(0, "other", TORN), check(0, "ring", TORN)];
        let mut day = 0;
        for days in SPACING {
            day += days;
            assert_eq!(due(entries.clone()), Some((2, day)));
            entries.extend([reset(day), check(day, "ring", None)]);
        }
        assert_eq!(due(entries), None);
    }

    #[test]
    fn only_a_fresh_solution_at_its_time_is_practice() {
        let recurred = [check(0, "other", TORN), check(0, "ring", TORN)];
        let too_early = [reset(0), check(0, "ring", None)];
        assert_eq!(due([&recurred[..], &too_early].concat()), Some((2, 1)));
        let the_same_again = [check(0, "ring", None), check(4, "ring", None)];
        assert_eq!(due([&recurred[..], &the_same_again].concat()), Some((2, 1)));
        let again = [
            reset(1),
            check(1, "ring", None),
            reset(3),
            check(3, "ring", TORN),
        ];
        assert_eq!(due([&recurred[..], &again].concat()), Some((3, 4)));
    }
}
