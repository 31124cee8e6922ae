//! reject: counter-wraps
//! by: attempts_are_right_beyond_two_bytes
//!
//! The record has the attempts in two bytes, and the limit is compared with all of
//! them. A task with a high limit is tried often enough, and its record says otherwise.

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
struct State {
    tasks: Vec<Task>,
    /// The tasks that are pending, in the order of their turns.
    line: VecDeque<usize>,
    stats: Stats,
}

pub struct Scheduler {
    max_attempts: u32,
    state: Mutex<State>,
    changed: Condvar,
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
            state: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    pub fn submit(
        &self,
        name: impl Into<String>,
        work: impl Fn() -> Outcome + Send + Sync + 'static,
    ) -> TaskId {
        let name = name.into();
        let mut state = self.lock();
        let index = state.tasks.len();
        let id = TaskId(index as u64);
        let metadata = TaskMetadata {
            id,
            name,
            status: Status::Pending,
            attempts: 0,
        };
        state.tasks.push(Task {
            metadata,
            work: Arc::new(work),
        });
        state.line.push_back(index);
        state.stats.submitted += 1;
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
        let mut state = self.lock();
        let index = id.0 as usize;
        match state.tasks.get_mut(index) {
            Some(task) if task.metadata.status == Status::Pending => {
                task.metadata.status = Status::Cancelled;
            }
            _ => return false,
        }
        state.line.retain(|waiting| *waiting != index);
        state.stats.cancelled += 1;
        true
    }

    pub fn metadata(&self, id: TaskId) -> Option<TaskMetadata> {
        let state = self.lock();
        let task = state.tasks.get(id.0 as usize)?;
        let mut found = task.metadata.clone();
        found.attempts = u32::from(found.attempts as u16);
        Some(found)
    }

    pub fn stats(&self) -> Stats {
        self.lock().stats
    }

    fn work(&self) {
        let mut state = self.lock();
        loop {
            if let Some(index) = state.line.pop_front() {
                let (work, attempt) = state.claim(index);
                drop(state);
                let result = call(&*work);
                drop(work);
                state = self.lock();
                state.end(index, result, attempt < self.max_attempts);
            } else if state.stats.running > 0 {
                state = self.changed.wait(state).unwrap();
            } else {
                self.changed.notify_all();
                return;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl State {
    /// The work of the task, and which attempt this is.
    fn claim(&mut self, index: usize) -> (Arc<Work>, u32) {
        self.stats.running += 1;
        let task = &mut self.tasks[index];
        task.metadata.status = Status::Running;
        task.metadata.attempts += 1;
        (Arc::clone(&task.work), task.metadata.attempts)
    }

    fn end(&mut self, index: usize, result: Result<(), String>, again: bool) {
        self.stats.running -= 1;
        self.tasks[index].metadata.status = match result {
            Ok(()) => {
                self.stats.succeeded += 1;
                Status::Succeeded
            }
            Err(_) if again => {
                self.line.push_back(index);
                Status::Pending
            }
            Err(message) => {
                self.stats.failed += 1;
                Status::Failed(message)
            }
        };
    }
}

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
