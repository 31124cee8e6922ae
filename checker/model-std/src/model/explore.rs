//! What is searched, in which order, and how far.
//!
//! Our own search covers every execution up to a bound on deviations; that is the proof.
//! Random executions look at some of what lies beyond, and loom looks over its shoulder:
//! what it finds and the proof does not is a bug of ours. Bounds rise, so that the first
//! failure found is one with the fewest deviations; its schedule is then followed once more,
//! to be recorded.

use std::sync::Arc;
use std::time::Duration;

use super::search::{self, Budget, Ended, Plan, Subject};
use super::shared::Shared;
use super::trace::{Failure, Place, Report};
use crate::engine::loom::Orderings;
use crate::engine::schedule::Schedule;

/// How far a search goes.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The highest bound on deviations.
    pub deviations: usize,
    /// The bound without which a search is worth little: up to it there may be six times as
    /// many executions and steps.
    pub least_deviations: Option<usize>,
    /// Executions of the search within it, over all bounds.
    pub executions: u64,
    /// Steps of any one way of searching, over all its executions: a few long ones take as
    /// much time as many short ones.
    pub steps: u64,
    /// Executions besides whose decisions are drawn; [`explore`] runs no more of them than the
    /// search within the bound took, so that small programs stay quick, and three times as many
    /// where that search was cut.
    pub random: u64,
    /// Whether loom looks for itself, where the threads are few enough, and how far.
    pub second_look: Option<SecondLook>,
    /// How atomics are explored. As written is for loom alone: nothing else is tried.
    pub orderings: Orderings,
    /// Whether every step is one that could be seen from the start.
    pub finest_steps: bool,
    /// How long code may run without reaching a scheduling point, where nothing keeps it from
    /// running.
    pub stall: Duration,
}

/// How far loom looks. Its bound is no number of preemptions: within it, it tries some of the
/// executions with so many.
#[derive(Debug, Clone, Copy)]
pub struct SecondLook {
    /// Its highest bound; `None` for all there are.
    pub bound: Option<usize>,
    /// Its executions, over all bounds.
    pub executions: u64,
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
    /// A loop that was made to let others go on, although it might have ended by itself.
    pub cut_loop: Option<Place>,
    /// The operations on atomics that were given a stronger ordering than they ask for.
    pub strengthened: Vec<Place>,
    /// What made the search too long, where it did not come to its end: the place that
    /// executions come to most often.
    pub busiest: Option<Place>,
}

impl Coverage {
    /// The bound on deviations up to which everything was covered, if it was up to any.
    #[must_use]
    pub fn bound(&self) -> Option<usize> {
        let mut passes = self.passes.iter();
        passes
            .find(|pass| pass.method == Method::Deviations)?
            .covered
    }
}

/// One way of searching, over all its bounds.
#[derive(Debug, Clone, Copy)]
pub struct Pass {
    /// Which executions it is about.
    pub method: Method,
    /// The last bound that was begun, where the method has one.
    pub bound: Option<usize>,
    /// The last bound within which everything was covered.
    pub covered: Option<usize>,
    /// Executions, over all bounds.
    pub executions: u64,
    /// Whether everything that was begun was covered.
    pub complete: bool,
}

/// Which executions a pass is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// All with at most so many deviations: preemptions, spurious wake-ups and the like.
    Deviations,
    /// Some, with each decision drawn.
    Random,
    /// Those that loom tries.
    Loom,
    /// One that was written down.
    Replay,
}

