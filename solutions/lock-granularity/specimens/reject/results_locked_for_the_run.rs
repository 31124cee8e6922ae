//! reject: one-big-lock
//! by: everybody_is_answered_while_a_task_runs
//!
//! Workers hold no lock: they send how their tasks went to `run`, which writes
//! it down. To do so `run` locks the records once, for as long as it lasts.
//! The workers are free, and everybody else waits for the end of the run.

use std::any::Any;
use std::collections::VecDeque;
use std::error::Error;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Mutex;
use std::sync::mpsc::{self, Sender};
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
        let mut records = self.records.lock().unwrap();
        let index = records.len();
        let id = TaskId(index as u64);
        records.push(TaskMetadata {
            id,
            name,
            status: Status::Pending,
        });
        drop(records);
        self.queue
            .lock()
            .unwrap()
            .push_back((index, Box::new(work)));
        id
    }

    pub fn run(&self, workers: usize) {
        assert!(workers > 0, "run needs at least one worker");
        let (results, inbox) = mpsc::channel();
        let mut records = self.records.lock().unwrap();
        thread::scope(|scope| {
            for _ in 0..workers {
                let results = results.clone();
                scope.spawn(move || self.work(&results));
            }
            // The channel ends when the last worker does.
            drop(results);
            for (index, status) in inbox {
                records[index].status = status;
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

    fn work(&self, results: &Sender<(usize, Status)>) {
        loop {
            let next = self.queue.lock().unwrap().pop_front();
            let Some((index, work)) = next else { return };
            results.send((index, Status::Running)).unwrap();
            results.send((index, call(work, self))).unwrap();
        }
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
