//! reject: empty-means-done
//! by: three_runs_at_once_all_wait
//!
//! Two calls of run share the work; a third finds it in good hands and returns at once,
//! while a task is still running.

use std::any::Any;
use std::collections::BTreeMap;
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

type Work = Box<dyn Fn() -> Outcome + Send>;

pub struct Scheduler {
    max_attempts: u32,
    state: Mutex<State>,
    changed: Condvar,
    runs: AtomicUsize,
}

#[derive(Default)]
struct State {
    records: Vec<TaskMetadata>,
    pending: BTreeMap<TaskId, Work>,
    stats: Stats,
}

struct Claim {
    id: TaskId,
    attempt: u32,
    work: Work,
}

impl Default for Scheduler {
    fn default() -> Self {
        Self::new(1)
    }
}

impl Scheduler {
    #[must_use]
    pub fn new(max_attempts: u32) -> Self {
        assert!(max_attempts > 0, "a task needs at least one attempt");
        Self {
            max_attempts,
            state: Mutex::default(),
            changed: Condvar::new(),
            runs: AtomicUsize::new(0),
        }
    }

    pub fn submit(
        &self,
        name: impl Into<String>,
        work: impl Fn() -> Outcome + Send + Sync + 'static,
    ) -> TaskId {
        let name = name.into();
        let mut state = self.lock();
        let id = TaskId(state.records.len() as u64);
        state.records.push(TaskMetadata {
            id,
            name,
            status: Status::Pending,
            attempts: 0,
        });
        state.pending.insert(id, Box::new(work));
        state.stats.submitted += 1;
        self.changed.notify_one();
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

    pub fn cancel(&self, id: TaskId) -> bool {
        let mut state = self.lock();
        let Some(work) = state.pending.remove(&id) else {
            return false;
        };
        state.move_to(id, Status::Cancelled);
        drop(state);
        discard(work);
        true
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
        let mut state = self.lock();
        loop {
            match state.claim() {
                Some(claim) => {
                    drop(state);
                    state = self.attempt(claim);
                }
                None if state.stats.running > 0 => {
                    state = self.changed.wait(state).expect(NEVER_POISONED);
                }
                None => {
                    self.changed.notify_all();
                    return;
                }
            }
        }
    }

    fn attempt(&self, claim: Claim) -> MutexGuard<'_, State> {
        let result = call(&claim.work);
        match result {
            Err(_) if claim.attempt < self.max_attempts => {
                let mut state = self.lock();
                state.move_to(claim.id, Status::Pending);
                state.pending.insert(claim.id, claim.work);
                state
            }
            result => {
                discard(claim.work);
                let mut state = self.lock();
                state.move_to(
                    claim.id,
                    result.map_or_else(Status::Failed, |()| Status::Succeeded),
                );
                state
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect(NEVER_POISONED)
    }
}

const NEVER_POISONED: &str = "no code of a task runs under this lock";

impl State {
    fn claim(&mut self) -> Option<Claim> {
        let (id, work) = self.pending.pop_first()?;
        let record = self.move_to(id, Status::Running);
        record.attempts += 1;
        Some(Claim {
            id,
            attempt: record.attempts,
            work,
        })
    }

    fn move_to(&mut self, id: TaskId, status: Status) -> &mut TaskMetadata {
        let record = &mut self.records[id.0 as usize];
        if let Some(count) = self.stats.count(&record.status) {
            *count -= 1;
        }
        if let Some(count) = self.stats.count(&status) {
            *count += 1;
        }
        record.status = status;
        record
    }
}

impl Stats {
    fn count(&mut self, status: &Status) -> Option<&mut usize> {
        match status {
            Status::Pending => None,
            Status::Running => Some(&mut self.running),
            Status::Succeeded => Some(&mut self.succeeded),
            Status::Failed(_) => Some(&mut self.failed),
            Status::Cancelled => Some(&mut self.cancelled),
        }
    }
}

fn call(work: &Work) -> Result<(), String> {
    let caught = panic::catch_unwind(AssertUnwindSafe(|| {
        work().map_err(|error| error.to_string())
    }));
    caught.unwrap_or_else(|payload| {
        let message = panic_message(&*payload);
        discard(payload);
        Err(message)
    })
}

fn discard<T>(value: T) {
    let dropped = panic::catch_unwind(AssertUnwindSafe(|| drop(value)));
    dropped.unwrap_or_else(mem::forget);
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
