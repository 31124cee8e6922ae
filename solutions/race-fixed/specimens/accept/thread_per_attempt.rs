//! accept: each attempt gets a thread, whose `join` catches the panic; `run` keeps at most `workers` of them

use std::any::Any;
use std::collections::{BTreeMap, VecDeque};
use std::error::Error;
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
    tasks: BTreeMap<TaskId, Task>,
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
        let id = TaskId(state.stats.submitted as u64);
        state.stats.submitted += 1;
        let metadata = TaskMetadata {
            id,
            name,
            status: Status::Pending,
            attempts: 0,
        };
        state.tasks.insert(
            id,
            Task {
                metadata,
                work: Arc::new(work),
            },
        );
        self.changed.notify_all();
        id
    }

    pub fn run(&self, workers: usize) {
        assert!(workers > 0, "run needs at least one worker");
        let mut threads = VecDeque::new();
        loop {
            while threads.len() < workers {
                let Some((id, work)) = self.claim() else {
                    break;
                };
                // The task has a stack of its own; a panic ends only that.
                let attempt = move || work().map_err(|error| error.to_string());
                threads.push_back((id, thread::spawn(attempt)));
            }
            if let Some((id, thread)) = threads.pop_front() {
                let result = thread.join();
                self.end(
                    id,
                    result.unwrap_or_else(|panic| Err(panic_message(&*panic))),
                );
            } else if self.wait_for_other_runs() {
                return;
            }
        }
    }

    pub fn cancel(&self, id: TaskId) -> bool {
        let mut state = self.lock();
        let Some(task) = state.tasks.get_mut(&id) else {
            return false;
        };
        if task.metadata.status != Status::Pending {
            return false;
        }
        task.metadata.status = Status::Cancelled;
        state.stats.cancelled += 1;
        self.changed.notify_all();
        true
    }

    pub fn metadata(&self, id: TaskId) -> Option<TaskMetadata> {
        self.lock().tasks.get(&id).map(|task| task.metadata.clone())
    }

    pub fn stats(&self) -> Stats {
        self.lock().stats
    }

    fn claim(&self) -> Option<(TaskId, Arc<Work>)> {
        let mut state = self.lock();
        let State { tasks, stats } = &mut *state;
        let task = tasks
            .values_mut()
            .find(|task| task.metadata.status == Status::Pending)?;
        task.metadata.status = Status::Running;
        task.metadata.attempts += 1;
        stats.running += 1;
        Some((task.metadata.id, Arc::clone(&task.work)))
    }

    /// True when nothing is pending or running, false when there is work again.
    fn wait_for_other_runs(&self) -> bool {
        let mut state = self.lock();
        loop {
            if state
                .tasks
                .values()
                .any(|task| task.metadata.status == Status::Pending)
            {
                return false;
            }
            if state.stats.running == 0 {
                return true;
            }
            state = self.changed.wait(state).unwrap();
        }
    }

    fn end(&self, id: TaskId, result: Result<(), String>) {
        let mut state = self.lock();
        let State { tasks, stats } = &mut *state;
        let metadata = &mut tasks.get_mut(&id).unwrap().metadata;
        stats.running -= 1;
        metadata.status = match result {
            Ok(()) => {
                stats.succeeded += 1;
                Status::Succeeded
            }
            Err(_) if metadata.attempts < self.max_attempts => Status::Pending,
            Err(message) => {
                stats.failed += 1;
                Status::Failed(message)
            }
        };
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
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
