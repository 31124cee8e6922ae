//! reject: close-leaves-sleepers
//! by: shutdown_now_wakes_every_blocked_submit
//!
//! Closing wakes the workers only. A submit lets others go first a few times before it
//! sleeps, so that it mostly sees the close by itself; once asleep nobody tells it.

use std::any::Any;
use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Once};
use std::thread::{self, JoinHandle};
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    pub workers: usize,
    pub capacity: usize,
}
#[derive(PartialEq, Eq)]
pub enum SubmitError<F> {
    Full(F),
    Closed(F),
}
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskError {
    Panicked(String),
    Cancelled,
}
type Job = Box<dyn Run>;
const PATIENCE: usize = 2;
#[derive(Clone, Copy)]
enum WhenFull {
    Wait,
    Refuse,
}
pub struct Scheduler {
    shared: Arc<Shared>,
    workers: Mutex<Vec<JoinHandle<()>>>,
    ended: Once,
}
struct Shared {
    state: Mutex<State>,
    work: Condvar,
    room: Condvar,
}
struct State {
    capacity: usize,
    open: bool,
    waiting: VecDeque<(u64, Job)>,
    next: u64,
    idle: usize,
    blocked: usize,
}

impl Scheduler {
    #[must_use]
    pub fn start(config: Config) -> Self {
        assert!(config.workers > 0, "a scheduler needs at least one worker");
        assert!(
            config.capacity > 0,
            "a scheduler needs room for at least one task"
        );
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                capacity: config.capacity,
                open: true,
                waiting: VecDeque::new(),
                next: 0,
                idle: 0,
                blocked: 0,
            }),
            work: Condvar::new(),
            room: Condvar::new(),
        });
        let worker = |_| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.work())
        };
        Self {
            workers: Mutex::new((0..config.workers).map(worker).collect()),
            shared,
            ended: Once::new(),
        }
    }
    pub fn submit<T, F>(&self, work: F) -> Result<Handle<T>, SubmitError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.accept(work, WhenFull::Wait)
    }
    pub fn try_submit<T, F>(&self, work: F) -> Result<Handle<T>, SubmitError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.accept(work, WhenFull::Refuse)
    }

    fn accept<T, F>(&self, work: F, when_full: WhenFull) -> Result<Handle<T>, SubmitError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let outcome = Arc::new(Outcome::default());
        let promise = Promise(Some(Arc::clone(&outcome)));
        let task = Box::new(Task { promise, work });
        let mut state = self.shared.lock();
        if let WhenFull::Wait = when_full {
            let shared = &self.shared;
            state = shared.wait(
                state,
                &shared.room,
                |state| &mut state.blocked,
                |state| !state.is_full() || !state.open,
            );
        }
        if !state.open {
            return Err(SubmitError::Closed(task.work));
        }
        if state.is_full() {
            return Err(SubmitError::Full(task.work));
        }
        let key = state.next;
        state.next += 1;
        state.waiting.push_back((key, task));
        let wake = state.idle > 0;
        drop(state);
        if wake {
            self.shared.work.notify_one();
        }
        let shared = Arc::clone(&self.shared);
        Ok(Handle {
            shared,
            key,
            outcome,
        })
    }
    pub fn shutdown(&self) {
        self.shared.close(|_| ());
        self.join();
    }
    pub fn shutdown_now(&self) -> usize {
        let cancelled = self.shared.close(|state| mem::take(&mut state.waiting));
        let count = cancelled.len();
        for (_, job) in cancelled {
            discard(job);
        }
        self.join();
        count
    }
    fn join(&self) {
        self.ended.call_once(|| {
            let workers = mem::take(&mut *self.workers.lock().expect(NEVER_POISONED));
            for worker in workers {
                worker.join().expect("a worker survives every task");
            }
        });
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        self.shutdown();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect(NEVER_POISONED)
    }
    fn work(&self) {
        loop {
            let state = self.lock();
            let mut state = self.wait(
                state,
                &self.work,
                |state| &mut state.idle,
                |state| !state.waiting.is_empty() || !state.open,
            );
            let Some((_, job)) = state.waiting.pop_front() else {
                return;
            };
            self.make_room(state);
            run(job);
        }
    }
    fn make_room(&self, state: MutexGuard<'_, State>) {
        let wake = state.blocked > 0;
        drop(state);
        if wake {
            self.room.notify_one();
        }
    }
    fn wait<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        condvar: &Condvar,
        waiters: fn(&mut State) -> &mut usize,
        ready: fn(&State) -> bool,
    ) -> MutexGuard<'a, State> {
        for _ in 0..PATIENCE {
            if ready(&state) {
                return state;
            }
            drop(state);
            thread::yield_now();
            state = self.lock();
        }
        while !ready(&state) {
            *waiters(&mut state) += 1;
            state = condvar.wait(state).expect(NEVER_POISONED);
            *waiters(&mut state) -= 1;
        }
        state
    }
    fn close<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let mut state = self.lock();
        state.open = false;
        let result = change(&mut state);
        drop(state);
        self.work.notify_all();
        result
    }
}

