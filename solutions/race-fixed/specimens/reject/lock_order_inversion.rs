//! reject: lock-order-inversion
//! by: cancel_and_start_never_both_win
//!
//! A worker locks the queue and then, to claim what it found, the records.
//! `cancel` locks the records and then, to take the id out, the queue. Each of
//! them alone is right; together they wait for each other.

use std::any::Any;
use std::collections::VecDeque;
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

#[derive(Default)]
struct Queue {
    ids: VecDeque<TaskId>,
    /// Ids that were taken out and whose attempt is not over.
    busy: usize,
}

pub struct Scheduler {
    max_attempts: u32,
    queue: Mutex<Queue>,
    changed: Condvar,
    tasks: Mutex<Vec<Task>>,
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
        let mut tasks = self.tasks();
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
        self.enqueue(id);
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
        let mut tasks = self.tasks();
        match tasks.get_mut(id.0 as usize) {
            Some(task) if task.metadata.status == Status::Pending => {
                task.metadata.status = Status::Cancelled;
                self.queue
                    .lock()
                    .unwrap()
                    .ids
                    .retain(|queued| *queued != id);
                true
            }
            _ => false,
        }
    }

    pub fn metadata(&self, id: TaskId) -> Option<TaskMetadata> {
        self.tasks()
            .get(id.0 as usize)
            .map(|task| task.metadata.clone())
    }

    pub fn stats(&self) -> Stats {
        let tasks = self.tasks();
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
        while let Some((id, attempt, work)) = self.next() {
            self.finish(id, attempt, call(&*work));
            let mut queue = self.queue.lock().unwrap();
            queue.busy -= 1;
            if queue.busy == 0 {
                self.changed.notify_all();
            }
        }
    }

    /// Waits for a task and claims it; `None` when there will be no more.
    fn next(&self) -> Option<(TaskId, u32, Arc<Work>)> {
        let mut queue = self.queue.lock().unwrap();
        loop {
            if let Some(id) = queue.ids.pop_front() {
                queue.busy += 1;
                let task = &mut self.tasks()[id.0 as usize];
                task.metadata.status = Status::Running;
                task.metadata.attempts += 1;
                return Some((id, task.metadata.attempts, Arc::clone(&task.work)));
            }
            if queue.busy == 0 {
                return None;
            }
            queue = self.changed.wait(queue).unwrap();
        }
    }

    fn finish(&self, id: TaskId, attempt: u32, result: Result<(), String>) {
        let mut tasks = self.tasks();
        tasks[id.0 as usize].metadata.status = match result {
            Ok(()) => Status::Succeeded,
            Err(_) if attempt < self.max_attempts => {
                self.enqueue(id);
                Status::Pending
            }
            Err(message) => Status::Failed(message),
        };
    }

    fn enqueue(&self, id: TaskId) {
        self.queue.lock().unwrap().ids.push_back(id);
        self.changed.notify_one();
    }

    fn tasks(&self) -> MutexGuard<'_, Vec<Task>> {
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
