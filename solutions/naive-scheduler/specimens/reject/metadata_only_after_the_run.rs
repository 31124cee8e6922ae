//! reject: copy-not-reference
//! by: a_submitted_task_is_pending_under_its_own_name_and_priority
//!
//! The record moves: it waits in the queue with the work and is filed under its id
//! once the task has run. Until then there is nothing to look up.

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

#[derive(Default)]
pub struct Scheduler {
    submitted: u64,
    queue: BTreeMap<(Reverse<u8>, TaskId), (TaskMetadata, Work)>,
    finished: HashMap<TaskId, TaskMetadata>,
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
        self.queue
            .insert((Reverse(priority), id), (metadata, Box::new(work)));
        id
    }

    pub fn run_next(&mut self) -> Option<TaskId> {
        let ((_, id), (mut metadata, work)) = self.queue.pop_first()?;
        metadata.status = run(work);
        self.finished.insert(id, metadata);
        Some(id)
    }

    pub fn run_all(&mut self) -> usize {
        let mut ran = 0;
        while self.run_next().is_some() {
            ran += 1;
        }
        ran
    }

    pub fn metadata(&self, id: TaskId) -> Option<&TaskMetadata> {
        self.finished.get(&id)
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
