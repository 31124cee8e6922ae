//! A task scheduler for one thread. The brief is in this folder's `README.md`.
//!
//! The types and signatures are the contract; everything behind them is yours:
//! the fields, more types, more files.

use std::error::Error;

/// Names one task, for ever, within the scheduler that gave it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(u64);

/// How far a task has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Submitted, and not started.
    Pending,
    /// Started, and not ended.
    Running,
    /// Its work returned `Ok`.
    Succeeded,
    /// Its work returned an error, or panicked: the error's text, or the
    /// panic's message.
    Failed(String),
}

/// What can be asked about a task at any time after it was submitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskMetadata {
    /// The id that `submit` returned.
    pub id: TaskId,
    /// The name it was submitted with.
    pub name: String,
    /// The priority it was submitted with; 255 is the most urgent.
    pub priority: u8,
    /// How far it has come.
    pub status: Status,
}

/// What a task's work returns.
pub type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

/// Runs tasks one at a time, the most urgent first.
pub struct Scheduler {
    // Your fields.
}

impl Default for Scheduler {
    fn default() -> Self {
        Self::new()
    }
}

impl Scheduler {
    /// A scheduler without tasks.
    pub fn new() -> Self {
        todo!("start without tasks")
    }

    /// Accepts a task, to be run later, and returns the id that names it.
    pub fn submit(
        &mut self,
        name: impl Into<String>,
        priority: u8,
        work: impl FnOnce() -> Outcome + Send + 'static,
    ) -> TaskId {
        let _ = (name.into(), work);
        todo!("accept a task of priority {priority}")
    }

    /// Runs the most urgent task (of equal ones, the one submitted first) and
    /// returns its id; `None` when no task is pending.
    pub fn run_next(&mut self) -> Option<TaskId> {
        todo!("run one task")
    }

    /// Runs until no task is pending and returns how many ran.
    pub fn run_all(&mut self) -> usize {
        todo!("run every task")
    }

    /// What is known about a task, or `None` for an id that this scheduler has
    /// not given out.
    pub fn metadata(&self, id: TaskId) -> Option<&TaskMetadata> {
        todo!("look up {id:?}")
    }

    /// How many tasks have not run yet.
    pub fn pending(&self) -> usize {
        todo!("count what has not run")
    }
}
