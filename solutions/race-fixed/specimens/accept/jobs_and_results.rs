//! accept: channels: the caller hands out jobs and collects results, workers own nothing

use std::any::Any;
use std::error::Error;
use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Condvar, Mutex};
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
    work: Arc<Work>,
}

type Report = (usize, Result<(), String>);

pub struct Scheduler {
    max_attempts: u32,
    tasks: Mutex<Vec<Task>>,
    /// For a `run` whose own workers are idle while another run's are not.
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
        let mut tasks = self.tasks.lock().unwrap();
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
        self.changed.notify_all();
        id
    }

    pub fn run(&self, workers: usize) {
        assert!(workers > 0, "run needs at least one worker");
        let (jobs, inbox) = mpsc::channel();
        let (outbox, reports) = mpsc::channel();
        let inbox = Mutex::new(inbox);
        thread::scope(|scope| {
            for _ in 0..workers {
                let (inbox, outbox) = (&inbox, outbox.clone());
                scope.spawn(move || work(inbox, &outbox));
            }
            self.coordinate(workers, &jobs, &reports);
            // Hanging up is what ends the workers.
            drop(jobs);
        });
    }

    /// Keeps the workers busy until nothing is pending or running.
    fn coordinate(&self, workers: usize, jobs: &Sender<Job>, reports: &Receiver<Report>) {
        let mut busy = 0;
        loop {
            while busy < workers {
                let Some(job) = self.claim() else { break };
                jobs.send(job)
                    .expect("the workers are there until the jobs end");
                busy += 1;
            }
            if busy > 0 {
                let (index, result) = reports.recv().expect("a worker is busy");
                busy -= 1;
                self.end(index, result);
            } else if self.wait_for_other_runs() {
                return;
            }
        }
    }

    fn claim(&self) -> Option<Job> {
        let mut tasks = self.tasks.lock().unwrap();
        let index = tasks
            .iter()
            .position(|task| task.metadata.status == Status::Pending)?;
        let task = &mut tasks[index];
        task.metadata.status = Status::Running;
        task.metadata.attempts += 1;
        Some(Job {
            index,
            work: Arc::clone(&task.work),
        })
    }

    fn end(&self, index: usize, result: Result<(), String>) {
        let mut tasks = self.tasks.lock().unwrap();
        let metadata = &mut tasks[index].metadata;
        metadata.status = match result {
            Ok(()) => Status::Succeeded,
            Err(_) if metadata.attempts < self.max_attempts => Status::Pending,
            Err(message) => Status::Failed(message),
        };
        self.changed.notify_all();
    }

    /// True when nothing is pending or running, false when there is work again.
    fn wait_for_other_runs(&self) -> bool {
        let mut tasks = self.tasks.lock().unwrap();
        loop {
            let mut statuses = tasks.iter().map(|task| &task.metadata.status);
            if statuses.clone().any(|status| *status == Status::Pending) {
                return false;
            }
            if !statuses.any(|status| *status == Status::Running) {
                return true;
            }
            tasks = self.changed.wait(tasks).unwrap();
        }
    }

    pub fn cancel(&self, id: TaskId) -> bool {
        let mut tasks = self.tasks.lock().unwrap();
        let Some(task) = tasks.get_mut(id.0 as usize) else {
            return false;
        };
        if task.metadata.status != Status::Pending {
            return false;
        }
        task.metadata.status = Status::Cancelled;
        self.changed.notify_all();
        true
    }

    pub fn metadata(&self, id: TaskId) -> Option<TaskMetadata> {
        let tasks = self.tasks.lock().unwrap();
        tasks.get(id.0 as usize).map(|task| task.metadata.clone())
    }

    pub fn stats(&self) -> Stats {
        let tasks = self.tasks.lock().unwrap();
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
}

fn work(inbox: &Mutex<Receiver<Job>>, outbox: &Sender<Report>) {
    loop {
        // A statement of its own: the guard is gone before the job runs.
        let job = inbox.lock().unwrap().recv();
        let Ok(Job { index, work }) = job else { return };
        outbox
            .send((index, call(&*work)))
            .expect("the coordinator waits for this");
    }
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
