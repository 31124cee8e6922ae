//! reject: poison-cascade
//! by: a_panic_costs_no_worker
//!
//! The task is called with the receiver's guard alive. The panic is caught,
//! but the guard is dropped by it on the way: the mutex is poisoned, and the
//! next `unwrap` of every worker fails.

use std::error::Error;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the scheduler has been shut down")
    }
}

impl Error for Closed {}

type Task = Box<dyn FnOnce() + Send>;

pub struct Scheduler {
    /// `None` once it has been shut down.
    inbox: Mutex<Option<Sender<Task>>>,
    workers: Mutex<Vec<JoinHandle<()>>>,
}

impl Scheduler {
    pub fn start(workers: usize) -> Self {
        assert!(workers > 0, "a scheduler needs at least one worker");
        let (inbox, tasks) = mpsc::channel();
        let tasks = Arc::new(Mutex::new(tasks));
        let workers = (0..workers).map(|_| {
            let tasks = Arc::clone(&tasks);
            thread::spawn(move || work(&tasks))
        });
        Self {
            workers: Mutex::new(workers.collect()),
            inbox: Mutex::new(Some(inbox)),
        }
    }

    pub fn submit(&self, work: impl FnOnce() + Send + 'static) -> Result<(), Closed> {
        let inbox = self.inbox.lock().unwrap();
        let inbox = inbox.as_ref().ok_or(Closed)?;
        inbox.send(Box::new(work)).map_err(|_| Closed)
    }

    pub fn shutdown(&self) {
        // The last sender: whoever receives gets what is left, and then an error.
        drop(self.inbox.lock().unwrap().take());
        let mut workers = self.workers.lock().unwrap();
        for worker in workers.drain(..) {
            let _ = worker.join();
        }
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        self.shutdown();
    }
}

fn work(tasks: &Mutex<Receiver<Task>>) {
    loop {
        let ran = panic::catch_unwind(AssertUnwindSafe(|| {
            let tasks = tasks.lock().unwrap();
            let Ok(task) = tasks.recv() else { return false };
            task();
            true
        }));
        if matches!(ran, Ok(false)) {
            return;
        }
    }
}
