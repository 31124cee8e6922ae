//! What the scheduler needs from a model-checking engine, and nothing more.
//!
//! std's semantics (who owns a lock, which waiter is woken, what a panic
//! poisons) are written once, in [`crate::model`] and [`crate::sync`], over the
//! few operations below. An engine only decides *who runs next*.

use std::sync::atomic::Ordering;

pub(crate) mod loom;
pub(crate) mod schedule;
pub(crate) mod shuttle;
pub(crate) mod strategy;

/// Runs one execution's coroutines on a single OS thread.
///
/// Coroutine 0 is the one that runs the body of the check; the others are
/// numbered in the order in which they were spawned.
pub(crate) trait Engine {
    /// A scheduling point before an operation on `object`. Two steps on the
    /// same object are dependent: their order is worth exploring.
    fn step(&self, object: usize);

    /// Suspends the current coroutine until [`Engine::unblock`]. May return early:
    /// callers look again.
    fn block(&self);

    /// Makes a coroutine that is suspended in [`Engine::block`] runnable.
    fn unblock(&self, coroutine: usize);

    /// Starts a coroutine and returns its number.
    fn spawn(&self, body: Box<dyn FnOnce()>) -> usize;

    /// One of `options` things that may happen, of which 0 is the ordinary one.
    fn choose(&self, options: usize) -> usize;

    /// The machine's memory, where the engine models one that lets stores linger.
    fn memory(&self) -> Option<&dyn Memory> {
        None
    }

    /// The most coroutines that one execution may have.
    fn limit(&self) -> usize;
}

/// Atomic cells whose operations mean what their orderings say. Each operation is a
/// scheduling point. Every cell is 0 at first.
pub(crate) trait Memory {
    /// A value that the current coroutine may see in `cell`.
    fn load(&self, cell: usize, order: Ordering) -> u64;

    /// Writes `value` to `cell`.
    fn store(&self, cell: usize, value: u64, order: Ordering);

    /// Replaces the last value of `cell` by what `change` makes of it, or leaves it where
    /// that is `None`. Returns the last value.
    fn exchange(&self, cell: usize, order: Ordering, change: &dyn Fn(u64) -> Option<u64>) -> u64;

    /// `std::sync::atomic::fence`.
    fn fence(&self, order: Ordering);
}

/// A closure that stays on the OS thread that made it.
struct OnThisThread(Box<dyn FnOnce()>);

// SAFETY: every engine runs all coroutines of an execution on the OS thread that
// started its search, so although their `spawn` asks for `Send`, nothing is ever sent.
unsafe impl Send for OnThisThread {}

impl OnThisThread {
    fn run(self) {
        (self.0)();
    }
}
