//! Checks of tests that the learner wrote: each of them passes on a right program, and
//! for every wrong one there is one that tells it from those.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use model_std::model::{self, Coverage, Failure, Limits, Method, Outcome};
use verdict::{FailureKind, Finding, Verdict};

use crate::child::{Child, finding, is_ours};
use crate::search::{covered, limits, out_of_budget, told};
use crate::supervise::verdict_of;

/// One test, over a program that has been chosen for it.
#[derive(Clone)]
pub struct Trial {
    name: String,
    body: Arc<dyn Fn() + Send + Sync>,
}

impl Trial {
    /// A test called `name`, which must not keep state between its calls. It fails as
    /// the body of a model does.
    pub fn new(name: &str, body: impl Fn() + Send + Sync + 'static) -> Self {
        let (name, body) = (name.to_owned(), Arc::new(body));
        Self { name, body }
    }

    fn explore(&self) -> Outcome {
        let body = Arc::clone(&self.body);
        model::explore(limits(), move || body())
    }

    /// Only what takes no more than so many deviations.
    fn explore_within(&self, deviations: usize, executions: u64) -> Outcome {
        let body = Arc::clone(&self.body);
        let limits = Limits {
            deviations,
            executions,
            ..limits()
        };
        model::explore_by(Method::Deviations, limits, move || body())
    }
}

impl fmt::Debug for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trial")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A test over a wrong program, and the same test over right ones.
#[derive(Debug, Clone)]
pub struct Contrast {
    /// It should fail.
    pub wrong: Trial,
    /// None of these should, or the failure of the other says nothing.
    pub right: Vec<Trial>,
}

/// A wrong program gets this many executions per test and bound: a test that needs more
/// to find it is not a test of that.
const EXECUTIONS_ON_A_WRONG_PROGRAM: u64 = 20_000;

/// Explores every trial on its own. The first that fails ends the check.
pub(crate) fn all_pass(child: &Child, trials: impl FnOnce() -> Vec<Trial>) -> ! {
    let mut total = Coverage::default();
    for trial in collected(child, trials) {
        let name = &trial.name;
        let outcome = trial.explore();
        add(&mut total, &outcome);
        match outcome {
            Outcome::Complete(_) => {}
            Outcome::BudgetSpent(coverage) => {
                if let Some(finding) = out_of_budget(&coverage, limits()) {
                    let message = format!(
                        "The grader gives up: case `{name}` has more interleavings than it can \
                         try. Fewer threads and fewer tasks show the same."
                    );
                    end(child, Some(Finding { message, ..finding }), total)
                }
            }
            Outcome::Failed(_, report) => {
                let finding = told(&report, &mut child.sources());
                let what = match &report.failure {
                    Failure::Panic { message, .. } => message,
                    _ => &finding.message,
                };
                let message = format!("Case `{name}` fails on a scheduler that is right. {what}");
                end(child, Some(Finding { message, ..finding }), total)
            }
        }
    }
    end(child, None, total)
}

/// Runs every trial without deviations and ends the check at the first that depends
/// on time, whether it passes or not.
pub(crate) fn none_depends_on_time(child: &Child, trials: impl FnOnce() -> Vec<Trial>) -> ! {
    let mut total = Coverage::default();
    for trial in collected(child, trials) {
        add(&mut total, &trial.explore_within(0, limits().executions));
        if let Some(at) = total.asked_time {
            let name = &trial.name;
            let message = format!(
                "Case `{name}` depends on time: it sleeps, has a timeout or reads a clock."
            );
            let finding = Finding {
                // `SystemTime::now` is std's own, and does not say who called it.
                place: (!is_ours(at.file())).then(|| child.sources().location(at)),
                ..finding(FailureKind::Expectation, message)
            };
            end(child, Some(finding), total)
        }
    }
    end(child, None, total)
}

