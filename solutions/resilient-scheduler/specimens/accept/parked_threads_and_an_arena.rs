//! accept: park and unpark, and tasks in an arena
//!
//! There is no condvar. Whoever has to wait puts itself on a list, and is unparked by the one
//! event that it waits for. Tasks lie in an arena, in a list through it, and an index comes
//! with a generation.

use std::any::Any;
use std::collections::VecDeque;
use std::fmt;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle, Thread};

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

/// Somebody who sleeps until exactly one other wakes them.
struct Sleeper {
    thread: Thread,
    woken: AtomicBool,
}

impl Sleeper {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            thread: thread::current(),
            woken: AtomicBool::new(false),
        })
    }

    fn sleep(&self) {
        while !self.woken.load(SeqCst) {
            thread::park();
        }
    }

    fn wake(&self) {
        self.woken.store(true, SeqCst);
        self.thread.unpark();
    }
}

struct Outcome<T> {
    inner: Mutex<(Option<Result<T, TaskError>>, Option<Arc<Sleeper>>)>,
}

impl<T> Outcome<T> {
    fn tell(&self, value: Result<T, TaskError>) {
        let mut inner = lock(&self.inner);
        inner.0 = Some(value);
        let joiner = inner.1.take();
        drop(inner);
        if let Some(joiner) = joiner {
            joiner.wake();
        }
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

const NONE: usize = usize::MAX;

/// A place in the arena: a node of the list of those who wait, or free.
struct Slot {
    job: Option<Box<dyn Job>>,
    generation: u64,
    before: usize,
    after: usize,
}

struct State {
    slots: Vec<Slot>,
    free: Vec<usize>,
    first: usize,
    last: usize,
    waiting: usize,
    idle: Vec<Arc<Sleeper>>,
    for_room: VecDeque<Arc<Sleeper>>,
    closed: bool,
}

impl State {
    fn append(&mut self, job: Box<dyn Job>) -> (usize, u64) {
        let at = match self.free.pop() {
            Some(at) => at,
            None => {
                self.slots.push(Slot {
                    job: None,
                    generation: 0,
                    before: NONE,
                    after: NONE,
                });
                self.slots.len() - 1
            }
        };
        let last = self.last;
        let slot = &mut self.slots[at];
        slot.job = Some(job);
        slot.generation += 1;
        slot.before = last;
        slot.after = NONE;
        let generation = slot.generation;
        match last {
            NONE => self.first = at,
            last => self.slots[last].after = at,
        }
        self.last = at;
        self.waiting += 1;
        (at, generation)
    }

    fn unlink(&mut self, at: usize) -> Option<Box<dyn Job>> {
        let job = self.slots[at].job.take()?;
        let (before, after) = (self.slots[at].before, self.slots[at].after);
        match before {
            NONE => self.first = after,
            before => self.slots[before].after = after,
        }
        match after {
            NONE => self.last = before,
            after => self.slots[after].before = before,
        }
        self.free.push(at);
        self.waiting -= 1;
        Some(job)
    }

    fn pop(&mut self) -> Option<Box<dyn Job>> {
        match self.first {
            NONE => None,
            first => self.unlink(first),
        }
    }

    /// Closes, and returns everybody who sleeps.
    fn close(&mut self) -> Vec<Arc<Sleeper>> {
        self.closed = true;
        let mut sleepers = mem::take(&mut self.idle);
        sleepers.extend(self.for_room.drain(..));
        sleepers
    }
}

struct Shared {
    state: Mutex<State>,
    capacity: usize,
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
                slots: Vec::new(),
                free: Vec::new(),
                first: NONE,
                last: NONE,
                waiting: 0,
                idle: Vec::new(),
                for_room: VecDeque::new(),
                closed: false,
            }),
            capacity: config.capacity,
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
        let mut work = work;
        loop {
            let mut state = lock(&self.shared.state);
            if state.closed || state.waiting < self.shared.capacity {
                match self.offer(state, work) {
                    Err(SubmitError::Full(back)) => work = back,
                    other => return other,
                }
                continue;
            }
            let me = Sleeper::new();
            state.for_room.push_back(Arc::clone(&me));
            drop(state);
            me.sleep();
        }
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
        if state.waiting >= self.shared.capacity {
            return Err(SubmitError::Full(work));
        }
        let outcome = Arc::new(Outcome {
            inner: Mutex::new((None, None)),
        });
        let (at, generation) = state.append(Box::new(Task {
            work,
            outcome: Arc::clone(&outcome),
        }));
        let idle = state.idle.pop();
        drop(state);
        if let Some(idle) = idle {
            idle.wake();
        }
        Ok(Handle {
            outcome,
            shared: Arc::clone(&self.shared),
            at,
            generation,
        })
    }

    fn end(&self) {
        let mut threads = lock(&self.threads);
        for thread in threads.drain(..) {
            let _ = thread.join();
        }
    }

    pub fn shutdown(&self) {
        let sleepers = lock(&self.shared.state).close();
        for sleeper in sleepers {
            sleeper.wake();
        }
        self.end();
    }

    pub fn shutdown_now(&self) -> usize {
        let mut state = lock(&self.shared.state);
        let sleepers = state.close();
        let mut mine = Vec::new();
        while let Some(job) = state.pop() {
            mine.push(job);
        }
        drop(state);
        for job in &mine {
            job.tell_cancelled();
        }
        for sleeper in sleepers {
            sleeper.wake();
        }
        let count = mine.len();
        drop(mine);
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
    /// One place has become free.
    fn room(mut state: MutexGuard<'_, State>) {
        let next = state.for_room.pop_front();
        drop(state);
        if let Some(next) = next {
            next.wake();
        }
    }

    fn work(&self) {
        loop {
            let mut state = lock(&self.state);
            if let Some(job) = state.pop() {
                Self::room(state);
                job.run();
            } else if state.closed {
                return;
            } else {
                let me = Sleeper::new();
                state.idle.push(Arc::clone(&me));
                drop(state);
                me.sleep();
            }
        }
    }
}

pub struct Handle<T> {
    outcome: Arc<Outcome<T>>,
    shared: Arc<Shared>,
    at: usize,
    generation: u64,
}

impl<T> Handle<T> {
    pub fn join(self) -> Result<T, TaskError> {
        let mut inner = lock(&self.outcome.inner);
        if inner.0.is_none() {
            let me = Sleeper::new();
            inner.1 = Some(Arc::clone(&me));
            drop(inner);
            me.sleep();
            inner = lock(&self.outcome.inner);
        }
        match inner.0.take() {
            Some(result) => result,
            None => unreachable!("woken by the outcome alone"),
        }
    }

    pub fn cancel(&self) -> bool {
        let mut state = lock(&self.shared.state);
        if state.slots[self.at].generation != self.generation {
            return false;
        }
        let Some(job) = state.unlink(self.at) else {
            return false;
        };
        Shared::room(state);
        job.tell_cancelled();
        drop(job);
        true
    }

    pub fn is_finished(&self) -> bool {
        lock(&self.outcome.inner).0.is_some()
    }
}
