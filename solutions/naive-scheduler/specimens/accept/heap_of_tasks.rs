//! accept: the task itself, with its work and an order of its own, travels in the heap; ids start at 1000

use std::any::Any;
use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashMap};
use std::error::Error;
use std::mem;
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

struct Queued {
    priority: u8,
    id: TaskId,
    work: Work,
}

impl Ord for Queued {
    fn cmp(&self, other: &Self) -> Ordering {
        // The greatest is popped first: a higher priority, or a smaller id.
        let by_priority = self.priority.cmp(&other.priority);
        by_priority.then_with(|| other.id.cmp(&self.id))
    }
}

impl PartialOrd for Queued {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Queued {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Queued {}

pub struct Scheduler {
    next_id: u64,
    records: HashMap<TaskId, TaskMetadata>,
    queue: BinaryHeap<Queued>,
}

impl Default for Scheduler {
    fn default() -> Self {
        Self {
            next_id: 1000,
            records: HashMap::new(),
            queue: BinaryHeap::new(),
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
        let id = TaskId(self.next_id);
        self.next_id += 1;
        let name = name.into();
        let status = Status::Pending;
        self.records.insert(
            id,
            TaskMetadata {
                id,
                name,
                priority,
                status,
            },
        );
        let work = Box::new(work);
        self.queue.push(Queued { priority, id, work });
        id
    }

    pub fn run_next(&mut self) -> Option<TaskId> {
        let Queued { id, work, .. } = self.queue.pop()?;
        self.set_status(id, run(work));
        Some(id)
    }

    pub fn run_all(&mut self) -> usize {
        // Nobody can submit meanwhile, so one sort serves the whole run.
        let sorted = mem::take(&mut self.queue).into_sorted_vec();
        let ran = sorted.len();
        for Queued { id, work, .. } in sorted.into_iter().rev() {
            self.set_status(id, run(work));
        }
        ran
    }

    pub fn metadata(&self, id: TaskId) -> Option<&TaskMetadata> {
        self.records.get(&id)
    }

    pub fn pending(&self) -> usize {
        self.queue.len()
    }

    fn set_status(&mut self, id: TaskId, status: Status) {
        if let Some(record) = self.records.get_mut(&id) {
            record.status = status;
        }
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
