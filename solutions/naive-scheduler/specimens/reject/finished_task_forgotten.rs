//! reject: outcome-swallowed
//! by: metadata_asked_for_after_the_run_shows_its_result
//!
//! The record is taken out to be run, which also pleases the borrow checker, and is
//! dropped afterwards. A finished task cannot be asked how it went.

use std::any::Any;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::panic::{self, AssertUnwindSafe};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(u64);

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    Pending,
    Running,
    Succeeded,
    Failed(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskMetadata {
    pub id: TaskId,
    pub name: String,
    pub priority: u8,
    pub status: Status,
}

pub type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

type Work = Box<dyn FnOnce() -> Outcome + Send>;

struct Task {
    metadata: TaskMetadata,
    work: Work,
}

#[derive(Default)]
pub struct Scheduler {
    submitted: u64,
    tasks: HashMap<TaskId, Task>,
    queue: BTreeMap<(Reverse<u8>, TaskId), ()>,
}

impl Scheduler {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn submit(
        &mut self,
        name: impl Into<String>,
        priority: u8,
        work: impl FnOnce() -> Outcome + Send + 'static,
    ) -> TaskId {
        let id = TaskId(self.submitted);
        self.submitted += 1;
        let name = name.into();
        let status = Status::Pending;
        let metadata = TaskMetadata {
            id,
            name,
            priority,
            status,
        };
        let work = Box::new(work);
        self.tasks.insert(id, Task { metadata, work });
        self.queue.insert((Reverse(priority), id), ());
        id
    }

    pub fn run_next(&mut self) -> Option<TaskId> {
        let ((_, id), ()) = self.queue.pop_first()?;
        let mut task = self.tasks.remove(&id)?;
        task.metadata.status = run(task.work);
        Some(task.metadata.id)
    }

    pub fn run_all(&mut self) -> usize {
        let mut ran = 0;
        while self.run_next().is_some() {
            ran += 1;
        }
        ran
    }

    pub fn metadata(&self, id: TaskId) -> Option<&TaskMetadata> {
        self.tasks.get(&id).map(|task| &task.metadata)
    }

    pub fn pending(&self) -> usize {
        self.queue.len()
    }
}

fn run(work: Work) -> Status {
    match panic::catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(())) => Status::Succeeded,
        Ok(Err(error)) => Status::Failed(error.to_string()),
        Err(payload) => Status::Failed(message(&*payload)),
    }
}

fn message(payload: &(dyn Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&str>() {
        text.to_string()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "task panicked".to_string()
    }
}
