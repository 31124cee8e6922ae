//! A scheduler that is right, in another way: it runs what was submitted last first, and
//! takes tasks for as long as there is anything left to do. Nobody promised an order, and a
//! submit beside a shutdown may be accepted.

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
    stack: Vec<Task>,
    running: usize,
    ending: bool,
}

impl State {
    /// Somebody shuts down and nothing is left to do. From then on tasks are refused.
    fn has_ended(&self) -> bool {
        self.ending && self.running == 0 && self.stack.is_empty()
    }
}

impl Scheduler {
    pub fn start(workers: usize) -> Self {
        assert!(workers > 0, "no threads to run anything");
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
        if state.has_ended() {
            return Err(Closed);
        }
        state.stack.push(Box::new(work));
        self.shared.changed.notify_one();
        Ok(())
    }

    pub fn shutdown(&self) {
        self.shared.state.lock().unwrap().ending = true;
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
        let mut state = self.state.lock().unwrap();
        loop {
            let waits = |state: &mut State| state.stack.is_empty() && !state.has_ended();
            state = self.changed.wait_while(state, waits).unwrap();
            let Some(task) = state.stack.pop() else {
                return;
            };
            state.running += 1;
            drop(state);
            let _ = panic::catch_unwind(AssertUnwindSafe(task));
            state = self.state.lock().unwrap();
            state.running -= 1;
            if state.has_ended() {
                self.changed.notify_all();
            }
        }
    }
}
