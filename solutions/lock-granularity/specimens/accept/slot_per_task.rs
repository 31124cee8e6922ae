//! accept: a lock per task for its record and another for its work, neither held during the run

use std::any::Any;
use std::collections::VecDeque;
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

/// Which tasks wait, and the counts. Its lock is always the last one taken.
#[derive(Default)]
struct Board {
    queue: VecDeque<Arc<Task>>,
    stats: Stats,
}

#[derive(Default)]
pub struct Scheduler {
    tasks: RwLock<Vec<Arc<Task>>>,
    board: Mutex<Board>,
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
        let mut tasks = self.tasks.write().unwrap();
        let id = TaskId(tasks.len() as u64);
        let status = Status::Pending;
        let task = Arc::new(Task {
            metadata: Mutex::new(TaskMetadata { id, name, status }),
            work: Mutex::new(Some(Box::new(work))),
        });
        tasks.push(Arc::clone(&task));
        let mut board = self.board.lock().unwrap();
        board.queue.push_back(task);
        board.stats.submitted += 1;
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
        let task = Arc::clone(self.tasks.read().unwrap().get(id.0 as usize)?);
        let metadata = task.metadata.lock().unwrap();
        Some(metadata.clone())
    }

    pub fn stats(&self) -> Stats {
        self.board.lock().unwrap().stats
    }

    fn work(&self) {
        while let Some(task) = self.claim() {
            // A statement of its own: the guard is gone before the task runs.
            let work = task.work.lock().unwrap().take();
            let status = call(work.expect("claimed once"), self);
            self.finish(&task, status);
        }
    }

    fn claim(&self) -> Option<Arc<Task>> {
        let mut board = self.board.lock().unwrap();
        let task = loop {
            if let Some(task) = board.queue.pop_front() {
                break task;
            }
            if board.stats.running == 0 {
                return None;
            }
            board = self.changed.wait(board).unwrap();
        };
        board.stats.running += 1;
        drop(board);
        task.metadata.lock().unwrap().status = Status::Running;
        Some(task)
    }

    fn finish(&self, task: &Task, status: Status) {
        let mut metadata = task.metadata.lock().unwrap();
        let mut board = self.board.lock().unwrap();
        match &status {
            Status::Failed(_) => board.stats.failed += 1,
            _ => board.stats.succeeded += 1,
        }
        board.stats.running -= 1;
        metadata.status = status;
        if board.stats.running == 0 {
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
