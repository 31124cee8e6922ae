//! What the way of working is worth: questions, plans, iteration, tests, trade-offs. What
//! the checks themselves say is in [`score`](super::score).

use super::gaps::Gap;
use super::words::count;
use super::{Evidence, Sentence};
use crate::answer::Contents;
use crate::rubric::nth;
use crate::{Attempt, Event, EventId, Rubric, Session, Sources, StageRun};

/// Requirements found out before code: stage, index, event.
pub(super) fn found_out<'a>(session: &Session<'a>) -> Vec<(&'a str, usize, &'a Event)> {
    let mut found: Vec<(&str, usize, &Event)> = Vec::new();
    for run in &session.stages {
        let code = run.first_edit().map(|event| event.id);
        for question in &run.asked {
            let Some(index) = question.requirement else {
                continue;
            };
            let in_time = code.is_none_or(|code| question.event.id < code);
            let new = !found
                .iter()
                .any(|(stage, known, _)| *stage == run.facts.name && *known == index);
            if in_time && new {
                found.push((&run.facts.name, index, question.event));
            }
        }
    }
    found
}

/// The first plan that was there before the code of its stage.
pub(super) fn plan_before_code<'a>(session: &Session<'a>) -> Option<&'a Event> {
    session.stages.iter().find_map(|run| {
        let plan = *run.plans.first()?;
        let code = run.first_edit().map(|event| event.id);
        code.is_none_or(|code| plan.id < code).then_some(plan)
    })
}

pub(super) fn decomposition(rubric: &Rubric, session: &Session<'_>) -> Vec<Evidence> {
    let values = &rubric.values.questions;
    let found = found_out(session);
    let share = found.len().min(values.full) as f64 / values.full as f64;
    let questions = Sentence::new(
        format!(
            "{} found out by asking before code; {} count in full.",
            count(found.len(), "requirement"),
            values.full
        ),
        found
            .iter()
            .map(|(_, _, event)| event.id)
            .chain(ending_if(found.is_empty(), session)),
    );
    let plan = plan_before_code(session);
    let plan_sentence = match plan {
        Some(event) => Sentence::new("A plan was written down before code.", [event.id]),
        None => Sentence::new("No plan was written down before code.", [session.end()]),
    };
    let mut evidence = vec![
        Evidence {
            sentence: questions,
            value: share,
            weight: values.weight,
        },
        Evidence {
            sentence: plan_sentence,
            value: f64::from(u8::from(plan.is_some())),
            weight: values.plan_weight,
        },
    ];
    let checks: Vec<EventId> = checks(session).map(|attempt| attempt.event.id).collect();
    if !checks.is_empty() {
        let changes = interface_changes(session);
        let (text, cites) = match changes.len() {
            0 => (
                "The public interface was the brief's at every check.".to_owned(),
                checks,
            ),
            some => {
                let some = count(some, "check");
                (
                    format!("The public interface was not the brief's at {some}."),
                    changes.clone(),
                )
            }
        };
        evidence.push(Evidence {
            sentence: Sentence::new(text, cites),
            value: (1.0 - values.interface_change * changes.len() as f64).max(0.0),
            weight: values.interface_weight,
        });
    }
    evidence
}

fn checks<'a>(session: &'a Session<'_>) -> impl Iterator<Item = &'a Attempt<'a>> {
    session.stages.iter().flat_map(|run| &run.attempts)
}

fn interface_changes(session: &Session<'_>) -> Vec<EventId> {
    checks(session)
        .filter(|attempt| attempt.refusal.is_some_and(|refusal| refusal.contract))
        .map(|attempt| attempt.event.id)
        .collect()
}

fn ending_if(nothing: bool, session: &Session<'_>) -> Option<EventId> {
    nothing.then(|| session.end())
}

/// Nothing where nothing was ever red: then there was nothing to learn from.
pub(super) fn iteration(
    rubric: &Rubric,
    session: &Session<'_>,
    gaps: &[Gap<'_>],
) -> Option<Evidence> {
    let values = &rubric.values.iteration;
    let graded: Vec<EventId> = session
        .stages
        .iter()
        .filter_map(|run| run.graded().next())
        .map(|attempt| attempt.event.id)
        .collect();
    if gaps.is_empty() && !graded.is_empty() {
        return None;
    }
    let mut missing = 0.0;
    let mut cites = graded.clone();
    let mut closed = 0;
    for gap in gaps {
        missing += match gap.attempts() {
            Some(attempts) => nth(&values.closed, attempts.saturating_sub(1)),
            None => values.open,
        };
        closed += usize::from(gap.attempts().is_some());
        if gap.regression().is_some() {
            missing += values.regression;
        }
        cites.extend(gap.cites());
    }
    for (hint, fixed) in hints(session) {
        if fixed.is_none() {
            missing += values.hint_unused;
            cites.push(hint.id);
        }
    }
    let value = if graded.is_empty() {
        0.0
    } else {
        (1.0 - missing / values.scale).max(0.0)
    };
    let text = if graded.is_empty() {
        "No code of the candidate's own could be graded.".to_owned()
    } else {
        format!(
            "{closed} of {} closed for good; by the attempts that it took and what came back, \
             {:.2} of {} points are missing.",
            count(gaps.len(), "gap"),
            missing.min(values.scale),
            values.scale
        )
    };
    cites.extend(ending_if(graded.is_empty(), session));
    Some(Evidence {
        sentence: Sentence::new(text, cites),
        value,
        weight: 1.0,
    })
}

/// Each hint that was taken when something was red, and the first graded attempt after it at
/// which all of that was green. Less than all would make an earlier fix look like a hint in
/// vain.
pub(super) fn hints<'a>(session: &'a Session<'a>) -> Vec<(&'a Event, Option<EventId>)> {
    let mut hints = Vec::new();
    for run in &session.stages {
        for (hint, _) in &run.hints {
            let before = run
                .attempts
                .iter()
                .rfind(|attempt| attempt.event.id < hint.id && attempt.refusal.is_none());
            let checks = run.facts.checks.iter().map(|check| check.name.as_str());
            let red: Vec<&str> = checks
                .filter(|check| before.and_then(|attempt| attempt.holds(check)) == Some(false))
                .collect();
            if red.is_empty() {
                continue;
            }
            let fixed = run
                .graded()
                .filter(|attempt| attempt.event.id > hint.id)
                .find(|attempt| red.iter().all(|check| attempt.holds(check) == Some(true)));
            hints.push((*hint, fixed.map(|attempt| attempt.event.id)));
        }
    }
    hints
}

