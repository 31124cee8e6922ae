//! accept: a task is handed to an idle worker, if there is one
//!
//! An idle worker leaves a fresh channel and waits at its end. A task that comes then goes
//! there at once, and has started with that; only without an idle worker it takes room.

use std::any::Any;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, Sender, TryRecvError};
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

/// What is done with a task: it is run, or it is not.
enum Fate {
    Run,
    Cancel,
}

type Job = Box<dyn FnOnce(Fate) + Send>;

struct State {
    /// Empty while anybody is idle.
    queue: VecDeque<(u64, Job)>,
    /// Where to send a task to somebody who has nothing to do.
    idle: Vec<Sender<Job>>,
    next: u64,
    closed: bool,
}

struct Shared {
    state: Mutex<State>,
    capacity: usize,
    room: Condvar,
}

pub struct Scheduler {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Scheduler {
    pub fn start(config: Config) -> Self {
        assert!(config.workers > 0, "no workers");
        assert!(config.capacity > 0, "no capacity");
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                queue: VecDeque::new(),
                idle: Vec::new(),
                next: 0,
                closed: false,
            }),
            capacity: config.capacity,
            room: Condvar::new(),
        });
        let threads = (0..config.workers)
            .map(|_| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || shared.work())
            })
            .collect();
        Self {
            shared,
            threads: Mutex::new(threads),
        }
    }

    pub fn submit<T, F>(&self, work: F) -> Result<Handle<T>, SubmitError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let mut state = lock(&self.shared.state);
        while !state.closed && state.idle.is_empty() && state.queue.len() >= self.shared.capacity {
            state = self
                .shared
                .room
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
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
        if state.idle.is_empty() && state.queue.len() >= self.shared.capacity {
            return Err(SubmitError::Full(work));
        }
        let (tell, told) = mpsc::channel();
        let job: Job = Box::new(move |fate| match fate {
            Fate::Cancel => {
                let _ = tell.send(Err(TaskError::Cancelled));
                drop(work);
            }
            Fate::Run => match catch_unwind(AssertUnwindSafe(work)) {
                Ok(value) => drop(tell.send(Ok(value))),
                Err(payload) => {
                    let _ = tell.send(Err(TaskError::Panicked(text(&*payload))));
                    discard(payload);
                }
            },
        });
        let id = state.next;
        state.next += 1;
        match state.idle.pop() {
            // The idle one is waiting at the other end: the task starts with that.
            Some(idle) => {
                drop(state);
                let _ = idle.send(job);
            }
            None => state.queue.push_back((id, job)),
        }
        Ok(Handle {
            told,
            seen: RefCell::new(None),
            shared: Arc::clone(&self.shared),
            id,
        })
    }

    fn end(&self) {
        let mut threads = lock(&self.threads);
        for thread in threads.drain(..) {
            let _ = thread.join();
        }
    }

    /// Returns what had not started, if that is not to run.
    fn close(&self, discard: bool) -> VecDeque<(u64, Job)> {
        let mut state = lock(&self.shared.state);
        state.closed = true;
        let idle = mem::take(&mut state.idle);
        let unwanted = if discard {
            mem::take(&mut state.queue)
        } else {
            VecDeque::new()
        };
        drop(state);
        // Whoever waits at the other end is hung up on.
        drop(idle);
        self.shared.room.notify_all();
        unwanted
    }

    pub fn shutdown(&self) {
        self.close(false);
        self.end();
    }

    pub fn shutdown_now(&self) -> usize {
        let unwanted = self.close(true);
        let count = unwanted.len();
        for (_, job) in unwanted {
            job(Fate::Cancel);
        }
        self.end();
        count
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
            let mut state = lock(&self.state);
            let job = if let Some((_, job)) = state.queue.pop_front() {
                drop(state);
                self.room.notify_one();
                job
            } else if state.closed {
                return;
            } else {
                let (sender, receiver) = mpsc::channel();
                state.idle.push(sender);
                drop(state);
                self.room.notify_one();
                match receiver.recv() {
                    Ok(job) => job,
                    Err(_) => return,
                }
            };
            job(Fate::Run);
        }
    }
}

pub struct Handle<T> {
    told: Receiver<Result<T, TaskError>>,
    /// What `is_finished` came across.
    seen: RefCell<Option<Result<T, TaskError>>>,
    shared: Arc<Shared>,
    id: u64,
}

impl<T> Handle<T> {
    pub fn join(self) -> Result<T, TaskError> {
        match self.seen.into_inner() {
            Some(result) => result,
            None => self.told.recv().unwrap_or(Err(TaskError::Cancelled)),
        }
    }

    pub fn cancel(&self) -> bool {
        let mut state = lock(&self.shared.state);
        let Ok(at) = state.queue.binary_search_by_key(&self.id, |(id, _)| *id) else {
            return false;
        };
        let Some((_, job)) = state.queue.remove(at) else {
            return false;
        };
        drop(state);
        self.shared.room.notify_one();
        job(Fate::Cancel);
        true
    }

    pub fn is_finished(&self) -> bool {
        let mut seen = self.seen.borrow_mut();
        if seen.is_none() {
            match self.told.try_recv() {
                Ok(result) => *seen = Some(result),
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Disconnected) => *seen = Some(Err(TaskError::Cancelled)),
            }
        }
        seen.is_some()
    }
}
