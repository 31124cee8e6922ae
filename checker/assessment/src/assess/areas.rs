//! Areas for improvement and deeper discussion.

use std::collections::BTreeSet;

use verdict::render::gist;

use super::conduct::{FollowUp, answers, first_tests, found_out, plan_before_code};
use super::gaps::{Gap, Graded, History};
use super::words::{clock, codes, count, full_stop, list, ordinal};
use super::{Area, DimensionResult, Sentence};
use crate::{Dimension, EventId, Rubric, Session};

/// Characters of a check's message that a sentence has room for.
const MESSAGE: usize = 160;

/// Finding out fewer requirements than this is an area of its own.
const FEW_QUESTIONS: usize = 2;

pub(super) fn of(
    rubric: &Rubric,
    session: &Session<'_>,
    gaps: &[Gap<'_>],
    dimensions: &[DimensionResult],
) -> Vec<Area> {
    let mut areas: Vec<Area> = gaps.iter().map(gap_area).collect();
    // What is open is what to talk about first.
    areas.sort_by_key(|area| area.closed == Some(true));
    areas.extend(questions(rubric, session));
    areas.extend(plan(session));
    areas.extend(tests(session, gaps));
    areas.extend(trade_offs(session));
    areas.extend(compiling(session));
    areas.extend(hints(session));
    areas.extend(clock_stopped(session));
    for result in dimensions {
        if let Some(judged) = result
            .interviewer
            .as_ref()
            .filter(|judged| judged.score <= 2)
        {
            let text = format!(
                "The interviewer gave {} of 4: {}",
                judged.score, judged.note
            );
            let sentence = Sentence::new(full_stop(&text), [judged.event]);
            areas.push(plain(result.id, &result.name, vec![sentence], None));
        }
    }
    areas
}

fn plain(
    dimension: Dimension,
    title: &str,
    sentences: Vec<Sentence>,
    practise: Option<&str>,
) -> Area {
    let cites: Vec<EventId> = sentences.iter().flat_map(|one| one.cites.clone()).collect();
    Area {
        title: title.to_owned(),
        dimension,
        closed: None,
        sentences,
        shown: None,
        practise: practise.map(|text| Sentence::new(text, cites)),
    }
}

fn gap_area(gap: &Gap<'_>) -> Area {
    let (history, red) = gap.first();
    let closed = gap.closed();
    let state = match (gap.initial(), closed, gap.regression()) {
        (true, None, None) => "a gap, still open",
        (true, None, Some(_)) => "a gap with a regression, still open",
        (false, None, _) => "a regression, still open",
        (true, Some(_), None) => "an initial gap, later closed",
        (true, Some(_), Some(_)) => "an initial gap with a regression, later closed",
        (false, Some(_), _) => "a regression, later closed",
    };
    let stage = &gap.run.facts.name;
    let mut sentences = Vec::new();
    let finding = gap.record().and_then(|record| record.finding.as_ref());
    let message = finding.map_or("", |finding| finding.message.as_str());
    sentences.push(Sentence::new(
        format!(
            "At the {} graded check of `{stage}` ({}) it did not hold that {} ({}).",
            ordinal(red.number),
            clock(red.attempt.event.at_ms),
            history.check.replace('_', " "),
            codes(gap.defects_of(red.number))
        ),
        [red.id()],
    ));
    if !message.is_empty() {
        let message = gist(message, MESSAGE);
        let text = format!(
            "The check reported “{}”.",
            message.trim_end_matches(['.', ':', ','])
        );
        sentences.push(Sentence::new(text, [red.id()]));
    }
    if let Some(why) = finding.and_then(|finding| finding.why.as_deref()) {
        sentences.push(Sentence::new(full_stop(why), [red.id()]));
    }
    sentences.extend(elsewhere(gap, history, red));
    if let Some((regressed, again)) = gap.regression() {
        let text = format!(
            "“{}” had been green before it was red at {}.",
            regressed.check.replace('_', " "),
            clock(again.attempt.event.at_ms)
        );
        sentences.push(Sentence::new(text, [regressed.graded.id(), again.id()]));
    }
    sentences.push(match (closed, gap.attempts()) {
        (Some(closed), Some(attempts)) => Sentence::new(
            format!(
                "Closed at the {} graded check ({}), {} later, and green since.",
                ordinal(closed.number),
                clock(closed.attempt.event.at_ms),
                count(attempts, "attempt")
            ),
            [closed.id()],
        ),
        _ => {
            let attempts = gap.run.graded().count();
            let text = match attempts {
                1 => "It was still open at the end: there was no other graded check.".to_owned(),
                more => format!(
                    "It was still open at the {} and last graded check.",
                    ordinal(more - 1)
                ),
            };
            Sentence::new(
                text,
                gap.run.graded().last().map(|attempt| attempt.event.id),
            )
        }
    });
    let practise = format!(
        "The thought behind it: {}. {}",
        gap.family.thought, gap.family.practise
    );
    Area {
        title: format!("{} in `{stage}`: {state}", gap.family.name),
        dimension: gap.family.dimension,
        closed: Some(closed.is_some()),
        sentences,
        shown: Some((red.id(), history.check.to_owned())),
        practise: Some(Sentence::new(practise, gap.cites())),
    }
}

/// The other checks that showed a gap: at its first attempt, and at each later one that
/// had a new one.
fn elsewhere(gap: &Gap<'_>, first: &History<'_>, red: Graded<'_>) -> Vec<Sentence> {
    let mut sentences = Vec::new();
    for (number, attempt) in gap.run.graded().enumerate() {
        let others: Vec<_> = gap
            .red_first_in(number)
            .filter(|other| other.check != first.check)
            .map(|other| format!("“{}”", other.check.replace('_', " ")))
            .collect();
        if others.is_empty() {
            continue;
        }
        let names = list(others);
        let text = if number == red.number {
            format!("It showed as well where this was checked: {names}.")
        } else {
            format!(
                "At the {} graded check ({}) it showed where this was checked: {names} ({}).",
                ordinal(number),
                clock(attempt.event.at_ms),
                codes(gap.defects_of(number))
            )
        };
        sentences.push(Sentence::new(text, [attempt.event.id]));
    }
    sentences
}

fn questions(rubric: &Rubric, session: &Session<'_>) -> Option<Area> {
    let found = found_out(session);
    let first = session.stages.first()?;
    if found.len() >= FEW_QUESTIONS {
        return None;
    }
    let full = rubric.values.questions.full;
    let asked: usize = session.stages.iter().map(|run| run.asked.len()).sum();
    let outcome = match (asked, found.len()) {
        (0, _) => "No question was asked".to_owned(),
        (asked, 0) => format!("{} found out nothing before code", count(asked, "question")),
        (asked, _) => format!(
            "{} found out one requirement before code",
            count(asked, "question")
        ),
    };
    let text = format!(
        "{outcome}; the prompt of `{}` alone leaves out {}.",
        first.facts.name,
        first.facts.requirements.len()
    );
    let asked = session.stages.iter().flat_map(|run| &run.asked);
    let cites = asked
        .map(|question| question.event.id)
        .chain([first.opened.id]);
    let practise = format!(
        "Before code, ask about order, failure, scale, lifetimes and who else calls: {full} answers \
         are worth the minutes."
    );
    let sentences = vec![Sentence::new(text, cites)];
    let title = "Questions before code";
    Some(plain(
        Dimension::ProblemDecomposition,
        title,
        sentences,
        Some(&practise),
    ))
}

fn plan(session: &Session<'_>) -> Option<Area> {
    if plan_before_code(session).is_some() {
        return None;
    }
    let code = session.stages.iter().find_map(|run| run.first_edit())?;
    let text = format!(
        "Code began at {} without a plan in the notes.",
        clock(code.at_ms)
    );
    let practise = "Write down the interface, the data and who owns it before the first line: five \
                    minutes, and the interviewer can object while it is cheap.";
    let sentences = vec![Sentence::new(text, [code.id])];
    Some(plain(
        Dimension::ProblemDecomposition,
        "A plan before code",
        sentences,
        Some(practise),
    ))
}

fn tests(session: &Session<'_>, gaps: &[Gap<'_>]) -> Option<Area> {
    let graded = session.stages.iter().find_map(|run| run.graded().next())?;
    let sentence = match first_tests(session) {
        Some((_, true, _)) => return None,
        Some((event, false, stage)) => {
            let text = format!(
                "The first test of the candidate's own came to `{stage}` at {}, after a graded \
                 check.",
                clock(event.at_ms)
            );
            Sentence::new(text, [graded.event.id, event.id])
        }
        None => {
            let text = "No version of the code has a test of the candidate's own.";
            Sentence::new(text, [graded.event.id, session.end()])
        }
    };
    let practise = if gaps.is_empty() {
        "Make a test of an answer that the interviewer gave, before the code, and watch it fail."
    } else {
        "Write the test that would have caught the first red check, and watch it fail before the \
         fix."
    };
    Some(plain(
        Dimension::Testing,
        "Tests of one's own",
        vec![sentence],
        Some(practise),
    ))
}

