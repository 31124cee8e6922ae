//! What was good.

use super::conduct::{FollowUp, answers, first_tests, found_out, hints, plan_before_code};
use super::gaps::Gap;
use super::level::in_a_sentence;
use super::score::green_at_once;
use super::words::{clock, codes, count, list, times};
use super::{DimensionResult, Point, Sentence};
use crate::{Dimension, Rubric, Session};

/// Attempts within which closing a gap is a strength.
const SOON: usize = 2;

pub(super) fn of(
    rubric: &Rubric,
    session: &Session<'_>,
    gaps: &[Gap<'_>],
    dimensions: &[DimensionResult],
) -> Vec<Point> {
    let mut points = Vec::new();
    let mut point = |dimension, title: &str, sentences: Vec<Sentence>| {
        if !sentences.is_empty() {
            points.push(Point {
                title: title.to_owned(),
                dimension,
                sentences,
            });
        }
    };
    point(
        Dimension::Iteration,
        "Turns feedback into fixes that last",
        closed(gaps),
    );
    point(
        Dimension::Iteration,
        "Fixes the thought and not the symptom",
        siblings(gaps),
    );
    point(
        Dimension::Iteration,
        "Makes use of a hint",
        hints_used(session),
    );
    point(
        Dimension::ProblemDecomposition,
        "Asks before building",
        questions(session),
    );
    point(
        Dimension::ProblemDecomposition,
        "Plans before coding",
        plan(session),
    );
    point(Dimension::Testing, "Brings tests along", tests(session));
    point(Dimension::TradeOffs, "Weighs options", trade_offs(session));
    for rule in &rubric.dimensions {
        let green = green_at_once(session, rule.id);
        if green.is_empty() || rule.id == Dimension::Testing {
            continue;
        }
        let names = codes(green.iter().map(|(stage, _)| *stage));
        let text = format!("Everything about it was green at the first graded check of {names}.");
        let sentence = Sentence::new(text, green.iter().map(|(_, event)| *event));
        let name = match rule.id {
            // Its checks are about the data; questions and plans have points of their own.
            Dimension::ProblemDecomposition => "Data model",
            _ => &rule.name,
        };
        point(
            rule.id,
            &format!("{name}, right from the start"),
            vec![sentence],
        );
    }
    for result in dimensions {
        if let Some(judged) = result
            .interviewer
            .as_ref()
            .filter(|judged| judged.score >= 3)
        {
            let note = if judged.note.is_empty() {
                "without a note"
            } else {
                &judged.note
            };
            let text = format!("The interviewer gave {} of 4: {note}", judged.score);
            let sentence = Sentence::new(super::words::full_stop(&text), [judged.event]);
            point(result.id, &result.name, vec![sentence]);
        }
    }
    points
}

/// Initial gaps that were closed: weaknesses in the code, strengths in the person,
/// if that is how most of them went.
fn closed(gaps: &[Gap<'_>]) -> Vec<Sentence> {
    let soon = |gap: &&Gap<'_>| {
        gap.attempts().is_some_and(|attempts| attempts <= SOON) && gap.regression().is_none()
    };
    let closed: Vec<&Gap<'_>> = gaps.iter().filter(soon).collect();
    if 2 * closed.len() <= gaps.len() {
        return Vec::new();
    }
    let sentence = |gap: &&Gap<'_>| {
        let text = format!(
            "{} in `{}`: {}, closed {} after its first red check.",
            gap.family.name,
            gap.run.facts.name,
            if gap.initial() {
                "an initial gap"
            } else {
                "a regression"
            },
            count(gap.attempts().unwrap_or_default(), "attempt")
        );
        Sentence::new(text, gap.cites())
    };
    closed.iter().map(sentence).collect()
}

/// One attempt that turned all checks of a family green.
fn siblings(gaps: &[Gap<'_>]) -> Vec<Sentence> {
    let mut sentences = Vec::new();
    for gap in gaps {
        let Some(closed) = gap.closed() else { continue };
        let at_once = gap.checks.iter().filter_map(|history| history.green);
        let at_once = at_once
            .filter(|green| green.number == closed.number)
            .count();
        if at_once >= 2 && at_once == gap.checks.len() {
            let text = format!(
                "One change in `{}` turned all {at_once} checks green that showed a gap in {}.",
                gap.run.facts.name,
                in_a_sentence(&gap.family.name)
            );
            sentences.push(Sentence::new(text, gap.cites()));
        }
    }
    sentences
}

fn hints_used(session: &Session<'_>) -> Vec<Sentence> {
    let used: Vec<_> = hints(session)
        .into_iter()
        .filter_map(|(hint, fixed)| Some([hint.id, fixed?]))
        .collect();
    if used.is_empty() {
        return Vec::new();
    }
    let text = format!(
        "All that was red when a hint was taken was green later: {}.",
        times(used.len())
    );
    vec![Sentence::new(text, used.into_iter().flatten())]
}

fn questions(session: &Session<'_>) -> Vec<Sentence> {
    let found = found_out(session);
    if found.len() < 2 {
        return Vec::new();
    }
    let names = list(found.iter().map(|(stage, index, _)| {
        let run = session.stages.iter().find(|run| run.facts.name == *stage);
        let text = run.and_then(|run| run.facts.requirements.get(*index));
        let text = text.map_or("", String::as_str);
        format!(
            "“{}”",
            super::words::first_sentence(text).trim_end_matches('.')
        )
    }));
    let text = format!(
        "{} of what the prompt leaves out came to light before code: {names}.",
        count(found.len(), "requirement")
    );
    vec![Sentence::new(
        text,
        found.iter().map(|(_, _, event)| event.id),
    )]
}

fn plan(session: &Session<'_>) -> Vec<Sentence> {
    let plan = plan_before_code(session).map(|event| {
        let text = format!(
            "The plan was in the notes at {}, before any code.",
            clock(event.at_ms)
        );
        Sentence::new(text, [event.id])
    });
    plan.into_iter().collect()
}

fn tests(session: &Session<'_>) -> Vec<Sentence> {
    let tests = first_tests(session).filter(|(_, before, _)| *before);
    let tests = tests.map(|(event, _, stage)| {
        let text = format!("`{stage}` had tests of its own before its first graded check.");
        Sentence::new(text, [event.id])
    });
    tests.into_iter().collect()
}

fn trade_offs(session: &Session<'_>) -> Vec<Sentence> {
    let mut sentences = Vec::new();
    for follow_up in answers(session).into_iter().filter(FollowUp::is_complete) {
        let text = format!(
            "The answer to “{}” (`{}`) names options, a number, and what would change the decision.",
            follow_up.question, follow_up.stage
        );
        let event = follow_up.answer.map(|(event, _)| event.id);
        sentences.push(Sentence::new(text, event));
    }
    sentences
}
