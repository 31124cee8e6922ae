//! A task scheduler whose lock is never held while a task runs.
//!
//! Three rules make it right. Every function below keeps them, and a reviewer
//! needs to check nothing else:
//!
//! 1. **Everything that changes lives in [`State`], behind one mutex.** Whatever is
//!    done to it in one critical section happens at one moment, for every observer.
//! 2. **A task is pending exactly while its work is in `State::pending`.** To claim
//!    it is to *move* its work out, so no lock has to guard the claim afterwards.
//! 3. **A guard never leaves the function that took it, and no such function runs a
//!    task.** The compiler cannot prove that a lock is free while a task runs; two
//!    functions that each fit on a screen can.

use std::any::Any;
use std::collections::VecDeque;
use std::error::Error;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::thread;

/// Names one task of one scheduler, for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(u64);

/// Where a task stands. It moves down this list, and never back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// It waits for a worker.
    Pending,
    /// A worker has claimed it.
    Running,
    /// It returned `Ok`. Final.
    Succeeded,
    /// It returned an error or panicked; this is its message. Final.
    Failed(String),
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
}

/// How many tasks there are of each kind, all counted at the same moment.
///
/// What is in none of the last three is pending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Tasks ever submitted.
    pub submitted: usize,
    /// Tasks that a worker has claimed.
    pub running: usize,
    /// Tasks that ended well.
    pub succeeded: usize,
    /// Tasks that ended in an error or a panic.
    pub failed: usize,
}

/// What a task returns.
pub type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

/// A task's work, which is handed the scheduler that runs it.
type Work = Box<dyn FnOnce(&Scheduler) -> Outcome + Send>;

/// Runs tasks on several workers.
#[derive(Default)]
pub struct Scheduler {
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
    /// The work of exactly those tasks whose status is `Pending`, oldest first.
    pending: VecDeque<(TaskId, Work)>,
    /// Kept up to date by `submit` and `move_to` alone.
    stats: Stats,
    /// Workers that wait on `changed`, or were woken and have not got the lock yet.
    idle: usize,
}

impl Scheduler {
    /// A scheduler without tasks.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a task. It may be called at any time, from inside a task too.
    pub fn submit(
        &self,
        name: impl Into<String>,
        work: impl FnOnce(&Scheduler) -> Outcome + Send + 'static,
    ) -> TaskId {
        // The conversion is the caller's code and the box is an allocation. Neither
        // needs the lock, so neither gets it.
        let name = name.into();
        let work = Box::new(work);
        let mut state = self.lock();
        let id = TaskId(state.records.len() as u64);
        state.records.push(TaskMetadata {
            id,
            name,
            status: Status::Pending,
        });
        state.pending.push_back((id, work));
        state.stats.submitted += 1;
        let somebody_waits = state.idle > 0;
        drop(state);
        // After the lock, so that the worker does not wake up only to wait for it.
        // Nothing can be missed: a worker that saw an empty queue counted itself as
        // idle in the same critical section.
        if somebody_waits {
            self.changed.notify_one();
        }
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
        // The scope joins the workers, so this call blocks, and it holds nothing.
        thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| self.work());
            }
        });
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

    /// What each worker does. There is no guard in this function, so there is none
    /// for a task to run under.
    fn work(&self) {
        let mut ended = None;
        while let Some((id, work)) = self.next(ended) {
            ended = Some((id, call(work, self)));
        }
    }

    /// Records how the worker's last task ended and claims its next one, in one
    /// visit. `None` when no task is pending or running any more.
    fn next(&self, ended: Option<(TaskId, Status)>) -> Option<(TaskId, Work)> {
        let mut state = self.lock();
        if let Some((id, status)) = ended {
            state.move_to(id, status);
        }
        loop {
            if let Some((id, work)) = state.pending.pop_front() {
                state.move_to(id, Status::Running);
                return Some((id, work));
            }
            // "Nothing pending" is not "done": a running task may submit more.
            if state.stats.running == 0 {
                // The first to see the end tells all the others, which may belong to
                // another call of `run`.
                if state.idle > 0 {
                    self.changed.notify_all();
                }
                return None;
            }
            state.idle += 1;
            state = self.changed.wait(state).expect(NEVER_POISONED);
            state.idle -= 1;
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
    /// The only place that changes a status. The counts change with it, so they
    /// cannot drift.
    fn move_to(&mut self, id: TaskId, status: Status) {
        let record = &mut self.records[id.0 as usize];
        if let Some(count) = self.stats.count(&record.status) {
            *count -= 1;
        }
        if let Some(count) = self.stats.count(&status) {
            *count += 1;
        }
        record.status = status;
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
        }
    }
}

/// Runs a task. Whatever it does, a status comes back.
fn call(work: Work, scheduler: &Scheduler) -> Status {
    // The error is turned into text in here as well: its `to_string` is the task's
    // code and may panic too. `AssertUnwindSafe` is honest: what a failed task leaves
    // behind inside itself is its own business, and it never sees our state unlocked.
    let caught = panic::catch_unwind(AssertUnwindSafe(|| {
        work(scheduler).map_err(|error| error.to_string())
    }));
    match caught {
        Ok(Ok(())) => Status::Succeeded,
        Ok(Err(message)) => Status::Failed(message),
        Err(payload) => {
            let message = panic_message(&*payload);
            // The payload is the task's as well, and its destructor may panic in its turn. What
            // that throws has one too: it is left alone.
            let dropped = panic::catch_unwind(AssertUnwindSafe(|| drop(payload)));
            mem::forget(dropped);
            Status::Failed(message)
        }
    }
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
