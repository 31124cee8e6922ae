//! accept: a pairing heap written by hand, ids scrambled, records found by hash

use std::any::Any;
use std::collections::HashMap;
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

struct Node {
    urgency: (u8, u64),
    id: TaskId,
    work: Work,
    children: Vec<Box<Node>>,
}

#[derive(Default)]
pub struct Scheduler {
    root: Option<Box<Node>>,
    waiting: usize,
    submitted: u64,
    records: HashMap<TaskId, TaskMetadata>,
}

fn meld(mut one: Box<Node>, mut other: Box<Node>) -> Box<Node> {
    if one.urgency >= other.urgency {
        one.children.push(other);
        one
    } else {
        other.children.push(one);
        other
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
        let number = self.submitted;
        self.submitted += 1;
        let id = TaskId(number.reverse_bits() ^ 0x5DEE_CE66_D1CE_B00C);
        let record = TaskMetadata {
            id,
            name: name.into(),
            priority,
            status: Status::Pending,
        };
        self.records.insert(id, record);
        let node = Box::new(Node {
            urgency: (priority, u64::MAX - number),
            id,
            work: Box::new(work),
            children: Vec::new(),
        });
        self.root = Some(match self.root.take() {
            None => node,
            Some(root) => meld(root, node),
        });
        self.waiting += 1;
        id
    }

    pub fn run_next(&mut self) -> Option<TaskId> {
        let Node {
            id, work, children, ..
        } = *self.root.take()?;
        let mut pairs = Vec::new();
        let mut children = children.into_iter();
        while let Some(one) = children.next() {
            pairs.push(match children.next() {
                None => one,
                Some(other) => meld(one, other),
            });
        }
        self.root = pairs.into_iter().rev().reduce(meld);
        self.waiting -= 1;
        self.set(id, Status::Running);
        let status = match panic::catch_unwind(AssertUnwindSafe(work)) {
            Ok(Ok(())) => Status::Succeeded,
            Ok(Err(error)) => Status::Failed(error.to_string()),
            Err(payload) => Status::Failed(text(&*payload)),
        };
        self.set(id, status);
        Some(id)
    }

    pub fn run_all(&mut self) -> usize {
        std::iter::from_fn(|| self.run_next()).count()
    }

    pub fn metadata(&self, id: TaskId) -> Option<&TaskMetadata> {
        self.records.get(&id)
    }

    pub fn pending(&self) -> usize {
        self.waiting
    }

    fn set(&mut self, id: TaskId, status: Status) {
        if let Some(record) = self.records.get_mut(&id) {
            record.status = status;
        }
    }
}

/// Nodes are taken apart one by one: the heap may be as deep as it has tasks.
impl Drop for Scheduler {
    fn drop(&mut self) {
        let mut left = Vec::from_iter(self.root.take());
        while let Some(mut node) = left.pop() {
            left.append(&mut node.children);
        }
    }
}

fn text(payload: &(dyn Any + Send)) -> String {
    match payload.downcast_ref::<&str>() {
        Some(text) => (*text).to_owned(),
        None => match payload.downcast_ref::<String>() {
            Some(text) => text.clone(),
            None => "task panicked".to_owned(),
        },
    }
}
