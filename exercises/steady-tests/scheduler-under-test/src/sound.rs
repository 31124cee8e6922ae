//! A scheduler that keeps every promise, to try a suite on.

use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use crate::{Closed, Scheduler};

type Task = Box<dyn FnOnce() + Send>;

/// Starts a scheduler that is right.
///
/// # Panics
/// When `workers` is 0.
#[must_use]
pub fn sound(workers: usize) -> Box<dyn Scheduler> {
    assert!(workers > 0, "a scheduler needs at least one worker");
    let (queue, tasks) = mpsc::channel();
    let tasks = Arc::new(Mutex::new(tasks));
    let worker = |_| {
        let tasks = Arc::clone(&tasks);
        thread::spawn(move || work(&tasks))
    };
    Box::new(Sound {
        queue: Mutex::new(Some(queue)),
        workers: Mutex::new((0..workers).map(worker).collect()),
    })
}

struct Sound {
    /// Taken away by the first shutdown. The hang-up ends each worker, and comes after
    /// everything that was sent.
    queue: Mutex<Option<Sender<Task>>>,
    workers: Mutex<Vec<JoinHandle<()>>>,
}

fn work(tasks: &Mutex<Receiver<Task>>) {
    loop {
        // The guard is gone at the end of this line, before the task runs.
        let task = tasks.lock().expect("no task runs under it").recv();
        let Ok(task) = task else { return };
        // A panicking task counts as run.
        let _ = panic::catch_unwind(AssertUnwindSafe(task));
    }
}

impl Scheduler for Sound {
    fn submit_boxed(&self, work: Task) -> Result<(), Closed> {
        let queue = self.queue.lock().expect("no task runs under it");
        let queue = queue.as_ref().ok_or(Closed)?;
        queue.send(work).map_err(|_| Closed)
    }

    fn shutdown(&self) {
        drop(self.queue.lock().expect("no task runs under it").take());
        // Held while joining, so that a second caller waits for the first.
        let mut workers = self.workers.lock().expect("no task runs under it");
        for worker in workers.drain(..) {
            worker.join().expect("a worker survives its tasks");
        }
    }
}

impl Drop for Sound {
    fn drop(&mut self) {
        self.shutdown();
    }
}
