//! reject: second-shutdown
//! by: both_shutdowns_may_come_together_and_again
//!
//! Whoever stops it hears of all tasks that were ever cancelled so, and not of those that
//! its own call has cancelled. Two callers submit the same tasks again.

use std::any::Any;
use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Once};
use std::thread::{self, JoinHandle};

/// How large a scheduler is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// Threads that run tasks; at least 1.
    pub workers: usize,
    /// Tasks that may be accepted and not yet started; at least 1.
    pub capacity: usize,
}

/// Why a task was not accepted. The work comes back with the answer.
#[derive(PartialEq, Eq)]
pub enum SubmitError<F> {
    /// `capacity` tasks are waiting already.
    Full(F),
    /// The scheduler is shutting down or has ended.
    Closed(F),
}

/// Why a task has no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskError {
    /// It panicked, with this message.
    Panicked(String),
    /// It was cancelled before it started.
    Cancelled,
}

/// A task as it waits, whatever its types. Running it settles its promise, and so
/// does dropping it.
type Job = Box<dyn Run>;

/// How often a thread lets others go first before it sleeps.
const PATIENCE: usize = 2;

/// What a submit does while there is no room.
#[derive(Clone, Copy)]
enum WhenFull {
    Wait,
    Refuse,
}

/// Runs tasks on its own threads.
pub struct Scheduler {
    shared: Arc<Shared>,
    workers: Mutex<Vec<JoinHandle<()>>>,
    /// Makes everybody who shuts down wait for the one who joins the workers.
    ended: Once,
}

/// What the scheduler, its workers and its handles have in common.
struct Shared {
    state: Mutex<State>,
    /// Where idle workers wait: for a task, or for the end.
    work: Condvar,
    /// Where blocked submitters wait: for room, or for the end.
    room: Condvar,
}

/// Everything that changes, so that it changes together.
struct State {
    /// The most tasks that `waiting` may hold.
    capacity: usize,
    /// Whether tasks are still accepted. It never becomes true again.
    open: bool,
    /// The tasks accepted and not yet started, oldest first. The keys rise, so one
    /// is found by bisection.
    waiting: VecDeque<(u64, Job)>,
    /// The key of the next task.
    next: u64,
    /// Workers that wait on `Shared::work`.
    idle: usize,
    /// Submitters that wait on `Shared::room`.
    blocked: usize,
    stopped: usize,
}

impl Scheduler {
    /// Starts the workers.
    ///
    /// # Panics
    /// When there would be no worker or no room for a task.
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
                stopped: 0,
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

    /// Accepts a task; waits for room first, if there is none.
    ///
    /// # Errors
    /// [`SubmitError::Closed`] once a shutdown has begun, also while it waits.
    pub fn submit<T, F>(&self, work: F) -> Result<Handle<T>, SubmitError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.accept(work, WhenFull::Wait)
    }

    /// Accepts a task, if there is room.
    ///
    /// # Errors
    /// [`SubmitError::Full`] when there is none, [`SubmitError::Closed`] once a
    /// shutdown has begun.
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
        // Allocated before the lock is taken. Until it is accepted the task still has
        // its types, so a refused caller gets the work back as it was.
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

    /// Refuses new tasks, lets the accepted ones run, and returns when the workers
    /// have ended.
    pub fn shutdown(&self) {
        self.shared.close(|_| ());
        self.join();
    }

    /// Refuses new tasks, cancels those that have not started, and returns how many
    /// when the running ones and the workers have ended.
    pub fn shutdown_now(&self) -> usize {
        let cancelled = self.shared.close(|state| mem::take(&mut state.waiting));
        let count = {
            let mut state = self.shared.lock();
            state.stopped += cancelled.len();
            state.stopped
        };
        for (_, job) in cancelled {
            discard(job);
        }
        self.join();
        count
    }

    /// Returns when the workers have ended, whoever it is that joins them.
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

    /// What each worker does.
    fn work(&self) {
        loop {
            let state = self.lock();
            let mut state = self.wait(
                state,
                &self.work,
                |state| &mut state.idle,
                |state| !state.waiting.is_empty() || !state.open,
            );
            // Nothing is left and nothing will come.
            let Some((_, job)) = state.waiting.pop_front() else {
                return;
            };
            self.make_room(state);
            run(job);
        }
    }

    /// Gives the lock back after a task has left `State::waiting`.
    fn make_room(&self, state: MutexGuard<'_, State>) {
        let wake = state.blocked > 0;
        drop(state);
        if wake {
            // One slot, one submitter, and all of them are alike.
            self.room.notify_one();
        }
    }

    /// Waits until `ready` on a condvar whose waiters are counted in `waiters`.
    fn wait<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        condvar: &Condvar,
        waiters: fn(&mut State) -> &mut usize,
        ready: fn(&State) -> bool,
    ) -> MutexGuard<'a, State> {
        // To fall asleep and be woken costs as much as a hundred empty tasks, and the
        // one who wakes pays half of it. So everybody else gets a turn first, in case
        // that is all it takes. Then it sleeps: this is a bounded courtesy, no poll.
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

    /// Takes no more tasks from now on, and wakes everybody who waits for any.
    fn close<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let mut state = self.lock();
        state.open = false;
        let result = change(&mut state);
        drop(state);
        self.work.notify_all();
        self.room.notify_all();
        result
    }
}

