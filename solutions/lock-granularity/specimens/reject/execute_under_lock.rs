//! reject: execute-under-lock
//! by: no_lock_is_held_while_a_task_runs
//!
//! The starter: one critical section from choosing a task to recording how it
//! ended. No two workers take the same task, because no two workers do anything
//! at once.

use std::any::Any;
use std::collections::VecDeque;
use std::error::Error;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Mutex, MutexGuard};
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

/// Every task's record, and the work of those that nobody has taken yet.
#[derive(Default)]
struct State {
    /// A `TaskId` is an index into it.
    records: Vec<TaskMetadata>,
    pending: VecDeque<(TaskId, Work)>,
}

/// Runs tasks on several workers.
#[derive(Default)]
pub struct Scheduler {
    state: Mutex<State>,
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
        let mut state = self.state();
        let id = TaskId(state.records.len() as u64);
        state.records.push(TaskMetadata {
            id,
            name,
            status: Status::Pending,
        });
        state.pending.push_back((id, Box::new(work)));
        id
    }

    /// Runs tasks on that many workers, and returns when none is pending or running.
    pub fn run(&self, workers: usize) {
        assert!(workers > 0, "run needs at least one worker");
        thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| while self.run_next() {});
            }
        });
    }

    /// The task as it is now.
    pub fn metadata(&self, id: TaskId) -> Option<TaskMetadata> {
        let index = usize::try_from(id.0).ok()?;
        self.state().records.get(index).cloned()
    }

    /// The counts as they are now.
    pub fn stats(&self) -> Stats {
        let state = self.state();
        let mut stats = Stats {
            submitted: state.records.len(),
            ..Stats::default()
        };
        for record in &state.records {
            match record.status {
                Status::Pending => {}
                Status::Running => stats.running += 1,
                Status::Succeeded => stats.succeeded += 1,
                Status::Failed(_) => stats.failed += 1,
            }
        }
        stats
    }

    /// Runs one pending task; false when there is none.
    fn run_next(&self) -> bool {
        // Locked until the end of the function, so that no other worker can get in
        // between and take the same task.
        let mut state = self.state();
        let Some((id, work)) = state.pending.pop_front() else {
            return false;
        };
        let record = &mut state.records[id.0 as usize];
        record.status = Status::Running;
        record.status = match call(work, self) {
            Ok(()) => Status::Succeeded,
            Err(message) => Status::Failed(message),
        };
        true
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("a task's panic is caught")
    }
}

/// Calls the work; an error and a panic both come back as a message.
fn call(work: Work, scheduler: &Scheduler) -> Result<(), String> {
    match panic::catch_unwind(AssertUnwindSafe(|| work(scheduler))) {
        Ok(outcome) => outcome.map_err(|error| error.to_string()),
        Err(payload) => Err(panic_message(&*payload)),
    }
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
