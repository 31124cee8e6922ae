//! reject: workers-ignored
//! by: a_task_behind_a_long_one_gets_another_worker
//!
//! A channel for each worker, dealt out by turns. Two tasks that wait for each other
//! can be dealt to one worker, when there was another task in between; then the other
//! worker sleeps, and neither of the two ends.

use std::error::Error;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, Sender};
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
    /// One for each worker; none once it has been shut down.
    inboxes: Mutex<Vec<Sender<Task>>>,
    workers: Mutex<Vec<JoinHandle<()>>>,
}

impl Scheduler {
    pub fn start(workers: usize) -> Self {
        assert!(workers > 0, "a scheduler needs at least one worker");
        let (inboxes, workers) = (0..workers)
            .map(|_| {
                let (inbox, tasks) = mpsc::channel();
                (inbox, thread::spawn(move || work(&tasks)))
            })
            .unzip();
        Self {
            workers: Mutex::new(workers),
            inboxes: Mutex::new(inboxes),
        }
    }

    pub fn submit(&self, work: impl FnOnce() + Send + 'static) -> Result<(), Closed> {
        let mut inboxes = self.inboxes.lock().unwrap();
        let inbox = inboxes.first().ok_or(Closed)?;
        inbox.send(Box::new(work)).map_err(|_| Closed)?;
        inboxes.rotate_left(1);
        Ok(())
    }

    pub fn shutdown(&self) {
        // The last senders: each worker gets what is left, and then an error.
        self.inboxes.lock().unwrap().clear();
        let mut workers = self.workers.lock().unwrap();
        for worker in workers.drain(..) {
            worker.join().unwrap();
        }
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        self.shutdown();
    }
}

fn work(tasks: &Receiver<Task>) {
    for task in tasks {
        let _ = panic::catch_unwind(AssertUnwindSafe(task));
    }
}
