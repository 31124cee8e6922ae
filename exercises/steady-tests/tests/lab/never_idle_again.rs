//! Wrong: idle workers are counted, so that nobody is woken in vain, and the count goes down
//! only. A worker that has run its first task and sleeps is never told of another.

use std::collections::VecDeque;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};

use scheduler_under_test::Closed;

type Task = Box<dyn FnOnce() + Send>;

pub struct Scheduler {
    shared: Arc<Shared>,
    workers: Mutex<Vec<JoinHandle<()>>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Task>,
    /// Workers that have nothing to do.
    idle: usize,
    closed: bool,
}

impl Scheduler {
    pub fn start(workers: usize) -> Self {
        assert!(workers > 0, "a scheduler needs at least one worker");
        let shared = Arc::<Shared>::default();
        shared.state.lock().unwrap().idle = workers;
        let worker = |_| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.work())
        };
        Self {
            workers: Mutex::new((0..workers).map(worker).collect()),
            shared,
        }
    }

    pub fn submit(&self, work: impl FnOnce() + Send + 'static) -> Result<(), Closed> {
        let mut state = self.shared.state.lock().unwrap();
        if state.closed {
            return Err(Closed);
        }
        state.queue.push_back(Box::new(work));
        if state.idle > 0 {
            self.shared.changed.notify_one();
        }
        Ok(())
    }

    pub fn shutdown(&self) {
        self.shared.state.lock().unwrap().closed = true;
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

impl Shared {
    fn work(&self) {
        loop {
            let state = self.state.lock().unwrap();
            let mut state = self
                .changed
                .wait_while(state, |state| state.queue.is_empty() && !state.closed)
                .unwrap();
            let Some(task) = state.queue.pop_front() else {
                return;
            };
            state.idle = state.idle.saturating_sub(1);
            drop(state);
            let _ = panic::catch_unwind(AssertUnwindSafe(task));
        }
    }
}
