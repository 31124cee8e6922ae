//! What the plain commands print.

use assessment::{Attempt, Mode, Session};
use serde::Serialize;
use verdict::Mark;
use verdict::render::{self, Style, wrap};

use super::desk::{Checked, Desk, Time, current};
use super::loops;
use super::store::{Sessions, clock_ms};
use super::{notes, time_in_words};
use crate::error::Result;
use crate::markdown;
use crate::workspace::Workspace;

/// Every loop, and the session that is open.
pub fn loops(workspace: &Workspace, style: Style) -> Result<String> {
    let mut text = String::new();
    if let Some(handle) = Sessions::of(&workspace.root).open()? {
        text.push_str(&format!(
            "The session {} is open: {} goes on with it.\n\n",
            handle.id,
            style.strong("cargo kata interview --resume")
        ));
    }
    let loops = loops::all()?;
    let width = loops.iter().map(|one| one.name.len()).max().unwrap_or(0);
    for one in &loops {
        let name = style.strong(&format!("{:width$}", one.name));
        let minutes = style.dim(&format!("{:>3} min", one.minutes));
        text.push_str(&format!("  {name}  {minutes}  {}\n", one.about));
        let drawn = one.draw(workspace, 0);
        let stages = match &drawn {
            Ok(_) if one.planted > 0 => "drawn anew each time; --seed repeats one".to_owned(),
            Ok(drawn) => {
                let names: Vec<&str> = drawn
                    .rounds
                    .iter()
                    .map(|round| round.stage.as_str())
                    .collect();
                names.join(", ")
            }
            Err(_) => "none of its stages is in this workspace".to_owned(),
        };
        let indent = width + 13;
        for line in wrap(&stages, style.width.saturating_sub(indent)) {
            text.push_str(&format!("{}{}\n", " ".repeat(indent), style.dim(&line)));
        }
    }
    text.push_str(&format!(
        "\nStart one with {}. Its clock runs at once.\n",
        style.strong("cargo kata interview LOOP")
    ));
    Ok(text)
}

/// The first page of a session.
pub fn opening(desk: &Desk<'_>, style: Style) -> Result<String> {
    let journal = desk.journal()?;
    let session = Session::of(&journal);
    let kind = match session.mode {
        Mode::Mock => format!(
            "Mock interview {}, {} minutes",
            desk.handle.id, session.minutes
        ),
        Mode::Practice => format!("Practice {}, no clock", desk.handle.id),
    };
    let stages = match session.rounds.len() {
        1 => "one stage".to_owned(),
        more => format!("{more} stages, one after another; nobody gets through all of them"),
    };
    let mut text = format!("{}: {stages}.\n\n", style.strong(&kind));
    text.push_str(&prompt(desk, style)?);
    text.push_str(&files(desk, &session, style)?);
    let steps = [
        (
            "cargo kata interview ask \"…\"",
            "the prompt leaves things out on purpose",
        ),
        (
            "edit the notes",
            "a plan that is there before the code counts",
        ),
        ("cargo kata interview begin", "when you start coding"),
        (
            "cargo kata interview check",
            "grade it; green opens the next stage",
        ),
        ("cargo kata interview status", "the clock, and what is open"),
        (
            "cargo kata interview hint",
            "three a stage; the third caps the stage at Senior",
        ),
        (
            "cargo kata interview finish",
            "end it before the clock does",
        ),
    ];
    let width = steps
        .iter()
        .map(|(step, _)| step.chars().count())
        .max()
        .unwrap_or(0);
    text.push('\n');
    for (step, why) in steps {
        let pad = " ".repeat(width - step.chars().count());
        text.push_str(&format!(
            "  {}{pad}   {}\n",
            style.strong(step),
            style.dim(why)
        ));
    }
    if session.with_interviewer {
        text.push_str(&format!(
            "\nFor the interviewer, on another screen: {}\n",
            style.strong("cargo kata interview sheet")
        ));
    }
    text.push_str(&format!(
        "\nThe clock is running: {}.\n",
        time_in_words(desk.time(&session, &journal))
    ));
    Ok(text)
}

