//! A check over interleavings: explore, then tell the story of what failed.

use std::time::Duration;

use model_std::model::{
    self, Coverage, Failure, Limits, NoSchedule, Orderings, Outcome, Report, Schedule, SecondLook,
};
use verdict::render::grouped;
use verdict::{
    BlindSpot, Counterexample, Event, FailureKind, Finding, Lane, Method, Pass, Place, Search,
    Verdict, Whose, environment,
};

use crate::broken::{Standstill, broken_by, defect_named_with};
use crate::callers::{self, Retold};
use crate::child::{self, Child, finding};
use crate::source::Sources;
use crate::supervise::{is_deep, verdict_of};

/// The one place that says how far a grade looks.
///
/// Two deviations found every defect that was ever seeded, one missed two of nine. The
/// budget only ends what would not end by itself.
const USUAL: Limits = Limits {
    deviations: 2,
    least_deviations: Some(LEAST_BOUND),
    executions: 100_000,
    steps: 5_000_000,
    random: 1_000,
    second_look: Some(SecondLook {
        bound: Some(2),
        executions: 20_000,
    }),
    orderings: Orderings::Strongest,
    finest_steps: false,
    stall: STALL,
};
const DEEP: Limits = Limits {
    deviations: 3,
    executions: 10_000_000,
    steps: 500_000_000,
    random: 10_000,
    second_look: Some(SecondLook {
        bound: Some(3),
        executions: 1_000_000,
    }),
    ..USUAL
};
const STALL: Duration = Duration::from_secs(2);

/// Below it the commonest races are not looked at.
const LEAST_BOUND: usize = 1;

/// How far this grade looks.
pub(crate) fn limits() -> Limits {
    let limits = if is_deep() { DEEP } else { USUAL };
    let second_look = std::env::var(environment::SECOND_LOOK).map_or(true, |value| value != "0");
    Limits {
        second_look: limits.second_look.filter(|_| second_look),
        ..limits
    }
}

pub(crate) fn explore(child: &Child, body: impl Fn() + Send + Sync + 'static) -> ! {
    within(child, limits(), body)
}

/// [`explore`] with at most so many deviations, and with a part of the usual budget. When that
/// is spent the check has passed, with a blind spot.
pub(crate) fn explore_within(
    child: &Child,
    deviations: usize,
    body: impl Fn() + Send + Sync + 'static,
) -> ! {
    const PART: u64 = 4;
    let limits = limits();
    let deviations = deviations.min(limits.deviations);
    let limits = Limits {
        deviations,
        least_deviations: None,
        executions: limits.executions / PART,
        steps: limits.steps / PART,
        random: limits.random / PART,
        second_look: limits.second_look.map(|look| SecondLook {
            bound: look.bound.map(|bound| bound.min(deviations)),
            ..look
        }),
        ..limits
    };
    within(child, limits, body)
}

fn within(child: &Child, limits: Limits, body: impl Fn() + Send + Sync + 'static) -> ! {
    let outcome = match written_down() {
        None => model::explore(limits, body),
        Some(Ok(schedule)) => model::replay(schedule, limits, body),
        Some(Err(problem)) => child.failed(finding(
            FailureKind::Internal,
            format!("cannot replay: {problem}"),
        )),
    };
    let mut sources = child.sources();
    match outcome {
        Outcome::Complete(coverage) | Outcome::BudgetSpent(coverage) if coverage.threads < 2 => {
            let message = "No second thread ever ran: everything happened on the caller's.";
            let finding = finding(FailureKind::SingleThreaded, message.to_owned());
            let searched = covered(coverage, &mut sources);
            child.done(Verdict::Failed, Some(finding), Some(searched), None)
        }
        Outcome::Complete(coverage) => child.passed(Some(covered(coverage, &mut sources)), None),
        Outcome::BudgetSpent(coverage) => match out_of_budget(&coverage, limits) {
            None => child.passed(Some(covered(coverage, &mut sources)), None),
            Some(finding) => {
                let searched = covered(coverage, &mut sources);
                child.done(Verdict::Inconclusive, Some(finding), Some(searched), None)
            }
        },
        Outcome::Failed(coverage, report) => {
            let finding = told(&report, &mut sources);
            let mut searched = covered(coverage, &mut sources);
            searched.search.complete = false;
            searched.search.missed_by_the_proof = report.missed;
            child.done(
                verdict_of(finding.kind),
                Some(finding),
                Some(searched),
                None,
            )
        }
    }
}

