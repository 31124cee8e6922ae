//! What the kernel knows about threads and objects.

use std::time::Duration;

use super::fairness::Habits;
use crate::model::trace::{Place, ThreadInfo, is_in_std, short_type_name};
use crate::thread::Locals;

/// A thread of the current execution; 0 runs the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ThreadId(pub(crate) usize);

pub(crate) const MAIN: ThreadId = ThreadId(0);

/// An object of the current execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ObjectId(pub(crate) usize);

/// What a suspended thread waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    Lock(ObjectId),
    Condvar(ObjectId),
    Receive(ObjectId),
    Send(ObjectId),
    Once(ObjectId),
    Barrier(ObjectId),
    Join(ThreadId),
    Park,
    /// That something changes: it polls, and has seen all there is.
    Change,
    /// Everyone else goes first, for as long as anyone can.
    Idle,
    /// The body is over and waits for what it left behind.
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Ready,
    Waiting {
        why: Why,
        /// When it goes on all the same, by its own clock.
        until: Option<Duration>,
    },
    Finished,
}

/// A lock that a thread holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Held {
    pub(crate) object: ObjectId,
    pub(crate) at: Place,
    /// How many steps the execution had when it was taken.
    pub(crate) since: usize,
}

pub(crate) struct Thread {
    pub(crate) info: ThreadInfo,
    pub(super) status: Status,
    pub(super) timed_out: bool,
    /// Its clock: later than everything that happened before.
    pub(super) time: Duration,
    /// How often it has waited for an event.
    pub(crate) waits: usize,
    pub(crate) held: Vec<Held>,
    /// Panics that are unwinding this thread's stack.
    pub(super) panics: usize,
    /// Calls of `catch_unwind` that this thread is inside of.
    pub(super) catching: usize,
    /// The token of `park` and `unpark`.
    pub(crate) token: bool,
    /// For `is_finished` and `unpark`, made at first use.
    pub(crate) object: Option<ObjectId>,
    /// For when it did something last, where anybody asks for that.
    pub(super) deeds: Option<ObjectId>,
    /// The condvar wait it is in, and whether it has been notified.
    pub(crate) condvar: Option<(ObjectId, bool)>,
    pub(crate) locals: Locals,
    pub(super) habits: Habits,
}

pub(crate) struct ObjectState {
    pub(super) kind: &'static str,
    pub(super) content: Option<&'static str>,
    /// Where it was created, or first used if that is a line of std's own: a `Default`
    /// of a tuple or of an `Arc` creates what is inside.
    pub(crate) created: Place,
    created_by_std: bool,
    /// The clock of whoever used it last.
    pub(super) time: Duration,
    /// The same, of those who have given it back as readers.
    pub(super) readers_time: Duration,
    /// The threads that hold it: one for a mutex, many for a read lock.
    pub(crate) owners: Vec<ThreadId>,
    /// Whether the owner excludes others.
    pub(crate) exclusive: bool,
    /// Threads that wait to be its only owner, and let no reader in before.
    pub(crate) writers_waiting: usize,
    /// Pending `notify_one`s, each with the threads that may take it.
    pub(crate) tickets: Vec<Vec<ThreadId>>,
}

impl ObjectState {
    pub(super) fn new(kind: &'static str, content: Option<&'static str>, created: Place) -> Self {
        Self {
            kind,
            content,
            created,
            created_by_std: is_in_std(created),
            time: Duration::ZERO,
            readers_time: Duration::ZERO,
            owners: Vec::new(),
            exclusive: false,
            writers_waiting: 0,
            tickets: Vec::new(),
        }
    }

    /// Somebody is about to use it there.
    pub(super) fn used(&mut self, at: Place) {
        if std::mem::take(&mut self.created_by_std) {
            self.created = at;
        }
    }

    /// Whether nothing but its place in memory tells it from the other one.
    pub(crate) fn is_twin_of(&self, other: &Self) -> bool {
        let identity = |state: &Self| (state.kind, state.content, state.created);
        identity(self) == identity(other)
    }

    /// `Mutex<State>`.
    pub(crate) fn name(&self) -> String {
        match self.content {
            Some(content) => format!("{}<{}>", self.kind, short_type_name(content)),
            None => self.kind.to_owned(),
        }
    }
}

impl Thread {
    pub(super) fn new(info: ThreadInfo, time: Duration) -> Self {
        Self {
            info,
            status: Status::Ready,
            timed_out: false,
            time,
            waits: 0,
            held: Vec::new(),
            panics: 0,
            catching: 0,
            token: false,
            object: None,
            deeds: None,
            condvar: None,
            locals: Locals::default(),
            habits: Habits::default(),
        }
    }

    /// What it waits for, unless it could run.
    pub(crate) fn waits_for(&self) -> Option<Why> {
        match self.status {
            Status::Waiting { why, .. } => Some(why),
            Status::Ready | Status::Finished => None,
        }
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.status == Status::Finished
    }
}