fn trade_offs(session: &Session<'_>) -> Option<Area> {
    let mut sentences = Vec::new();
    let answers = answers(session);
    for follow_up in answers.iter().filter(|follow_up| !follow_up.is_complete()) {
        let Some((event, contents)) = follow_up.answer else {
            continue;
        };
        let text = format!(
            "The answer to “{}” (`{}`) lacks {}.",
            follow_up.question,
            follow_up.stage,
            list(contents.missing())
        );
        sentences.push(Sentence::new(text, [event.id]));
    }
    let green = || session.stages.iter().filter(|run| run.passed.is_some());
    let complete = answers.iter().any(FollowUp::is_complete);
    if green().count() > 0 && sentences.is_empty() && !complete {
        let text = format!(
            "{} {} green, and none of the follow-up questions was answered.",
            codes(green().map(|run| run.facts.name.as_str())),
            if green().count() == 1 { "was" } else { "were" }
        );
        let passed = green().filter_map(|run| run.passed);
        let passed = passed.map(|event| event.id);
        sentences.push(Sentence::new(text, passed.chain([session.end()])));
    }
    if sentences.is_empty() {
        return None;
    }
    let practise = "For a design question: two options, a number that you can defend, and the fact \
                    that would make you change your mind.";
    Some(plain(
        Dimension::TradeOffs,
        "Trade-offs",
        sentences,
        Some(practise),
    ))
}

