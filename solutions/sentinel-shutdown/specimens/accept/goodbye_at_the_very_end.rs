//! accept: nobody joins the workers: each signs off in the destructor of a thread-local, and then ends

use std::cell::RefCell;
use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

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
    left: usize,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    over: Condvar,
}

pub struct Scheduler {
    shared: Arc<Shared>,
}

impl Scheduler {
    pub fn start(workers: usize) -> Self {
        assert!(workers > 0, "a scheduler needs at least one worker");
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                queue: VecDeque::new(),
                open: true,
                left: workers,
            }),
            changed: Condvar::new(),
            over: Condvar::new(),
        });
        for _ in 0..workers {
            let shared = Arc::clone(&shared);
            thread::spawn(move || work(&shared));
        }
        Self { shared }
    }

    pub fn submit(&self, work: impl FnOnce() + Send + 'static) -> Result<(), Closed> {
        let mut state = self.shared.state.lock().unwrap();
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
        let state = self.shared.state.lock().unwrap();
        let over = self.shared.over.wait_while(state, |state| state.left > 0);
        drop(over);
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        self.shutdown();
    }
}

/// Worn by a worker for as long as its thread lives.
struct Badge(Arc<Shared>);

impl Drop for Badge {
    fn drop(&mut self) {
        self.0.state.lock().unwrap().left -= 1;
        self.0.over.notify_all();
    }
}

thread_local! {
    static BADGE: RefCell<Option<Badge>> = const { RefCell::new(None) };
}

fn work(shared: &Arc<Shared>) {
    BADGE.set(Some(Badge(Arc::clone(shared))));
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
        state = shared.changed.wait(state).unwrap();
    }
}
