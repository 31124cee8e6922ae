//! What is searched, in which order, and how far.
//!
//! loom covers every interleaving up to a preemption bound. What it cannot follow goes
//! to shuttle: things that need not happen but may (a spurious wake-up, a weak exchange
//! that fails), and more threads than loom has room for. Bounds rise, so that the first
//! failure found is one with the fewest preemptions; it is then run a second time, to be
//! recorded.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use super::search::{self, Ended, Plan, Subject};
use super::shared::Shared;
use super::trace::{Failure, Place, Report};
use crate::engine::loom::Orderings;
use crate::engine::schedule::Schedule;

/// How far a search goes.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The highest preemption bound of the exhaustive search.
    pub preemptions: usize,
    /// Its executions, over all bounds.
    pub executions: u64,
    /// The highest bound on deviations, in the search of what may happen besides.
    pub deviations: usize,
    /// Its executions, over all bounds.
    pub deviating: u64,
    /// Executions after it whose decisions are drawn.
    pub random: u64,
    /// How atomics are explored. As written is for loom alone: nothing else is tried.
    pub orderings: Orderings,
    /// How long code may run without reaching a scheduling point.
    pub stall: Duration,
}

/// What a search covered.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    /// What was done, in order.
    pub passes: Vec<Pass>,
    /// The most threads alive at once in any execution.
    pub threads: usize,
    /// A call whose result depends on time, if there was one: a look at a clock, a sleep,
    /// or a wait with a timeout.
    pub asked_time: Option<Place>,
}

/// One way of searching, over all its bounds.
#[derive(Debug, Clone, Copy)]
pub struct Pass {
    /// Which executions it is about.
    pub method: Method,
    /// The last bound that was begun, where the method has one.
    pub bound: Option<usize>,
    /// Executions, over all bounds.
    pub executions: u64,
    /// Whether everything within the bound was covered.
    pub complete: bool,
}

/// Which executions a pass is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// All with at most so many preemptions.
    Preemptions,
    /// All with at most so many deviations: preemptions, spurious wake-ups and the like.
    Deviations,
    /// Some, with each decision drawn.
    Random,
    /// One that was written down.
    Replay,
}

/// How a search ended.
#[derive(Debug)]
#[must_use]
pub enum Outcome {
    /// Every execution within the bound was fine.
    Complete(Coverage),
    /// The budget was spent before the search was complete.
    BudgetSpent(Coverage),
    /// An execution failed.
    Failed(Coverage, Box<Report>),
}

/// Explores `body` as far as `limits` allow.
///
/// One search at a time per process: a failed one leaves its OS thread parked
/// for ever, so the caller is expected to report and exit.
pub fn explore(limits: Limits, body: impl Fn() + Send + Sync + 'static) -> Outcome {
    let mut explorer = Explorer::new(limits, body);
    let ended = explorer.every_interleaving();
    match ended {
        Ended::Covered if explorer.more_may_happen() => {
            // The proof stands, whether or not these come to an end.
            for pass in [Explorer::what_may_happen_besides, Explorer::drawn] {
                if let Ended::Failed(report) = pass(&mut explorer) {
                    return explorer.failed(report);
                }
            }
            Outcome::Complete(explorer.coverage)
        }
        Ended::Covered => Outcome::Complete(explorer.coverage),
        Ended::BudgetSpent => Outcome::BudgetSpent(explorer.coverage),
        Ended::Failed(report) if matches!(report.failure, Failure::TooManyThreads { .. }) => {
            explorer.coverage = Coverage::default();
            explorer.without_loom()
        }
        Ended::Failed(report) => explorer.failed(report),
    }
}

/// Explores `body` in one way alone, to hold the engines against each other.
pub fn explore_by(
    method: Method,
    limits: Limits,
    body: impl Fn() + Send + Sync + 'static,
) -> Outcome {
    let mut explorer = Explorer::new(limits, body);
    let ended = match method {
        Method::Preemptions => explorer.every_interleaving(),
        Method::Deviations => explorer.what_may_happen_besides(),
        Method::Random => explorer.drawn(),
        Method::Replay => Ended::Covered,
    };
    match ended {
        Ended::Covered => Outcome::Complete(explorer.coverage),
        Ended::BudgetSpent => Outcome::BudgetSpent(explorer.coverage),
        Ended::Failed(report) => explorer.failed(report),
    }
}