/// Why a search that was cut short is no pass, unless it came far enough for one with a
/// blind spot.
pub(crate) fn out_of_budget(coverage: &Coverage, limits: Limits) -> Option<Finding> {
    let any_part_will_do = limits.least_deviations.is_none();
    if any_part_will_do || coverage.bound().is_some() {
        return None;
    }
    let executions: u64 = coverage.passes.iter().map(|pass| pass.executions).sum();
    let message = format!(
        "The grader gives up: this program has more interleavings than it can try. Nothing wrong \
         was found in the first {}. Fewer threads, or shorter loops between two locks, make \
         fewer.",
        grouped(executions)
    );
    Some(finding(FailureKind::Budget, message))
}

/// The interleaving to follow, where only that one is asked for.
fn written_down() -> Option<Result<Schedule, NoSchedule>> {
    let text = std::env::var(environment::REPLAY).ok()?;
    Some(text.parse())
}

/// A search that is over.
pub(crate) struct Searched {
    pub(crate) search: Search,
    /// What it did not see, as far as the model noticed.
    pub(crate) blind_spots: Vec<BlindSpot>,
}

/// What a search covered, and what it did not.
pub(crate) fn covered(coverage: Coverage, sources: &mut Sources) -> Searched {
    let mut strengthened = coverage.strengthened.iter().map(|at| sources.location(at));
    let strengthened = strengthened.find(|at| at.whose == Whose::Learner);
    let mut place = |at: Option<model::Place>| at.map(|at| sources.location(at));
    let proof = coverage.passes.iter();
    let proof = proof.filter(|pass| pass.method == model::Method::Deviations);
    let cut = proof.filter(|pass| !pass.complete).filter_map(|pass| {
        Some(BlindSpot::Bound {
            covered: pass.covered,
            asked: pass.bound?,
            busiest: place(coverage.busiest),
        })
    });
    let mut blind_spots: Vec<BlindSpot> = cut.collect();
    blind_spots.extend(place(coverage.cut_loop).map(|at| BlindSpot::Loop { at }));
    let complete = blind_spots.is_empty();
    blind_spots.extend(strengthened.map(|at| BlindSpot::Ordering { at }));
    let passes = coverage.passes.into_iter().map(|pass| {
        let (engine, method) = match pass.method {
            model::Method::Deviations => ("native", Method::Deviations),
            model::Method::Random => ("native", Method::Random),
            model::Method::Loom => ("loom", Method::SecondLook),
            model::Method::Replay => ("native", Method::Replay),
        };
        Pass {
            engine: engine.to_owned(),
            method,
            bound: pass.bound,
            covered: pass.covered,
            executions: pass.executions,
            complete: pass.complete,
        }
    });
    Searched {
        search: Search {
            passes: passes.collect(),
            complete,
            threads: coverage.threads,
            missed_by_the_proof: false,
        },
        blind_spots,
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
        Failure::Deadlock | Failure::Livelock => {
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
        Failure::TooLong => {
            let message = "The grader gives up: one execution took hundreds of thousands of steps, \
                           most of them here. That may be right, but it is more than this check \
                           can follow.";
            let place = report.busiest.map(|at| sources.location(at));
            (FailureKind::TooLong, message.to_owned(), place)
        }
        Failure::TooManyThreads { limit, at } => {
            let message = format!(
                "The grader gives up: this program has more than {limit} threads alive at once, \
                 the caller's included. That may be right, but it is more than this check can \
                 follow: start no more threads than workers."
            );
            (
                FailureKind::TooManyThreads,
                message,
                Some(sources.location(at)),
            )
        }
        Failure::StaticState { what, created } => {
            let message = format!(
                "The grader gives up: this {what} keeps its value from one execution to the next, \
                 so the executions cannot be compared. A static would start each one anew, unless \
                 it was in use before the check began; better still, keep the state in the value \
                 that `new` returns."
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
            let message = "The stack of a thread overflowed: something calls itself without end, \
                           or keeps too much on the stack. As in std, a thread has 2 MiB unless \
                           it asks for more, and the caller's has 8.";
            (FailureKind::ProcessEnded, message.to_owned(), None)
        }
        Failure::Nondeterminism => {
            let message = "The grader gives up: the same schedule did not behave the same twice. \
                           Something depends on addresses, random numbers, files or another clock than std::time.";
            (FailureKind::Nondeterminism, message.to_owned(), None)
        }
        Failure::NoStack(problem) => (
            FailureKind::Internal,
            format!("The grader gives up: there is no memory for the stack of a thread: {problem}"),
            None,
        ),
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
        Failure::Livelock => Standstill::Spinning,
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