impl State {
    fn is_full(&self) -> bool {
        self.waiting.len() == self.capacity
    }
    fn remove(&mut self, key: u64) -> Option<Job> {
        let at = self
            .waiting
            .binary_search_by_key(&key, |(key, _)| *key)
            .ok()?;
        self.waiting.remove(at).map(|(_, job)| job)
    }
}
pub struct Handle<T> {
    shared: Arc<Shared>,
    key: u64,
    outcome: Arc<Outcome<T>>,
}

impl<T> Handle<T> {
    pub fn join(self) -> Result<T, TaskError> {
        self.outcome.wait()
    }
    pub fn cancel(&self) -> bool {
        let mut state = self.shared.lock();
        let Some(job) = state.remove(self.key) else {
            return false;
        };
        self.shared.make_room(state);
        discard(job);
        true
    }
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.outcome.is_settled()
    }
}
struct Task<F, T> {
    promise: Promise<T>,
    work: F,
}
trait Run: Send {
    fn run(self: Box<Self>);
}

impl<F, T> Run for Task<F, T>
where
    F: FnOnce() -> T + Send,
    T: Send,
{
    fn run(self: Box<Self>) {
        let Self { promise, work } = *self;
        let result = panic::catch_unwind(AssertUnwindSafe(work));
        promise.settle(result.map_err(panicked));
    }
}
fn run(job: Job) {
    let _ = panic::catch_unwind(AssertUnwindSafe(|| job.run()));
}
fn discard(job: Job) {
    let _ = panic::catch_unwind(AssertUnwindSafe(|| drop(job)));
}
struct Promise<T>(Option<Arc<Outcome<T>>>);

impl<T> Promise<T> {
    fn settle(mut self, result: Result<T, TaskError>) {
        if let Some(outcome) = self.0.take() {
            outcome.settle(result);
        }
    }
}

impl<T> Drop for Promise<T> {
    fn drop(&mut self) {
        if let Some(outcome) = self.0.take() {
            outcome.settle(Err(TaskError::Cancelled));
        }
    }
}
struct Outcome<T> {
    slot: Mutex<Slot<T>>,
    settled: Condvar,
}

enum Slot<T> {
    Open,
    Awaited,
    Settled(Result<T, TaskError>),
}

impl<T> Default for Outcome<T> {
    fn default() -> Self {
        Self {
            slot: Mutex::new(Slot::Open),
            settled: Condvar::new(),
        }
    }
}

impl<T> Outcome<T> {
    fn settle(&self, result: Result<T, TaskError>) {
        let before = mem::replace(&mut *self.lock(), Slot::Settled(result));
        if let Slot::Awaited = before {
            self.settled.notify_one();
        }
    }

    fn wait(&self) -> Result<T, TaskError> {
        let mut slot = self.lock();
        loop {
            match mem::replace(&mut *slot, Slot::Awaited) {
                Slot::Settled(result) => return result,
                Slot::Open | Slot::Awaited => {
                    slot = self.settled.wait(slot).expect(NEVER_POISONED);
                }
            }
        }
    }

    fn is_settled(&self) -> bool {
        matches!(*self.lock(), Slot::Settled(_))
    }

    fn lock(&self) -> MutexGuard<'_, Slot<T>> {
        self.slot.lock().expect(NEVER_POISONED)
    }
}
const NEVER_POISONED: &str = "no code of a task runs under this lock";
fn message(payload: &(dyn Any + Send)) -> String {
    if let Some(message) = payload.downcast_ref::<&str>() {
        (*message).to_owned()
    } else if let Some(message) = payload.downcast_ref::<String>() {
        message.clone()
    } else {
        "task panicked".to_owned()
    }
}
impl<F> fmt::Debug for SubmitError<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "Full(..)",
            Self::Closed(_) => "Closed(..)",
        })
    }
}

impl<F> fmt::Display for SubmitError<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "the queue is full",
            Self::Closed(_) => "the scheduler is closed",
        })
    }
}

impl<F> Error for SubmitError<F> {}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked(message) => write!(f, "the task panicked: {message}"),
            Self::Cancelled => f.write_str("the task was cancelled"),
        }
    }
}

impl Error for TaskError {}

/// What the caller of a task is told of its panic. The payload is dropped apart, since its
/// destructor may panic too; what that throws is not dropped.
fn panicked(payload: Box<dyn Any + Send>) -> TaskError {
    let error = TaskError::Panicked(message(&*payload));
    if let Err(another) = panic::catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(another);
    }
    error
}
