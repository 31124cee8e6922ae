//! reject: arguments-bound-late
//! by: each_task_runs_the_work_it_was_submitted_with
//!
//! Work is registered under the task's name and looked up when its turn comes. A
//! second task of that name replaces the first one's work, arguments and all: the
//! first then runs the second's, and the second finds nothing to do.

use std::any::Any;
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
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
    records: Vec<TaskMetadata>,
    handlers: HashMap<String, Work>,
    queue: BTreeSet<(Reverse<u8>, TaskId)>,
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
        self.handlers.insert(name.clone(), Box::new(work));
        let status = Status::Pending;
        self.records.push(TaskMetadata {
            id,
            name,
            priority,
            status,
        });
        self.queue.insert((Reverse(priority), id));
        id
    }

    pub fn run_next(&mut self) -> Option<TaskId> {
        let (_, id) = self.queue.pop_first()?;
        let record = &mut self.records[id.0 as usize];
        record.status = match self.handlers.remove(&record.name) {
            Some(work) => run(work),
            None => Status::Succeeded,
        };
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
        self.records.get(id.0 as usize)
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
