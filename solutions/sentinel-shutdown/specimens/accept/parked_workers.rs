//! accept: idle workers park, and are unparked by their handles

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle, Thread};

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
    idle: Vec<Thread>,
}

pub struct Scheduler {
    shared: Arc<Mutex<State>>,
    workers: Mutex<Vec<JoinHandle<()>>>,
}

impl Scheduler {
    pub fn start(workers: usize) -> Self {
        assert!(workers > 0, "a scheduler needs at least one worker");
        let shared = Arc::new(Mutex::new(State {
            queue: VecDeque::new(),
            open: true,
            idle: Vec::new(),
        }));
        let workers = (0..workers).map(|_| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || work(&shared))
        });
        Self {
            workers: Mutex::new(workers.collect()),
            shared,
        }
    }

    pub fn submit(&self, work: impl FnOnce() + Send + 'static) -> Result<(), Closed> {
        let mut state = self.shared.lock().unwrap();
        if !state.open {
            return Err(Closed);
        }
        state.queue.push_back(Box::new(work));
        if let Some(worker) = state.idle.pop() {
            worker.unpark();
        }
        Ok(())
    }

    pub fn shutdown(&self) {
        let mut state = self.shared.lock().unwrap();
        state.open = false;
        for worker in state.idle.drain(..) {
            worker.unpark();
        }
        drop(state);
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

fn work(shared: &Mutex<State>) {
    while let Some(task) = next(shared) {
        let _ = panic::catch_unwind(AssertUnwindSafe(task));
    }
}

fn next(shared: &Mutex<State>) -> Option<Task> {
    loop {
        let mut state = shared.lock().unwrap();
        if let Some(task) = state.queue.pop_front() {
            return Some(task);
        }
        if !state.open {
            return None;
        }
        let me = thread::current();
        // Parking may end without a reason, and then it is still listed.
        if state.idle.iter().all(|idle| idle.id() != me.id()) {
            state.idle.push(me);
        }
        drop(state);
        thread::park();
    }
}
