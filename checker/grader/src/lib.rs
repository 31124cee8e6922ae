//! What a stage's `tests/grade.rs` is written with.
//!
//! A check is an ordinary `#[test]` whose name is a sentence. It calls one method
//! of its [`Stage`], which says what kind of check it is:
//!
//! ```text
//! const STAGE: Stage = grader::stage!("../stage.toml");
//!
//! #[test]
//! fn each_task_runs_exactly_once() {
//!     STAGE.model(|| {
//!         // Runs once per interleaving; `std::thread` and `std::sync` are scheduled.
//!     });
//! }
//! ```
//!
//! The way of one check, top to bottom: [`Stage::model`] and its siblings start
//! the test binary again for just this check ([`supervise`]), so that nothing a
//! submission does can end more than its own child process. The child ([`child`])
//! explores or runs the body and writes a record. The parent judges what is left
//! when there is none, adds what the manifest teaches, prints, and fails the test.

mod blind_spots;
mod broken;
mod callers;
mod child;
pub mod growth;
mod layout;
mod probe;
mod property;
mod search;
mod shorter;
mod source;
mod suite;
mod supervise;

use std::fmt::Debug;
use std::time::Duration;

pub use broken::{Broken, Standstill, broken_if_stuck, broken_unless_both_run, locks_around};
pub use probe::{
    Log, broken, expect_an_end, held_locks, join, note_line, other_threads, steps,
    threads_only_end, until_idle, waits,
};
pub use proptest;
pub use shorter::shorter;
pub use suite::{Contrast, Trial};
pub use verdict::render::count;

pub use supervise::{anew, passes_anew};

/// A stage, as its `tests/grade.rs` knows it. Made by [`stage!`].
#[derive(Debug, Clone, Copy)]
pub struct Stage {
    #[doc(hidden)]
    pub manifest: &'static str,
    #[doc(hidden)]
    pub grade_file: &'static str,
}

/// The stage whose manifest is at this path, relative to the calling file.
#[macro_export]
macro_rules! stage {
    ($manifest:literal) => {
        $crate::Stage {
            manifest: include_str!($manifest),
            grade_file: file!(),
        }
    };
}

/// How long an ordinary check may take before it counts as hanging, where nothing keeps it
/// from running.
const RUN_DEADLINE: Duration = Duration::from_secs(10);
/// The same for a check over random inputs.
const PROPERTY_DEADLINE: Duration = Duration::from_secs(30);

impl Stage {
    /// Explores `body` over every interleaving of its threads, with rising
    /// preemption bound.
    ///
    /// The body must not keep state between calls. It has failed when an
    /// [`expect!`] fails, when it panics, when its threads deadlock or spin
    /// without end, and when no second thread ever ran.
    pub fn model<F>(self, body: F)
    where
        F: Fn() + Send + Sync + 'static,
    {
        self.check::<F>(|child| search::explore(&child, body));
    }

    /// [`model`](Self::model) with at most so many deviations, where the grade would look
    /// further: for a program that is so long, or has so many threads, that a search at the
    /// usual bound does not come to its end, and whose defect shows in the first executions. A
    /// search that is cut even so passes, with a blind spot.
    pub fn model_within<F>(self, deviations: usize, body: F)
    where
        F: Fn() + Send + Sync + 'static,
    {
        self.check::<F>(|child| search::explore_within(&child, deviations, body));
    }

    /// Explores each of the learner's own tests, on its own: all must pass.
    pub fn all_pass<F>(self, trials: F)
    where
        F: FnOnce() -> Vec<Trial>,
    {
        self.check::<F>(|child| suite::all_pass(&child, trials));
    }

    /// Runs each of the learner's own tests as long as nothing disturbs it: none may
    /// sleep, have a timeout or read a clock.
    pub fn none_depends_on_time<F>(self, trials: F)
    where
        F: FnOnce() -> Vec<Trial>,
    {
        self.check::<F>(|child| {
            suite::none_depends_on_time(&child, trials);
        });
    }

