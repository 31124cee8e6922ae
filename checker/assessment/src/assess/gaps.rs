//! Gaps: what was red in a candidate's own code, by family, and when it went.

use std::collections::BTreeSet;

use verdict::Record;

use crate::{Attempt, EventId, Family, Rubric, Session, StageRun};

/// A family of defects that showed in a stage.
#[derive(Debug)]
pub(super) struct Gap<'a> {
    /// The stage.
    pub run: &'a StageRun<'a>,
    /// The family.
    pub family: &'a Family,
    /// The checks that showed it.
    pub checks: Vec<History<'a>>,
}

/// A check over the graded attempts of a stage, which count from 0.
#[derive(Debug, Clone)]
pub(super) struct History<'a> {
    /// The check.
    pub check: &'a str,
    /// The first attempt at which it could tell.
    pub graded: Graded<'a>,
    /// Where it was red first, if it ever was.
    pub red: Option<Graded<'a>>,
    /// From where on it was green for good, if it is.
    pub green: Option<Graded<'a>>,
    /// Where it was red after it had been green.
    pub again: Option<Graded<'a>>,
}

/// A graded attempt.
#[derive(Debug, Clone, Copy)]
pub(super) struct Graded<'a> {
    /// Counted from 0.
    pub number: usize,
    /// The attempt.
    pub attempt: &'a Attempt<'a>,
}

impl Graded<'_> {
    pub(super) fn id(&self) -> EventId {
        self.attempt.event.id
    }
}

impl<'a> History<'a> {
    /// The history of a check, unless it never could tell.
    pub(super) fn of(run: &'a StageRun<'a>, check: &'a str) -> Option<Self> {
        let told = run.graded().enumerate().filter_map(|(number, attempt)| {
            let holds = attempt.holds(check)?;
            Some((Graded { number, attempt }, holds))
        });
        let mut history: Option<Self> = None;
        for (graded, holds) in told {
            let history = history.get_or_insert(Self {
                check,
                graded,
                red: None,
                green: None,
                again: None,
            });
            if holds {
                history.green.get_or_insert(graded);
            } else {
                if history.green.is_some() {
                    history.again.get_or_insert(graded);
                }
                history.green = None;
                history.red.get_or_insert(graded);
            }
        }
        history
    }

    /// The defect that it showed where it was red first.
    fn defect(&self) -> Option<&'a str> {
        let finding = self.red?.attempt.record(self.check)?.finding.as_ref()?;
        finding.defect.as_deref()
    }

    /// How many attempts it took from the first red one to green for good.
    pub(super) fn attempts(&self) -> Option<usize> {
        let (red, green) = (self.red?, self.green?);
        Some(green.number - red.number)
    }
}

/// Every gap of a session, in the order in which they showed.
///
/// What fails without showing a defect, as a standstill may, is taken for a consequence
/// of a defect that the same attempt does show, where there is one.
pub(super) fn of<'a>(rubric: &'a Rubric, session: &'a Session<'a>) -> Vec<Gap<'a>> {
    let mut gaps: Vec<Gap<'a>> = Vec::new();
    for run in &session.stages {
        let begin = gaps.len();
        let mut nameless = Vec::new();
        for check in &run.facts.checks {
            let Some(history) = History::of(run, &check.name) else {
                continue;
            };
            let Some(red) = history.red else { continue };
            match history.defect() {
                Some(defect) => {
                    let family = rubric.family(defect, check.dimension);
                    add(&mut gaps, begin, run, family, history);
                }
                None => nameless.push((check, history, red)),
            }
        }
        for (check, history, red) in nameless {
            let beside = gaps[begin..].iter_mut().find(|gap| gap.showed_in(red));
            match beside {
                Some(gap) => gap.checks.push(history),
                None => {
                    let family = rubric.family(&check.defect, check.dimension);
                    add(&mut gaps, begin, run, family, history);
                }
            }
        }
        gaps[begin..].sort_by_key(Gap::first_number);
    }
    gaps
}

