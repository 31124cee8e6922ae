//! What a check uses from inside the program that it checks.

use std::panic::Location;
use std::sync::{Arc, Mutex, PoisonError};

use model_std::model::{self, Aside, short_place};
use model_std::thread::{JoinHandle, ThreadId};

/// What tasks saw and did, shared between all of them and the check. Not a
/// scheduling point, but in which order threads come to it is something that a search tries.
#[derive(Debug)]
pub struct Log<T>(Arc<Shared<T>>);

#[derive(Debug)]
struct Shared<T> {
    aside: Aside,
    /// Never held across a scheduling point.
    entries: Mutex<Vec<T>>,
}

impl<T> Log<T> {
    /// An empty log.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an entry.
    pub fn push(&self, entry: T) {
        self.entries().push(entry);
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries().len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entries so far, oldest first.
    #[must_use]
    pub fn snapshot(&self) -> Vec<T>
    where
        T: Clone,
    {
        self.entries().clone()
    }

    fn entries(&self) -> std::sync::MutexGuard<'_, Vec<T>> {
        self.0.aside.touched();
        let entries = self.0.entries.lock();
        entries.unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Default for Log<T> {
    fn default() -> Self {
        Self(Arc::new(Shared {
            aside: Aside::default(),
            entries: Mutex::default(),
        }))
    }
}

impl<T> Clone for Log<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// The locks that the current thread holds, as sentences' parts: `Mutex<State>
/// (lib.rs:40), taken in lib.rs:88`. Ask it from code that the submission calls, such
/// as a task: what is held there is held around everything the caller does. Empty
/// outside a model.
#[must_use]
pub fn held_locks() -> Vec<String> {
    let held = model::held_locks().into_iter();
    held.map(|held| format!("{}, taken in {}", held.lock, short_place(held.taken)))
        .collect()
}

/// What a thread of the check returned. A panic in it is the submission's.
#[track_caller]
pub fn join<T>(thread: JoinHandle<T>, call: &str) -> T {
    let Ok(value) = thread.join() else {
        broken(format!("{call} panicked"));
        unreachable!("the check has ended");
    };
    value
}

/// Waits, inside a model, until every other thread has ended or is blocked: from
/// then on nothing moves unless the caller does. A thread that polls instead of
/// blocking never gets there, and the check ends as a livelock.
///
/// # Panics
/// Outside a model.
pub fn until_idle() {
    model::until_idle();
}

/// How often the current thread has waited for an event so far, inside a model: a
/// notification, a message, the end of a thread. To wait for a lock does not count.
#[must_use]
pub fn waits() -> usize {
    model::waits()
}

/// How many steps all threads have taken so far, inside a model: operations on locks, atomics,
/// channels and the like.
#[must_use]
pub fn steps() -> usize {
    model::steps()
}

/// How many threads are alive besides the current one, inside a model.
#[must_use]
pub fn other_threads() -> usize {
    model::other_threads()
}

/// From now on, inside a model, these threads may only end, but for the current one and the
/// check's body: the check ends where one does more, and says so in a sentence that begins with
/// `when`. To wake others, to give back a lock and to drop what it owns goes with ending; to take a
/// lock, to use an atomic or a channel, to wait, to sleep or to start a thread does not. Ask it
/// when a call has returned that promises that nobody is left, of the threads on which tasks ran
/// (a scheduler may keep another one), and let all go on with [`until_idle`].
///
/// # Panics
/// Outside a model.
#[track_caller]
pub fn threads_only_end(threads: &[ThreadId], when: impl Into<String>) {
    model::threads_only_end(threads, when.into());
}

/// Does a little work, outside a model, and ends the check when it has no end: nobody should wait
/// for a loop as long as for work whose point is its amount. `what` is the work, as the beginning
/// of a sentence.
#[track_caller]
pub fn expect_an_end(what: &str, work: impl FnOnce()) {
    crate::child::expect_an_end(what, Location::caller(), work);
}

/// Ends the check: what it promised does not hold.
///
/// # Panics
/// In a check over random inputs, so that the input can be shrunk.
#[doc(hidden)]
#[track_caller]
pub fn broken(message: String) {
    let at = Location::caller();
    if model::active() {
        model::fail(message, at);
    }
    crate::child::broken(message, at);
}

/// See [`note!`](crate::note).
#[doc(hidden)]
#[track_caller]
pub fn note_line(text: impl FnOnce() -> String) {
    model::note(text);
}
