//! reject: ids-of-two-schedulers-mixed
//! by: a_scheduler_knows_the_ids_that_it_gave_out_and_no_others
//!
//! Ids come from one counter for the whole process, and are used as positions in a
//! list that each scheduler has for itself. The first scheduler of a program works;
//! in the second no id finds its record.

use std::any::Any;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::error::Error;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicU64, Ordering};

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

static NEXT_ID: AtomicU64 = AtomicU64::new(0);

struct Task {
    metadata: TaskMetadata,
    work: Option<Work>,
}

#[derive(Default)]
pub struct Scheduler {
    tasks: Vec<Task>,
    queue: BinaryHeap<(u8, Reverse<u64>, usize)>,
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
        let id = TaskId(NEXT_ID.fetch_add(1, Ordering::Relaxed));
        let position = self.tasks.len();
        let name = name.into();
        let status = Status::Pending;
        let metadata = TaskMetadata {
            id,
            name,
            priority,
            status,
        };
        let work: Option<Work> = Some(Box::new(work));
        self.tasks.push(Task { metadata, work });
        self.queue.push((priority, Reverse(id.0), position));
        id
    }

    pub fn run_next(&mut self) -> Option<TaskId> {
        let (.., position) = self.queue.pop()?;
        let task = &mut self.tasks[position];
        if let Some(work) = task.work.take() {
            task.metadata.status = run(work);
        }
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