fn compiling(session: &Session<'_>) -> Option<Area> {
    let attempts = session.stages.iter().flat_map(|run| &run.attempts);
    let refused: Vec<_> = attempts
        .clone()
        .filter(|attempt| attempt.refusal.is_some())
        .collect();
    let (none_ran, total) = (refused.len() == attempts.clone().count(), attempts.count());
    if refused.is_empty() || (refused.len() < 3 && !none_ran) {
        return None;
    }
    let contract = refused
        .iter()
        .filter(|attempt| attempt.refusal.is_some_and(|it| it.contract));
    let contract = contract.count();
    let mut text = format!(
        "{} of {} could not be graded",
        refused.len(),
        count(total, "check")
    );
    text.push_str(match (contract, refused.len() - contract) {
        (0, _) => ": the code did not compile.",
        (_, 0) => ": the public interface was not the brief's.",
        _ => ": the code did not compile, or its public interface was not the brief's.",
    });
    let sentences = vec![Sentence::new(
        text,
        refused.iter().map(|attempt| attempt.event.id),
    )];
    let practise = "Keep the code compiling: types and signatures first, bodies one at a time.";
    Some(plain(
        Dimension::LanguageIdiom,
        "Code that compiles",
        sentences,
        Some(practise),
    ))
}

fn hints(session: &Session<'_>) -> Option<Area> {
    let mut sentences = Vec::new();
    for run in &session.stages {
        if let Some((event, tier)) = run.strongest_hint() {
            let taken: BTreeSet<u8> = run.hints.iter().map(|(_, tier)| *tier).collect();
            let cap = if tier >= 3 {
                "; the third caps the stage at Senior"
            } else {
                ""
            };
            let text = format!(
                "`{}` took {}{cap}.",
                run.facts.name,
                count(taken.len(), "hint")
            );
            let cites = run
                .hints
                .iter()
                .map(|(event, _)| event.id)
                .chain([event.id]);
            sentences.push(Sentence::new(text, cites));
        }
    }
    (!sentences.is_empty()).then(|| plain(Dimension::Iteration, "Hints", sentences, None))
}

/// Interruptions during which the code changed: off the clock, so they are told.
fn clock_stopped(session: &Session<'_>) -> Option<Area> {
    let changed = session
        .events
        .iter()
        .filter(|event| matches!(event.kind, crate::Kind::Resumed { changed: true, .. }));
    let cites: Vec<EventId> = changed.map(|event| event.id).collect();
    if cites.is_empty() {
        return None;
    }
    let text = format!(
        "The code changed while the clock stood still, during {}.",
        count(cites.len(), "interruption")
    );
    let sentences = vec![Sentence::new(text, cites)];
    Some(plain(
        Dimension::ProblemDecomposition,
        "Work off the clock",
        sentences,
        None,
    ))
}
