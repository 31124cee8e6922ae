//! reject: panic-kills-worker
//! by: a_panicking_task_costs_no_other_task_its_run
//!
//! The panic is caught, but around the whole of `run_all`: the first one ends the
//! loop, and the rest of the queue is left as it is. (`run_next` has its own.)

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
        self.queue.push((priority, Reverse(id)));
        TaskId(id)
    }

    pub fn run_next(&mut self) -> Option<TaskId> {
        let id = self.begin()?;
        let work = self.tasks[id].work.take();
        self.tasks[id].metadata.status = work.map_or(Status::Succeeded, run);
        Some(TaskId(id as u64))
    }

    fn begin(&mut self) -> Option<usize> {
        let (_, Reverse(id)) = self.queue.pop()?;
        self.tasks[id as usize].metadata.status = Status::Running;
        Some(id as usize)
    }

    pub fn run_all(&mut self) -> usize {
        let mut ran = 0;
        let mut current = None;
        let all = AssertUnwindSafe(|| {
            while let Some(id) = self.begin() {
                current = Some(id);
                ran += 1;
                let Some(work) = self.tasks[id].work.take() else {
                    continue;
                };
                self.tasks[id].metadata.status = match work() {
                    Ok(()) => Status::Succeeded,
                    Err(error) => Status::Failed(error.to_string()),
                };
            }
        });
        if let (Err(payload), Some(id)) = (panic::catch_unwind(all), current) {
            self.tasks[id].metadata.status = Status::Failed(message(&*payload));
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
