//! reject: default-differs
//! by: new_and_default_start_without_tasks
//!
//! `new` makes the 256 lines that `submit` relies on; the derived `Default` makes
//! none, and the first `submit` is out of bounds.

use std::any::Any;
use std::collections::VecDeque;
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
    lines: Vec<VecDeque<(TaskId, Work)>>,
}

impl Scheduler {
    pub fn new() -> Self {
        Self {
            records: Vec::new(),
            lines: (0..=u8::MAX).map(|_| VecDeque::new()).collect(),
        }
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
        self.records.push(TaskMetadata {
            id,
            name,
            priority,
            status,
        });
        self.lines[usize::from(priority)].push_back((id, Box::new(work)));
        id
    }

    pub fn run_next(&mut self) -> Option<TaskId> {
        let mut lines = self.lines.iter_mut().rev();
        let (id, work) = lines.find_map(VecDeque::pop_front)?;
        self.records[id.0 as usize].status = run(work);
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
        self.lines.iter().map(VecDeque::len).sum()
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
