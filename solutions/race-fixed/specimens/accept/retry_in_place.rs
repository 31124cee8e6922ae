//! accept: a claimed task makes all its attempts at once, and stays `Running` in between

use std::any::Any;
use std::collections::HashMap;
use std::error::Error;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, RwLock};
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
struct Table {
    last_id: u64,
    tasks: HashMap<TaskId, Task>,
}

/// A read lock for every question, the write lock for every change.
pub struct Scheduler {
    max_attempts: u32,
    table: RwLock<Table>,
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
            table: RwLock::default(),
        }
    }

    pub fn submit(
        &self,
        name: impl Into<String>,
        work: impl Fn() -> Outcome + Send + Sync + 'static,
    ) -> TaskId {
        let (name, work) = (name.into(), Arc::new(work));
        let mut table = self.table.write().unwrap();
        table.last_id += 1;
        let id = TaskId(table.last_id);
        let metadata = TaskMetadata {
            id,
            name,
            status: Status::Pending,
            attempts: 0,
        };
        table.tasks.insert(id, Task { metadata, work });
        id
    }

    pub fn run(&self, workers: usize) {
        if workers == 0 {
            panic!("run(0) would never end");
        }
        thread::scope(|scope| {
            let threads: Vec<_> = (0..workers).map(|_| scope.spawn(|| self.work())).collect();
            for thread in threads {
                thread
                    .join()
                    .expect("workers catch the panics of their tasks");
            }
        });
    }

    pub fn cancel(&self, id: TaskId) -> bool {
        let mut table = self.table.write().unwrap();
        let Some(task) = table.tasks.get_mut(&id) else {
            return false;
        };
        let pending = task.metadata.status == Status::Pending;
        if pending {
            task.metadata.status = Status::Cancelled;
        }
        pending
    }

    pub fn metadata(&self, id: TaskId) -> Option<TaskMetadata> {
        let table = self.table.read().unwrap();
        table.tasks.get(&id).map(|task| task.metadata.clone())
    }

    pub fn stats(&self) -> Stats {
        let table = self.table.read().unwrap();
        let count = |wanted: fn(&Status) -> bool| {
            table
                .tasks
                .values()
                .filter(|task| wanted(&task.metadata.status))
                .count()
        };
        Stats {
            submitted: table.tasks.len(),
            running: count(|status| *status == Status::Running),
            succeeded: count(|status| *status == Status::Succeeded),
            failed: count(|status| matches!(status, Status::Failed(_))),
            cancelled: count(|status| *status == Status::Cancelled),
        }
    }

    fn work(&self) {
        loop {
            if let Some((id, work)) = self.claim() {
                self.make_attempts(id, &*work);
            } else if self.is_drained() {
                return;
            } else {
                thread::yield_now();
            }
        }
    }

    fn claim(&self) -> Option<(TaskId, Arc<Work>)> {
        let mut table = self.table.write().unwrap();
        let mut tasks = table.tasks.values_mut();
        let task = tasks.find(|task| task.metadata.status == Status::Pending)?;
        task.metadata.status = Status::Running;
        task.metadata.attempts = 1;
        Some((task.metadata.id, Arc::clone(&task.work)))
    }

    fn make_attempts(&self, id: TaskId, work: &Work) {
        for attempt in 1.. {
            let result = call(work);
            let mut table = self.table.write().unwrap();
            let metadata = &mut table.tasks.get_mut(&id).unwrap().metadata;
            metadata.status = match result {
                Ok(()) => Status::Succeeded,
                Err(_) if attempt < self.max_attempts => {
                    metadata.attempts = attempt + 1;
                    continue;
                }
                Err(message) => Status::Failed(message),
            };
            return;
        }
    }

    fn is_drained(&self) -> bool {
        let table = self.table.read().unwrap();
        let open = |task: &Task| matches!(task.metadata.status, Status::Pending | Status::Running);
        !table.tasks.values().any(open)
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
