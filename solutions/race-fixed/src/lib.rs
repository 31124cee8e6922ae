//! A task scheduler that several workers share, with one lock and one condvar.
//!
//! Three rules make it right. Every function below keeps them, and a reviewer
//! needs to check nothing else:
//!
//! 1. **Everything that changes lives in [`State`], behind one mutex.** A snapshot
//!    taken under that mutex is consistent without further thought.
//! 2. **A task is pending exactly while its work is in `State::pending`.** To claim
//!    a task is to *move* its work out. Two workers cannot move the same value, so
//!    there is no moment between "is it free?" and "it is mine".
//! 3. **No code of a task runs under the mutex.** So a task may call back into the
//!    scheduler, a panic can never poison the lock, and a slow task delays nobody.

use std::any::Any;
use std::collections::BTreeMap;
use std::error::Error;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::thread;

/// Names one task of one scheduler, for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(u64);

/// Where a task stands.
///
/// It starts as `Pending`, is `Running` during each attempt, goes back to `Pending`
/// while it waits for the next one, and ends as one of the other three.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// It waits for a worker, for the first time or for its next attempt.
    Pending,
    /// A worker has claimed it.
    Running,
    /// An attempt returned `Ok`. Final.
    Succeeded,
    /// The last attempt allowed did not succeed; this is its message. Final.
    Failed(String),
    /// It was cancelled while pending and will never run again. Final.
    Cancelled,
}

/// What the scheduler knows about one task at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskMetadata {
    /// The task's id.
    pub id: TaskId,
    /// The name it was submitted under.
    pub name: String,
    /// Where it stands.
    pub status: Status,
    /// How many attempts have been started.
    pub attempts: u32,
}

/// How many tasks there are of each kind, all counted at the same moment.
///
/// What is in none of the last four is pending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Tasks ever submitted.
    pub submitted: usize,
    /// Tasks that a worker has claimed.
    pub running: usize,
    /// Tasks that ended well.
    pub succeeded: usize,
    /// Tasks that used up their attempts.
    pub failed: usize,
    /// Tasks that were cancelled.
    pub cancelled: usize,
}

/// What one attempt of a task returns.
pub type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

/// A task's work. `Send` is enough: it has one owner at a time.
type Work = Box<dyn Fn() -> Outcome + Send>;

/// Runs tasks on several workers and retries those that fail.
pub struct Scheduler {
    max_attempts: u32,
    state: Mutex<State>,
    /// Signalled when idle workers have something to look at: a task to claim, or
    /// the end of the run. Only idle workers ever wait on it.
    changed: Condvar,
}

/// Everything that changes, so that it changes together.
#[derive(Default)]
struct State {
    /// Every task ever submitted. A `TaskId` is an index into it, so ids are
    /// unique because records are never removed.
    records: Vec<TaskMetadata>,
    /// The work of exactly those tasks whose status is `Pending`. An ordered map
    /// gives submission order for claiming and a cheap `remove` for cancelling.
    pending: BTreeMap<TaskId, Work>,
    /// Kept up to date by `move_to` alone.
    stats: Stats,
}

/// A task in the hands of the one worker that runs it.
struct Claim {
    id: TaskId,
    /// Which attempt this is, from 1. Nobody else can change it meanwhile.
    attempt: u32,
    work: Work,
}

impl Default for Scheduler {
    /// A scheduler without retries.
    fn default() -> Self {
        Self::new(1)
    }
}

