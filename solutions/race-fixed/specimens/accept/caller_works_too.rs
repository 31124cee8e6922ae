//! accept: the calling thread is one of the workers; the others have names and share an `Arc`

use std::any::Any;
use std::collections::HashMap;
use std::error::Error;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
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

struct Inner {
    max_attempts: u32,
    next_id: AtomicU64,
    tasks: Mutex<HashMap<TaskId, Task>>,
    changed: Condvar,
}

pub struct Scheduler {
    inner: Arc<Inner>,
}

impl Default for Scheduler {
    fn default() -> Self {
        Self::new(1)
    }
}

impl Scheduler {
    pub fn new(max_attempts: u32) -> Self {
        let (tasks, changed) = (Mutex::default(), Condvar::new());
        let inner = Inner {
            max_attempts,
            next_id: AtomicU64::new(1),
            tasks,
            changed,
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    pub fn submit(
        &self,
        name: impl Into<String>,
        work: impl Fn() -> Outcome + Send + Sync + 'static,
    ) -> TaskId {
        let id = TaskId(self.inner.next_id.fetch_add(1, Ordering::Relaxed));
        let metadata = TaskMetadata {
            id,
            name: name.into(),
            status: Status::Pending,
            attempts: 0,
        };
        let task = Task {
            metadata,
            work: Arc::new(work),
        };
        self.inner.tasks.lock().unwrap().insert(id, task);
        self.inner.changed.notify_all();
        id
    }

    pub fn run(&self, workers: usize) {
        assert_ne!(workers, 0, "run needs at least one worker");
        let others: Vec<_> = (1..workers)
            .map(|number| {
                let inner = Arc::clone(&self.inner);
                let builder = thread::Builder::new().name(format!("worker-{number}"));
                builder
                    .spawn(move || inner.work())
                    .expect("the system has a thread to spare")
            })
            .collect();
        self.inner.work();
        for other in others {
            other
                .join()
                .expect("workers catch the panics of their tasks");
        }
    }

    pub fn cancel(&self, id: TaskId) -> bool {
        let mut tasks = self.inner.tasks.lock().unwrap();
        let pending = tasks
            .get_mut(&id)
            .filter(|task| task.metadata.status == Status::Pending);
        match pending {
            Some(task) => {
                task.metadata.status = Status::Cancelled;
                true
            }
            None => false,
        }
    }

    pub fn metadata(&self, id: TaskId) -> Option<TaskMetadata> {
        let tasks = self.inner.tasks.lock().unwrap();
        Some(tasks.get(&id)?.metadata.clone())
    }

    pub fn stats(&self) -> Stats {
        let tasks = self.inner.tasks.lock().unwrap();
        tasks.values().fold(Stats::default(), |mut stats, task| {
            stats.submitted += 1;
            match task.metadata.status {
                Status::Pending => {}
                Status::Running => stats.running += 1,
                Status::Succeeded => stats.succeeded += 1,
                Status::Failed(_) => stats.failed += 1,
                Status::Cancelled => stats.cancelled += 1,
            }
            stats
        })
    }
}

impl Inner {
    fn work(&self) {
        let idle = |tasks: &mut HashMap<TaskId, Task>| {
            let mut all = tasks.values();
            !all.any(|task| task.metadata.status == Status::Pending)
                && tasks
                    .values()
                    .any(|task| task.metadata.status == Status::Running)
        };
        let mut tasks = self.tasks.lock().unwrap();
        loop {
            tasks = self.changed.wait_while(tasks, idle).unwrap();
            let mut all = tasks.values_mut();
            let Some(task) = all.find(|task| task.metadata.status == Status::Pending) else {
                return;
            };
            task.metadata.status = Status::Running;
            task.metadata.attempts += 1;
            let (id, attempt) = (task.metadata.id, task.metadata.attempts);
            let work = Arc::clone(&task.work);
            drop(tasks);
            let status = match call(&*work) {
                Ok(()) => Status::Succeeded,
                Err(_) if attempt < self.max_attempts => Status::Pending,
                Err(message) => Status::Failed(message),
            };
            tasks = self.tasks.lock().unwrap();
            tasks
                .entry(id)
                .and_modify(|task| task.metadata.status = status);
            self.changed.notify_all();
        }
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