impl State {
    fn is_full(&self) -> bool {
        self.waiting.len() == self.capacity
    }

    /// Takes a task out, if it is still waiting.
    fn remove(&mut self, key: u64) -> Option<Job> {
        let at = self
            .waiting
            .binary_search_by_key(&key, |(key, _)| *key)
            .ok()?;
        self.waiting.remove(at).map(|(_, job)| job)
    }
}

/// What the caller keeps of a task.
///
/// Dropping it changes nothing for the task.
pub struct Handle<T> {
    shared: Arc<Shared>,
    key: u64,
    outcome: Arc<Outcome<T>>,
}

impl<T> Handle<T> {
    /// Waits for the task's end and takes its result.
    ///
    /// # Errors
    /// When the task panicked or was cancelled.
    pub fn join(self) -> Result<T, TaskError> {
        self.outcome.wait()
    }

    /// Cancels the task, if it has not started. True means that this call did it:
    /// the task will never run.
    pub fn cancel(&self) -> bool {
        let mut state = self.shared.lock();
        // Removing is the question and the answer in one step, as it is for a worker.
        let Some(job) = state.remove(self.key) else {
            return false;
        };
        self.shared.make_room(state);
        discard(job);
        true
    }

    /// Whether `join` would return at once.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.outcome.is_settled()
    }
}

/// A piece of work and what its caller was promised. The promise comes first: where
/// the task is dropped, the caller is told before the work's destructors run.
struct Task<F, T> {
    promise: Promise<T>,
    work: F,
}

/// A task whose types are forgotten.
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
        // `AssertUnwindSafe` is honest: what a panic leaves behind is inside the work,
        // and the work is gone.
        let result = panic::catch_unwind(AssertUnwindSafe(work));
        promise.settle(result.map_err(panicked));
    }
}

/// Runs a task. A panic of its work has been dealt with when this returns; what is
/// caught here comes from a destructor, of the work or of a result nobody waits for.
fn run(job: Job) {
    let _ = panic::catch_unwind(AssertUnwindSafe(|| job.run()));
}

/// Cancels a task by dropping it. Destructors of what it captured run here too.
fn discard(job: Job) {
    let _ = panic::catch_unwind(AssertUnwindSafe(|| drop(job)));
}

/// The duty to settle an outcome, once. Dropped, it settles it as cancelled.
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

/// Where the end of a task and its caller meet.
struct Outcome<T> {
    slot: Mutex<Slot<T>>,
    settled: Condvar,
}

enum Slot<T> {
    /// Not known yet, and nobody waits for it.
    Open,
    /// Not known yet, and the caller waits.
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

/// A mutex is poisoned when its holder panics, and nothing here panics under one.
/// Should that ever change, stopping is better than going on with half a change.
const NEVER_POISONED: &str = "no code of a task runs under this lock";

/// `panic!` carries a `&str` or a `String`; `panic_any` may carry anything.
fn message(payload: &(dyn Any + Send)) -> String {
    if let Some(message) = payload.downcast_ref::<&str>() {
        (*message).to_owned()
    } else if let Some(message) = payload.downcast_ref::<String>() {
        message.clone()
    } else {
        "task panicked".to_owned()
    }
}

/// By hand, because closures have no `Debug` and `expect` must work all the same.
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
