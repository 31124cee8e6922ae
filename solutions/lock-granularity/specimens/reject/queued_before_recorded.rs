//! reject: published-too-early
//! by: a_submit_during_a_run_is_not_lost
//!
//! The queue and the records have got locks of their own, and `submit` takes
//! them in the wrong order: it queues the task before the record behind it
//! exists. A worker that is already there takes it and finds nothing to write
//! to.

use std::any::Any;
use std::collections::VecDeque;
use std::error::Error;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

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
    pub status: Status,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    pub submitted: usize,
    pub running: usize,
    pub succeeded: usize,
    pub failed: usize,
}

pub type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

type Work = Box<dyn FnOnce(&Scheduler) -> Outcome + Send>;

#[derive(Default)]
pub struct Scheduler {
    records: Mutex<Vec<TaskMetadata>>,
    queue: Mutex<VecDeque<(usize, Work)>>,
    ids: AtomicUsize,
}

impl Scheduler {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn submit(
        &self,
        name: impl Into<String>,
        work: impl FnOnce(&Scheduler) -> Outcome + Send + 'static,
    ) -> TaskId {
        let name = name.into();
        let index = self.ids.fetch_add(1, Ordering::SeqCst);
        let id = TaskId(index as u64);
        let job = (index, Box::new(work) as Work);
        self.queue.lock().unwrap().push_back(job);
        let mut records = self.records.lock().unwrap();
        records.push(TaskMetadata {
            id,
            name,
            status: Status::Pending,
        });
        id
    }

    pub fn run(&self, workers: usize) {
        assert!(workers > 0, "run needs at least one worker");
        thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| self.work());
            }
        });
    }

    pub fn metadata(&self, id: TaskId) -> Option<TaskMetadata> {
        self.records.lock().unwrap().get(id.0 as usize).cloned()
    }

    pub fn stats(&self) -> Stats {
        let records = self.records.lock().unwrap();
        let mut stats = Stats {
            submitted: records.len(),
            ..Stats::default()
        };
        for record in records.iter() {
            match record.status {
                Status::Pending => {}
                Status::Running => stats.running += 1,
                Status::Succeeded => stats.succeeded += 1,
                Status::Failed(_) => stats.failed += 1,
            }
        }
        stats
    }

    fn work(&self) {
        loop {
            let next = self.queue.lock().unwrap().pop_front();
            let Some((index, work)) = next else { return };
            self.run_one(index, work);
        }
    }

    fn run_one(&self, index: usize, work: Work) {
        self.mark(index, Status::Running);
        let status = call(work, self);
        self.mark(index, status);
    }

    fn mark(&self, index: usize, status: Status) {
        self.records.lock().unwrap()[index].status = status;
    }
}

fn call(work: Work, scheduler: &Scheduler) -> Status {
    let guarded = || work(scheduler).map_err(|error| error.to_string());
    match panic::catch_unwind(AssertUnwindSafe(guarded)) {
        Ok(Ok(())) => Status::Succeeded,
        Ok(Err(message)) => Status::Failed(message),
        Err(payload) => Status::Failed(panic_message(&*payload)),
    }
}

fn panic_message(payload: &(dyn Any + Send)) -> String {
    if let Some(message) = payload.downcast_ref::<&str>() {
        (*message).to_owned()
    } else if let Some(message) = payload.downcast_ref::<String>() {
        message.clone()
    } else {
        "task panicked".to_owned()
    }
}
