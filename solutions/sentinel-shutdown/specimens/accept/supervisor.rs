//! accept: a supervisor thread keeps the workers in a scope; phases instead of a flag

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
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

#[derive(PartialEq, Eq)]
enum Phase {
    Open,
    Draining,
    Over,
}

struct State {
    phase: Phase,
    queue: VecDeque<Task>,
}

struct Shared {
    state: Mutex<State>,
    /// A task, or another phase.
    changed: Condvar,
}

pub struct Scheduler {
    shared: Arc<Shared>,
}

impl Scheduler {
    pub fn start(workers: usize) -> Self {
        assert!(workers > 0, "a scheduler needs at least one worker");
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                phase: Phase::Open,
                queue: VecDeque::new(),
            }),
            changed: Condvar::new(),
        });
        let supervised = Arc::clone(&shared);
        thread::spawn(move || supervise(&supervised, workers));
        Self { shared }
    }

    pub fn submit(&self, work: impl FnOnce() + Send + 'static) -> Result<(), Closed> {
        // In an Option, so that a refused task is dropped out here and not under the lock.
        let mut task: Option<Task> = Some(Box::new(work));
        self.shared.with(|state| {
            if state.phase != Phase::Open {
                return Err(Closed);
            }
            state.queue.extend(task.take());
            Ok(())
        })
    }

    pub fn shutdown(&self) {
        self.shared.with(|state| {
            if state.phase == Phase::Open {
                state.phase = Phase::Draining;
            }
        });
        let state = self.shared.state.lock();
        let state = state.unwrap_or_else(PoisonError::into_inner);
        let over = self
            .shared
            .changed
            .wait_while(state, |state| state.phase != Phase::Over);
        drop(over);
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        self.shutdown();
    }
}

impl Shared {
    /// Changes the state, and tells everybody.
    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut state);
        self.changed.notify_all();
        result
    }

    fn next(&self) -> Option<Task> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = |state: &mut State| state.queue.is_empty() && state.phase == Phase::Open;
        let waited = self.changed.wait_while(state, idle);
        waited
            .unwrap_or_else(PoisonError::into_inner)
            .queue
            .pop_front()
    }
}

fn supervise(shared: &Shared, workers: usize) {
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(task) = shared.next() {
                    let _ = panic::catch_unwind(AssertUnwindSafe(task));
                }
            });
        }
    });
    shared.with(|state| state.phase = Phase::Over);
}
