//! reject: torn-read
//! by: a_status_only_moves_forward
//!
//! What runs and what has ended are kept apart, each behind a lock of its own.
//! `metadata` looks into one and then into the other. A task that ends between
//! the two looks is found in neither, and is reported as pending again.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::error::Error;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Condvar, Mutex};
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
    name: String,
    work: Option<Work>,
}

#[derive(Default)]
struct State {
    tasks: Vec<Task>,
    queue: VecDeque<usize>,
    running: BTreeSet<usize>,
}

#[derive(Default)]
pub struct Scheduler {
    state: Mutex<State>,
    changed: Condvar,
    ended: Mutex<BTreeMap<usize, Status>>,
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
        let mut state = self.state.lock().unwrap();
        let index = state.tasks.len();
        let id = TaskId(index as u64);
        state.tasks.push(Task {
            name,
            work: Some(Box::new(work)),
        });
        state.queue.push_back(index);
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
        let index = id.0 as usize;
        let ended = self.ended.lock().unwrap().get(&index).cloned();
        let state = self.state.lock().unwrap();
        let name = state.tasks.get(index)?.name.clone();
        let status = match ended {
            Some(status) => status,
            None if state.running.contains(&index) => Status::Running,
            None => Status::Pending,
        };
        Some(TaskMetadata { id, name, status })
    }

    pub fn stats(&self) -> Stats {
        let state = self.state.lock().unwrap();
        let ended = self.ended.lock().unwrap();
        let failed = |status: &&Status| matches!(status, Status::Failed(_));
        let failed = ended.values().filter(failed).count();
        Stats {
            submitted: state.tasks.len(),
            running: state.running.len(),
            succeeded: ended.len() - failed,
            failed,
        }
    }

    fn work(&self) {
        while let Some((index, work)) = self.claim() {
            let status = call(work, self);
            self.finish(index, status);
        }
    }

    fn claim(&self) -> Option<(usize, Work)> {
        let mut state = self.state.lock().unwrap();
        loop {
            if let Some(index) = state.queue.pop_front() {
                state.running.insert(index);
                let task = &mut state.tasks[index];
                let work = task.work.take().expect("a queued task has its work");
                return Some((index, work));
            }
            if state.running.is_empty() {
                return None;
            }
            state = self.changed.wait(state).unwrap();
        }
    }

    fn finish(&self, index: usize, status: Status) {
        let mut state = self.state.lock().unwrap();
        state.running.remove(&index);
        self.ended.lock().unwrap().insert(index, status);
        if state.running.is_empty() {
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
