//! reject: lost-wakeup
//! by: a_task_may_wait_for_one_that_it_submits
//!
//! What a task submits goes to a list of its own worker, without a lock and warm in
//! the cache. Nobody else looks there, and nobody is woken: if the task waits for it,
//! a sleeping worker does not help.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::ptr;
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
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

thread_local! {
    /// Whose worker this thread is, and what its tasks have submitted.
    static HOME: Cell<*const Shared> = const { Cell::new(ptr::null()) };
    static MINE: RefCell<VecDeque<Task>> = const { RefCell::new(VecDeque::new()) };
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
                queue: VecDeque::new(),
                open: true,
            }),
            changed: Condvar::new(),
        });
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
        let mut state = self.shared.state.lock().unwrap();
        if state.open && HOME.get() == Arc::as_ptr(&self.shared) {
            MINE.with_borrow_mut(|mine| mine.push_back(Box::new(work)));
            return Ok(());
        }
        if !state.open {
            return Err(Closed);
        }
        state.queue.push_back(Box::new(work));
        self.shared.changed.notify_one();
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

fn work(shared: &Shared) {
    HOME.set(shared);
    while let Some(task) = MINE
        .with_borrow_mut(VecDeque::pop_front)
        .or_else(|| next(shared))
    {
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