    /// Explores the learner's own tests over a program that is wrong, each beside the
    /// same test over right ones: one must fail here and pass there. When none does,
    /// `missed` says what went unnoticed, and `witness`, which must fail on the wrong
    /// program, shows how it happens.
    pub fn one_tells<F>(self, trials: F, missed: &str, witness: Trial)
    where
        F: FnOnce() -> Vec<Contrast>,
    {
        self.check::<F>(|child| {
            suite::one_tells(&child, trials, missed, &witness);
        });
    }

    /// Runs `body` once, on ordinary threads, for at most ten seconds in which nothing keeps
    /// it from running.
    pub fn run<F>(self, body: F)
    where
        F: FnOnce() + Send + 'static,
    {
        self.run_within(RUN_DEADLINE, body);
    }

    /// Runs `body` once, on ordinary threads, for at most `deadline`: for work
    /// whose point is its amount.
    pub fn run_within<F>(self, deadline: Duration, body: F)
    where
        F: FnOnce() + Send + 'static,
    {
        self.check::<F>(|child| child.run(deadline, body));
    }

    /// Runs `body` on random inputs; a failing one is shrunk first.
    pub fn property<S, F>(self, inputs: S, body: F)
    where
        S: proptest::strategy::Strategy,
        S::Value: Debug,
        F: Fn(S::Value) + Send + 'static,
    {
        self.check::<F>(|child| {
            property::run(&child, PROPERTY_DEADLINE, &inputs, body);
        });
    }

    /// The check named by the function that `F` was written in: in its child
    /// process it does its work, in every other it supervises that child.
    fn check<F>(self, work: impl FnOnce(child::Child)) {
        let name = check_name::<F>();
        match child::Child::current(self, name) {
            Some(child) => work(child),
            None => supervise::check(self, name),
        }
    }
}

/// `each_task_runs_once` for the closure `grade::each_task_runs_once::{{closure}}`.
fn check_name<F>() -> &'static str {
    let path = std::any::type_name::<F>();
    let path = path.split("::{{closure}}").next().unwrap_or(path);
    path.split_once("::").map_or(path, |(_crate, test)| test)
}

/// Ends the check unless the condition holds. The sentence says what happened, in
/// the learner's terms. Callable from any thread, also from inside a task: nothing
/// that the submission catches can hide it.
#[macro_export]
macro_rules! expect {
    ($condition:expr, $($sentence:tt)+) => {
        if !$condition {
            $crate::broken(format!($($sentence)+));
        }
    };
}

/// Ends the check unless both values are equal, and shows how they differ.
#[macro_export]
macro_rules! expect_eq {
    ($actual:expr, $expected:expr, $($sentence:tt)+) => {
        match (&$actual, &$expected) {
            (actual, expected) => {
                if *actual != *expected {
                    let sentence = format!($($sentence)+);
                    $crate::broken($crate::differing(&sentence, actual, expected));
                }
            }
        }
    };
}

/// Adds a line to the current thread's lane of a counterexample.
#[macro_export]
macro_rules! note {
    ($($text:tt)+) => {
        $crate::note_line(|| format!($($text)+))
    };
}

/// The sentence of a failed [`expect_eq!`], with the difference below it.
#[doc(hidden)]
#[must_use]
pub fn differing<A, E>(sentence: &str, actual: &A, expected: &E) -> String
where
    A: Debug + ?Sized,
    E: Debug + ?Sized,
{
    // The message becomes part of a record, which has no colour.
    let difference = pretty_assertions::Comparison::new(actual, expected).to_string();
    let difference = verdict::render::clean(&difference);
    // Its first line explains colours and sides in the library's words.
    let difference = difference
        .split_once('\n')
        .map_or("", |(_, rest)| rest)
        .trim_end();
    format!("{sentence}\n(< found, > expected)\n{difference}")
}
