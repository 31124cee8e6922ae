//! reject: flag-and-blocking-receive
//! by: shutdown_wakes_a_sleeping_worker
//!
//! The starter: shutdown raises a flag, and the workers look at it between two
//! tasks. A worker that waits for a task looks at nothing, and the sender that
//! would end its wait lives as long as the scheduler.

use std::error::Error;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

/// The scheduler has been shut down and takes no more tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the scheduler has been shut down")
    }
}

impl Error for Closed {}

type Task = Box<dyn FnOnce() + Send>;

/// Runs tasks on workers that it keeps.
///
/// Dropping it closes the channel, and that ends the workers.
pub struct Scheduler {
    tasks: Sender<Task>,
    stopping: Arc<AtomicBool>,
    workers: Mutex<Vec<JoinHandle<()>>>,
}

impl Scheduler {
    /// Starts that many workers.
    pub fn start(workers: usize) -> Self {
        assert!(workers > 0, "a scheduler needs at least one worker");
        let (tasks, inbox) = mpsc::channel();
        let inbox = Arc::new(Mutex::new(inbox));
        let stopping = Arc::new(AtomicBool::new(false));
        let workers = (0..workers).map(|_| {
            let (inbox, stopping) = (Arc::clone(&inbox), Arc::clone(&stopping));
            thread::spawn(move || work(&inbox, &stopping))
        });
        Self {
            tasks,
            workers: Mutex::new(workers.collect()),
            stopping,
        }
    }

    /// Accepts a task, unless the scheduler has been shut down.
    pub fn submit(&self, work: impl FnOnce() + Send + 'static) -> Result<(), Closed> {
        if self.stopping.load(Ordering::SeqCst) {
            return Err(Closed);
        }
        self.tasks.send(Box::new(work)).map_err(|_| Closed)
    }

    /// Tells the workers to stop, and waits for them.
    pub fn shutdown(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        let workers = std::mem::take(&mut *self.workers.lock().expect("nothing panics here"));
        for worker in workers {
            worker.join().expect("a task's panic is caught");
        }
    }
}

/// What each worker does until it is told to stop.
fn work(inbox: &Mutex<Receiver<Task>>, stopping: &AtomicBool) {
    while !stopping.load(Ordering::SeqCst) {
        // A statement of its own: the guard is gone before the task runs.
        let task = inbox.lock().expect("nothing panics here").recv();
        let Ok(task) = task else { return };
        // A panicking task counts as run; the worker goes on.
        let _ = panic::catch_unwind(AssertUnwindSafe(task));
    }
}
