//! reject: empty-means-done
//! by: run_waits_for_tasks_that_tasks_submit
//!
//! `run` hands what is pending to its workers over a channel and closes the
//! channel when nothing is pending any more. A task that is running at that
//! moment may submit another one, or fail and wait for its next attempt: nobody
//! hands that one out.

use std::any::Any;
use std::error::Error;
use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{self, Receiver};
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

struct Job {
    index: usize,
    attempt: u32,
    work: Arc<Work>,
}

pub struct Scheduler {
    max_attempts: u32,
    tasks: Mutex<Vec<Task>>,
    changed: Condvar,
}

impl Default for Scheduler {
    fn default() -> Self {
        Self::new(1)
    }
}

impl Scheduler {
    pub fn new(max_attempts: u32) -> Self {
        assert!(max_attempts > 0, "a task needs at least one attempt");
        Self {
            max_attempts,
            tasks: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    pub fn submit(
        &self,
        name: impl Into<String>,
        work: impl Fn() -> Outcome + Send + Sync + 'static,
    ) -> TaskId {
        let name = name.into();
        let mut tasks = self.lock();
        let id = TaskId(tasks.len() as u64);
        let metadata = TaskMetadata {
            id,
            name,
            status: Status::Pending,
            attempts: 0,
        };
        tasks.push(Task {
            metadata,
            work: Arc::new(work),
        });
        id
    }

    pub fn run(&self, workers: usize) {
        assert!(workers > 0, "run needs at least one worker");
        let (jobs, inbox) = mpsc::channel();
        let inbox = Mutex::new(inbox);
        thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| self.work(&inbox));
            }
            while let Some(job) = self.claim() {
                jobs.send(job).unwrap();
            }
            drop(jobs);
        });
        self.wait_for_other_runs();
    }

    pub fn cancel(&self, id: TaskId) -> bool {
        match self.lock().get_mut(id.0 as usize) {
            Some(task) if task.metadata.status == Status::Pending => {
                task.metadata.status = Status::Cancelled;
                true
            }
            _ => false,
        }
    }

    pub fn metadata(&self, id: TaskId) -> Option<TaskMetadata> {
        self.lock()
            .get(id.0 as usize)
            .map(|task| task.metadata.clone())
    }

    pub fn stats(&self) -> Stats {
        let tasks = self.lock();
        let mut stats = Stats {
            submitted: tasks.len(),
            ..Stats::default()
        };
        for task in tasks.iter() {
            match task.metadata.status {
                Status::Pending => {}
                Status::Running => stats.running += 1,
                Status::Succeeded => stats.succeeded += 1,
                Status::Failed(_) => stats.failed += 1,
                Status::Cancelled => stats.cancelled += 1,
            }
        }
        stats
    }

    /// Makes the attempts of the jobs in the inbox until it is closed.
    fn work(&self, inbox: &Mutex<Receiver<Job>>) {
        loop {
            let job = inbox.lock().unwrap().recv();
            let Ok(mut job) = job else { return };
            while self.end(&job, call(&*job.work)) == Status::Pending {
                match self.claim_again(&job) {
                    Some(attempt) => job.attempt = attempt,
                    None => break,
                }
            }
        }
    }

    fn claim(&self) -> Option<Job> {
        let mut tasks = self.lock();
        let index = position(&tasks, Status::Pending)?;
        Some(start(&mut tasks, index))
    }

    /// The next attempt, unless somebody else claimed or cancelled it meanwhile.
    fn claim_again(&self, job: &Job) -> Option<u32> {
        let mut tasks = self.lock();
        let pending = tasks[job.index].metadata.status == Status::Pending;
        pending.then(|| start(&mut tasks, job.index).attempt)
    }

    fn end(&self, job: &Job, result: Result<(), String>) -> Status {
        let status = self.after(job.attempt, result);
        self.lock()[job.index].metadata.status = status.clone();
        self.changed.notify_all();
        status
    }

    fn wait_for_other_runs(&self) {
        let mut tasks = self.lock();
        while position(&tasks, Status::Running).is_some() {
            tasks = self.changed.wait(tasks).unwrap();
        }
    }

    /// The status that an attempt leaves behind.
    fn after(&self, attempt: u32, result: Result<(), String>) -> Status {
        match result {
            Ok(()) => Status::Succeeded,
            Err(_) if attempt < self.max_attempts => Status::Pending,
            Err(message) => Status::Failed(message),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Task>> {
        self.tasks.lock().unwrap()
    }
}

fn start(tasks: &mut [Task], index: usize) -> Job {
    let task = &mut tasks[index];
    task.metadata.status = Status::Running;
    task.metadata.attempts += 1;
    Job {
        index,
        attempt: task.metadata.attempts,
        work: Arc::clone(&task.work),
    }
}

fn position(tasks: &[Task], status: Status) -> Option<usize> {
    tasks.iter().position(|task| task.metadata.status == status)
}

/// One attempt: an error and a panic both become a message.
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
