//! reject: lost-wakeup
//! by: each_of_two_submits_wakes_a_worker
//!
//! A submit from a worker wakes nobody: that worker will look at the queue itself when
//! its task has ended. A task that waits for the two that it has submitted never ends.

use std::any::Any;
use std::cell::Cell;
use std::collections::VecDeque;
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
    metadata: TaskMetadata,
    work: Option<Work>,
}

#[derive(Default)]
struct State {
    tasks: Vec<Task>,
    queue: VecDeque<usize>,
    running: usize,
}

thread_local! {
    static IS_WORKER: Cell<bool> = const { Cell::new(false) };
}

#[derive(Default)]
pub struct Scheduler {
    state: Mutex<State>,
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
        let mut state = self.state.lock().unwrap();
        let index = state.tasks.len();
        let id = TaskId(index as u64);
        let metadata = TaskMetadata {
            id,
            name,
            status: Status::Pending,
        };
        state.tasks.push(Task {
            metadata,
            work: Some(Box::new(work)),
        });
        state.queue.push_back(index);
        if !IS_WORKER.get() {
            self.changed.notify_one();
        }
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
        let state = self.state.lock().unwrap();
        let task = state.tasks.get(id.0 as usize)?;
        Some(task.metadata.clone())
    }

    pub fn stats(&self) -> Stats {
        let state = self.state.lock().unwrap();
        let mut stats = Stats {
            submitted: state.tasks.len(),
            ..Stats::default()
        };
        for task in &state.tasks {
            match task.metadata.status {
                Status::Pending => {}
                Status::Running => stats.running += 1,
                Status::Succeeded => stats.succeeded += 1,
                Status::Failed(_) => stats.failed += 1,
            }
        }
        stats
    }

    fn work(&self) {
        IS_WORKER.set(true);
        while let Some((index, work)) = self.claim() {
            let status = call(work, self);
            self.finish(index, status);
        }
    }

    fn claim(&self) -> Option<(usize, Work)> {
        let mut state = self.state.lock().unwrap();
        loop {
            if let Some(index) = state.queue.pop_front() {
                state.running += 1;
                let task = &mut state.tasks[index];
                task.metadata.status = Status::Running;
                let work = task.work.take().expect("a queued task has its work");
                return Some((index, work));
            }
            if state.running == 0 {
                return None;
            }
            state = self.changed.wait(state).unwrap();
        }
    }

    fn finish(&self, index: usize, status: Status) {
        let mut state = self.state.lock().unwrap();
        state.tasks[index].metadata.status = status;
        state.running -= 1;
        if state.running == 0 {
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