/// How a search ended.
#[derive(Debug)]
#[must_use]
pub enum Outcome {
    /// Every execution within the bound was fine.
    Complete(Coverage),
    /// The budget was spent before the search was complete; all that was looked at was fine.
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
    let proof = explorer.everything_within_the_bound();
    let proved = match proof {
        Ended::Failed(report) => return explorer.failed(report),
        Ended::Covered => true,
        Ended::BudgetSpent => false,
    };
    let as_many = explorer.coverage.passes.iter().map(|pass| pass.executions);
    let as_many = as_many.sum::<u64>();
    let drawn = match proved {
        true => explorer.drawn(explorer.limits.random.min(as_many)),
        false => explorer.drawn(3 * explorer.limits.random),
    };
    if let Ended::Failed(report) = drawn {
        return explorer.failed(report);
    }
    // Where the proof gave up there is nothing to compare with.
    if proved
        && explorer.coverage.threads <= loom::MAX_THREADS
        && let Ended::Failed(mut report) = explorer.second_look()
    {
        report.missed = true;
        return explorer.failed(report);
    }
    if proved {
        Outcome::Complete(explorer.coverage)
    } else {
        Outcome::BudgetSpent(explorer.coverage)
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
        Method::Deviations => explorer.everything_within_the_bound(),
        Method::Random => explorer.drawn(limits.random),
        Method::Loom => explorer.second_look(),
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
    match explorer.pass(Method::Replay, [(None, Plan::Written(schedule))], 1) {
        Ended::Failed(report) => explorer.failed(report),
        Ended::Covered | Ended::BudgetSpent => Outcome::Complete(explorer.coverage),
    }
}

struct Explorer {
    limits: Limits,
    subject: Subject,
    coverage: Coverage,
}

impl Explorer {
    fn new(limits: Limits, body: impl Fn() + Send + Sync + 'static) -> Self {
        search::silence_model_panics();
        // Orderings only mean something where giving back is a step as well.
        let finest = limits.finest_steps || limits.orderings == Orderings::AsWritten;
        Self {
            limits,
            subject: Subject {
                body: Arc::new(body),
                stall: limits.stall,
                orderings: limits.orderings,
                shared: Arc::new(Shared::new(finest)),
            },
            coverage: Coverage::default(),
        }
    }

    fn everything_within_the_bound(&mut self) -> Ended {
        // One ordinary execution first, in which whatever goes on for long shows itself. If it
        // fails, so does the search.
        let first = Plan::Written(Schedule::default());
        search::run(&first, Budget::of_one(), false, &self.subject);
        let bounds = 0..=self.limits.deviations;
        let plans = bounds.map(|bound| (Some(bound), Plan::Deviations(bound)));
        self.pass(Method::Deviations, plans, self.limits.executions)
    }

    fn drawn(&mut self, executions: u64) -> Ended {
        if executions == 0 {
            return Ended::Covered;
        }
        let plan = Plan::Random(executions);
        self.pass(Method::Random, [(None, plan)], executions)
    }

    fn second_look(&mut self) -> Ended {
        let Some(SecondLook { bound, executions }) = self.limits.second_look else {
            return Ended::Covered;
        };
        match bound {
            None => self.pass(Method::Loom, [(None, Plan::Loom(None))], executions),
            Some(most) => {
                let plans = (0..=most).map(|bound| (Some(bound), Plan::Loom(Some(bound))));
                self.pass(Method::Loom, plans, executions)
            }
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
            covered: None,
            executions: 0,
            complete: false,
        };
        let mut ended = Ended::Covered;
        let begun = self.subject.shared.steps();
        for (bound, plan) in plans {
            let needed = bound.is_some() && bound <= self.limits.least_deviations;
            let times = if needed { 6 } else { 1 };
            let left = Budget {
                executions: (times * budget).saturating_sub(pass.executions),
                until_step: begun.saturating_add(times * self.limits.steps),
            };
            let searched = search::run(&plan, left, false, &self.subject);
            pass.bound = bound;
            pass.executions += searched.executions;
            self.coverage.threads = self.coverage.threads.max(searched.threads);
            self.coverage.asked_time = self.subject.shared.asked_time();
            self.coverage.cut_loop = self.subject.shared.cut_loop();
            self.coverage.strengthened = self.subject.shared.strengthened();
            ended = searched.ended;
            if !matches!(ended, Ended::Covered) {
                break;
            }
            pass.covered = bound;
        }
        pass.complete = matches!(ended, Ended::Covered);
        if !pass.complete {
            self.coverage.busiest = self.subject.shared.busiest();
        }
        self.coverage.passes.push(pass);
        ended
    }

    /// Follows the failing schedule again, this time with its story.
    fn failed(self, first: Box<Report>) -> Outcome {
        // A hang's story never reaches an end at which it could be told.
        if matches!(first.failure, Failure::Hang { .. }) {
            return Outcome::Failed(self.coverage, first);
        }
        let plan = Plan::Written(first.schedule.clone());
        let again = search::run(&plan, Budget::of_one(), true, &self.subject);
        let report = match again.ended {
            Ended::Failed(report) if report.failure.is_like(&first.failure) => Box::new(Report {
                execution: first.execution,
                missed: first.missed,
                ..*report
            }),
            // Still a failure, though not a repeatable one: told without its story.
            _ => first,
        };
        Outcome::Failed(self.coverage, report)
    }
}
