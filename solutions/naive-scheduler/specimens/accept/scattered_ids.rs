//! accept: ids that follow no order, one table from id to record, and a sorted map from turn to id

use std::any::Any;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
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

struct Record {
    metadata: TaskMetadata,
    work: Option<Work>,
}

#[derive(Default)]
pub struct Scheduler {
    submitted: u64,
    records: HashMap<TaskId, Record>,
    turns: BTreeMap<(Reverse<u8>, u64), TaskId>,
}

/// The finalizer of SplitMix64. It maps no two numbers to one, so ids are as
/// unique as the counter behind them, and nobody can guess the next.
fn scatter(counter: u64) -> TaskId {
    let mut id = counter.wrapping_add(0x9e37_79b9_7f4a_7c15);
    id = (id ^ (id >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    id = (id ^ (id >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    TaskId(id ^ (id >> 31))
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
        let place = self.submitted;
        self.submitted += 1;
        let id = scatter(place);
        let name = name.into();
        let status = Status::Pending;
        let metadata = TaskMetadata {
            id,
            name,
            priority,
            status,
        };
        let work: Option<Work> = Some(Box::new(work));
        self.records.insert(id, Record { metadata, work });
        self.turns.insert((Reverse(priority), place), id);
        id
    }

    pub fn run_next(&mut self) -> Option<TaskId> {
        let (_, id) = self.turns.pop_first()?;
        let record = self.records.get_mut(&id)?;
        record.metadata.status = Status::Running;
        record.metadata.status = run(record.work.take()?);
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
        self.records.get(&id).map(|record| &record.metadata)
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
