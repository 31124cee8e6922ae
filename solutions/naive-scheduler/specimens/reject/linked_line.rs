//! reject: recursion-too-deep
//! by: a_dropped_scheduler_runs_nothing
//!
//! The line of each priority is a list of boxes. Dropping the first one drops the next
//! one from inside, and so on: a scheduler that is dropped with a long line overflows
//! the stack.

use std::any::Any;
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

/// A place in the line of one priority.
struct Node {
    id: u64,
    behind: Link,
}

type Link = Option<Box<Node>>;

/// First in, first out: what arrives goes on a stack, which is turned around when the
/// other one is empty.
#[derive(Default)]
struct Line {
    arrived: Link,
    leaving: Link,
}

impl Line {
    fn push(&mut self, id: u64) {
        let behind = self.arrived.take();
        self.arrived = Some(Box::new(Node { id, behind }));
    }

    fn pop(&mut self) -> Option<u64> {
        if self.leaving.is_none() {
            while let Some(mut node) = self.arrived.take() {
                self.arrived = node.behind.take();
                node.behind = self.leaving.take();
                self.leaving = Some(node);
            }
        }
        let node = self.leaving.take()?;
        self.leaving = node.behind;
        Some(node.id)
    }
}

pub struct Scheduler {
    tasks: Vec<Task>,
    lines: Vec<Line>,
    pending: usize,
}

impl Default for Scheduler {
    fn default() -> Self {
        Self {
            tasks: Vec::new(),
            lines: (0..256).map(|_| Line::default()).collect(),
            pending: 0,
        }
    }
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
        self.lines[usize::from(priority)].push(id);
        self.pending += 1;
        TaskId(id)
    }

    pub fn run_next(&mut self) -> Option<TaskId> {
        let id = self.lines.iter_mut().rev().find_map(Line::pop)?;
        self.pending -= 1;
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
        self.pending
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
