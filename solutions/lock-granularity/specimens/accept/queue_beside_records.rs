//! accept: two locks in one order: a queue of work, and the records behind it
//!
//! Between claiming a task and marking it as running it is still pending for
//! everybody else, which nobody can tell from a claim a moment later.

use std::any::Any;
use std::collections::VecDeque;
use std::error::Error;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Condvar, Mutex, RwLock};
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
struct Queue {
    waiting: VecDeque<(usize, Work)>,
    /// Workers that have taken something out and have not recorded its end.
    busy: usize,
}

#[derive(Default)]
pub struct Scheduler {
    /// Taken before `records` by those who need both.
    queue: Mutex<Queue>,
    records: RwLock<Vec<TaskMetadata>>,
    changed: Condvar,
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
        let mut queue = self.queue.lock().unwrap();
        let mut records = self.records.write().unwrap();
        let index = records.len();
        let id = TaskId(index as u64);
        let status = Status::Pending;
        records.push(TaskMetadata { id, name, status });
        queue.waiting.push_back((index, Box::new(work)));
        self.changed.notify_one();
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
        self.records.read().unwrap().get(id.0 as usize).cloned()
    }

    pub fn stats(&self) -> Stats {
        let records = self.records.read().unwrap();
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
        while let Some((index, work)) = self.claim() {
            self.mark(index, Status::Running);
            let status = call(work, self);
            self.mark(index, status);
            self.finish();
        }
    }

    fn claim(&self) -> Option<(usize, Work)> {
        let mut queue = self.queue.lock().unwrap();
        loop {
            if let Some(next) = queue.waiting.pop_front() {
                queue.busy += 1;
                return Some(next);
            }
            if queue.busy == 0 {
                return None;
            }
            queue = self.changed.wait(queue).unwrap();
        }
    }

    fn mark(&self, index: usize, status: Status) {
        self.records.write().unwrap()[index].status = status;
    }

    fn finish(&self) {
        let mut queue = self.queue.lock().unwrap();
        queue.busy -= 1;
        if queue.busy == 0 {
            self.changed.notify_all();
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
