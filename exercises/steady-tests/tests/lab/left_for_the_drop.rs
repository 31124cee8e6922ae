//! Wrong: a task that comes between the close and the end is accepted, and put aside. It is
//! run when the scheduler is dropped, long after the shutdown has returned.

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
    /// What came too late for the workers.
    aside: Vec<Task>,
    closed: bool,
    ended: bool,
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
        if state.ended {
            return Err(Closed);
        }
        if state.closed {
            state.aside.push(Box::new(work));
            return Ok(());
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
        self.shared.state.lock().unwrap().ended = true;
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        self.shutdown();
        let aside = std::mem::take(&mut self.shared.state.lock().unwrap().aside);
        for task in aside {
            let _ = panic::catch_unwind(AssertUnwindSafe(task));
        }
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
            drop(state);
            let _ = panic::catch_unwind(AssertUnwindSafe(task));
        }
    }
}
