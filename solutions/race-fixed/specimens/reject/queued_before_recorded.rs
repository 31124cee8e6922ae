//! reject: published-too-early
//! by: a_submit_during_a_run_is_not_lost
//!
//! `submit` makes the id visible to the workers before the record behind it
//! exists. As long as everything is submitted before `run`, nobody can tell; a
//! worker that is already waiting takes the id and finds nothing.

use std::any::Any;
use std::collections::{BTreeMap, VecDeque};
use std::error::Error;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicU64, Ordering};
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

#[derive(Default)]
struct Queue {
    ids: VecDeque<TaskId>,
    /// Ids that were taken out and whose attempt is not over.
    busy: usize,
}

pub struct Scheduler {
    max_attempts: u32,
    next_id: AtomicU64,
    queue: Mutex<Queue>,
    changed: Condvar,
    tasks: Mutex<BTreeMap<TaskId, Task>>,
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
            next_id: AtomicU64::new(0),
            queue: Mutex::default(),
            changed: Condvar::new(),
            tasks: Mutex::default(),
        }
    }

    pub fn submit(
        &self,
        name: impl Into<String>,
        work: impl Fn() -> Outcome + Send + Sync + 'static,
    ) -> TaskId {
        let name = name.into();
        let id = TaskId(self.next_id.fetch_add(1, Ordering::SeqCst));
        self.enqueue(id);
        let metadata = TaskMetadata {
            id,
            name,
            status: Status::Pending,
            attempts: 0,
        };
        let task = Task {
            metadata,
            work: Arc::new(work),
        };
        self.tasks().insert(id, task);
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
        // The id stays in the queue; whoever takes it out sees that it is cancelled.
        match self.tasks().get_mut(&id) {
            Some(task) if task.metadata.status == Status::Pending => {
                task.metadata.status = Status::Cancelled;
                true
            }
            _ => false,
        }
    }

    pub fn metadata(&self, id: TaskId) -> Option<TaskMetadata> {
        self.tasks().get(&id).map(|task| task.metadata.clone())
    }

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

    fn work(&self) {
        while let Some(id) = self.next() {
            self.attempt(id);
            let mut queue = self.queue.lock().unwrap();
            queue.busy -= 1;
            if queue.busy == 0 {
                self.changed.notify_all();
            }
        }
    }

    /// Waits for an id; `None` when there will be no more.
    fn next(&self) -> Option<TaskId> {
        let mut queue = self.queue.lock().unwrap();
        loop {
            if let Some(id) = queue.ids.pop_front() {
                queue.busy += 1;
                return Some(id);
            }
            if queue.busy == 0 {
                return None;
            }
            queue = self.changed.wait(queue).unwrap();
        }
    }

    fn attempt(&self, id: TaskId) {
        let mut tasks = self.tasks();
        let task = tasks
            .get_mut(&id)
            .expect("every id in the queue has a record");
        if task.metadata.status != Status::Pending {
            return;
        }
        task.metadata.status = Status::Running;
        task.metadata.attempts += 1;
        let attempt = task.metadata.attempts;
        let work = Arc::clone(&task.work);
        drop(tasks);
        let result = call(&*work);
        let mut tasks = self.tasks();
        let status = match result {
            Ok(()) => Status::Succeeded,
            Err(_) if attempt < self.max_attempts => {
                self.enqueue(id);
                Status::Pending
            }
            Err(message) => Status::Failed(message),
        };
        tasks
            .get_mut(&id)
            .expect("records are never removed")
            .metadata
            .status = status;
    }

    fn enqueue(&self, id: TaskId) {
        self.queue.lock().unwrap().ids.push_back(id);
        self.changed.notify_one();
    }

    fn tasks(&self) -> MutexGuard<'_, BTreeMap<TaskId, Task>> {
        self.tasks.lock().unwrap()
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
