//! A scheduler with workers of its own, and an orderly end.
//!
//! Four rules make the end right. A reviewer needs to check nothing else:
//!
//! 1. **`open` lives behind the same mutex as the queue.** "Closed" and "accepted" are
//!    then two ends of one order: whatever was accepted is in the queue before the
//!    scheduler is closed, and after that nothing gets in.
//! 2. **A worker looks at the queue first and at `open` second.** So it leaves only when
//!    everything accepted has been taken.
//! 3. **Whoever waits, waits on the condvar, under that mutex.** A change made under it
//!    and notified afterwards cannot be missed.
//! 4. **`shutdown` returns after joining every worker.** A thread that has been joined
//!    has run what it took, and runs nothing more.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};

/// The scheduler has been shut down and takes no more tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the scheduler has been shut down")
    }
}

impl Error for Closed {}

type Task = Box<dyn FnOnce() + Send>;

/// Runs tasks on workers that it keeps until it is shut down or dropped.
pub struct Scheduler {
    shared: Arc<Shared>,
    /// Only for shutting down; workers never touch it.
    workers: Mutex<Vec<JoinHandle<()>>>,
}

/// What the workers share with the scheduler. They outlive no `shutdown`, but the
/// compiler cannot know that, hence the `Arc`.
struct Shared {
    state: Mutex<State>,
    /// Signalled when idle workers have something to look at: a task, or the end. Only
    /// idle workers ever wait on it.
    changed: Condvar,
}

struct State {
    /// Accepted and not yet taken, oldest first.
    queue: VecDeque<Task>,
    /// Whether tasks are accepted. It goes from true to false, once.
    open: bool,
    /// Workers that wait on `changed`, or were woken and have not got the lock yet.
    idle: usize,
}

impl Scheduler {
    /// Starts `workers` threads, which wait for tasks.
    ///
    /// # Panics
    /// When `workers` is 0: nobody would ever run a task.
    #[must_use]
    pub fn start(workers: usize) -> Self {
        assert!(workers > 0, "a scheduler needs at least one worker");
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                queue: VecDeque::new(),
                open: true,
                idle: 0,
            }),
            changed: Condvar::new(),
        });
        let workers = (0..workers).map(|_| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.work())
        });
        Self {
            workers: Mutex::new(workers.collect()),
            shared,
        }
    }

    /// Accepts a task, which will then run before `shutdown` returns.
    ///
    /// # Errors
    /// [`Closed`] when the scheduler has been shut down, or is being shut down. The
    /// task will not run.
    pub fn submit(&self, work: impl FnOnce() + Send + 'static) -> Result<(), Closed> {
        let task = Box::new(work);
        let mut state = self.shared.lock();
        // The question and the push are one critical section. In two, a shutdown could
        // get in between, and the task would wait for workers that have left.
        if !state.open {
            return Err(Closed);
        }
        state.queue.push_back(task);
        let somebody_waits = state.idle > 0;
        drop(state);
        if somebody_waits {
            self.shared.changed.notify_one();
        }
        Ok(())
    }

    /// Accepts nothing more, and returns when every accepted task has run and every
    /// worker has ended.
    ///
    /// It may be called again, and by several threads at once; each call returns only
    /// then. Not from inside a task: that would wait for itself.
    pub fn shutdown(&self) {
        self.shared.lock().open = false;
        // All of them: every worker has to see it, and each sleeps on its own.
        self.shared.changed.notify_all();
        // Held while joining, which is right for this lock alone: no worker needs it,
        // so it delays nobody but another shutdown, and that has to wait anyway.
        let mut workers = self.workers.lock().expect(NEVER_POISONED);
        for worker in workers.drain(..) {
            // A worker catches its tasks' panics. Should one have died all the same,
            // its panic has been reported, and the others still have to be joined.
            let _ = worker.join();
        }
    }
}

impl Drop for Scheduler {
    /// Shuts down. After an earlier shutdown there is nothing left to wait for.
    fn drop(&mut self) {
        self.shutdown();
    }
}

impl Shared {
    /// What each worker does. There is no guard in this function, so there is none for
    /// a task to run under.
    fn work(&self) {
        while let Some(task) = self.next() {
            run(task);
        }
    }

    /// Waits for a task. `None` when there will never be one again.
    fn next(&self) -> Option<Task> {
        let mut state = self.lock();
        loop {
            // The queue first: closed means "no more", not "drop what is left".
            if let Some(task) = state.queue.pop_front() {
                return Some(task);
            }
            if !state.open {
                return None;
            }
            state.idle += 1;
            state = self.changed.wait(state).expect(NEVER_POISONED);
            state.idle -= 1;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect(NEVER_POISONED)
    }
}

/// Runs a task. Nothing that it throws comes out.
fn run(task: Task) {
    // The panic has been printed by the hook; there is nobody to hand it to.
    // `AssertUnwindSafe`: what a task leaves behind is its own business.
    if let Err(payload) = panic::catch_unwind(AssertUnwindSafe(task)) {
        // The payload is the task's as well, and its destructor may panic in its turn. What
        // that throws has one too: it is left alone.
        let dropped = panic::catch_unwind(AssertUnwindSafe(|| drop(payload)));
        mem::forget(dropped);
    }
}

/// A mutex is poisoned when its holder panics, and nothing here panics under one.
const NEVER_POISONED: &str = "no code of a task runs under this lock";
