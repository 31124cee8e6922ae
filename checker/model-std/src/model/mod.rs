//! What the grader asks of the model. Hidden from a learner's `std`.

mod explore;
pub(crate) mod kernel;
pub(crate) mod object;
mod patience;
mod search;
mod shared;
pub(crate) mod statics;
mod story;
pub(crate) mod trace;

use std::panic::Location;

pub use crate::engine::loom::Orderings;
use crate::thread::ThreadId;

pub use crate::engine::schedule::{NoSchedule, Schedule};
pub use explore::{
    Coverage, Limits, Method, Outcome, Pass, SecondLook, explore, explore_by, replay,
};
use object::Object;
pub use patience::{Patience, processor_time};
pub use trace::{Event, Failure, Place, Report, ThreadInfo, message_of, short_place};

/// Whether the calling code runs inside a model.
#[must_use]
pub fn active() -> bool {
    kernel::active()
}

/// Ends the check: what it promised does not hold.
///
/// # Panics
/// Outside a model.
pub fn fail(message: String, at: &'static Location<'static>) -> ! {
    kernel::fail(Failure::Expectation { message, at })
}

/// A lock that a thread holds.
#[derive(Debug, Clone)]
pub struct HeldLock {
    /// Its type and where it was created, as `Mutex<State> (lib.rs:40)`.
    pub lock: String,
    /// The call that took it.
    pub taken: Place,
}

/// The locks that the current thread holds, in the order in which it took them.
/// Outside a model none is known.
#[must_use]
pub fn held_locks() -> Vec<HeldLock> {
    if !kernel::active() {
        return Vec::new();
    }
    kernel::with(|kernel| {
        let held = kernel.me().held.clone();
        let describe = |held: kernel::Held| HeldLock {
            lock: kernel.describe(held.object),
            taken: held.at,
        };
        held.into_iter().map(describe).collect()
    })
}

/// Something of the check's own that several threads write to and read, and that the model
/// does not see: a diary, say.
#[derive(Debug)]
pub struct Aside(Object);

impl Default for Aside {
    #[track_caller]
    fn default() -> Self {
        Self(Object::new())
    }
}

impl Aside {
    /// The current thread reads it or writes to it. No scheduling point; but in which order
    /// threads come here is a difference between executions.
    pub fn touched(&self) {
        if kernel::active() {
            let object = self.0.id("Aside", None);
            kernel::looks_aside(object);
        }
    }
}

/// Waits until every other thread has ended or is blocked. One that polls instead
/// never is: the check then ends as one whose threads run without end.
///
/// # Panics
/// Outside a model.
pub fn until_idle() {
    kernel::until_idle();
}

/// How many threads are alive besides the current one. Outside a model none is
/// known.
#[must_use]
pub fn other_threads() -> usize {
    if !kernel::active() {
        return 0;
    }
    kernel::with(|kernel| {
        let alive = kernel.threads.iter().filter(|thread| !thread.is_finished());
        alive.count() - 1
    })
}

/// From now on `threads` may only end, but for the current one and the body's: a check in which
/// one does more has failed, and `when`, the beginning of a sentence, is told with it. Waking
/// others still goes with ending, and so do giving back a lock, dropping an end of a channel, and
/// coming out of a call that has had its effect. To take a lock does not, nor any use of an atomic
/// or a channel, nor to wait, sleep or start a thread. What may happen in either order is tried in
/// both.
///
/// # Panics
/// Outside a model.
#[track_caller]
pub fn threads_only_end(threads: &[ThreadId], when: String) {
    let threads = threads.iter().filter_map(ThreadId::in_model).collect();
    kernel::threads_only_end(threads, when, Location::caller());
}

/// How often the current thread has waited for an event so far: a notification, a
/// message, the end of a thread. To wait for a lock does not count. Outside a model
/// nothing is counted.
#[must_use]
pub fn waits() -> usize {
    if !kernel::active() {
        return 0;
    }
    kernel::with(|kernel| kernel.waits())
}

/// How many steps all threads have taken so far. Outside a model nothing is counted.
#[must_use]
pub fn steps() -> usize {
    if !kernel::active() {
        return 0;
    }
    kernel::with(|kernel| kernel.steps())
}

/// A line in the current thread's lane, if this execution is recorded.
#[track_caller]
pub fn note(text: impl FnOnce() -> String) {
    let at = Location::caller();
    if kernel::active() && kernel::with(|kernel| kernel.is_recording()) {
        // Not under the borrow: what is noted may use the model itself.
        let text = text();
        kernel::with(|kernel| kernel.record("note", None, Some(at), || Some(text)));
    }
}
