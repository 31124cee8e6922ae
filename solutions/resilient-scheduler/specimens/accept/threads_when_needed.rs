//! accept: threads start when there is work for them, and whoever shuts down lends a hand
//!
//! As long as there is more to do than there are idle threads, one more is started, up to
//! the number of workers. Whoever shuts down runs what waits; it has the turn meanwhile, so
//! that a second shutdown returns only after it.

use std::any::Any;
use std::collections::VecDeque;
use std::fmt;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
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

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskError {
    Panicked(String),
    Cancelled,
}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked(text) => write!(f, "panicked: {text}"),
            Self::Cancelled => f.write_str("cancelled"),
        }
    }
}

impl std::error::Error for TaskError {}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the panic said.
fn text(payload: &(dyn Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&'static str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "task panicked".to_owned()
    }
}

/// Drops a payload, whose destructor may panic in its turn.
fn discard(payload: Box<dyn Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(move || drop(payload))) {
        mem::forget(again);
    }
}

/// Where the outcome of a task arrives.
struct Outcome<T> {
    value: Mutex<Option<Result<T, TaskError>>>,
    told: Condvar,
}

impl<T> Outcome<T> {
    fn tell(&self, value: Result<T, TaskError>) {
        *lock(&self.value) = Some(value);
        self.told.notify_all();
    }
}

trait Job: Send {
    fn run(self: Box<Self>);
    fn tell_cancelled(&self);
}

struct Task<T, F> {
    work: F,
    outcome: Arc<Outcome<T>>,
}

impl<T: Send, F: FnOnce() -> T + Send> Job for Task<T, F> {
    fn run(self: Box<Self>) {
        let Task { work, outcome } = *self;
        match catch_unwind(AssertUnwindSafe(work)) {
            Ok(value) => outcome.tell(Ok(value)),
            Err(payload) => {
                outcome.tell(Err(TaskError::Panicked(text(&*payload))));
                discard(payload);
            }
        }
    }

    fn tell_cancelled(&self) {
        self.outcome.tell(Err(TaskError::Cancelled));
    }
}

struct State {
    /// In the order of their ids.
    jobs: VecDeque<(u64, Box<dyn Job>)>,
    next: u64,
    closed: bool,
    /// How many threads sit in the condvar.
    idle: usize,
    started: usize,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    config: Config,
    work: Condvar,
    room: Condvar,
    /// Held by whoever waits for the threads.
    ending: Mutex<()>,
}

pub struct Scheduler {
    shared: Arc<Shared>,
}

impl Scheduler {
    pub fn start(config: Config) -> Self {
        assert!(config.workers > 0, "no workers");
        assert!(config.capacity > 0, "no capacity");
        let state = State {
            jobs: VecDeque::new(),
            next: 0,
            closed: false,
            idle: 0,
            started: 0,
            threads: Vec::new(),
        };
        Self {
            shared: Arc::new(Shared {
                state: Mutex::new(state),
                config,
                work: Condvar::new(),
                room: Condvar::new(),
                ending: Mutex::new(()),
            }),
        }
    }

    pub fn submit<T, F>(&self, work: F) -> Result<Handle<T>, SubmitError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let mut state = lock(&self.shared.state);
        while !state.closed && state.jobs.len() >= self.shared.config.capacity {
            state = wait(&self.shared.room, state);
        }
        self.offer(state, work)
    }

    pub fn try_submit<T, F>(&self, work: F) -> Result<Handle<T>, SubmitError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.offer(lock(&self.shared.state), work)
    }

    fn offer<T, F>(
        &self,
        mut state: MutexGuard<'_, State>,
        work: F,
    ) -> Result<Handle<T>, SubmitError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        if state.closed {
            return Err(SubmitError::Closed(work));
        }
        if state.jobs.len() >= self.shared.config.capacity {
            return Err(SubmitError::Full(work));
        }
        let outcome = Arc::new(Outcome {
            value: Mutex::new(None),
            told: Condvar::new(),
        });
        let id = state.next;
        state.next += 1;
        let task = Task {
            work,
            outcome: Arc::clone(&outcome),
        };
        state.jobs.push_back((id, Box::new(task)));
        // A thread is started when there is more to do than there are idle ones.
        if state.jobs.len() > state.idle && state.started < self.shared.config.workers {
            state.started += 1;
            let shared = Arc::clone(&self.shared);
            state.threads.push(thread::spawn(move || shared.work()));
        }
        drop(state);
        self.shared.work.notify_one();
        Ok(Handle {
            outcome,
            shared: Arc::clone(&self.shared),
            id,
        })
    }

    /// Helps with what is left, then waits for the threads.
    fn end(&self) {
        self.shared.work.notify_all();
        self.shared.room.notify_all();
        // Whoever comes second waits for the first, also for what that one runs itself.
        let _turn = lock(&self.shared.ending);
        loop {
            let mut state = lock(&self.shared.state);
            let job = state.jobs.pop_front();
            drop(state);
            match job {
                Some((_, job)) => job.run(),
                None => break,
            }
        }
        let threads = mem::take(&mut lock(&self.shared.state).threads);
        for thread in threads {
            let _ = thread.join();
        }
    }

    pub fn shutdown(&self) {
        lock(&self.shared.state).closed = true;
        self.end();
    }

    pub fn shutdown_now(&self) -> usize {
        let mut state = lock(&self.shared.state);
        state.closed = true;
        let cancelled = mem::take(&mut state.jobs);
        for (_, job) in &cancelled {
            job.tell_cancelled();
        }
        drop(state);
        let count = cancelled.len();
        drop(cancelled);
        self.end();
        count
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        self.shutdown();
    }
}

fn wait<'a, T>(condvar: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
    condvar.wait(guard).unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn work(&self) {
        let mut state = lock(&self.state);
        loop {
            if let Some((_, job)) = state.jobs.pop_front() {
                drop(state);
                self.room.notify_one();
                job.run();
                state = lock(&self.state);
            } else if state.closed {
                return;
            } else {
                state.idle += 1;
                state = wait(&self.work, state);
                state.idle -= 1;
            }
        }
    }
}

pub struct Handle<T> {
    outcome: Arc<Outcome<T>>,
    shared: Arc<Shared>,
    id: u64,
}

impl<T> Handle<T> {
    pub fn join(self) -> Result<T, TaskError> {
        let mut value = lock(&self.outcome.value);
        loop {
            if let Some(value) = value.take() {
                return value;
            }
            value = wait(&self.outcome.told, value);
        }
    }

    pub fn cancel(&self) -> bool {
        let mut state = lock(&self.shared.state);
        let Ok(at) = state.jobs.binary_search_by_key(&self.id, |(id, _)| *id) else {
            return false;
        };
        let Some((_, job)) = state.jobs.remove(at) else {
            return false;
        };
        job.tell_cancelled();
        drop(state);
        self.shared.room.notify_one();
        drop(job);
        true
    }

    pub fn is_finished(&self) -> bool {
        lock(&self.outcome.value).is_some()
    }
}
