//! Wrong: what a task submits waits until that task has ended, and is given to all workers
//! only then. A task that waits for it waits for ever, beside an idle worker.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};

use scheduler_under_test::Closed;

type Task = Box<dyn FnOnce() + Send>;

thread_local! {
    /// What the task on this worker has submitted. Only workers have one.
    static CHILDREN: RefCell<Option<Vec<Task>>> = const { RefCell::new(None) };
}

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
        if state.closed {
            return Err(Closed);
        }
        let task: Task = Box::new(work);
        let task = CHILDREN.with_borrow_mut(|children| match children {
            Some(children) => {
                children.push(task);
                None
            }
            None => Some(task),
        });
        state.queue.extend(task);
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
        CHILDREN.set(Some(Vec::new()));
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
            // Before the worker can leave: they were accepted, so they run.
            let children = CHILDREN.replace(Some(Vec::new()));
            let mut state = self.state.lock().unwrap();
            state.queue.extend(children.into_iter().flatten());
            self.changed.notify_all();
        }
    }
}
