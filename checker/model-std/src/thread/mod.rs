//! `std::thread`. In a model, threads are coroutines and time is virtual.

mod local;
mod scope;
mod spawn;

use std::fmt;
use std::num::{NonZero, NonZeroUsize};
use std::panic::Location;
use std::time::Duration;

pub use std::thread::Result;

#[doc(hidden)]
pub use local::Identity;
pub use local::{AccessError, LocalKey};
pub(crate) use local::{Locals, drop_locals};
pub use scope::{Scope, ScopedJoinHandle, scope};
pub use spawn::{Builder, JoinHandle, spawn};

use crate::model::kernel::{self, Timed, Why};
pub(crate) use scope::Members;

/// `std::thread::ThreadId`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ThreadId(Id);

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Id {
    Real(std::thread::ThreadId),
    Model {
        execution: u64,
        thread: kernel::ThreadId,
    },
}

impl ThreadId {
    pub(crate) fn in_model(&self) -> Option<kernel::ThreadId> {
        match self.0 {
            Id::Real(_) => None,
            Id::Model { thread, .. } => Some(thread),
        }
    }
}

impl fmt::Debug for ThreadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Id::Real(id) => id.fmt(f),
            // As std prints them: small numbers, the first thread's being 1.
            Id::Model { thread, .. } => write!(f, "ThreadId({})", thread.0 + 1),
        }
    }
}

/// `std::thread::Thread`.
#[derive(Clone)]
pub struct Thread(Who);

#[derive(Clone)]
enum Who {
    Real(std::thread::Thread),
    Model {
        execution: u64,
        thread: kernel::ThreadId,
        name: Option<String>,
    },
}

impl Thread {
    fn real(thread: &std::thread::Thread) -> Self {
        Self(Who::Real(thread.clone()))
    }

    fn of_model(thread: kernel::ThreadId) -> Self {
        let (execution, name) = kernel::with(|kernel| {
            (
                kernel.execution,
                kernel.threads[thread.0].info.std_name(thread.0),
            )
        });
        Self(Who::Model {
            execution,
            thread,
            name,
        })
    }

    /// As in std.
    #[must_use]
    pub fn id(&self) -> ThreadId {
        ThreadId(match &self.0 {
            Who::Real(thread) => Id::Real(thread.id()),
            Who::Model {
                execution, thread, ..
            } => Id::Model {
                execution: *execution,
                thread: *thread,
            },
        })
    }

    /// As in std.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match &self.0 {
            Who::Real(thread) => thread.name(),
            Who::Model { name, .. } => name.as_deref(),
        }
    }

    /// As in std.
    #[track_caller]
    pub fn unpark(&self) {
        let at = Location::caller();
        match &self.0 {
            Who::Real(thread) => thread.unpark(),
            Who::Model { thread, .. } => {
                let object = kernel::with(|kernel| kernel.thread_object(*thread));
                kernel::last_step(object, at);
                kernel::with(|kernel| {
                    kernel.record("unpark", Some(object), Some(at), || None);
                    if !std::mem::replace(&mut kernel.threads[thread.0].token, true) {
                        kernel.progressed();
                    }
                    if kernel.threads[thread.0].waits_for() == Some(Why::Park) {
                        kernel.wake(*thread);
                    }
                });
            }
        }
    }
}

impl fmt::Debug for Thread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Thread")
            .field("id", &self.id())
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}

/// As in std.
#[must_use]
pub fn current() -> Thread {
    if kernel::active() {
        Thread::of_model(kernel::with(|kernel| kernel.current()))
    } else {
        Thread::real(&std::thread::current())
    }
}

/// As in std. In a model it tells about the calling model thread.
#[must_use]
pub fn panicking() -> bool {
    if kernel::active() {
        kernel::panicking()
    } else {
        std::thread::panicking()
    }
}

/// As in std; 2 in a model.
///
/// # Errors
/// As in std.
pub fn available_parallelism() -> std::io::Result<NonZero<usize>> {
    if kernel::active() {
        return Ok(NonZeroUsize::MIN.saturating_add(1));
    }
    std::thread::available_parallelism()
}

/// As in std. It promises nothing, so in a model it is a moment like any other.
#[track_caller]
pub fn yield_now() {
    if kernel::active() {
        kernel::pauses(Location::caller());
    } else {
        std::thread::yield_now();
    }
}

/// As in std. In a model time is virtual: the clock moves on. Who goes on meanwhile is as open
/// as ever, for nobody else has to do anything while one sleeps.
#[track_caller]
pub fn sleep(duration: Duration) {
    if kernel::active() {
        let at = Location::caller();
        kernel::asks_time(at);
        kernel::passes(duration);
        kernel::pauses(at);
    } else {
        std::thread::sleep(duration);
    }
}

/// As in std.
#[track_caller]
#[deprecated(since = "1.6.0", note = "replaced by `std::thread::sleep`")]
pub fn sleep_ms(ms: u32) {
    sleep(Duration::from_millis(u64::from(ms)));
}

/// As in std.
#[track_caller]
pub fn park() {
    if kernel::active() {
        park_in_model(Timed::No, Location::caller());
    } else {
        std::thread::park();
    }
}

/// As in std. In a model the timeout may strike at any moment at which other
/// threads have had a chance to run.
#[track_caller]
pub fn park_timeout(duration: Duration) {
    if kernel::active() {
        kernel::asks_time(Location::caller());
        park_in_model(Timed::After(duration), Location::caller());
    } else {
        std::thread::park_timeout(duration);
    }
}

/// As in std.
#[track_caller]
#[deprecated(since = "1.6.0", note = "replaced by `std::thread::park_timeout`")]
pub fn park_timeout_ms(ms: u32) {
    park_timeout(Duration::from_millis(u64::from(ms)));
}

fn park_in_model(timed: Timed, at: &'static Location<'static>) {
    let object = kernel::with(|kernel| {
        let me = kernel.current();
        kernel.thread_object(me)
    });
    let take_token = || {
        kernel::step(object, at);
        kernel::with(|kernel| std::mem::take(&mut kernel.me().token))
    };
    let token = take_token();
    kernel::with(|kernel| kernel.record("park", None, Some(at), || None));
    if token {
        return;
    }
    // Nothing keeps `park` from returning without a token, nor the time from running out.
    if kernel::choose(2) == 1 {
        match timed {
            Timed::No => kernel::with(|kernel| {
                kernel.record("woken spuriously", Some(object), None, || None);
            }),
            Timed::After(duration) => {
                kernel::passes(duration);
                take_token();
            }
        }
        return;
    }
    kernel::block(Why::Park, timed);
    kernel::with(|kernel| kernel.me().token = false);
}