/// Runs `body` once, under a schedule that was written down.
pub fn replay(
    schedule: Schedule,
    limits: Limits,
    body: impl Fn() + Send + Sync + 'static,
) -> Outcome {
    let mut explorer = Explorer::new(limits, body);
    let plan = Plan::Written(schedule);
    match explorer.pass(Method::Replay, [(None, plan)], 1) {
        Ended::Failed(report) => explorer.failed(report),
        Ended::Covered | Ended::BudgetSpent => Outcome::Complete(explorer.coverage),
    }
}

struct Explorer {
    limits: Limits,
    subject: Subject,
    coverage: Coverage,
    /// The last plan that was begun.
    last: Option<Plan>,
}

impl Explorer {
    fn new(limits: Limits, body: impl Fn() + Send + Sync + 'static) -> Self {
        search::silence_model_panics();
        Self {
            limits,
            subject: Subject {
                body: Arc::new(body),
                stall: limits.stall,
                orderings: limits.orderings,
                // Orderings only mean something where giving back is a step as well.
                shared: Arc::new(Shared::new(limits.orderings == Orderings::AsWritten)),
            },
            coverage: Coverage::default(),
            last: None,
        }
    }

    /// Whether shuttle has something to add.
    fn more_may_happen(&self) -> bool {
        self.limits.orderings == Orderings::Strongest
            && self.subject.shared.choices_met.load(Relaxed)
    }

    fn every_interleaving(&mut self) -> Ended {
        let plans = rising(self.limits.preemptions, Plan::Preemptions);
        self.pass(Method::Preemptions, plans, self.limits.executions)
    }

    fn what_may_happen_besides(&mut self) -> Ended {
        let plans = rising(self.limits.deviations, Plan::Deviations);
        self.pass(Method::Deviations, plans, self.limits.deviating)
    }

    fn drawn(&mut self) -> Ended {
        let executions = self.limits.random;
        self.pass(
            Method::Random,
            [(None, Plan::Random(executions))],
            executions,
        )
    }

    /// For programs with more threads than loom can follow: there the search of
    /// deviations is the proof.
    fn without_loom(mut self) -> Outcome {
        let besides = self.what_may_happen_besides();
        if let Ended::Failed(report) = besides {
            return self.failed(report);
        }
        if let Ended::Failed(report) = self.drawn() {
            return self.failed(report);
        }
        match besides {
            Ended::BudgetSpent => Outcome::BudgetSpent(self.coverage),
            _ => Outcome::Complete(self.coverage),
        }
    }

    /// Carries out one plan after another, with one budget for them all.
    fn pass(
        &mut self,
        method: Method,
        plans: impl IntoIterator<Item = (Option<usize>, Plan)>,
        budget: u64,
    ) -> Ended {
        let mut pass = Pass {
            method,
            bound: None,
            executions: 0,
            complete: false,
        };
        let mut ended = Ended::Covered;
        for (bound, plan) in plans {
            let left = budget - pass.executions;
            let searched = search::run(&plan, left, None, &self.subject);
            pass.bound = bound;
            pass.executions += searched.executions;
            self.coverage.threads = self.coverage.threads.max(searched.threads);
            self.coverage.asked_time = self.subject.shared.asked_time();
            self.last = Some(plan);
            ended = searched.ended;
            if !matches!(ended, Ended::Covered) {
                break;
            }
        }
        pass.complete = matches!(ended, Ended::Covered);
        self.coverage.passes.push(pass);
        ended
    }

    /// Runs the failing execution again, this time with its story. Engines are
    /// deterministic, so the same execution of the same plan is the same schedule.
    fn failed(self, first: Box<Report>) -> Outcome {
        let plan = match self.last {
            // A hang's story never reaches an end at which it could be told.
            Some(plan) if !matches!(first.failure, Failure::Hang { .. }) => plan,
            _ => return Outcome::Failed(self.coverage, first),
        };
        let number = first.execution;
        let again = search::run(&plan, number, Some(number), &self.subject);
        let report = match again.ended {
            Ended::Failed(report) if report.execution == number => report,
            // Still a failure, though not a repeatable one: told without its story.
            _ => first,
        };
        Outcome::Failed(self.coverage, report)
    }
}

/// The plans of every bound up to `highest`.
fn rising(highest: usize, plan: fn(usize) -> Plan) -> impl Iterator<Item = (Option<usize>, Plan)> {
    (0..=highest).map(move |bound| (Some(bound), plan(bound)))
}
