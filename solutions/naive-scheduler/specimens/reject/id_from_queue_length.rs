//! reject: id-reused
//! by: an_id_is_never_given_out_twice
//!
//! The id is the length of the queue. It is unique until the first task has run;
//! after that a new task takes the id, and the record, of an old one.

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
    records: HashMap<TaskId, TaskMetadata>,
    queue: BTreeMap<(Reverse<u8>, u64), (TaskId, Work)>,
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
        let id = TaskId(self.queue.len() as u64);
        let name = name.into();
        let status = Status::Pending;
        self.records.insert(
            id,
            TaskMetadata {
                id,
                name,
                priority,
                status,
            },
        );
        let turn = (Reverse(priority), self.submitted);
        self.submitted += 1;
        self.queue.insert(turn, (id, Box::new(work)));
        id
    }

    pub fn run_next(&mut self) -> Option<TaskId> {
        let (_, (id, work)) = self.queue.pop_first()?;
        let status = run(work);
        if let Some(record) = self.records.get_mut(&id) {
            record.status = status;
        }
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
