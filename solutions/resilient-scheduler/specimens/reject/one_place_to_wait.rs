//! reject: wrong-waiter-woken
//! by: a_cancel_reaches_the_submit_that_waits
//!
//! Who waits for room and who waits for a result sleep in the same place. A cancel makes room
//! for one, wakes one, and it may be the other.

use std::any::Any;
use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};

#[derive(Debug, Clone, Copy)]
pub struct Config {
    pub workers: usize,
    pub capacity: usize,
}

#[derive(Debug)]
pub enum SubmitError<F> {
    Full(F),
    Closed(F),
}

#[derive(Debug)]
pub enum TaskError {
    Panicked(String),
    Cancelled,
}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked(message) => write!(f, "panicked: {message}"),
            Self::Cancelled => f.write_str("cancelled"),
        }
    }
}

impl Error for TaskError {}

enum Fate {
    Run,
    Cancel,
}

type Job = Box<dyn FnOnce(Fate) + Send>;

pub struct Scheduler {
    shared: Arc<Shared>,
    capacity: usize,
    workers: Mutex<Vec<JoinHandle<()>>>,
}

struct Shared {
    state: Mutex<State>,
    work: Condvar,
    room: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<(u64, Job)>,
    next: u64,
    closed: bool,
}

impl Scheduler {
    pub fn start(config: Config) -> Self {
        assert!(config.workers > 0, "no workers");
        assert!(config.capacity > 0, "no capacity");
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            work: Condvar::new(),
            room: Condvar::new(),
        });
        let workers = (0..config.workers)
            .map(|_| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || work(&shared))
            })
            .collect();
        Self {
            shared,
            capacity: config.capacity,
            workers: Mutex::new(workers),
        }
    }

    pub fn submit<T, F>(&self, work: F) -> Result<Handle<T>, SubmitError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.accept(work, true)
    }

    pub fn try_submit<T, F>(&self, work: F) -> Result<Handle<T>, SubmitError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.accept(work, false)
    }

    fn accept<T, F>(&self, work: F, wait: bool) -> Result<Handle<T>, SubmitError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let shared = &self.shared;
        let mut state = shared.state.lock().unwrap();
        while wait && !state.closed && state.waiting.len() >= self.capacity {
            state = shared.room.wait(state).unwrap();
        }
        if state.closed {
            return Err(SubmitError::Closed(work));
        }
        if state.waiting.len() >= self.capacity {
            return Err(SubmitError::Full(work));
        }
        let outcome = Arc::new(Outcome::default());
        let promise = Arc::clone(&outcome);
        let job = Box::new(move |fate| {
            promise.settle(match fate {
                Fate::Run => call(work),
                Fate::Cancel => Err(TaskError::Cancelled),
            });
        });
        let id = state.next;
        state.next += 1;
        state.waiting.push_back((id, job));
        shared.work.notify_one();
        Ok(Handle {
            shared: Arc::clone(shared),
            id,
            outcome,
        })
    }

    pub fn shutdown(&self) {
        self.close();
        self.join();
    }

    pub fn shutdown_now(&self) -> usize {
        self.close();
        let jobs = std::mem::take(&mut self.shared.state.lock().unwrap().waiting);
        let cancelled = jobs.len();
        for (_, job) in jobs {
            job(Fate::Cancel);
        }
        drop(self.shared.state.lock().unwrap());
        self.shared.room.notify_all();
        self.join();
        cancelled
    }

    fn close(&self) {
        self.shared.state.lock().unwrap().closed = true;
        self.shared.work.notify_all();
        self.shared.room.notify_all();
    }

    fn join(&self) {
        let mut workers = self.workers.lock().unwrap();
        for worker in workers.drain(..) {
            let _ = worker.join();
        }
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        self.shutdown();
    }
}

fn work(shared: &Shared) {
    loop {
        let mut state = shared.state.lock().unwrap();
        let job = loop {
            if let Some((_, job)) = state.waiting.pop_front() {
                break job;
            }
            if state.closed {
                return;
            }
            state = shared.work.wait(state).unwrap();
        };
        shared.room.notify_all();
        drop(state);
        job(Fate::Run);
        drop(shared.state.lock().unwrap());
        shared.room.notify_all();
    }
}

fn call<T>(work: impl FnOnce() -> T) -> Result<T, TaskError> {
    panic::catch_unwind(AssertUnwindSafe(work)).map_err(panicked)
}

fn message(payload: &(dyn Any + Send)) -> String {
    if let Some(message) = payload.downcast_ref::<&str>() {
        (*message).to_owned()
    } else if let Some(message) = payload.downcast_ref::<String>() {
        message.clone()
    } else {
        "task panicked".to_owned()
    }
}

pub struct Handle<T> {
    shared: Arc<Shared>,
    id: u64,
    outcome: Arc<Outcome<T>>,
}

impl<T> Handle<T> {
    pub fn join(self) -> Result<T, TaskError> {
        let mut state = self.shared.state.lock().unwrap();
        loop {
            if let Some(result) = self.outcome.result.lock().unwrap().take() {
                return result;
            }
            state = self.shared.room.wait(state).unwrap();
        }
    }

    pub fn cancel(&self) -> bool {
        let mut state = self.shared.state.lock().unwrap();
        let Some(at) = state.waiting.iter().position(|(id, _)| *id == self.id) else {
            return false;
        };
        let job = state.waiting.remove(at);
        self.shared.room.notify_one();
        drop(state);
        if let Some((_, job)) = job {
            job(Fate::Cancel);
        }
        true
    }

    pub fn is_finished(&self) -> bool {
        self.outcome.result.lock().unwrap().is_some()
    }
}

struct Outcome<T> {
    result: Mutex<Option<Result<T, TaskError>>>,
}

impl<T> Default for Outcome<T> {
    fn default() -> Self {
        Self {
            result: Mutex::new(None),
        }
    }
}

impl<T> Outcome<T> {
    fn settle(&self, result: Result<T, TaskError>) {
        *self.result.lock().unwrap() = Some(result);
    }
}

/// What the caller of a task is told of its panic. The payload is dropped apart, since its
/// destructor may panic too; what that throws is not dropped.
fn panicked(payload: Box<dyn Any + Send>) -> TaskError {
    let error = TaskError::Panicked(message(&*payload));
    if let Err(another) = panic::catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(another);
    }
    error
}
