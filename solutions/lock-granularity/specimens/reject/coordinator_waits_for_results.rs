//! reject: workers-ignored
//! by: a_submit_during_a_run_gets_an_idle_worker
//!
//! The caller hands out jobs and then waits for a result. While it does, nobody looks
//! into the queue, so a task that is submitted meanwhile gets no worker, idle or not.

use std::any::Any;
use std::collections::VecDeque;
use std::error::Error;
use std::panic::{self, AssertUnwindSafe};
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

type Report = (usize, Status);

#[derive(Default)]
pub struct Scheduler {
    state: Mutex<State>,
    /// For a `run` whose own workers are idle while another run's are not.
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
        let (outbox, reports) = mpsc::channel();
        let inbox = Mutex::new(inbox);
        thread::scope(|scope| {
            for _ in 0..workers {
                let (inbox, outbox) = (&inbox, outbox.clone());
                scope.spawn(move || self.work(inbox, &outbox));
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
                jobs.send(job).expect("the workers stay until the jobs end");
                busy += 1;
            }
            if busy > 0 {
                let (index, status) = reports.recv().expect("a worker is busy");
                busy -= 1;
                self.finish(index, status);
            } else if self.wait_for_other_runs() {
                return;
            }
        }
    }

    fn claim(&self) -> Option<Job> {
        let mut state = self.state.lock().unwrap();
        let index = state.queue.pop_front()?;
        let task = &mut state.tasks[index];
        task.metadata.status = Status::Running;
        let work = task.work.take().expect("a queued task has its work");
        Some(Job { index, work })
    }

    fn finish(&self, index: usize, status: Status) {
        self.state.lock().unwrap().tasks[index].metadata.status = status;
        self.changed.notify_all();
    }

    /// True when nothing is pending or running, false when there is work again.
    fn wait_for_other_runs(&self) -> bool {
        let mut state = self.state.lock().unwrap();
        loop {
            if !state.queue.is_empty() {
                return false;
            }
            let running = |task: &Task| task.metadata.status == Status::Running;
            if !state.tasks.iter().any(running) {
                return true;
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

    fn work(&self, inbox: &Mutex<Receiver<Job>>, outbox: &Sender<Report>) {
        loop {
            // A statement of its own. Whoever waits for a job holds the inbox; whoever
            // has one does not.
            let job = inbox.lock().unwrap().recv();
            let Ok(Job { index, work }) = job else { return };
            outbox
                .send((index, call(work, self)))
                .expect("the coordinator waits for this");
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
