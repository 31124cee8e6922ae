//! What a suite of tests is written against: the scheduler of stage 4, whoever wrote
//! it, and the cases of the suite.

mod sound;

use std::error::Error;
use std::fmt;

pub use sound::sound;

/// The answer to a submit that came too late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the scheduler has been shut down")
    }
}

impl Error for Closed {}

/// A scheduler whose code you do not know. Dropping it shuts it down.
pub trait Scheduler: Send + Sync {
    /// [`submit`](trait.Scheduler.html#method.submit) for work that is boxed already.
    ///
    /// # Errors
    /// [`Closed`] once a shutdown has begun.
    fn submit_boxed(&self, work: Box<dyn FnOnce() + Send>) -> Result<(), Closed>;

    /// Returns when every accepted task has run and every worker has ended.
    fn shutdown(&self);
}

impl dyn Scheduler + '_ {
    /// Accepts a task: `Ok` means that it will have run, once, when `shutdown` returns.
    ///
    /// # Errors
    /// [`Closed`] once a shutdown has begun: the task will never run.
    pub fn submit(&self, work: impl FnOnce() + Send + 'static) -> Result<(), Closed> {
        self.submit_boxed(Box::new(work))
    }
}

/// Starts a scheduler with so many workers; panics on 0. A [`Box`] turns into an
/// [`Arc`](std::sync::Arc) with `Arc::from`, for tests that share one.
pub type Start = fn(workers: usize) -> Box<dyn Scheduler>;

/// One test of a suite. It fails by panicking on the thread that calls it, and by never
/// coming back.
#[derive(Clone, Copy)]
pub struct Case {
    /// What it claims, as a sentence: `shutdown_returns_when_workers_are_idle`.
    pub name: &'static str,
    /// The test, over a way to start as many schedulers as it likes.
    pub test: fn(Start),
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Case").field(&self.name).finish()
    }
}

/// The cases made of these functions, each under its function's name.
#[macro_export]
macro_rules! cases {
    ($($test:ident),* $(,)?) => {
        vec![$($crate::Case { name: stringify!($test), test: $test }),*]
    };
}
