//! Evidence and scores. Each rule looks at a fixed number of opportunities, so
//! that more of a strength can only raise what it is worth.

use std::collections::BTreeMap;

use super::conduct::{decomposition, idiom, iteration, testing, trade_offs};
use super::gaps::{Gap, History};
use super::words::ordinal;
use super::{DimensionResult, Evidence, Judged, Sentence};
use crate::rubric::{Judge, nth};
use crate::{Dimension, EventId, Kind, Rubric, Session, StageRun};

/// Every dimension with its evidence.
pub(super) fn dimensions(
    rubric: &Rubric,
    session: &Session<'_>,
    gaps: &[Gap<'_>],
) -> Vec<DimensionResult> {
    let rule = |rule: &crate::rubric::DimensionRule| {
        let mut evidence = match rule.id {
            Dimension::ProblemDecomposition => decomposition(rubric, session),
            Dimension::Iteration => iteration(rubric, session, gaps).into_iter().collect(),
            Dimension::Testing => vec![testing(rubric, session)],
            Dimension::TradeOffs => vec![trade_offs(rubric, session)],
            Dimension::LanguageIdiom => idiom(rubric, session).into_iter().collect(),
            _ => Vec::new(),
        };
        evidence.extend(families(rubric, session, rule.id));
        let rules = mean(&evidence);
        let interviewer = judged(session, rule.id);
        let own = own(session, rule.id);
        let given = interviewer.as_ref().map(|judged| f64::from(judged.score));
        let score = match (rule.judge, rules, given) {
            (Judge::Interviewer, _, given) => given,
            (Judge::Both, Some(rules), Some(given)) => Some(f64::midpoint(rules, given)),
            (_, rules, _) => rules,
        };
        DimensionResult {
            id: rule.id,
            name: rule.name.clone(),
            weight: rule.weight,
            evidence,
            rules,
            interviewer,
            own,
            score,
        }
    };
    rubric.dimensions.iter().map(rule).collect()
}

/// From evidence, 0 to 1, to a score, 1 to 4.
fn mean(evidence: &[Evidence]) -> Option<f64> {
    let weight: f64 = evidence.iter().map(|evidence| evidence.weight).sum();
    let value: f64 = evidence
        .iter()
        .map(|evidence| evidence.weight * evidence.value)
        .sum();
    (weight > 0.0).then(|| 1.0 + 3.0 * (value / weight).clamp(0.0, 1.0))
}

fn judged(session: &Session<'_>, id: Dimension) -> Option<Judged> {
    session
        .events
        .iter()
        .rev()
        .find_map(|event| match &event.kind {
            Kind::Scored {
                dimension,
                score,
                note,
            } if *dimension == id => Some(Judged {
                score: (*score).clamp(1, 4),
                note: note.clone(),
                event: event.id,
            }),
            _ => None,
        })
}

fn own(session: &Session<'_>, id: Dimension) -> Option<u8> {
    session
        .events
        .iter()
        .rev()
        .find_map(|event| match &event.kind {
            Kind::Rated { ratings } => Some(ratings.get(&id).copied()),
            _ => None,
        })?
}

/// The check families of a dimension, each worth as much as its worst check.
fn families(rubric: &Rubric, session: &Session<'_>, id: Dimension) -> Vec<Evidence> {
    let mut evidence = Vec::new();
    for run in &session.stages {
        let mut families: BTreeMap<&str, (&str, Vec<History<'_>>)> = BTreeMap::new();
        for check in run
            .facts
            .checks
            .iter()
            .filter(|check| check.dimension == id)
        {
            let Some(history) = History::of(run, &check.name) else {
                continue;
            };
            let family = rubric.family(&check.defect, id);
            let (_, histories) = families
                .entry(&family.id)
                .or_insert_with(|| (&family.name, Vec::new()));
            histories.push(history);
        }
        for (name, histories) in families.into_values() {
            let valued = histories
                .iter()
                .map(|history| (worth(rubric, history), history));
            let worst = valued.min_by(|one, other| one.0.total_cmp(&other.0));
            if let Some((value, worst)) = worst {
                evidence.push(Evidence {
                    sentence: told(run, name, &histories, worst),
                    value,
                    weight: 1.0,
                });
            }
        }
    }
    evidence
}

/// What the history of a check is worth.
fn worth(rubric: &Rubric, history: &History<'_>) -> f64 {
    let values = &rubric.values;
    let value = match (history.red, history.attempts()) {
        (None, _) => values.first,
        (Some(_), None) => values.open,
        (Some(_), Some(attempts)) => nth(&values.closed, attempts.saturating_sub(1)),
    };
    let again = if history.again.is_some() {
        values.regression
    } else {
        0.0
    };
    (value - again).max(0.0)
}

/// What the checks of a family say of a dimension. Others of that family may count for
/// another one, so the sentence is about these alone.
fn told(run: &StageRun<'_>, family: &str, all: &[History<'_>], worst: &History<'_>) -> Sentence {
    let stage = &run.facts.name;
    let check = worst.check;
    match (worst.red, worst.green) {
        (None, _) => {
            let checks = match all.len() {
                1 => format!("`{check}` was green at its first graded check and since"),
                more => format!(
                    "the {more} checks of it that count here were green at their first graded \
                     check and since"
                ),
            };
            Sentence::new(
                format!("`{stage}`, {family}: {checks}."),
                all.iter().map(|history| history.graded.id()),
            )
        }
        (Some(red), Some(green)) => Sentence::new(
            format!(
                "`{stage}`, {family}: `{check}` was red at the {} graded check and green from the \
                 {} on.",
                ordinal(red.number),
                ordinal(green.number)
            ),
            [red.id(), green.id()],
        ),
        (Some(red), None) => Sentence::new(
            format!(
                "`{stage}`, {family}: `{check}` was red at the {} graded check and is at the last.",
                ordinal(red.number)
            ),
            [Some(red.id()), last_graded(run)].into_iter().flatten(),
        ),
    }
}

fn last_graded(run: &StageRun<'_>) -> Option<EventId> {
    run.graded().last().map(|attempt| attempt.event.id)
}

/// The stages that have checks of a dimension, if none of them was ever red.
pub(super) fn green_at_once<'a>(
    session: &'a Session<'a>,
    id: Dimension,
) -> Vec<(&'a str, EventId)> {
    let mut stages = Vec::new();
    for run in &session.stages {
        let checks = run
            .facts
            .checks
            .iter()
            .filter(|check| check.dimension == id);
        for history in checks.filter_map(|check| History::of(run, &check.name)) {
            if history.red.is_some() {
                return Vec::new();
            }
            let stage = (run.facts.name.as_str(), history.graded.id());
            if !stages.contains(&stage) {
                stages.push(stage);
            }
        }
    }
    stages
}
