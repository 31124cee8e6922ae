//! accept: channels: the caller hands out jobs as workers become free, and takes none itself
//!
//! An idle worker holds the lock of the inbox while it waits for a job. That
//! is fine: only other idle workers want it.

use std::any::Any;
use std::collections::VecDeque;
use std::error::Error;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{self, Receiver, Sender};
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
}

struct Job {
    index: usize,
    work: Work,
}

#[derive(Default)]
pub struct Scheduler {
    state: Mutex<State>,
    /// For the callers of `run`: there may be a job to hand out, or nothing left.
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
        self.changed.notify_all();
        id
    }

    pub fn run(&self, workers: usize) {
        assert!(workers > 0, "run needs at least one worker");
        let (jobs, inbox) = mpsc::channel();
        let (inbox, busy) = (Mutex::new(inbox), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| self.work(&inbox, &busy));
            }
            self.coordinate(workers, &jobs, &busy);
            // Hanging up is what ends the workers.
            drop(jobs);
        });
    }

    /// Keeps the workers busy until nothing is pending or running, in this run or in
    /// another one. Every submit and every end of a task is a reason to look again.
    fn coordinate(&self, workers: usize, jobs: &Sender<Job>, busy: &AtomicUsize) {
        let mut state = self.state.lock().unwrap();
        loop {
            let free = busy.load(SeqCst) < workers;
            if free && let Some(job) = state.claim() {
                busy.fetch_add(1, SeqCst);
                jobs.send(job).expect("the workers stay until the jobs end");
                continue;
            }
            if state.all_ended() {
                return;
            }
            state = self.changed.wait(state).unwrap();
        }
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

    fn work(&self, inbox: &Mutex<Receiver<Job>>, busy: &AtomicUsize) {
        loop {
            // A statement of its own. Whoever waits for a job holds the inbox; whoever
            // has one does not.
            let job = inbox.lock().unwrap().recv();
            let Ok(Job { index, work }) = job else { return };
            let status = call(work, self);
            let mut state = self.state.lock().unwrap();
            state.tasks[index].metadata.status = status;
            busy.fetch_sub(1, SeqCst);
            self.changed.notify_all();
        }
    }
}

impl State {
    fn claim(&mut self) -> Option<Job> {
        let index = self.queue.pop_front()?;
        let task = &mut self.tasks[index];
        task.metadata.status = Status::Running;
        let work = task.work.take().expect("a queued task has its work");
        Some(Job { index, work })
    }

    fn all_ended(&self) -> bool {
        let running = |task: &Task| task.metadata.status == Status::Running;
        self.queue.is_empty() && !self.tasks.iter().any(running)
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