/// Adds a failed check to the gap of its defect's family, among those from `begin` on.
fn add<'a>(
    gaps: &mut Vec<Gap<'a>>,
    begin: usize,
    run: &'a StageRun<'a>,
    family: &'a Family,
    history: History<'a>,
) {
    let same = |gap: &&mut Gap<'_>| gap.family.id == family.id;
    match gaps[begin..].iter_mut().find(same) {
        Some(gap) => gap.checks.push(history),
        None => gaps.push(Gap {
            run,
            family,
            checks: vec![history],
        }),
    }
}

impl<'a> Gap<'a> {
    /// Whether a check of it was first red in this attempt.
    fn showed_in(&self, attempt: Graded<'a>) -> bool {
        let mut reds = self.checks.iter().filter_map(|history| history.red);
        reds.any(|red| red.number == attempt.number)
    }

    fn first_number(&self) -> usize {
        self.first().1.number
    }

    /// The checks that were first red in the attempt of that number.
    pub(super) fn red_first_in(&self, number: usize) -> impl Iterator<Item = &History<'a>> {
        let red = move |history: &&History<'_>| history.red.is_some_and(|red| red.number == number);
        self.checks.iter().filter(red)
    }

    /// What the checks showed that were first red in the attempt of that number. A check that
    /// failed without showing a defect is there for one, and that is told if no other is.
    pub(super) fn defects_of(&self, number: usize) -> BTreeSet<&'a str> {
        let shown: BTreeSet<&str> = self
            .red_first_in(number)
            .filter_map(History::defect)
            .collect();
        if !shown.is_empty() {
            return shown;
        }
        let first = self
            .red_first_in(number)
            .next()
            .map(|history| history.check);
        let checks = self.run.facts.checks.iter();
        checks
            .filter(|check| Some(check.name.as_str()) == first)
            .map(|check| check.defect.as_str())
            .collect()
    }

    /// The check that showed it first, with a counterexample where there is one.
    pub(super) fn first(&self) -> (&History<'a>, Graded<'a>) {
        let red = |history: &&History<'a>| history.red.map(|red| red.number);
        let first = self.checks.iter().filter_map(|history| red(&history)).min();
        let mut at_first = self.checks.iter().filter(|history| red(history) == first);
        let told = |history: &&History<'a>| {
            let record = history
                .red
                .and_then(|red| red.attempt.record(history.check));
            record
                .and_then(|record| record.finding.as_ref())
                .is_some_and(|finding| finding.counterexample.is_some())
        };
        let shown = at_first.clone().find(told).or_else(|| at_first.next());
        let history = shown.unwrap_or(&self.checks[0]);
        (history, history.red.unwrap_or(history.graded))
    }

    /// The record that shows it.
    pub(super) fn record(&self) -> Option<&'a Record> {
        let (history, red) = self.first();
        red.attempt.record(history.check)
    }

    /// Where the last of its checks turned green for good.
    pub(super) fn closed(&self) -> Option<Graded<'a>> {
        let mut last: Option<Graded<'a>> = None;
        for history in &self.checks {
            let green = history.green?;
            if last.is_none_or(|last| green.number > last.number) {
                last = Some(green);
            }
        }
        last
    }

    /// How many graded attempts it took, from where it showed.
    pub(super) fn attempts(&self) -> Option<usize> {
        Some(self.closed()?.number - self.first_number())
    }

    /// The first of its checks that was red after it had been green, and where.
    pub(super) fn regression(&self) -> Option<(&History<'a>, Graded<'a>)> {
        self.checks
            .iter()
            .filter_map(|history| Some((history, history.again?)))
            .min_by_key(|(_, at)| at.number)
    }

    /// Whether any of it was red when it was graded for the first time.
    pub(super) fn initial(&self) -> bool {
        let at_once = |history: &History<'_>| {
            history
                .red
                .is_some_and(|red| red.number == history.graded.number)
        };
        self.checks.iter().any(at_once)
    }

    /// The events that it rests on.
    pub(super) fn cites(&self) -> Vec<EventId> {
        let (_, red) = self.first();
        let last = self.run.graded().last().map(|attempt| attempt.event.id);
        let end = self.closed().map(|graded| graded.id()).or(last);
        let again = self.regression().map(|(_, graded)| graded.id());
        [Some(red.id()), again, end].into_iter().flatten().collect()
    }
}
