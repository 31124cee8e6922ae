//! accept: no lock at all: one thread owns the state and answers requests over a channel

use std::any::Any;
use std::collections::BTreeMap;
use std::error::Error;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
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

/// What the owner can be asked; each question carries the way back.
enum Request {
    Submit(String, Arc<Work>, Sender<TaskId>),
    Cancel(TaskId, Sender<bool>),
    Metadata(TaskId, Sender<Option<TaskMetadata>>),
    Stats(Sender<Stats>),
    /// Answered when there is a task to run, and dropped when there will be none.
    Claim(Sender<(TaskId, Arc<Work>)>),
    Ended(TaskId, Result<(), String>),
}

/// Dropping it hangs up, which ends the owner.
pub struct Scheduler {
    owner: Sender<Request>,
}

impl Default for Scheduler {
    fn default() -> Self {
        Self::new(1)
    }
}

impl Scheduler {
    pub fn new(max_attempts: u32) -> Self {
        let (owner, requests) = mpsc::channel();
        let builder = thread::Builder::new().name("owner".to_owned());
        let state = Owner {
            max_attempts,
            tasks: BTreeMap::new(),
            idle: Vec::new(),
        };
        builder
            .spawn(move || state.serve(&requests))
            .expect("the system has a thread to spare");
        Self { owner }
    }

    pub fn submit(
        &self,
        name: impl Into<String>,
        work: impl Fn() -> Outcome + Send + Sync + 'static,
    ) -> TaskId {
        self.ask(|reply| Request::Submit(name.into(), Arc::new(work), reply))
    }

    pub fn run(&self, workers: usize) {
        assert!(workers > 0, "run needs at least one worker");
        thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| self.work());
            }
        });
    }

    pub fn cancel(&self, id: TaskId) -> bool {
        self.ask(|reply| Request::Cancel(id, reply))
    }

    pub fn metadata(&self, id: TaskId) -> Option<TaskMetadata> {
        self.ask(|reply| Request::Metadata(id, reply))
    }

    pub fn stats(&self) -> Stats {
        self.ask(Request::Stats)
    }

    fn work(&self) {
        loop {
            let (reply, claim) = mpsc::channel();
            self.send(Request::Claim(reply));
            let Ok((id, work)) = claim.recv() else { return };
            self.send(Request::Ended(id, call(&*work)));
        }
    }

    fn ask<T>(&self, request: impl FnOnce(Sender<T>) -> Request) -> T {
        let (reply, answer) = mpsc::channel();
        self.send(request(reply));
        answer.recv().expect("the owner answers every question")
    }

    fn send(&self, request: Request) {
        self.owner
            .send(request)
            .expect("the owner lives as long as the scheduler");
    }
}

struct Task {
    metadata: TaskMetadata,
    work: Arc<Work>,
}

struct Owner {
    max_attempts: u32,
    tasks: BTreeMap<TaskId, Task>,
    /// Workers that asked for a task.
    idle: Vec<Sender<(TaskId, Arc<Work>)>>,
}

impl Owner {
    fn serve(mut self, requests: &Receiver<Request>) {
        for request in requests {
            // A reply that nobody waits for any more is nobody's loss.
            match request {
                Request::Submit(name, work, reply) => {
                    let id = TaskId(self.tasks.len() as u64);
                    let status = Status::Pending;
                    let metadata = TaskMetadata {
                        id,
                        name,
                        status,
                        attempts: 0,
                    };
                    self.tasks.insert(id, Task { metadata, work });
                    let _ = reply.send(id);
                }
                Request::Cancel(id, reply) => {
                    let task = self.tasks.get_mut(&id);
                    let task = task.filter(|task| task.metadata.status == Status::Pending);
                    let cancelled = task.map(|task| task.metadata.status = Status::Cancelled);
                    let _ = reply.send(cancelled.is_some());
                }
                Request::Metadata(id, reply) => {
                    let _ = reply.send(self.tasks.get(&id).map(|task| task.metadata.clone()));
                }
                Request::Stats(reply) => {
                    let _ = reply.send(self.stats());
                }
                Request::Claim(reply) => self.idle.push(reply),
                Request::Ended(id, result) => self.end(id, result),
            }
            self.hand_out();
        }
    }

    fn hand_out(&mut self) {
        while let Some(reply) = self.idle.pop() {
            let mut tasks = self.tasks.values_mut();
            let Some(task) = tasks.find(|task| task.metadata.status == Status::Pending) else {
                self.idle.push(reply);
                break;
            };
            task.metadata.status = Status::Running;
            task.metadata.attempts += 1;
            let _ = reply.send((task.metadata.id, Arc::clone(&task.work)));
        }
        if self.stats().running == 0 {
            // Hanging up tells them that there will be nothing more.
            self.idle.clear();
        }
    }

    fn end(&mut self, id: TaskId, result: Result<(), String>) {
        let Some(task) = self.tasks.get_mut(&id) else {
            return;
        };
        task.metadata.status = match result {
            Ok(()) => Status::Succeeded,
            Err(_) if task.metadata.attempts < self.max_attempts => Status::Pending,
            Err(message) => Status::Failed(message),
        };
    }

    fn stats(&self) -> Stats {
        let mut stats = Stats {
            submitted: self.tasks.len(),
            ..Stats::default()
        };
        for task in self.tasks.values() {
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
