//! Mock interviews: `interview` and `report`.
//!
//! A session is a journal (`store`), advanced by the clock (`clock`); all that can
//! be done in one is in `desk`, which the plain commands here and the full screen
//! share. What it says about the candidate is `assessment`'s.

pub mod arguments;
mod clock;
mod closed;
mod code;
mod desk;
mod loops;
mod notes;
mod pages;
mod prompt;
mod rating;
mod reports;
mod screen;
mod sheet;
mod store;

use assessment::{Mode, Session};

use self::arguments::{InterviewAction, InterviewArguments, InterviewMode};
use self::clock::{Clock, MachineClock};
use self::desk::{Desk, Started, Time, current, start};
use self::notes::Section;
use self::store::Sessions;
use crate::args::Format;
use crate::error::{Error, Outcome, Result};
use crate::output::{print, print_json, style, tell};
use crate::progress::Progress;
use crate::report::Shown;
use crate::terminal;
use crate::workspace::Workspace;

pub use closed::{hints_cost, keep_closed, reference_opened};
pub use reports::report;

/// `interview`.
pub fn run(workspace: &Workspace, arguments: InterviewArguments) -> Result<Outcome> {
    match arguments.action {
        Some(action) => act(workspace, action),
        None if arguments.resume => resume(workspace, arguments.plain),
        None => match &arguments.name {
            Some(name) => begin(workspace, name, &arguments),
            None => {
                print(&pages::loops(workspace, style())?);
                Ok(Outcome::Passed)
            }
        },
    }
}

fn begin(workspace: &Workspace, name: &str, arguments: &InterviewArguments) -> Result<Outcome> {
    let wanted = loops::find(name)?;
    let seed = arguments
        .seed
        .unwrap_or_else(|| MachineClock.now().mono_ms % 1_000_000);
    let drawn = wanted.draw(workspace, seed)?;
    let started = Started {
        name: wanted.name.clone(),
        mode: match arguments.mode {
            InterviewMode::Mock => Mode::Mock,
            InterviewMode::Practice => Mode::Practice,
        },
        minutes: arguments.minutes.unwrap_or(wanted.minutes),
        usual_minutes: wanted.minutes,
        seed,
        with_interviewer: arguments.with_interviewer,
        rounds: drawn.rounds,
    };
    let desk = start(workspace, &MachineClock, started)?;
    if !drawn.missing.is_empty() {
        let missing = drawn.missing.join(", ");
        tell(&format!(
            "Not in this workspace, and left out: {missing}.\n\n"
        ));
    }
    if !arguments.plain && terminal::is_there() {
        return screen::run(&desk);
    }
    print(&pages::opening(&desk, style())?);
    Ok(Outcome::Passed)
}

fn resume(workspace: &Workspace, plain: bool) -> Result<Outcome> {
    let desk = Desk::open(workspace, &MachineClock)?;
    desk.resume()?;
    if !plain && terminal::is_there() {
        return screen::run(&desk);
    }
    print(&pages::status(&desk, style())?);
    Ok(Outcome::Passed)
}

fn act(workspace: &Workspace, action: InterviewAction) -> Result<Outcome> {
    let clock = &MachineClock;
    match action {
        // These are about sessions that may be over.
        InterviewAction::List { format } => reports::list(workspace, format),
        InterviewAction::Rate { ratings, skip } => rating::rate(workspace, &ratings, skip),
        InterviewAction::Sheet { session } => {
            let handle = Sessions::of(&workspace.root).find(session.as_deref())?;
            print(&sheet::of(&Desk::at(workspace, clock, handle))?);
            Ok(Outcome::Passed)
        }
        InterviewAction::Score {
            score,
            note,
            session,
        } => {
            let handle = Sessions::of(&workspace.root).find(session.as_deref())?;
            rating::score(&Desk::at(workspace, clock, handle), &score, &note)
        }
        action => within(&Desk::open(workspace, clock)?, action),
    }
}

