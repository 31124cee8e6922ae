//! reject: thread-outlives-owner
//! by: no_worker_is_left_when_the_scheduler_is_gone
//!
//! The end is in the destructor of what the handle owns, and a worker owns a share
//! of it while it runs a task. A drop in that time drops a share and returns; the
//! worker finds itself the last owner, and waits for everybody but itself.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, Weak};
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

struct State {
    queue: VecDeque<Task>,
    open: bool,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

pub struct Scheduler {
    pool: Arc<Pool>,
}

struct Pool {
    shared: Arc<Shared>,
    workers: Mutex<Vec<JoinHandle<()>>>,
}

impl Scheduler {
    pub fn start(workers: usize) -> Self {
        assert!(workers > 0, "a scheduler needs at least one worker");
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                queue: VecDeque::new(),
                open: true,
            }),
            changed: Condvar::new(),
        });
        let pool = Arc::new(Pool {
            workers: Mutex::default(),
            shared,
        });
        let spawn = |_| {
            let (shared, pool) = (Arc::clone(&pool.shared), Arc::downgrade(&pool));
            thread::spawn(move || work(&shared, &pool))
        };
        pool.workers.lock().unwrap().extend((0..workers).map(spawn));
        Self { pool }
    }

    pub fn submit(&self, work: impl FnOnce() + Send + 'static) -> Result<(), Closed> {
        let mut state = self.pool.shared.state.lock().unwrap();
        if !state.open {
            return Err(Closed);
        }
        state.queue.push_back(Box::new(work));
        self.pool.shared.changed.notify_one();
        Ok(())
    }

    pub fn shutdown(&self) {
        self.pool.end();
    }
}

impl Pool {
    fn end(&self) {
        self.shared.state.lock().unwrap().open = false;
        self.shared.changed.notify_all();
        let mut workers = self.workers.lock().unwrap();
        for worker in workers.drain(..) {
            // A thread cannot wait for itself.
            if worker.thread().id() != thread::current().id() {
                worker.join().unwrap();
            }
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.end();
    }
}

fn work(shared: &Shared, pool: &Weak<Pool>) {
    while let Some(task) = next(shared) {
        let _owner = pool.upgrade();
        let _ = panic::catch_unwind(AssertUnwindSafe(task));
    }
}

fn next(shared: &Shared) -> Option<Task> {
    let mut state = shared.state.lock().unwrap();
    loop {
        if let Some(task) = state.queue.pop_front() {
            return Some(task);
        }
        if !state.open {
            return None;
        }
        state = shared.changed.wait(state).unwrap();
    }
}
