//! reject: copy-not-reference
//! by: metadata_asked_for_after_the_run_shows_its_result
//!
//! The queue gets a clone of the metadata so that a task can be run from the queue
//! alone. The run's result goes into that clone, and the record that callers look
//! up stays `Pending` for ever.

use std::any::Any;
use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashMap};
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

impl Ord for Task {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_priority = self.metadata.priority.cmp(&other.metadata.priority);
        by_priority.then_with(|| other.metadata.id.cmp(&self.metadata.id))
    }
}

impl PartialOrd for Task {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Task {
    fn eq(&self, other: &Self) -> bool {
        self.metadata.id == other.metadata.id
    }
}

impl Eq for Task {}

#[derive(Default)]
pub struct Scheduler {
    records: HashMap<TaskId, TaskMetadata>,
    queue: BinaryHeap<Task>,
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
        let id = TaskId(self.records.len() as u64);
        let name = name.into();
        let status = Status::Pending;
        let metadata = TaskMetadata {
            id,
            name,
            priority,
            status,
        };
        self.records.insert(id, metadata.clone());
        let work = Box::new(work);
        self.queue.push(Task { metadata, work });
        id
    }

    pub fn run_next(&mut self) -> Option<TaskId> {
        let mut task = self.queue.pop()?;
        task.metadata.status = Status::Running;
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
        self.records.get(&id)
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
