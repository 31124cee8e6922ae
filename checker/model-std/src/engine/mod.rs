//! What the scheduler needs from a model-checking engine, and nothing more.
//!
//! std's semantics (who owns a lock, which waiter is woken, what a panic
//! poisons) are written once, in [`crate::model`] and [`crate::sync`], over the
//! few operations below. An engine only decides *who runs next*.

use std::sync::atomic::Ordering;

use crate::fiber::Fiber;

pub(crate) mod loom;
pub(crate) mod native;
pub(crate) mod reduction;
pub(crate) mod schedule;
pub(crate) mod strategy;
#[cfg(test)]
mod toy;

/// Runs one execution's threads, all of them on one OS thread.
///
/// Thread 0 is the one that runs the body of the check; the others are numbered in the order
/// in which they were spawned. All of it is called on the host of the thread that runs: what
/// suspends a thread takes effect when its fiber would be resumed.
pub(crate) trait Engine {
    /// A scheduling point before an operation on `object`. Two steps on the
    /// same object are dependent: their order is worth exploring.
    fn step(&self, object: usize);

    /// Suspends the current thread until [`Engine::unblock`]. When it goes on it comes to a
    /// step on `object` first, if there is one.
    fn block(&self, object: Option<usize>);

    /// Makes a thread that is suspended in [`Engine::block`] runnable.
    fn unblock(&self, thread: usize);

    /// Takes back an [`Engine::unblock`] of a thread that has not gone on since.
    fn block_again(&self, thread: usize);

    /// Starts the next thread.
    fn spawn(&self, fiber: Fiber);

    /// One of `options` things that may happen, of which 0 is the ordinary one.
    fn choose(&self, options: usize) -> usize;

    /// Whether the current thread goes round in circles, which `look` finds out.
    fn circles(&self, look: &mut dyn FnMut() -> bool) -> bool {
        look()
    }

    /// What the current thread did so far happened before the next step on `object`.
    fn publish(&self, _object: usize) {}

    /// The turn that the current thread has belongs to `object` too: others may come to a
    /// step on it before that turn.
    fn covers(&self, _object: usize) {}

    /// Whether a step on one object can look at a second one.
    fn can_look(&self) -> bool {
        false
    }

    /// The turn that the current thread has looks at `object` too: it may come before what was
    /// done to that, and others before it. Where an engine can look.
    fn looks_at(&self, _object: usize) {}

    /// What the current thread did so far happened before anybody follows the readers of
    /// `object`, but not before another reader's next step.
    fn publish_as_reader(&self, _object: usize) {}

    /// The current thread could not have gone on before those readers had given `object` back.
    fn follow_readers(&self, _object: usize) {}

    /// The current thread could not have gone on before `other` had come this far.
    fn follow(&self, _other: usize) {}

    /// The machine's memory, where the engine models one that lets stores linger.
    fn memory(&self) -> Option<&dyn Memory> {
        None
    }

    /// The most threads that an execution may have alive at once.
    fn limit(&self) -> usize;
}

/// Atomic cells whose operations mean what their orderings say. Each operation is a
/// scheduling point. Every cell is 0 at first.
pub(crate) trait Memory {
    /// A value that the current thread may see in `cell`.
    fn load(&self, cell: usize, order: Ordering) -> u64;

    /// Writes `value` to `cell`.
    fn store(&self, cell: usize, value: u64, order: Ordering);

    /// Replaces the last value of `cell` by what `change` makes of it, or leaves it where
    /// that is `None`. Returns the last value.
    fn exchange(&self, cell: usize, order: Ordering, change: &dyn Fn(u64) -> Option<u64>) -> u64;

    /// `std::sync::atomic::fence`.
    fn fence(&self, order: Ordering);
}
