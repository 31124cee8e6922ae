//! accept: no lock at all: one thread owns the state and answers requests over a channel

use std::any::Any;
use std::collections::VecDeque;
use std::error::Error;
use std::panic::{self, AssertUnwindSafe};
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

enum Request {
    Submit(String, Work, Sender<TaskId>),
    Metadata(TaskId, Sender<Option<TaskMetadata>>),
    Stats(Sender<Stats>),
    /// Answered when there is a task to run, and dropped when there will be none.
    Claim(Sender<(TaskId, Work)>),
    Ended(TaskId, Status),
}

/// Dropping it hangs up, which ends the owner.
pub struct Scheduler {
    owner: Sender<Request>,
}

impl Default for Scheduler {
    fn default() -> Self {
        Self::new()
    }
}

impl Scheduler {
    pub fn new() -> Self {
        let (owner, requests) = mpsc::channel();
        let state = Owner {
            records: Vec::new(),
            pending: VecDeque::new(),
            idle: Vec::new(),
        };
        thread::spawn(move || state.serve(&requests));
        Self { owner }
    }

    pub fn submit(
        &self,
        name: impl Into<String>,
        work: impl FnOnce(&Scheduler) -> Outcome + Send + 'static,
    ) -> TaskId {
        self.ask(|reply| Request::Submit(name.into(), Box::new(work), reply))
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
            self.send(Request::Ended(id, call(work, self)));
        }
    }

    fn ask<T>(&self, request: impl FnOnce(Sender<T>) -> Request) -> T {
        let (reply, answer) = mpsc::channel();
        self.send(request(reply));
        answer.recv().expect("the owner answers every question")
    }

    fn send(&self, request: Request) {
        let sent = self.owner.send(request);
        assert!(sent.is_ok(), "the owner lives as long as the scheduler");
    }
}

struct Owner {
    records: Vec<TaskMetadata>,
    pending: VecDeque<(TaskId, Work)>,
    /// Workers that asked for a task.
    idle: Vec<Sender<(TaskId, Work)>>,
}

impl Owner {
    fn serve(mut self, requests: &Receiver<Request>) {
        for request in requests {
            // A reply that nobody waits for any more is nobody's loss.
            match request {
                Request::Submit(name, work, reply) => {
                    let id = TaskId(self.records.len() as u64);
                    let status = Status::Pending;
                    self.records.push(TaskMetadata { id, name, status });
                    self.pending.push_back((id, work));
                    let _ = reply.send(id);
                }
                Request::Metadata(id, reply) => {
                    let _ = reply.send(self.records.get(id.0 as usize).cloned());
                }
                Request::Stats(reply) => {
                    let _ = reply.send(self.stats());
                }
                Request::Claim(reply) => self.idle.push(reply),
                Request::Ended(id, status) => self.records[id.0 as usize].status = status,
            }
            self.hand_out();
        }
    }

    fn hand_out(&mut self) {
        while !self.pending.is_empty()
            && let Some(reply) = self.idle.pop()
        {
            if let Some((id, work)) = self.pending.pop_front() {
                self.records[id.0 as usize].status = Status::Running;
                let _ = reply.send((id, work));
            }
        }
        if self.stats().running == 0 {
            // Hanging up tells them that there will be nothing more.
            self.idle.clear();
        }
    }

    fn stats(&self) -> Stats {
        let mut stats = Stats {
            submitted: self.records.len(),
            ..Stats::default()
        };
        for record in &self.records {
            match record.status {
                Status::Pending => {}
                Status::Running => stats.running += 1,
                Status::Succeeded => stats.succeeded += 1,
                Status::Failed(_) => stats.failed += 1,
            }
        }
        stats
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
