//! reject: id-reused
//! by: an_id_is_never_given_out_twice
//!
//! To keep the table small, the slot of a finished task goes to the next one. The
//! id is the slot, so an old id now answers for a new task. (A slot needs a
//! generation beside it to be an identity.)

use std::any::Any;
use std::cmp::Reverse;
use std::collections::BTreeMap;
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
    slots: Vec<TaskMetadata>,
    free: Vec<usize>,
    queue: BTreeMap<(Reverse<u8>, u64), (usize, Work)>,
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
        let slot = self.free.pop().unwrap_or(self.slots.len());
        let id = TaskId(slot as u64);
        let name = name.into();
        let status = Status::Pending;
        let metadata = TaskMetadata {
            id,
            name,
            priority,
            status,
        };
        if slot == self.slots.len() {
            self.slots.push(metadata);
        } else {
            self.slots[slot] = metadata;
        }
        let turn = (Reverse(priority), self.submitted);
        self.submitted += 1;
        self.queue.insert(turn, (slot, Box::new(work)));
        id
    }

    pub fn run_next(&mut self) -> Option<TaskId> {
        let (_, (slot, work)) = self.queue.pop_first()?;
        self.slots[slot].status = run(work);
        self.free.push(slot);
        Some(self.slots[slot].id)
    }

    pub fn run_all(&mut self) -> usize {
        let mut ran = 0;
        while self.run_next().is_some() {
            ran += 1;
        }
        ran
    }

    pub fn metadata(&self, id: TaskId) -> Option<&TaskMetadata> {
        self.slots.get(id.0 as usize)
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
