//! A scheduler with results, a bounded queue and cancellation.
//!
//! It compiles, it is tidy and its tests pass. Grade it, read the interleaving that
//! breaks it, and make it right; keep what you like of it, or nothing.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};

/// How large a scheduler is. Both numbers are at least 1.
#[derive(Debug, Clone, Copy)]
pub struct Config {
    pub workers: usize,
    /// How many tasks may be accepted and not yet started.
    pub capacity: usize,
}

/// Why a task was not accepted. The work comes back with the answer.
#[derive(Debug)]
pub enum SubmitError<F> {
    Full(F),
    Closed(F),
}

/// Why a task has no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskError {
    Panicked(String),
    Cancelled,
}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked(message) => write!(f, "the task panicked: {message}"),
            Self::Cancelled => f.write_str("the task was cancelled"),
        }
    }
}

impl Error for TaskError {}

type Job = Box<dyn FnOnce() + Send>;

/// Runs tasks on its own threads.
pub struct Scheduler {
    shared: Arc<Shared>,
    capacity: usize,
    workers: Mutex<Vec<JoinHandle<()>>>,
}

struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
    /// Raised by `shutdown_now`: what has not started will not.
    discard: AtomicBool,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    closed: bool,
}

impl Scheduler {
    /// Starts the workers.
    pub fn start(config: Config) -> Self {
        assert!(config.workers > 0, "a scheduler needs a worker");
        assert!(config.capacity > 0, "a scheduler needs room for a task");
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            changed: Condvar::new(),
            discard: AtomicBool::new(false),
        });
        let workers = (0..config.workers)
            .map(|_| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || work(&shared))
            })
            .collect();
        Self {
            shared,
            capacity: config.capacity,
            workers: Mutex::new(workers),
        }
    }

    /// Accepts a task; waits for room if there is none.
    pub fn submit<T, F>(&self, work: F) -> Result<Handle<T>, SubmitError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let mut queue = self.shared.queue.lock().unwrap();
        while queue.jobs.len() == self.capacity && !queue.closed {
            queue = self.shared.changed.wait(queue).unwrap();
        }
        self.push(&mut queue, work)
    }

    /// Accepts a task if there is room.
    pub fn try_submit<T, F>(&self, work: F) -> Result<Handle<T>, SubmitError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.push(&mut self.shared.queue.lock().unwrap(), work)
    }

    fn push<T, F>(&self, queue: &mut Queue, work: F) -> Result<Handle<T>, SubmitError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        if queue.closed {
            return Err(SubmitError::Closed(work));
        }
        if queue.jobs.len() == self.capacity {
            return Err(SubmitError::Full(work));
        }
        let (sender, result) = mpsc::channel();
        let cancelled = Arc::new(AtomicBool::new(false));
        let finished = Arc::new(AtomicBool::new(false));
        let (unwanted, done) = (Arc::clone(&cancelled), Arc::clone(&finished));
        queue.jobs.push_back(Box::new(move || {
            if !unwanted.load(Ordering::SeqCst) {
                sender.send(work()).unwrap();
                done.store(true, Ordering::SeqCst);
            }
        }));
        self.shared.changed.notify_one();
        Ok(Handle {
            result,
            cancelled,
            finished,
        })
    }

    /// Lets everything run that was accepted.
    pub fn shutdown(&self) {
        self.shared.queue.lock().unwrap().closed = true;
        self.shared.changed.notify_all();
        let mut workers = self.workers.lock().unwrap();
        for worker in workers.drain(..) {
            worker.join().unwrap();
        }
    }

    /// Cancels what has not started, and returns how many tasks that were.
    pub fn shutdown_now(&self) -> usize {
        self.shared.discard.store(true, Ordering::SeqCst);
        let cancelled = self.shared.queue.lock().unwrap().jobs.len();
        self.shutdown();
        cancelled
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        self.shutdown();
    }
}

/// What each worker does.
fn work(shared: &Shared) {
    loop {
        let mut queue = shared.queue.lock().unwrap();
        let job = loop {
            match queue.jobs.pop_front() {
                Some(job) => break job,
                None if queue.closed => return,
                None => queue = shared.changed.wait(queue).unwrap(),
            }
        };
        shared.changed.notify_one();
        drop(queue);
        if !shared.discard.load(Ordering::SeqCst) {
            // A panic must not cost the worker.
            let _ = panic::catch_unwind(AssertUnwindSafe(job));
        }
    }
}

/// What the caller keeps of a task.
pub struct Handle<T> {
    result: Receiver<T>,
    cancelled: Arc<AtomicBool>,
    finished: Arc<AtomicBool>,
}

impl<T> Handle<T> {
    /// Waits for the result.
    pub fn join(self) -> Result<T, TaskError> {
        // A task that is dropped without a result hangs up.
        self.result.recv().map_err(|_| {
            if self.cancelled.load(Ordering::SeqCst) {
                TaskError::Cancelled
            } else {
                TaskError::Panicked("task panicked".to_owned())
            }
        })
    }

    /// Keeps the task from running; true if it had not finished.
    pub fn cancel(&self) -> bool {
        !self.is_finished() && !self.cancelled.swap(true, Ordering::SeqCst)
    }

    /// Whether the result is there.
    pub fn is_finished(&self) -> bool {
        self.finished.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(workers: usize, capacity: usize) -> Scheduler {
        Scheduler::start(Config { workers, capacity })
    }

    #[test]
    fn results_come_back() {
        let scheduler = start(2, 10);
        let squares: Vec<_> = (0..10)
            .map(|i| scheduler.submit(move || i * i).ok().unwrap())
            .collect();
        let sum: i32 = squares.into_iter().map(|task| task.join().unwrap()).sum();
        assert_eq!(sum, 285);
    }

    #[test]
    fn a_panic_is_reported() {
        let scheduler = start(1, 2);
        let bomb = scheduler.submit(|| panic!("boom")).ok().unwrap();
        assert!(matches!(bomb.join(), Err::<(), _>(TaskError::Panicked(_))));
        assert_eq!(scheduler.submit(|| 7).ok().unwrap().join(), Ok(7));
    }

    #[test]
    fn a_cancelled_task_does_not_run() {
        let scheduler = start(1, 2);
        let (go, wait) = mpsc::channel();
        let busy = scheduler.submit(move || wait.recv()).ok().unwrap();
        let unwanted = scheduler.submit(|| "it ran").ok().unwrap();
        assert!(unwanted.cancel());
        go.send(()).unwrap();
        assert_eq!(busy.join(), Ok(Ok(())));
        assert_eq!(unwanted.join(), Err(TaskError::Cancelled));
    }

    #[test]
    fn shutdown_runs_what_was_accepted() {
        let scheduler = start(2, 10);
        let tasks: Vec<_> = (0..10)
            .map(|i| scheduler.submit(move || i).ok().unwrap())
            .collect();
        scheduler.shutdown();
        assert!(tasks.iter().all(Handle::is_finished));
        assert!(scheduler.try_submit(|| ()).is_err());
    }
}
