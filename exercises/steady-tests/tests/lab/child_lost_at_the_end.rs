//! Wrong: who takes the last task of a scheduler that is closed leaves when it has run. What
//! that task submits is accepted, and nobody is there.

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
    running: usize,
    closed: bool,
}

impl Scheduler {
    pub fn start(workers: usize) -> Self {
        assert!(workers > 0, "a scheduler needs at least one worker");
        let shared = Arc::<Shared>::default();
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
        // As long as a task runs there is somebody to run what it submits.
        if state.closed && state.running == 0 {
            return Err(Closed);
        }
        state.queue.push_back(Box::new(work));
        self.shared.changed.notify_one();
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
            let last = state.closed && state.queue.is_empty();
            state.running += 1;
            drop(state);
            let _ = panic::catch_unwind(AssertUnwindSafe(task));
            self.state.lock().unwrap().running -= 1;
            if last {
                return;
            }
        }
    }
}
