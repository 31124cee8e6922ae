//! reject: execute-under-lock
//! by: no_lock_is_held_while_a_task_runs
//!
//! Workers only read the table of tasks while they work, so they share a read
//! lock and run side by side. Everybody who writes waits for the last of them:
//! `submit` does, and so does a task that submits.

use std::any::Any;
use std::error::Error;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, RwLock};
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

struct Task {
    metadata: Mutex<TaskMetadata>,
    work: Mutex<Option<Work>>,
}

#[derive(Default)]
pub struct Scheduler {
    tasks: RwLock<Vec<Task>>,
    /// The first task that nobody has claimed.
    next: AtomicUsize,
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
        let mut tasks = self.tasks.write().unwrap();
        let id = TaskId(tasks.len() as u64);
        let metadata = Mutex::new(TaskMetadata {
            id,
            name,
            status: Status::Pending,
        });
        let work = Mutex::new(Some(Box::new(work) as Work));
        tasks.push(Task { metadata, work });
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
        let tasks = self.tasks.read().unwrap();
        let task = tasks.get(id.0 as usize)?;
        Some(task.metadata.lock().unwrap().clone())
    }

    pub fn stats(&self) -> Stats {
        let tasks = self.tasks.write().unwrap();
        let mut stats = Stats {
            submitted: tasks.len(),
            ..Stats::default()
        };
        for task in tasks.iter() {
            match task.metadata.lock().unwrap().status {
                Status::Pending => {}
                Status::Running => stats.running += 1,
                Status::Succeeded => stats.succeeded += 1,
                Status::Failed(_) => stats.failed += 1,
            }
        }
        stats
    }

    fn work(&self) {
        let tasks = self.tasks.read().unwrap();
        while let Some(task) = tasks.get(self.next.fetch_add(1, Ordering::SeqCst)) {
            let work = task.work.lock().unwrap().take();
            let work = work.expect("claimed once");
            task.metadata.lock().unwrap().status = Status::Running;
            let status = call(work, self);
            task.metadata.lock().unwrap().status = status;
        }
        self.next.fetch_sub(1, Ordering::SeqCst);
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
