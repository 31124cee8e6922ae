//! accept: ids unique in the whole process and falling, behind a module; a sorted set of turns

use std::any::Any;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::panic::{self, AssertUnwindSafe};

mod id {
    use std::sync::atomic::{AtomicU64, Ordering};

    static NEXT: AtomicU64 = AtomicU64::new(u64::MAX);

    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub struct TaskId(u64);

    impl TaskId {
        pub(crate) fn fresh() -> Self {
            Self(NEXT.fetch_sub(1, Ordering::Relaxed))
        }
    }
}

pub use id::TaskId;

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

/// What is left to do for a task.
enum Todo {
    Run(Work),
    Nothing,
}

#[derive(Default)]
pub struct Scheduler {
    tasks: BTreeMap<TaskId, (TaskMetadata, Todo)>,
    /// Ids fall, so of equal priorities the greatest id was submitted first.
    turns: BTreeSet<(Reverse<u8>, Reverse<TaskId>)>,
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
        let id = TaskId::fresh();
        let name = name.into();
        let status = Status::Pending;
        let metadata = TaskMetadata {
            id,
            name,
            priority,
            status,
        };
        self.tasks.insert(id, (metadata, Todo::Run(Box::new(work))));
        self.turns.insert((Reverse(priority), Reverse(id)));
        id
    }

    pub fn run_next(&mut self) -> Option<TaskId> {
        let (_, Reverse(id)) = self.turns.pop_first()?;
        let (metadata, todo) = self.tasks.get_mut(&id)?;
        if let Todo::Run(work) = std::mem::replace(todo, Todo::Nothing) {
            metadata.status = run(work);
        }
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
        self.tasks.get(&id).map(|(metadata, _)| metadata)
    }

    pub fn pending(&self) -> usize {
        self.turns.len()
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
