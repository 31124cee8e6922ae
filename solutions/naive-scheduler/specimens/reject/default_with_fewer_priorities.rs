//! reject: default-differs
//! by: a_default_scheduler_does_what_a_new_one_does
//!
//! The highest priority is a setting that `new` fills in; a derived `Default` leaves it
//! at 0, so every task is as urgent as any other.

use std::any::Any;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
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
    work: Option<Work>,
}

#[derive(Default)]
pub struct Scheduler {
    tasks: Vec<Task>,
    queue: BinaryHeap<(u8, Reverse<u64>)>,
    highest: u8,
}

impl Scheduler {
    pub fn new() -> Self {
        Self {
            highest: u8::MAX,
            ..Self::default()
        }
    }

    pub fn submit(
        &mut self,
        name: impl Into<String>,
        priority: u8,
        work: impl FnOnce() -> Outcome + Send + 'static,
    ) -> TaskId {
        let id = self.tasks.len() as u64;
        self.tasks.push(Task {
            metadata: TaskMetadata {
                id: TaskId(id),
                name: name.into(),
                priority,
                status: Status::Pending,
            },
            work: Some(Box::new(work)),
        });
        self.queue.push((priority.min(self.highest), Reverse(id)));
        TaskId(id)
    }

    pub fn run_next(&mut self) -> Option<TaskId> {
        let (_, Reverse(id)) = self.queue.pop()?;
        let task = &mut self.tasks[id as usize];
        if let Some(work) = task.work.take() {
            task.metadata.status = Status::Running;
            task.metadata.status = run(work);
        }
        Some(TaskId(id))
    }

    pub fn run_all(&mut self) -> usize {
        let mut ran = 0;
        while self.run_next().is_some() {
            ran += 1;
        }
        ran
    }

    pub fn metadata(&self, id: TaskId) -> Option<&TaskMetadata> {
        self.tasks.get(id.0 as usize).map(|task| &task.metadata)
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
