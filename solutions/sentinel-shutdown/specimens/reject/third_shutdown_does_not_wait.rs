//! reject: second-shutdown
//! by: three_shutdowns_at_once_all_wait
//!
//! Calls of shutdown are counted, and only the first two wait: who comes third finds
//! the work in good hands and returns while a task still runs.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the scheduler has been shut down")
    }
}

impl Error for Closed {}

type Task = Box<dyn FnOnce() + Send>;

pub struct Scheduler {
    shared: Arc<Shared>,
    workers: Mutex<Vec<JoinHandle<()>>>,
    callers: AtomicUsize,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    queue: VecDeque<Task>,
    open: bool,
    idle: usize,
}

impl Scheduler {
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
            callers: AtomicUsize::new(0),
            shared,
        }
    }

    pub fn submit(&self, work: impl FnOnce() + Send + 'static) -> Result<(), Closed> {
        let task = Box::new(work);
        let mut state = self.shared.lock();
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

    pub fn shutdown(&self) {
        self.shared.lock().open = false;
        if self.callers.fetch_add(1, SeqCst) >= 2 {
            return;
        }
        self.shared.changed.notify_all();
        let mut workers = self.workers.lock().expect(NEVER_POISONED);
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

impl Shared {
    fn work(&self) {
        while let Some(task) = self.next() {
            run(task);
        }
    }

    fn next(&self) -> Option<Task> {
        let mut state = self.lock();
        loop {
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

fn run(task: Task) {
    if let Err(payload) = panic::catch_unwind(AssertUnwindSafe(task)) {
        let dropped = panic::catch_unwind(AssertUnwindSafe(|| drop(payload)));
        mem::forget(dropped);
    }
}

const NEVER_POISONED: &str = "no code of a task runs under this lock";
