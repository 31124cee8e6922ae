//! reject: workers-ignored
//! by: a_task_behind_a_long_one_gets_another_worker
//!
//! Each worker has a queue of its own, and submit deals tasks out by turns. One that
//! lies behind a long task waits for it while another worker has nothing to do.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex};
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
    queues: Vec<VecDeque<Task>>,
    turn: usize,
    open: bool,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

pub struct Scheduler {
    shared: Arc<Shared>,
    workers: Mutex<Vec<JoinHandle<()>>>,
}

impl Scheduler {
    pub fn start(workers: usize) -> Self {
        assert!(workers > 0, "a scheduler needs at least one worker");
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                queues: (0..workers).map(|_| VecDeque::new()).collect(),
                turn: 0,
                open: true,
            }),
            changed: Condvar::new(),
        });
        let workers = (0..workers).map(|number| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || work(&shared, number))
        });
        Self {
            workers: Mutex::new(workers.collect()),
            shared,
        }
    }

    pub fn submit(&self, work: impl FnOnce() + Send + 'static) -> Result<(), Closed> {
        let mut state = self.shared.state.lock().unwrap();
        if !state.open {
            return Err(Closed);
        }
        let turn = state.turn;
        state.turn = (turn + 1) % state.queues.len();
        state.queues[turn].push_back(Box::new(work));
        self.shared.changed.notify_all();
        Ok(())
    }

    pub fn shutdown(&self) {
        self.shared.state.lock().unwrap().open = false;
        self.shared.changed.notify_all();
        let mut workers = self.workers.lock().unwrap();
        for worker in workers.drain(..) {
            worker.join().unwrap();
        }
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        self.shutdown();
    }
}

fn work(shared: &Shared, number: usize) {
    while let Some(task) = next(shared, number) {
        let _ = panic::catch_unwind(AssertUnwindSafe(task));
    }
}

fn next(shared: &Shared, number: usize) -> Option<Task> {
    let mut state = shared.state.lock().unwrap();
    loop {
        if let Some(task) = state.queues[number].pop_front() {
            return Some(task);
        }
        if !state.open {
            return None;
        }
        state = shared.changed.wait(state).unwrap();
    }
}
