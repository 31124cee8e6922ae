//! reject: panic-kills-worker
//! by: a_panicking_task_costs_no_other_task_its_run
//!
//! Nothing catches the panic, so it unwinds through `run_all` into the caller, and
//! the tasks behind it wait for a run that nobody will ask for.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::error::Error;

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
    queue: BTreeMap<(Reverse<u8>, TaskId), Work>,
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
        self.records.push(TaskMetadata {
            id,
            name: name.into(),
            priority,
            status: Status::Pending,
        });
        self.queue.insert((Reverse(priority), id), Box::new(work));
        id
    }

    pub fn run_next(&mut self) -> Option<TaskId> {
        let ((_, id), work) = self.queue.pop_first()?;
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
        self.queue.len()
    }
}

fn run(work: Work) -> Status {
    match work() {
        Ok(()) => Status::Succeeded,
        Err(error) => Status::Failed(error.to_string()),
    }
}