/// The names of the tests.
fn tests(files: &Sources) -> impl Iterator<Item = &str> {
    let marked = files
        .values()
        .flat_map(|text| text.split("#[test]").skip(1));
    marked.filter_map(|text| {
        let (_, name) = text.split_once("fn ")?;
        name.split(|char: char| char != '_' && !char.is_alphanumeric())
            .next()
    })
}

/// Whether there is a test that the candidate was not given. One that they were given
/// and changed has its name still, and is none of their own.
fn has_own_tests(run: &StageRun<'_>, files: &Sources) -> bool {
    tests(files).any(|name| tests(&run.facts.given).all(|given| given != name))
}

/// The first version with tests of one's own, and whether it was there before the
/// first graded check of its stage.
pub(super) fn first_tests<'a>(session: &Session<'a>) -> Option<(&'a Event, bool, &'a str)> {
    let mut best = None;
    for run in &session.stages {
        let graded = run.graded().next().map(|attempt| attempt.event.id);
        let mut versions = run.versions.iter();
        let tested = versions.find(|(_, files)| has_own_tests(run, files));
        let Some((event, _)) = tested else { continue };
        let before = graded.is_none_or(|graded| event.id < graded);
        if before {
            return Some((event, true, &run.facts.name));
        }
        best.get_or_insert((*event, false, run.facts.name.as_str()));
    }
    best
}

pub(super) fn testing(rubric: &Rubric, session: &Session<'_>) -> Evidence {
    let values = &rubric.values.testing;
    let (value, sentence) = match first_tests(session) {
        Some((event, true, stage)) => (
            values.before,
            Sentence::new(
                format!("Own tests were in `{stage}` before its first graded check."),
                [event.id],
            ),
        ),
        Some((event, false, stage)) => (
            values.later,
            Sentence::new(
                format!("Own tests came to `{stage}` after its first graded check."),
                [event.id],
            ),
        ),
        None => (
            values.none,
            Sentence::new(
                "No version of the code has a test of the candidate's own.",
                [session.end()],
            ),
        ),
    };
    Evidence {
        sentence,
        value,
        weight: values.weight,
    }
}

/// A follow-up question that was asked, and the last answer to it.
pub(super) struct FollowUp<'a> {
    pub stage: &'a str,
    pub question: &'a str,
    pub answer: Option<(&'a Event, Contents)>,
}

impl FollowUp<'_> {
    /// Whether it was answered with all that a good answer has.
    pub(super) fn is_complete(&self) -> bool {
        self.answer
            .is_some_and(|(_, contents)| contents.count() == 3)
    }
}

/// Every follow-up question that was asked.
pub(super) fn answers<'a>(session: &Session<'a>) -> Vec<FollowUp<'a>> {
    let mut answers = Vec::new();
    for run in session.stages.iter().filter(|run| run.passed.is_some()) {
        for (index, follow_up) in run.facts.follow_ups.iter().enumerate() {
            let answer = run.last_answer(index);
            answers.push(FollowUp {
                stage: &run.facts.name,
                question: &follow_up.question,
                answer: answer.map(|(event, text)| (event, Contents::of(text))),
            });
        }
    }
    answers
}

pub(super) fn trade_offs(rubric: &Rubric, session: &Session<'_>) -> Evidence {
    let full = rubric.values.trade_offs.full;
    let mut found: Vec<(&Event, usize)> = answers(session)
        .into_iter()
        .filter_map(|follow_up| follow_up.answer)
        .map(|(event, contents)| (event, contents.count()))
        .collect();
    found.sort_by_key(|(_, contents)| std::cmp::Reverse(*contents));
    found.truncate(full);
    let held: usize = found.iter().map(|(_, contents)| contents).sum();
    let text = if found.is_empty() {
        "No follow-up question was answered.".to_owned()
    } else {
        format!(
            "Of the {} points that {full} good follow-up answers hold (options, a number, what \
             would change the decision), {held} were there.",
            3 * full
        )
    };
    let cites = found.iter().map(|(event, _)| event.id);
    Evidence {
        sentence: Sentence::new(text, cites.chain(ending_if(found.is_empty(), session))),
        value: held as f64 / (3 * full) as f64,
        weight: 1.0,
    }
}

/// Code that did not compile. That all of it did says nothing of how it is written.
pub(super) fn idiom(rubric: &Rubric, session: &Session<'_>) -> Option<Evidence> {
    let refused: Vec<EventId> = checks(session)
        .filter(|attempt| attempt.refusal.is_some_and(|refusal| !refusal.contract))
        .map(|attempt| attempt.event.id)
        .collect();
    (!refused.is_empty()).then(|| Evidence {
        value: nth(&rubric.values.idiom.not_compiling, refused.len()),
        sentence: Sentence::new(
            format!("{} did not compile.", count(refused.len(), "check")),
            refused,
        ),
        weight: 1.0,
    })
}