fn files(desk: &Desk<'_>, session: &Session<'_>, style: Style) -> Result<String> {
    let stage = desk.workspace.stage(&current(session)?.facts.name)?;
    let notes = desk.notes();
    let mut text = format!(
        "\n  your code    {}\n  your notes   {}\n",
        style.name(&stage.source().display().to_string()),
        style.name(&desk.workspace.relative(&notes).display().to_string())
    );
    if let Some(kept) = kept(desk, session)? {
        text.push_str(&format!("\n{}", prose(&kept, style)));
    }
    Ok(text)
}

/// Where that is which the code of the current stage took the place of, if there was any.
pub fn kept(desk: &Desk<'_>, session: &Session<'_>) -> Result<Option<String>> {
    let name = &current(session)?.facts.name;
    let kept = desk.kept(session.stages.len() - 1, name);
    let stage = desk.workspace.stage(name)?;
    Ok(kept.exists().then(|| {
        format!(
            "What was in {} before is kept in {}.",
            stage.folder.join("src").display(),
            desk.workspace.relative(&kept).display()
        )
    }))
}

/// The prompt of the current stage.
pub fn prompt(desk: &Desk<'_>, style: Style) -> Result<String> {
    let journal = desk.journal()?;
    let session = Session::of(&journal);
    let run = current(&session)?;
    let mut text = markdown::styled(&desk.prompt(&run.facts.name)?, style);
    if run.facts.planted.is_some() {
        let task = "This solution was right until one thing was changed in it, its structure perhaps. \
                    At least one check is red because of it. Find it and mend it, and keep the rest.";
        text.push_str(&format!("\n{}", prose(task, style)));
    }
    Ok(text)
}

/// Where the session stands.
pub fn status(desk: &Desk<'_>, style: Style) -> Result<String> {
    let journal = desk.journal()?;
    let session = Session::of(&journal);
    let time = desk.time(&session, &journal);
    let run = current(&session)?;
    let number = session.stages.len();
    let mut text = format!(
        "{} · {} · stage {number} of {}: {} ({})\n",
        style.strong(&desk.handle.id),
        time_in_words(time),
        session.rounds.len(),
        style.strong(&run.facts.name),
        phase(&session)?
    );
    for run in &session.stages {
        let passed = run.passed.is_some();
        let last = run.attempts.last();
        let blind = last.is_some_and(Attempt::is_blind);
        let mark = if passed {
            render::mark(Mark::of_a_pass(blind), style)
        } else {
            " ".to_owned()
        };
        let checks = match run.attempts.last() {
            None => "not checked yet".to_owned(),
            Some(last) if last.refusal.is_some() => "did not compile at the last check".to_owned(),
            Some(last) => {
                let total = last.records.len();
                let red = last
                    .records
                    .iter()
                    .filter(|one| one.verdict != verdict::Verdict::Passed);
                match red.count() {
                    0 if blind => format!("all {total} checks passed, with blind spots"),
                    0 => format!("all {total} checks passed"),
                    red => format!("{red} of {total} checks to go"),
                }
            }
        };
        let mut line = format!(
            "  {mark} {}   {checks}; {} of {} requirements found out",
            run.facts.name,
            run.found_out(),
            run.facts.requirements.len()
        );
        if let Some((_, tier)) = run.strongest_hint() {
            line.push_str(&format!("; hint {tier} of 3 taken"));
        }
        text.push_str(&format!("{line}\n"));
        if passed {
            for (index, question) in notes::questions(run.facts) {
                let mark = if run.last_answer(index).is_some() {
                    style.good("✓")
                } else {
                    "?".to_owned()
                };
                for (row, line) in wrap(question, style.width.saturating_sub(10))
                    .iter()
                    .enumerate()
                {
                    let head = if row == 0 {
                        format!("{mark} {}.", index + 1)
                    } else {
                        "    ".to_owned()
                    };
                    text.push_str(&format!("      {head} {}\n", style.dim(line)));
                }
            }
        }
    }
    text.push_str(&files(desk, &session, style)?);
    Ok(text)
}