impl Scheduler {
    /// A scheduler that gives every task up to `max_attempts` attempts.
    ///
    /// # Panics
    /// When `max_attempts` is 0: no task could ever end.
    #[must_use]
    pub fn new(max_attempts: u32) -> Self {
        assert!(max_attempts > 0, "a task needs at least one attempt");
        Self {
            max_attempts,
            state: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// Adds a task. It may be called at any time, from inside a task too.
    pub fn submit(
        &self,
        name: impl Into<String>,
        work: impl Fn() -> Outcome + Send + Sync + 'static,
    ) -> TaskId {
        // `into` is the caller's code, so it is called before the lock is taken.
        let name = name.into();
        let mut state = self.lock();
        // The id, the record and the work appear together. A worker that sees the
        // work finds the record, and two submits cannot compute the same id.
        let id = TaskId(state.records.len() as u64);
        state.records.push(TaskMetadata {
            id,
            name,
            status: Status::Pending,
            attempts: 0,
        });
        state.pending.insert(id, Box::new(work));
        state.stats.submitted += 1;
        // One task needs one worker, and every waiter is as good as any other.
        self.changed.notify_one();
        id
    }

    /// Runs tasks on `workers` threads until no task is pending or running.
    ///
    /// Several calls at once share the work, and each of them waits for all of it.
    ///
    /// # Panics
    /// When `workers` is 0: nobody would ever run the tasks.
    pub fn run(&self, workers: usize) {
        assert!(workers > 0, "run needs at least one worker");
        // A scope joins its threads, so none of them outlives this call.
        thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| self.work());
            }
        });
    }

    /// Cancels a task that is pending.
    ///
    /// True means that it was pending and will never run (again). False means that
    /// it has been claimed or has ended, or that there is no such task.
    pub fn cancel(&self, id: TaskId) -> bool {
        let mut state = self.lock();
        // Removing is the question and the answer in one step: whoever gets the
        // work, a worker or this call, has won the task.
        let Some(work) = state.pending.remove(&id) else {
            return false;
        };
        state.move_to(id, Status::Cancelled);
        // No notification: workers wait only while nothing is pending, so none of
        // them is waiting for this.
        drop(state);
        // What the work captured may have destructors, which are a caller's code.
        discard(work);
        true
    }

    /// The task as it is at this moment, or `None` when there is no such task.
    ///
    /// It is a copy on purpose. A reference would have to keep the lock, and the
    /// caller could stop every worker just by holding on to it.
    #[must_use]
    pub fn metadata(&self, id: TaskId) -> Option<TaskMetadata> {
        let index = usize::try_from(id.0).ok()?;
        self.lock().records.get(index).cloned()
    }

    /// All counts, taken at the same moment.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.lock().stats
    }

    /// What each worker does.
    fn work(&self) {
        let mut state = self.lock();
        loop {
            match state.claim() {
                Some(claim) => {
                    drop(state);
                    state = self.attempt(claim);
                }
                // "Nothing pending" is not "done": a running task may fail and be
                // retried, or submit more.
                None if state.stats.running > 0 => {
                    state = self.changed.wait(state).expect(NEVER_POISONED);
                }
                None => {
                    // The first to see the end tells all the others, which may
                    // belong to another call of `run`.
                    self.changed.notify_all();
                    return;
                }
            }
        }
    }

    /// Runs one attempt without the lock, then records how it ended. Returns with
    /// the lock held, because the worker's next look at the state has to follow
    /// without a gap: a retry that nobody was told about is claimed by this worker.
    fn attempt(&self, claim: Claim) -> MutexGuard<'_, State> {
        let result = call(&claim.work);
        match result {
            Err(_) if claim.attempt < self.max_attempts => {
                let mut state = self.lock();
                state.move_to(claim.id, Status::Pending);
                state.pending.insert(claim.id, claim.work);
                state
            }
            result => {
                // The work has ended for good. Dropping it breaks the cycle between
                // the scheduler and a task that holds it in an `Arc`.
                discard(claim.work);
                let mut state = self.lock();
                state.move_to(
                    claim.id,
                    result.map_or_else(Status::Failed, |()| Status::Succeeded),
                );
                state
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect(NEVER_POISONED)
    }
}

/// A mutex is poisoned when its holder panics, and nothing here panics under it.
/// Should that ever change, stopping is better than going on with half a change.
const NEVER_POISONED: &str = "no code of a task runs under this lock";

impl State {
    /// Takes the oldest pending task, if there is one, for an attempt.
    fn claim(&mut self) -> Option<Claim> {
        let (id, work) = self.pending.pop_first()?;
        let record = self.move_to(id, Status::Running);
        record.attempts += 1;
        Some(Claim {
            id,
            attempt: record.attempts,
            work,
        })
    }

    /// The only place that changes a status. The counts change with it, so they
    /// cannot drift.
    fn move_to(&mut self, id: TaskId, status: Status) -> &mut TaskMetadata {
        let record = &mut self.records[id.0 as usize];
        if let Some(count) = self.stats.count(&record.status) {
            *count -= 1;
        }
        if let Some(count) = self.stats.count(&status) {
            *count += 1;
        }
        record.status = status;
        record
    }
}

impl Stats {
    /// The count that a task with this status is part of. Pending tasks are what
    /// is left over, so they have none.
    fn count(&mut self, status: &Status) -> Option<&mut usize> {
        match status {
            Status::Pending => None,
            Status::Running => Some(&mut self.running),
            Status::Succeeded => Some(&mut self.succeeded),
            Status::Failed(_) => Some(&mut self.failed),
            Status::Cancelled => Some(&mut self.cancelled),
        }
    }
}

/// Calls the work once. An error and a panic both come back as a message.
fn call(work: &Work) -> Result<(), String> {
    // The error is turned into text and dropped in here as well: both are the task's
    // code and may panic too. `AssertUnwindSafe` is honest: what a failed attempt
    // leaves behind inside the task is the task's own business.
    let caught = panic::catch_unwind(AssertUnwindSafe(|| {
        work().map_err(|error| error.to_string())
    }));
    caught.unwrap_or_else(|payload| {
        let message = panic_message(&*payload);
        discard(payload);
        Err(message)
    })
}

/// Drops what belongs to a task. A destructor is the task's code too, and one that
/// panics must not take along whoever happens to drop it. What that panic carries is
/// left alone: somewhere it has to end.
fn discard<T>(value: T) {
    let dropped = panic::catch_unwind(AssertUnwindSafe(|| drop(value)));
    dropped.unwrap_or_else(mem::forget);
}

/// `panic!` carries a `&str` or a `String`; `panic_any` may carry anything.
fn panic_message(payload: &(dyn Any + Send)) -> String {
    if let Some(message) = payload.downcast_ref::<&str>() {
        (*message).to_owned()
    } else if let Some(message) = payload.downcast_ref::<String>() {
        message.clone()
    } else {
        "task panicked".to_owned()
    }
}
