//! A check over interleavings: explore, then tell the story of what failed.

use std::time::Duration;

use model_std::model::{
    self, Coverage, Failure, Limits, NoSchedule, Orderings, Outcome, Report, Schedule,
};
use verdict::{
    Counterexample, Event, FailureKind, Finding, Lane, Method, Pass, Place, Search, Verdict,
    environment,
};

use crate::broken::{Standstill, broken_by, defect_named_with};
use crate::callers::{self, Retold};
use crate::child::{self, Child, finding};
use crate::source::Sources;
use crate::supervise::{is_deep, verdict_of};

/// The one place that says how far a grade looks.
///
/// Bound 2 found every defect that was ever seeded, bound 1 missed two of nine.
/// A complete search at bound 2 takes about 1,000 executions for two workers and
/// two tasks; the budget only ends what would not end by itself. Most of what shows
/// only with spurious wake-ups needs one of them and no preemption.
const USUAL: Limits = Limits {
    preemptions: 2,
    executions: 200_000,
    deviations: 1,
    deviating: 20_000,
    random: 1_000,
    orderings: Orderings::Strongest,
    stall: STALL,
};
const DEEP: Limits = Limits {
    preemptions: 3,
    executions: 5_000_000,
    deviations: 2,
    deviating: 500_000,
    random: 10_000,
    orderings: Orderings::Strongest,
    stall: STALL,
};
const STALL: Duration = Duration::from_secs(5);

/// How far this grade looks.
pub(crate) fn limits() -> Limits {
    if is_deep() { DEEP } else { USUAL }
}

pub(crate) fn explore(child: &Child, body: impl Fn() + Send + Sync + 'static) -> ! {
    let limits = limits();
    let outcome = match written_down() {
        None => model::explore(limits, body),
        Some(Ok(schedule)) => model::replay(schedule, limits, body),
        Some(Err(problem)) => child.failed(finding(
            FailureKind::Internal,
            format!("cannot replay: {problem}"),
        )),
    };
    match outcome {
        Outcome::Complete(coverage) if coverage.threads < 2 => {
            let message = "No second thread ever ran: everything happened on the caller's.";
            let finding = finding(FailureKind::SingleThreaded, message.to_owned());
            child.done(
                Verdict::Failed,
                Some(finding),
                Some(covered(coverage, true)),
                None,
            )
        }
        Outcome::Complete(coverage) => child.passed(Some(covered(coverage, true)), None),
        Outcome::BudgetSpent(coverage) => {
            let search = covered(coverage, false);
            let message = format!(
                "The search was not complete after {} executions: this program has more \
                 interleavings than the check can afford. Nothing wrong was found in them.",
                search.executions()
            );
            let finding = finding(FailureKind::Budget, message);
            child.done(Verdict::Inconclusive, Some(finding), Some(search), None)
        }
        Outcome::Failed(coverage, report) => {
            let finding = told(&report, &mut child.sources());
            let search = covered(coverage, false);
            child.done(verdict_of(finding.kind), Some(finding), Some(search), None)
        }
    }
}

/// The interleaving to follow, where only that one is asked for.
fn written_down() -> Option<Result<Schedule, NoSchedule>> {
    let text = std::env::var(environment::REPLAY).ok()?;
    Some(text.parse())
}

pub(crate) fn covered(coverage: Coverage, complete: bool) -> Search {
    let passes = coverage.passes.into_iter().map(|pass| {
        let (engine, method) = match pass.method {
            model::Method::Preemptions => ("loom", Method::Preemptions),
            model::Method::Deviations => ("shuttle", Method::Deviations),
            model::Method::Random => ("shuttle", Method::Random),
            model::Method::Replay => ("shuttle", Method::Replay),
        };
        Pass {
            engine: engine.to_owned(),
            method,
            bound: pass.bound,
            executions: pass.executions,
            complete: pass.complete,
        }
    });
    Search {
        passes: passes.collect(),
        complete,
        threads: coverage.threads,
    }
}

