//! accept: a map from each priority in use to its line; a line that is empty is removed

use std::any::Any;
use std::collections::{BTreeMap, VecDeque};
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
    lines: BTreeMap<u8, VecDeque<(usize, Work)>>,
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
        let position = self.records.len();
        let id = TaskId(position as u64);
        let name = name.into();
        let status = Status::Pending;
        self.records.push(TaskMetadata {
            id,
            name,
            priority,
            status,
        });
        let line = self.lines.entry(priority).or_default();
        line.push_back((position, Box::new(work)));
        id
    }

    pub fn run_next(&mut self) -> Option<TaskId> {
        let mut line = self.lines.last_entry()?;
        let next = line.get_mut().pop_front();
        if line.get().is_empty() {
            line.remove();
        }
        let (position, work) = next?;
        let record = &mut self.records[position];
        record.status = run(work);
        Some(record.id)
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
        self.lines.values().map(VecDeque::len).sum()
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
