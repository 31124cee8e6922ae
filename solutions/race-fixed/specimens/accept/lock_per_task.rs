//! accept: a lock per task, and one for the counts that is always taken last

use std::any::Any;
use std::error::Error;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, RwLock};
use std::thread;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(u64);

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    Pending,
    Running,
    Succeeded,
    Failed(String),
    Cancelled,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskMetadata {
    pub id: TaskId,
    pub name: String,
    pub status: Status,
    pub attempts: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    pub submitted: usize,
    pub running: usize,
    pub succeeded: usize,
    pub failed: usize,
    pub cancelled: usize,
}

pub type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

type Work = dyn Fn() -> Outcome + Send + Sync;

struct Task {
    metadata: Mutex<TaskMetadata>,
    work: Box<Work>,
}

/// Lock order: `tasks`, then one task's `metadata`, then `stats`. A status and the
/// counts change while both of their locks are held, so `stats` alone is consistent.
pub struct Scheduler {
    max_attempts: u32,
    tasks: RwLock<Vec<Arc<Task>>>,
    stats: Mutex<Stats>,
    changed: Condvar,
}

impl Default for Scheduler {
    fn default() -> Self {
        Self::new(1)
    }
}

impl Scheduler {
    pub fn new(max_attempts: u32) -> Self {
        let (tasks, stats) = (RwLock::default(), Mutex::default());
        Self {
            max_attempts,
            tasks,
            stats,
            changed: Condvar::new(),
        }
    }

    pub fn submit(
        &self,
        name: impl Into<String>,
        work: impl Fn() -> Outcome + Send + Sync + 'static,
    ) -> TaskId {
        let name = name.into();
        let mut tasks = self.tasks.write().unwrap();
        let id = TaskId(tasks.len() as u64);
        let metadata = TaskMetadata {
            id,
            name,
            status: Status::Pending,
            attempts: 0,
        };
        tasks.push(Arc::new(Task {
            metadata: Mutex::new(metadata),
            work: Box::new(work),
        }));
        self.stats.lock().unwrap().submitted += 1;
        self.changed.notify_all();
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

    pub fn cancel(&self, id: TaskId) -> bool {
        let Some(task) = self.task(id) else {
            return false;
        };
        let mut metadata = task.metadata.lock().unwrap();
        if metadata.status != Status::Pending {
            return false;
        }
        metadata.status = Status::Cancelled;
        self.stats.lock().unwrap().cancelled += 1;
        // Whoever waits for the last pending task need not wait for this one.
        self.changed.notify_all();
        true
    }

    pub fn metadata(&self, id: TaskId) -> Option<TaskMetadata> {
        Some(self.task(id)?.metadata.lock().unwrap().clone())
    }

    pub fn stats(&self) -> Stats {
        *self.stats.lock().unwrap()
    }

    fn work(&self) {
        loop {
            // A copy of the list: nothing is locked while the tasks are looked at.
            let tasks = self.tasks.read().unwrap().clone();
            for task in tasks {
                while self.attempt(&task) {}
            }
            let mut stats = self.stats.lock().unwrap();
            while pending(&stats) == 0 && stats.running > 0 {
                stats = self.changed.wait(stats).unwrap();
            }
            if pending(&stats) == 0 {
                return;
            }
        }
    }

    /// Makes one attempt, if the task is pending. True when it has to be retried.
    fn attempt(&self, task: &Task) -> bool {
        let mut metadata = task.metadata.lock().unwrap();
        if metadata.status != Status::Pending {
            return false;
        }
        metadata.status = Status::Running;
        metadata.attempts += 1;
        self.stats.lock().unwrap().running += 1;
        drop(metadata);

        let result = call(&*task.work);

        let mut metadata = task.metadata.lock().unwrap();
        let mut stats = self.stats.lock().unwrap();
        stats.running -= 1;
        let (status, retry) = match result {
            Ok(()) => (Status::Succeeded, false),
            Err(_) if metadata.attempts < self.max_attempts => (Status::Pending, true),
            Err(message) => (Status::Failed(message), false),
        };
        match status {
            Status::Succeeded => stats.succeeded += 1,
            Status::Failed(_) => stats.failed += 1,
            _ => {}
        }
        metadata.status = status;
        self.changed.notify_all();
        retry
    }

    fn task(&self, id: TaskId) -> Option<Arc<Task>> {
        self.tasks.read().unwrap().get(id.0 as usize).cloned()
    }
}

fn pending(stats: &Stats) -> usize {
    stats.submitted - stats.running - stats.succeeded - stats.failed - stats.cancelled
}

/// One attempt: an error and a panic both become a message.
fn call(work: &Work) -> Result<(), String> {
    let guarded = || work().map_err(|error| error.to_string());
    match panic::catch_unwind(AssertUnwindSafe(guarded)) {
        Ok(result) => result,
        Err(payload) => Err(panic_message(&*payload)),
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