/// The phase of the current stage, in a word or two.
pub fn phase(session: &Session<'_>) -> Result<&'static str> {
    let run = current(session)?;
    Ok(match (run.passed.is_some(), run.begun.is_some()) {
        (true, _) => "green: follow-up questions",
        (false, true) => "coding",
        (false, false) => "asking and planning",
    })
}

/// Where the session stands, for a program.
#[derive(Debug, Serialize)]
pub struct Standing {
    schema: u32,
    session: String,
    mode: Mode,
    stage: String,
    phase: &'static str,
    clock_ms: u64,
    left_ms: Option<u64>,
    stages: Vec<StageStanding>,
}

#[derive(Debug, Serialize)]
struct StageStanding {
    name: String,
    passed: bool,
    blind: bool,
    attempts: usize,
    hints: u8,
    uncovered: usize,
    follow_ups: Vec<String>,
    answered: Vec<usize>,
}

/// Where the session stands, for a program.
pub fn standing(desk: &Desk<'_>) -> Result<Standing> {
    let journal = desk.journal()?;
    let session = Session::of(&journal);
    let stages = session.stages.iter().map(|run| StageStanding {
        name: run.facts.name.clone(),
        passed: run.passed.is_some(),
        blind: run.attempts.last().is_some_and(Attempt::is_blind),
        attempts: run.attempts.len(),
        hints: run.strongest_hint().map_or(0, |(_, tier)| tier),
        uncovered: run.found_out(),
        follow_ups: notes::questions(run.facts)
            .filter(|_| run.passed.is_some())
            .map(|(_, question)| question.to_owned())
            .collect(),
        answered: (0..run.facts.follow_ups.len())
            .filter(|index| run.last_answer(*index).is_some())
            .map(|index| index + 1)
            .collect(),
    });
    Ok(Standing {
        schema: 1,
        session: desk.handle.id.clone(),
        mode: session.mode,
        stage: current(&session)?.facts.name.clone(),
        phase: phase(&session)?,
        clock_ms: clock_ms(&journal, &desk.now()),
        left_ms: match desk.time(&session, &journal) {
            Time::Free => None,
            Time::Left(ms) => Some(ms),
            Time::Grace | Time::Over => Some(0),
        },
        stages: stages.collect(),
    })
}

/// A hint, and what it costs.
pub fn hint(tier: u8, text: &str, style: Style) -> String {
    let cost = match tier {
        3 => "Hint 3 of 3. It caps this stage at Senior.",
        2 => "Hint 2 of 3. The next one caps this stage at Senior.",
        _ => "Hint 1 of 3.",
    };
    format!("{}\n{}\n", prose(text, style), style.dim(cost))
}

/// What to do after a check.
pub fn after_check(desk: &Desk<'_>, checked: &Checked, style: Style) -> Result<String> {
    let journal = desk.journal()?;
    let session = Session::of(&journal);
    let mut text = String::new();
    if let Some(green) = &checked.advanced {
        let run = session.run(green);
        let questions: Vec<_> = run
            .map(|run| notes::questions(run.facts).collect())
            .unwrap_or_default();
        if !questions.is_empty() {
            text.push_str(&format!(
                "\nAbout {green}, while it is fresh (answer one or two in the notes):\n"
            ));
            for (index, question) in questions {
                text.push_str(&prose(&format!("{}. {question}", index + 1), style));
            }
        }
        match &checked.opened {
            Some(_) => {
                text.push_str("\nThe next stage is open.\n\n");
                text.push_str(&prompt(desk, style)?);
                text.push_str(&files(desk, &session, style)?);
            }
            None if !checked.ended => text.push_str(
                "\nThat was the last stage. Answer the questions, then `cargo kata interview finish`.\n",
            ),
            None => {}
        }
    }
    if !checked.ended {
        text.push_str(&format!(
            "\n{}\n",
            style.dim(&time_in_words(desk.time(&session, &journal)))
        ));
    }
    Ok(text)
}

/// A paragraph as wide as the screen.
pub fn prose(text: &str, style: Style) -> String {
    wrap(text, style.width)
        .into_iter()
        .map(|line| line + "\n")
        .collect()
}
