//! accept: threads are started when a run needs them, and kept for the next one
//!
//! A run lends a place to each of its workers. Threads that have none wait, between
//! runs too, and are told to leave when the scheduler is dropped.

use std::any::Any;
use std::collections::VecDeque;
use std::error::Error;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};

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
    /// How many tasks may run at once: the workers of all runs that are going on.
    places: usize,
    threads: Vec<JoinHandle<()>>,
    closed: bool,
}

pub struct Scheduler {
    shared: Arc<Shared>,
}

struct Shared {
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
        let shared = Shared {
            max_attempts,
            state: Mutex::default(),
            changed: Condvar::new(),
        };
        Self {
            shared: Arc::new(shared),
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
        self.shared.changed.notify_all();
        id
    }

    pub fn run(&self, workers: usize) {
        assert!(workers > 0, "run needs at least one worker");
        let mut state = self.lock();
        state.places += workers;
        while state.threads.len() < state.places && state.has_work() {
            let shared = Arc::clone(&self.shared);
            state.threads.push(thread::spawn(move || shared.work()));
        }
        self.shared.changed.notify_all();
        while state.has_work() {
            state = self.shared.changed.wait(state).unwrap();
        }
        state.places -= workers;
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
        // It may have been all that a run still waited for.
        self.shared.changed.notify_all();
        true
    }

    pub fn metadata(&self, id: TaskId) -> Option<TaskMetadata> {
        let state = self.lock();
        let task = state.tasks.get(id.0 as usize)?;
        Some(task.metadata.clone())
    }

    pub fn stats(&self) -> Stats {
        self.lock().stats
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.lock()
    }
}

impl Drop for Scheduler {
    /// The last owner may be a task, and then its thread does not wait for itself.
    fn drop(&mut self) {
        let mut state = self.lock();
        state.closed = true;
        let threads = std::mem::take(&mut state.threads);
        drop(state);
        self.shared.changed.notify_all();
        let here = thread::current().id();
        for thread in threads {
            if thread.thread().id() != here {
                let _ = thread.join();
            }
        }
    }
}

impl Shared {
    fn work(&self) {
        let mut state = self.lock();
        loop {
            let free = state.stats.running < state.places;
            if let Some(index) = free.then(|| state.line.pop_front()).flatten() {
                let (work, attempt) = state.claim(index);
                drop(state);
                let result = call(&*work);
                drop(work);
                state = self.lock();
                state.end(index, result, attempt < self.max_attempts);
                self.changed.notify_all();
            } else if state.closed {
                return;
            } else {
                state = self.changed.wait(state).unwrap();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl State {
    fn has_work(&self) -> bool {
        !self.line.is_empty() || self.stats.running > 0
    }

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
