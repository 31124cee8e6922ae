//! reject: busy-wait
//! by: an_idle_worker_does_not_look_around_first
//!
//! Before it waits, an idle worker looks a hundred times, with a spin-loop hint in
//! between.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
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

#[derive(Default)]
struct State {
    queue: VecDeque<Task>,
    closed: bool,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next task, as soon as there is one; `None` when there will be no more.
    fn next(&self) -> Option<Task> {
        let mut spins = 0;
        let mut state = self.lock();
        loop {
            if let Some(task) = state.queue.pop_front() {
                return Some(task);
            }
            if state.closed {
                return None;
            }
            if spins < 100 {
                spins += 1;
                drop(state);
                std::hint::spin_loop();
                state = self.lock();
                continue;
            }
            spins = 0;
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Runs tasks on workers that it keeps.
pub struct Scheduler {
    shared: Arc<Shared>,
    workers: Mutex<Vec<JoinHandle<()>>>,
}

impl Scheduler {
    /// Starts that many workers.
    pub fn start(workers: usize) -> Self {
        assert!(workers > 0, "a scheduler needs at least one worker");
        let shared = Arc::new(Shared::default());
        let workers = (0..workers).map(|_| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || work(&shared))
        });
        Self {
            workers: Mutex::new(workers.collect()),
            shared,
        }
    }

    /// Accepts a task, unless the scheduler has been shut down.
    pub fn submit(&self, work: impl FnOnce() + Send + 'static) -> Result<(), Closed> {
        let task: Task = Box::new(work);
        let mut state = self.shared.lock();
        if state.closed {
            drop(state);
            return Err(Closed);
        }
        state.queue.push_back(task);
        drop(state);
        self.shared.changed.notify_one();
        Ok(())
    }

    /// Returns when all accepted tasks have run and all workers have ended.
    pub fn shutdown(&self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_all();
        // Locked until all are joined: another caller waits here for the first.
        let mut workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        for worker in workers.drain(..) {
            let _ = worker.join();
        }
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        self.shutdown();
    }
}

/// What each worker does until there is nothing more to do.
fn work(shared: &Shared) {
    while let Some(task) = shared.next() {
        perform(task);
    }
}

/// Runs a task; its panic ends here, and so does one of its payload's destructor.
fn perform(task: Task) {
    if let Err(payload) = panic::catch_unwind(AssertUnwindSafe(task)) {
        if let Err(again) = panic::catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            std::mem::forget(again);
        }
    }
}
