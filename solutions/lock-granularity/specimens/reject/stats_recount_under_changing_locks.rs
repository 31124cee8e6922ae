//! reject: torn-read
//! by: no_more_tasks_run_than_there_are_workers
//!
//! `stats` counts the records one at a time and locks for each; a task that ends and
//! one that begins during the count give a sum that never was: more running than
//! workers.

use std::any::Any;
use std::collections::VecDeque;
use std::error::Error;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Names one task, for ever, within the scheduler that gave it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(u64);

/// How far a task has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    Pending,
    Running,
    Succeeded,
    Failed(String),
}

/// What can be asked about a task at any time after it was submitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskMetadata {
    pub id: TaskId,
    pub name: String,
    pub status: Status,
}

/// How many tasks are where; what is left over of `submitted` is pending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    pub submitted: usize,
    pub running: usize,
    pub succeeded: usize,
    pub failed: usize,
}

/// What a task returns.
pub type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

type Work = Box<dyn FnOnce(&Scheduler) -> Outcome + Send>;

#[derive(Default)]
struct State {
    /// How often nothing was pending or running; workers of an earlier round leave.
    rounds: usize,
    /// A `TaskId` is an index into it.
    records: Vec<TaskMetadata>,
    pending: VecDeque<(TaskId, Work)>,
    stats: Stats,
}

/// Runs tasks on several workers.
#[derive(Default)]
pub struct Scheduler {
    state: Mutex<State>,
    changed: Condvar,
}

impl Scheduler {
    pub fn new() -> Self {
        Self::default()
    }

    /// Accepts a task, to be run later, and returns the id that names it.
    pub fn submit(
        &self,
        name: impl Into<String>,
        work: impl FnOnce(&Scheduler) -> Outcome + Send + 'static,
    ) -> TaskId {
        let name = name.into();
        let work: Work = Box::new(work);
        let mut state = self.lock();
        let id = TaskId(state.records.len() as u64);
        state.records.push(TaskMetadata {
            id,
            name,
            status: Status::Pending,
        });
        state.stats.submitted += 1;
        state.pending.push_back((id, work));
        drop(state);
        self.changed.notify_one();
        id
    }

    /// Runs tasks on that many workers, and returns when none is pending or running.
    pub fn run(&self, workers: usize) {
        assert!(workers > 0, "run needs at least one worker");
        let round = self.lock().rounds;
        thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(move || self.work(round));
            }
        });
    }

    /// The task as it is now.
    pub fn metadata(&self, id: TaskId) -> Option<TaskMetadata> {
        let index = usize::try_from(id.0).ok()?;
        self.lock().records.get(index).cloned()
    }

    /// The counts as they are now.
    pub fn stats(&self) -> Stats {
        let submitted = self.lock().records.len();
        let mut stats = Stats {
            submitted,
            ..Stats::default()
        };
        for index in 0..submitted {
            match self.lock().records[index].status {
                Status::Pending => {}
                Status::Running => stats.running += 1,
                Status::Succeeded => stats.succeeded += 1,
                Status::Failed(_) => stats.failed += 1,
            }
        }
        stats
    }

    fn work(&self, round: usize) {
        while let Some((id, work)) = self.claim(round) {
            let result = call(work, self);
            self.finish(id, result);
        }
    }

    /// The next task, as soon as there is one; `None` when nothing is pending or running.
    fn claim(&self, round: usize) -> Option<(TaskId, Work)> {
        let mut state = self.lock();
        loop {
            if state.rounds != round {
                return None;
            }
            if let Some((id, work)) = state.pending.pop_front() {
                state.records[id.0 as usize].status = Status::Running;
                state.stats.running += 1;
                return Some((id, work));
            }
            if state.stats.running == 0 {
                state.rounds += 1;
                drop(state);
                self.changed.notify_all();
                return None;
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn finish(&self, id: TaskId, result: Result<(), String>) {
        let mut state = self.lock();
        state.stats.running -= 1;
        let status = match result {
            Ok(()) => {
                state.stats.succeeded += 1;
                Status::Succeeded
            }
            Err(message) => {
                state.stats.failed += 1;
                Status::Failed(message)
            }
        };
        state.records[id.0 as usize].status = status;
        let done = state.stats.running == 0 && state.pending.is_empty();
        if done {
            state.rounds += 1;
        }
        drop(state);
        if done {
            self.changed.notify_all();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs the task's code, all of it, and says how it ended.
fn call(work: Work, scheduler: &Scheduler) -> Result<(), String> {
    match panic::catch_unwind(AssertUnwindSafe(|| work(scheduler))) {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => {
            let text = panic::catch_unwind(AssertUnwindSafe(|| error.to_string()));
            dispose(error);
            Err(text.unwrap_or_else(message_of))
        }
        Err(payload) => Err(message_of(payload)),
    }
}

fn message_of(payload: Box<dyn Any + Send>) -> String {
    let message = panic_message(&*payload);
    dispose(payload);
    message
}

fn panic_message(payload: &(dyn Any + Send)) -> String {
    if let Some(message) = payload.downcast_ref::<&str>() {
        (*message).to_owned()
    } else if let Some(message) = payload.downcast_ref::<String>() {
        message.clone()
    } else {
        "task panicked".to_owned()
    }
}

/// Drops a value of the task's, whose destructor may panic.
fn dispose<T>(value: T) {
    if let Err(payload) = panic::catch_unwind(AssertUnwindSafe(|| drop(value))) {
        std::mem::forget(payload);
    }
}