/// Explores the trials over the wrong program, all of them at one bound before the next,
/// until one tells it from the right ones. Where none does, `missed` says what they have
/// missed, and the failure of `witness` shows it.
pub(crate) fn one_tells(
    child: &Child,
    trials: impl FnOnce() -> Vec<Contrast>,
    missed: &str,
    witness: &Trial,
) -> ! {
    let mut trials = collected(child, trials);
    let mut total = Coverage::default();
    let mut always_red = Vec::new();
    for deviations in 0..=limits().deviations {
        trials.retain(|trial| {
            let outcome = trial
                .wrong
                .explore_within(deviations, EXECUTIONS_ON_A_WRONG_PROGRAM);
            add(&mut total, &outcome);
            if !matches!(&outcome, Outcome::Failed(_, report) if is_red(&report.failure)) {
                return true;
            }
            let tells = trial.right.iter().all(|right| {
                let outcome = right.explore();
                add(&mut total, &outcome);
                matches!(outcome, Outcome::Complete(_))
            });
            if tells {
                let mut total = std::mem::take(&mut total);
                // One red case is all that was looked for.
                total
                    .passes
                    .iter_mut()
                    .for_each(|pass| pass.complete = true);
                end(child, None, total)
            }
            always_red.push(format!("`{}`", trial.wrong.name));
            false
        });
    }
    let outcome = witness.explore();
    // The story that is told is the witness's alone.
    let mut shown = Coverage::default();
    add(&mut shown, &outcome);
    let finding = match outcome {
        Outcome::Failed(_, report) => Finding {
            kind: FailureKind::Expectation,
            message: match always_red.as_slice() {
                [] => missed.to_owned(),
                cases => format!(
                    "{missed} Cases that are red on a right scheduler too do not count: {}.",
                    cases.join(", ")
                ),
            },
            ..told(&report, &mut child.sources())
        },
        Outcome::Complete(_) | Outcome::BudgetSpent(_) => {
            let message = format!("`{}` does not show what is wrong", witness.name);
            finding(FailureKind::Internal, message)
        }
    };
    end(child, Some(finding), shown)
}

/// Whether a failure says something about the program, rather than about the test.
fn is_red(failure: &Failure) -> bool {
    match failure {
        Failure::Expectation { .. }
        | Failure::Panic { .. }
        | Failure::Deadlock
        | Failure::Livelock
        | Failure::Hang { .. } => true,
        Failure::TooLong
        | Failure::TooManyThreads { .. }
        | Failure::StaticState { .. }
        | Failure::Exit { .. }
        | Failure::StackOverflow
        | Failure::Nondeterminism
        | Failure::NoStack(_)
        | Failure::Internal(_) => false,
    }
}

/// Building a suite is the learner's code too.
fn collected<T>(child: &Child, trials: impl FnOnce() -> Vec<T>) -> Vec<T> {
    match std::panic::catch_unwind(AssertUnwindSafe(trials)) {
        Ok(trials) => trials,
        Err(payload) => child.failed(child.panicked(&*payload)),
    }
}

fn add(total: &mut Coverage, outcome: &Outcome) {
    let (Outcome::Complete(part) | Outcome::BudgetSpent(part) | Outcome::Failed(part, _)) = outcome;
    for pass in &part.passes {
        let known = total.passes.iter_mut();
        match known.into_iter().find(|known| known.method == pass.method) {
            Some(known) => {
                known.bound = known.bound.max(pass.bound);
                known.covered = known.covered.min(pass.covered);
                known.executions += pass.executions;
                known.complete &= pass.complete;
            }
            None => total.passes.push(*pass),
        }
    }
    total.threads = total.threads.max(part.threads);
    total.asked_time = total.asked_time.or(part.asked_time);
    total.cut_loop = total.cut_loop.or(part.cut_loop);
    let known = &mut total.strengthened;
    let new = part.strengthened.iter().filter(|at| !known.contains(at));
    let new = Vec::from_iter(new.copied());
    known.extend(new);
    total.busiest = total.busiest.or(part.busiest);
}

fn end(child: &Child, finding: Option<Finding>, total: Coverage) -> ! {
    let verdict = finding
        .as_ref()
        .map_or(Verdict::Passed, |finding| verdict_of(finding.kind));
    let searched = covered(total, &mut child.sources());
    child.done(verdict, finding, Some(searched), None)
}
