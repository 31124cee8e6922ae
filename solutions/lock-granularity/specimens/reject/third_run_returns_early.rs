//! reject: empty-means-done
//! by: three_runs_at_once_all_wait
//!
//! Two calls of run share the work; a third finds it in good hands and returns at once,
//! while a task is still running.

use std::any::Any;
use std::collections::VecDeque;
use std::error::Error;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Condvar, Mutex, MutexGuard};
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

#[derive(Default)]
pub struct Scheduler {
    state: Mutex<State>,
    changed: Condvar,
    runs: AtomicUsize,
}

#[derive(Default)]
struct State {
    records: Vec<TaskMetadata>,
    pending: VecDeque<(TaskId, Work)>,
    stats: Stats,
    idle: usize,
}

impl Scheduler {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub fn submit(
        &self,
        name: impl Into<String>,
        work: impl FnOnce(&Scheduler) -> Outcome + Send + 'static,
    ) -> TaskId {
        let name = name.into();
        let work = Box::new(work);
        let mut state = self.lock();
        let id = TaskId(state.records.len() as u64);
        state.records.push(TaskMetadata {
            id,
            name,
            status: Status::Pending,
        });
        state.pending.push_back((id, work));
        state.stats.submitted += 1;
        let somebody_waits = state.idle > 0;
        drop(state);
        if somebody_waits {
            self.changed.notify_one();
        }
        id
    }

    pub fn run(&self, workers: usize) {
        assert!(workers > 0, "run needs at least one worker");
        if self.runs.fetch_add(1, SeqCst) >= 2 {
            self.runs.fetch_sub(1, SeqCst);
            return;
        }
        thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| self.work());
            }
        });
        self.runs.fetch_sub(1, SeqCst);
    }

    #[must_use]
    pub fn metadata(&self, id: TaskId) -> Option<TaskMetadata> {
        let index = usize::try_from(id.0).ok()?;
        self.lock().records.get(index).cloned()
    }

    #[must_use]
    pub fn stats(&self) -> Stats {
        self.lock().stats
    }

    fn work(&self) {
        let mut ended = None;
        while let Some((id, work)) = self.next(ended) {
            ended = Some((id, call(work, self)));
        }
    }

    fn next(&self, ended: Option<(TaskId, Status)>) -> Option<(TaskId, Work)> {
        let mut state = self.lock();
        if let Some((id, status)) = ended {
            state.move_to(id, status);
        }
        loop {
            if let Some((id, work)) = state.pending.pop_front() {
                state.move_to(id, Status::Running);
                return Some((id, work));
            }
            if state.stats.running == 0 {
                if state.idle > 0 {
                    self.changed.notify_all();
                }
                return None;
            }
            state.idle += 1;
            state = self.changed.wait(state).expect(NEVER_POISONED);
            state.idle -= 1;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect(NEVER_POISONED)
    }
}

const NEVER_POISONED: &str = "no code of a task runs under this lock";

impl State {
    fn move_to(&mut self, id: TaskId, status: Status) {
        let record = &mut self.records[id.0 as usize];
        if let Some(count) = self.stats.count(&record.status) {
            *count -= 1;
        }
        if let Some(count) = self.stats.count(&status) {
            *count += 1;
        }
        record.status = status;
    }
}

impl Stats {
    fn count(&mut self, status: &Status) -> Option<&mut usize> {
        match status {
            Status::Pending => None,
            Status::Running => Some(&mut self.running),
            Status::Succeeded => Some(&mut self.succeeded),
            Status::Failed(_) => Some(&mut self.failed),
        }
    }
}

fn call(work: Work, scheduler: &Scheduler) -> Status {
    let caught = panic::catch_unwind(AssertUnwindSafe(|| {
        work(scheduler).map_err(|error| error.to_string())
    }));
    match caught {
        Ok(Ok(())) => Status::Succeeded,
        Ok(Err(message)) => Status::Failed(message),
        Err(payload) => {
            let message = panic_message(&*payload);
            let dropped = panic::catch_unwind(AssertUnwindSafe(|| drop(payload)));
            mem::forget(dropped);
            Status::Failed(message)
        }
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
