//! reject: lost-wakeup
//! by: run_returns_when_the_last_task_ends
//!
//! The worker that ends the last task notifies first and writes the result
//! second. A sleeper that wakes in between still sees a running task, goes back
//! to sleep, and is never woken again.

use std::any::Any;
use std::error::Error;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
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
    metadata: TaskMetadata,
    work: Arc<Work>,
}

pub struct Scheduler {
    max_attempts: u32,
    tasks: Mutex<Vec<Task>>,
    changed: Condvar,
}

impl Default for Scheduler {
    fn default() -> Self {
        Self::new(1)
    }
}

impl Scheduler {
    pub fn new(max_attempts: u32) -> Self {
        assert!(max_attempts > 0, "a task needs at least one attempt");
        Self {
            max_attempts,
            tasks: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    pub fn submit(
        &self,
        name: impl Into<String>,
        work: impl Fn() -> Outcome + Send + Sync + 'static,
    ) -> TaskId {
        let name = name.into();
        let mut tasks = self.lock();
        let id = TaskId(tasks.len() as u64);
        let metadata = TaskMetadata {
            id,
            name,
            status: Status::Pending,
            attempts: 0,
        };
        tasks.push(Task {
            metadata,
            work: Arc::new(work),
        });
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

    pub fn cancel(&self, id: TaskId) -> bool {
        match self.lock().get_mut(id.0 as usize) {
            Some(task) if task.metadata.status == Status::Pending => {
                task.metadata.status = Status::Cancelled;
                true
            }
            _ => false,
        }
    }

    pub fn metadata(&self, id: TaskId) -> Option<TaskMetadata> {
        self.lock()
            .get(id.0 as usize)
            .map(|task| task.metadata.clone())
    }

    pub fn stats(&self) -> Stats {
        let tasks = self.lock();
        let mut stats = Stats {
            submitted: tasks.len(),
            ..Stats::default()
        };
        for task in tasks.iter() {
            match task.metadata.status {
                Status::Pending => {}
                Status::Running => stats.running += 1,
                Status::Succeeded => stats.succeeded += 1,
                Status::Failed(_) => stats.failed += 1,
                Status::Cancelled => stats.cancelled += 1,
            }
        }
        stats
    }

    fn work(&self) {
        let mut tasks = self.lock();
        loop {
            if let Some(index) = position(&tasks, Status::Pending) {
                let task = &mut tasks[index];
                task.metadata.status = Status::Running;
                task.metadata.attempts += 1;
                let attempt = task.metadata.attempts;
                let work = Arc::clone(&task.work);
                drop(tasks);
                let result = call(&*work);
                self.changed.notify_all();
                tasks = self.lock();
                tasks[index].metadata.status = self.after(attempt, result);
            } else if position(&tasks, Status::Running).is_some() {
                tasks = self.changed.wait(tasks).unwrap();
            } else {
                return;
            }
        }
    }

    /// The status that an attempt leaves behind.
    fn after(&self, attempt: u32, result: Result<(), String>) -> Status {
        match result {
            Ok(()) => Status::Succeeded,
            Err(_) if attempt < self.max_attempts => Status::Pending,
            Err(message) => Status::Failed(message),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Task>> {
        self.tasks.lock().unwrap()
    }
}

fn position(tasks: &[Task], status: Status) -> Option<usize> {
    tasks.iter().position(|task| task.metadata.status == status)
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