/// What happened, where, and the interleaving that shows it.
pub(crate) fn told(report: &Report, sources: &mut Sources) -> Finding {
    let mut defect = None;
    let (kind, message, place) = match &report.failure {
        Failure::Expectation { message, at } => {
            defect = defect_named_with(message);
            let place = sources.location(at);
            (FailureKind::Expectation, message.clone(), Some(place))
        }
        Failure::Panic { message, at, line } => {
            let place = at
                .as_ref()
                .and_then(|file| child::panic_place(file, *line, sources));
            let finding = child::panic_finding(message);
            (finding.kind, finding.message, place)
        }
        Failure::Deadlock | Failure::Livelock | Failure::TooLong => {
            let standstill = standstill(report);
            match broken_by(standstill) {
                Some(broken) => {
                    defect = broken.defect.map(str::to_owned);
                    let kind = match standstill {
                        Standstill::Spinning => FailureKind::Livelock,
                        _ => FailureKind::Expectation,
                    };
                    (kind, broken.sentence, None)
                }
                None => {
                    let (kind, sentence) = in_general(report, standstill);
                    (kind, sentence.to_owned(), None)
                }
            }
        }
        Failure::TooManyThreads { limit, at } => {
            let message = format!(
                "This program has more than {limit} threads alive at once, the caller's \
                 included. That may be right, but it is more than this check can follow: \
                 start no more threads than workers."
            );
            (
                FailureKind::TooManyThreads,
                message,
                Some(sources.location(at)),
            )
        }
        Failure::StaticState { what, created } => {
            let message = format!(
                "A static {what} keeps its value from one execution to the next, so the \
                 executions cannot be compared. Keep the state in the value that `new` returns."
            );
            (
                FailureKind::StaticState,
                message,
                Some(sources.location(created)),
            )
        }
        Failure::Hang { after } => {
            let message = "The code ran on for seconds without a lock, an atomic, a channel or \
                           any other thread operation: a loop that never ends.";
            let place = after.map(|at| sources.location(at));
            (FailureKind::Hang, message.to_owned(), place)
        }
        Failure::Exit { call, at } => {
            let message = format!("The submission called `{call}`, which ends the program.");
            (
                FailureKind::ProcessEnded,
                message,
                Some(sources.location(at)),
            )
        }
        Failure::StackOverflow => {
            let message = "The stack overflowed: something calls itself without end, or keeps \
                           too much on the stack.";
            (FailureKind::ProcessEnded, message.to_owned(), None)
        }
        Failure::Nondeterminism => {
            let message = "The same schedule did not behave the same twice: something depends on \
                           addresses, random numbers, files or another clock than std::time.";
            (FailureKind::Nondeterminism, message.to_owned(), None)
        }
        Failure::Stuck => {
            let message = "Threads that were still running when the check ended wait for each \
                           other while they are dropped.";
            (FailureKind::Deadlock, message.to_owned(), None)
        }
        Failure::Internal(problem) => (
            FailureKind::Internal,
            format!("the model failed: {problem}"),
            None,
        ),
    };
    let places = callers::places(&report.events, sources);
    let retold = Retold::new(&report.events, &places);
    let counterexample =
        (!report.events.is_empty()).then(|| counterexample(report, places, &retold, sources));
    Finding {
        place,
        defect,
        counterexample,
        ..child::finding(kind, retold.in_text(message))
    }
}

/// How nobody can go on.
fn standstill(report: &Report) -> Standstill {
    match report.failure {
        Failure::Livelock | Failure::TooLong => Standstill::Spinning,
        _ if says(report, "which it holds itself") => Standstill::OnItsOwnLock,
        _ if says(report, "held by") => Standstill::OnALock,
        _ => Standstill::Asleep,
    }
}

/// Whether that is how a thread stands at the end.
fn says(report: &Report, words: &str) -> bool {
    report.standing.iter().any(|said| said.contains(words))
}

/// What the model saw, where the check knows no more.
fn in_general(report: &Report, standstill: Standstill) -> (FailureKind, &'static str) {
    match standstill {
        Standstill::Spinning if says(report, "until nobody else can go on") => (
            FailureKind::Livelock,
            "Everybody has to wait here, and a thread never does: it asks again and again, in a \
             loop, for what has not happened yet.",
        ),
        Standstill::Spinning if matches!(report.failure, Failure::TooLong) => (
            FailureKind::Livelock,
            "One execution took thousands of steps or printed thousands of lines: a loop that \
             goes on while others wait, or more work than this small program asks for.",
        ),
        Standstill::Spinning => (
            FailureKind::Livelock,
            "The threads run for ever and nothing changes any more: each waits, \
             in a loop, for something that no thread is going to do.",
        ),
        Standstill::OnItsOwnLock => (
            FailureKind::SelfDeadlock,
            "Deadlock: a thread waits for a lock that it already holds.",
        ),
        Standstill::OnALock => (
            FailureKind::Deadlock,
            "Deadlock: threads wait for locks that will never be given back.",
        ),
        Standstill::Asleep => (
            FailureKind::Asleep,
            "Deadlock: every thread waits, and no thread is left to wake one.",
        ),
    }
}

fn counterexample(
    report: &Report,
    places: Vec<Option<Place>>,
    retold: &Retold,
    sources: &mut Sources,
) -> Counterexample {
    let lanes = report
        .threads
        .iter()
        .enumerate()
        .map(|(index, thread)| Lane {
            name: thread.label(index),
            spawned_at: thread.spawned_at.map(|at| sources.location(at)),
        });
    let lanes = lanes.collect();
    let events = report
        .events
        .iter()
        .zip(places)
        .map(|(event, place)| Event {
            lane: event.thread,
            action: event.action.to_owned(),
            object: event.object.clone(),
            detail: event.detail.clone(),
            place,
            preempted: event.preempted,
        });
    let events: Vec<Event> = events.collect();
    Counterexample {
        preemptions: events.iter().filter(|event| event.preempted).count(),
        lanes,
        events,
        standing: report
            .standing
            .iter()
            .map(|sentence| retold.in_text(sentence.clone()))
            .collect(),
        schedule: report.schedule.to_string(),
    }
}
