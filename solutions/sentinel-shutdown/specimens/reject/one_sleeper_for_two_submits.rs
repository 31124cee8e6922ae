//! reject: lost-wakeup
//! by: two_submits_in_a_row_get_two_workers
//!
//! Threads are started when a submit finds nobody asleep. Who sleeps is counted down
//! by the sleeper itself, when it has woken up: two submits in a row both count on the
//! same one, and no second thread is started.

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
    queue: VecDeque<Task>,
    open: bool,
    asleep: usize,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

pub struct Scheduler {
    shared: Arc<Shared>,
    workers: Mutex<Vec<JoinHandle<()>>>,
    most: usize,
}

impl Scheduler {
    pub fn start(workers: usize) -> Self {
        assert!(workers > 0, "a scheduler needs at least one worker");
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                queue: VecDeque::new(),
                open: true,
                asleep: 0,
            }),
            changed: Condvar::new(),
        });
        Self {
            workers: Mutex::default(),
            most: workers,
            shared,
        }
    }

    pub fn submit(&self, task: impl FnOnce() + Send + 'static) -> Result<(), Closed> {
        let mut state = self.shared.state.lock().unwrap();
        if !state.open {
            return Err(Closed);
        }
        state.queue.push_back(Box::new(task));
        let mut workers = self.workers.lock().unwrap();
        if state.asleep == 0 && workers.len() < self.most {
            let shared = Arc::clone(&self.shared);
            workers.push(thread::spawn(move || work(&shared)));
        }
        self.shared.changed.notify_one();
        Ok(())
    }

    pub fn shutdown(&self) {
        self.shared.state.lock().unwrap().open = false;
        self.shared.changed.notify_all();
        loop {
            let worker = self.workers.lock().unwrap().pop();
            let Some(worker) = worker else { return };
            worker.join().unwrap();
        }
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        self.shutdown();
    }
}

fn work(shared: &Shared) {
    while let Some(task) = next(shared) {
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
        state.asleep += 1;
        state = shared.changed.wait(state).unwrap();
        state.asleep -= 1;
    }
}
