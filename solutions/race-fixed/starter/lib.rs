//! A task scheduler that several workers share.
//!
//! It compiles, it is tidy and its tests pass. Grade it, read the interleaving that
//! breaks it, and make it right; keep what you like of it, or nothing.

use std::any::Any;
use std::collections::BTreeMap;
use std::error::Error;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

/// Names one task, for ever, within the scheduler that gave it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(u64);

/// How far a task has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    Pending,
    Running,
    Succeeded,
    Failed(String),
    Cancelled,
}

/// What can be asked about a task at any time after it was submitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskMetadata {
    pub id: TaskId,
    pub name: String,
    pub status: Status,
    pub attempts: u32,
}

/// How many tasks are where; what is left over of `submitted` is pending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    pub submitted: usize,
    pub running: usize,
    pub succeeded: usize,
    pub failed: usize,
    pub cancelled: usize,
}

/// What an attempt of a task returns.
pub type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

/// A task's record and its work. The work is shared, so that a worker can call it
/// without keeping the table locked.
#[derive(Clone)]
struct Task {
    metadata: TaskMetadata,
    work: Arc<dyn Fn() -> Outcome + Send + Sync>,
}

/// Runs tasks on several workers, and retries those that fail.
pub struct Scheduler {
    max_attempts: u32,
    tasks: Mutex<BTreeMap<TaskId, Task>>,
}

impl Default for Scheduler {
    fn default() -> Self {
        Self::new(1)
    }
}

impl Scheduler {
    /// A task that does not succeed is tried up to `max_attempts` times.
    pub fn new(max_attempts: u32) -> Self {
        assert!(max_attempts > 0, "a task needs at least one attempt");
        Self {
            max_attempts,
            tasks: Mutex::new(BTreeMap::new()),
        }
    }

    /// Accepts a task, to be run later, and returns the id that names it.
    pub fn submit(
        &self,
        name: impl Into<String>,
        work: impl Fn() -> Outcome + Send + Sync + 'static,
    ) -> TaskId {
        let name = name.into();
        let mut tasks = self.tasks();
        let id = TaskId(tasks.len() as u64);
        let task = Task {
            metadata: TaskMetadata {
                id,
                name,
                status: Status::Pending,
                attempts: 0,
            },
            work: Arc::new(work),
        };
        tasks.insert(id, task);
        id
    }

    /// Runs tasks on that many workers, and returns when none is pending or running.
    pub fn run(&self, workers: usize) {
        assert!(workers > 0, "run needs at least one worker");
        thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| self.work());
            }
        });
    }

    /// Cancels a pending task: true if it was pending and will never run.
    pub fn cancel(&self, id: TaskId) -> bool {
        match self.tasks().get_mut(&id) {
            Some(task) if task.metadata.status == Status::Pending => {
                task.metadata.status = Status::Cancelled;
                true
            }
            _ => false,
        }
    }

    /// The task as it is now.
    pub fn metadata(&self, id: TaskId) -> Option<TaskMetadata> {
        self.tasks().get(&id).map(|task| task.metadata.clone())
    }

    /// The counts as they are now.
    pub fn stats(&self) -> Stats {
        let tasks = self.tasks();
        let mut stats = Stats {
            submitted: tasks.len(),
            ..Stats::default()
        };
        for task in tasks.values() {
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

    /// One worker: takes pending tasks until there are none left.
    fn work(&self) {
        while let Some(mut task) = self.next_pending() {
            task.metadata.status = Status::Running;
            task.metadata.attempts += 1;
            self.save(&task);
            // The table is not locked here, so the other workers can go on.
            task.metadata.status = match call(&*task.work) {
                Ok(()) => Status::Succeeded,
                Err(_) if task.metadata.attempts < self.max_attempts => Status::Pending,
                Err(message) => Status::Failed(message),
            };
            self.save(&task);
        }
    }

    fn next_pending(&self) -> Option<Task> {
        self.tasks()
            .values()
            .find(|task| task.metadata.status == Status::Pending)
            .cloned()
    }

    fn save(&self, task: &Task) {
        self.tasks().insert(task.metadata.id, task.clone());
    }

    fn tasks(&self) -> MutexGuard<'_, BTreeMap<TaskId, Task>> {
        self.tasks.lock().expect("no task runs under this lock")
    }
}

/// Calls the work once; an error and a panic both come back as a message.
fn call(work: &dyn Fn() -> Outcome) -> Result<(), String> {
    match panic::catch_unwind(AssertUnwindSafe(work)) {
        Ok(outcome) => outcome.map_err(|error| error.to_string()),
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn every_task_runs() {
        let ran = Arc::new(AtomicUsize::new(0));
        let scheduler = Scheduler::new(1);
        for i in 0..10 {
            let ran = Arc::clone(&ran);
            scheduler.submit(format!("task {i}"), move || {
                ran.fetch_add(1, Ordering::SeqCst);
                Ok(())
            });
        }
        scheduler.run(1);
        assert_eq!(ran.load(Ordering::SeqCst), 10);
        assert_eq!(scheduler.stats().succeeded, 10);
    }

    #[test]
    fn a_failed_attempt_is_retried() {
        let scheduler = Scheduler::new(3);
        let id = scheduler.submit("broken", || Err("no route".into()));
        scheduler.run(1);
        let task = scheduler.metadata(id).unwrap();
        assert_eq!(task.attempts, 3);
        assert_eq!(task.status, Status::Failed("no route".to_owned()));
    }

    #[test]
    fn a_cancelled_task_does_not_run() {
        let scheduler = Scheduler::new(1);
        let id = scheduler.submit("unwanted", || panic!("it ran"));
        assert!(scheduler.cancel(id));
        scheduler.run(2);
        assert_eq!(scheduler.metadata(id).unwrap().status, Status::Cancelled);
    }
}
