//! accept: tasks are claimed by `compare_exchange`; a read-write lock keeps snapshots apart from changes

use std::any::Any;
use std::error::Error;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock, RwLock};
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

const PENDING: u8 = 0;
const RUNNING: u8 = 1;
const SUCCEEDED: u8 = 2;
const FAILED: u8 = 3;
const CANCELLED: u8 = 4;

struct Task {
    name: String,
    state: AtomicU8,
    attempts: AtomicU32,
    error: OnceLock<String>,
    work: Box<Work>,
}

/// The lock is used the other way around: changes of single tasks share it, since
/// their atomics keep them apart, and a snapshot of all tasks has it alone.
pub struct Scheduler {
    max_attempts: u32,
    tasks: RwLock<Vec<Arc<Task>>>,
}

impl Default for Scheduler {
    fn default() -> Self {
        Self::new(1)
    }
}

impl Scheduler {
    pub fn new(max_attempts: u32) -> Self {
        Self {
            max_attempts,
            tasks: RwLock::default(),
        }
    }

    pub fn submit(
        &self,
        name: impl Into<String>,
        work: impl Fn() -> Outcome + Send + Sync + 'static,
    ) -> TaskId {
        let task = Task {
            name: name.into(),
            state: AtomicU8::new(PENDING),
            attempts: AtomicU32::new(0),
            error: OnceLock::new(),
            work: Box::new(work),
        };
        let mut tasks = self.tasks.write().unwrap();
        tasks.push(Arc::new(task));
        TaskId(tasks.len() as u64 - 1)
    }

    pub fn run(&self, workers: usize) {
        assert!(workers > 0, "run needs at least one worker");
        thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| {
                    while !self.is_drained() {
                        match self.claim() {
                            Some((task, attempt)) => self.attempt(&task, attempt),
                            None => thread::yield_now(),
                        }
                    }
                });
            }
        });
    }

    pub fn cancel(&self, id: TaskId) -> bool {
        let tasks = self.tasks.read().unwrap();
        tasks
            .get(id.0 as usize)
            .is_some_and(|task| task.change(PENDING, CANCELLED))
    }

    pub fn metadata(&self, id: TaskId) -> Option<TaskMetadata> {
        let tasks = self.tasks.write().unwrap();
        let task = tasks.get(id.0 as usize)?;
        let status = match task.state.load(Ordering::Acquire) {
            PENDING => Status::Pending,
            RUNNING => Status::Running,
            SUCCEEDED => Status::Succeeded,
            CANCELLED => Status::Cancelled,
            _ => Status::Failed(task.error.get().cloned().unwrap_or_default()),
        };
        let attempts = task.attempts.load(Ordering::Acquire);
        Some(TaskMetadata {
            id,
            name: task.name.clone(),
            status,
            attempts,
        })
    }

    pub fn stats(&self) -> Stats {
        let tasks = self.tasks.write().unwrap();
        let mut stats = Stats {
            submitted: tasks.len(),
            ..Stats::default()
        };
        for task in tasks.iter() {
            match task.state.load(Ordering::Acquire) {
                PENDING => {}
                RUNNING => stats.running += 1,
                SUCCEEDED => stats.succeeded += 1,
                CANCELLED => stats.cancelled += 1,
                _ => stats.failed += 1,
            }
        }
        stats
    }

    fn is_drained(&self) -> bool {
        let stats = self.stats();
        stats.succeeded + stats.failed + stats.cancelled == stats.submitted
    }

    fn claim(&self) -> Option<(Arc<Task>, u32)> {
        let tasks = self.tasks.read().unwrap();
        let task = tasks.iter().find(|task| task.change(PENDING, RUNNING))?;
        let attempt = task.attempts.fetch_add(1, Ordering::AcqRel) + 1;
        Some((Arc::clone(task), attempt))
    }

    fn attempt(&self, task: &Task, attempt: u32) {
        let result = call(&*task.work);
        let _no_snapshot_now = self.tasks.read().unwrap();
        let next = match result {
            Ok(()) => SUCCEEDED,
            Err(_) if attempt < self.max_attempts => PENDING,
            Err(message) => {
                task.error.get_or_init(|| message);
                FAILED
            }
        };
        task.state.store(next, Ordering::Release);
    }
}

impl Task {
    fn change(&self, from: u8, to: u8) -> bool {
        self.state
            .compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }
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
