//! accept: a lock for readers and writers, and a generation to wait for beside it

use std::collections::{HashMap, VecDeque};
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
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
type Work = Arc<dyn Fn() -> Outcome + Send + Sync>;

fn attempt(work: &Work) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(|| work().map_err(|e| e.to_string()))).unwrap_or_else(|p| {
        Err(p
            .downcast_ref::<&str>()
            .map(|s| (*s).to_owned())
            .or_else(|| p.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "task panicked".into()))
    })
}

#[derive(Default)]
struct State {
    records: HashMap<TaskId, TaskMetadata>,
    ready: VecDeque<(TaskId, Work)>,
    stats: Stats,
}

/// State behind a reader-writer lock; who has to wait watches a generation beside it.
pub struct Scheduler {
    most: u32,
    state: RwLock<State>,
    generation: Mutex<u64>,
    turned: Condvar,
}
impl Default for Scheduler {
    fn default() -> Self {
        Self::new(3)
    }
}

impl Scheduler {
    pub fn new(max_attempts: u32) -> Self {
        Self {
            most: max_attempts,
            state: RwLock::default(),
            generation: Mutex::new(0),
            turned: Condvar::new(),
        }
    }
    fn turn(&self) {
        *self.generation.lock().unwrap() += 1;
        self.turned.notify_all();
    }
    pub fn submit(
        &self,
        name: impl Into<String>,
        work: impl Fn() -> Outcome + Send + Sync + 'static,
    ) -> TaskId {
        let (name, work): (String, Work) = (name.into(), Arc::new(work));
        let mut state = self.state.write().unwrap();
        let id = TaskId(HashMap::len(&state.records) as u64);
        state.records.insert(
            id,
            TaskMetadata {
                id,
                name,
                status: Status::Pending,
                attempts: 0,
            },
        );
        state.ready.push_back((id, work));
        state.stats.submitted += 1;
        drop(state);
        self.turn();
        id
    }
    pub fn run(&self, workers: usize) {
        assert!(workers > 0);
        thread::scope(|s| {
            for n in 0..workers {
                thread::Builder::new()
                    .name(format!("w{n}"))
                    .spawn_scoped(s, || self.work())
                    .unwrap();
            }
        });
    }
    fn work(&self) {
        loop {
            let seen = *self.generation.lock().unwrap();
            let mut state = self.state.write().unwrap();
            let Some((id, work)) = state.ready.pop_front() else {
                if state.stats.running == 0 {
                    return;
                }
                drop(state);
                let now = self.generation.lock().unwrap();
                drop(self.turned.wait_while(now, |now| *now == seen).unwrap());
                continue;
            };
            let record = state.records.get_mut(&id).unwrap();
            record.status = Status::Running;
            record.attempts += 1;
            let again = record.attempts < self.most;
            state.stats.running += 1;
            drop(state);
            let result = attempt(&work);
            let mut state = self.state.write().unwrap();
            state.stats.running -= 1;
            let (status, retry) = match result {
                Ok(()) => {
                    state.stats.succeeded += 1;
                    (Status::Succeeded, false)
                }
                Err(_) if again => (Status::Pending, true),
                Err(text) => {
                    state.stats.failed += 1;
                    (Status::Failed(text), false)
                }
            };
            state.records.get_mut(&id).unwrap().status = status;
            let mut finished = Some(work);
            if retry {
                let work = finished.take().unwrap();
                state.ready.push_back((id, work));
            }
            drop(state);
            // What it captured is the task's code as well.
            let _ = catch_unwind(AssertUnwindSafe(|| drop(finished)));
            self.turn();
        }
    }
    pub fn cancel(&self, id: TaskId) -> bool {
        let mut state = self.state.write().unwrap();
        let Some(at) = state.ready.iter().position(|(ready, _)| *ready == id) else {
            return false;
        };
        let task = state.ready.remove(at);
        state.records.get_mut(&id).unwrap().status = Status::Cancelled;
        state.stats.cancelled += 1;
        drop(state);
        drop(task);
        self.turn();
        true
    }
    pub fn metadata(&self, id: TaskId) -> Option<TaskMetadata> {
        self.state.read().unwrap().records.get(&id).cloned()
    }
    pub fn stats(&self) -> Stats {
        self.state.read().unwrap().stats
    }
}