/// What is done in the session that is open.
fn within(desk: &Desk<'_>, action: InterviewAction) -> Result<Outcome> {
    match action {
        InterviewAction::Status { format } => {
            for remark in desk.observe()? {
                tell(&format!("{remark}.\n"));
            }
            match format {
                Format::Human => print(&pages::status(desk, style())?),
                Format::Json => print_json(&pages::standing(desk)?)?,
            }
        }
        InterviewAction::Screen => return screen::run(desk),
        InterviewAction::Prompt => print(&pages::prompt(desk, style())?),
        InterviewAction::Ask { question } => {
            let answer = desk.ask(&question.join(" "))?;
            print(&pages::prose(&answer, style()));
        }
        InterviewAction::Plan { text } => {
            desk.on_the_clock()?;
            let stage = name_of_current(desk)?;
            desk.note(&Section::Plan(stage), &text)?;
        }
        InterviewAction::Begin => {
            desk.begin()?;
            print(&pages::status(desk, style())?);
        }
        InterviewAction::Check { all, format } => return check(desk, all, format),
        InterviewAction::Hint => {
            let (tier, text) = desk.hint()?;
            print(&pages::hint(tier, &text, style()));
        }
        InterviewAction::Answer {
            stage,
            number,
            text,
        } => {
            desk.on_the_clock()?;
            answer(desk, stage, number, &text)?;
        }
        InterviewAction::Restore => {
            let restored = desk.restore()?;
            print(&match restored.as_slice() {
                [] => "Nothing is missing.\n".to_owned(),
                files => format!("Brought back: {}.\n", files.join(", ")),
            });
        }
        InterviewAction::Finish => {
            desk.finish()?;
            return rating::after(desk);
        }
        InterviewAction::List { .. }
        | InterviewAction::Rate { .. }
        | InterviewAction::Sheet { .. }
        | InterviewAction::Score { .. } => {}
    }
    Ok(Outcome::Passed)
}

fn name_of_current(desk: &Desk<'_>) -> Result<String> {
    let journal = desk.journal()?;
    let session = Session::of(&journal);
    Ok(current(&session)?.facts.name.clone())
}

fn answer(desk: &Desk<'_>, stage: String, number: usize, text: &str) -> Result<()> {
    let journal = desk.journal()?;
    let session = Session::of(&journal);
    let run = session.run(&stage).filter(|run| run.passed.is_some());
    let asked = run.map_or(0, |run| run.facts.follow_ups.len());
    match number.checked_sub(1).filter(|index| *index < asked) {
        Some(index) => desk.note(&Section::FollowUp(stage, index), text),
        None => Err(Error::new(format!(
            "no follow-up question {number} about `{stage}` was asked"
        ))
        .next("Questions come when a stage is green; `cargo kata interview status` shows them.")),
    }
}

fn check(desk: &Desk<'_>, all: bool, format: Format) -> Result<Outcome> {
    let for_a_person = format == Format::Human;
    let mut progress = Progress::new(for_a_person);
    let checked = desk.check(for_a_person && style().color, &mut progress)?;
    drop(progress);
    let passed = checked.reports.iter().all(|report| report.passed);
    match format {
        Format::Json => print_json(&checked.reports)?,
        Format::Human => {
            for report in &checked.reports {
                print(&report.human(&Shown {
                    style: style(),
                    all,
                    timings: false,
                    replayed: false,
                    replay: None,
                    again: "cargo kata interview check".to_owned(),
                    onward: None,
                }));
            }
            print(&pages::after_check(desk, &checked, style())?);
        }
    }
    if checked.ended {
        return rating::after(desk);
    }
    Ok(Outcome::of(passed))
}

/// `12:05 left`, or what there is instead.
fn time_in_words(time: Time) -> String {
    match time {
        Time::Free => "no clock".to_owned(),
        Time::Left(ms) => format!("{} left", clock_text(ms)),
        Time::Grace => "time is up; one last check counts".to_owned(),
        Time::Over => "time is up".to_owned(),
    }
}

fn clock_text(ms: u64) -> String {
    let seconds = ms.div_ceil(1000);
    format!("{}:{:02}", seconds / 60, seconds % 60)
}
