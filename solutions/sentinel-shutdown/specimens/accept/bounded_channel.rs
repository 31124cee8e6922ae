//! accept: as hanging up, through a channel with room for a thousand tasks
//!
//! A submit that finds it full waits with the lock held, which a shutdown then
//! needs as well. It gets it as soon as a worker takes a task.

use std::error::Error;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{self, Receiver, SyncSender};
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
    inbox: Mutex<Option<SyncSender<Task>>>,
    workers: Mutex<Vec<JoinHandle<()>>>,
}

impl Scheduler {
    pub fn start(workers: usize) -> Self {
        assert!(workers > 0, "a scheduler needs at least one worker");
        let (inbox, tasks) = mpsc::sync_channel(1000);
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
            worker.join().unwrap();
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
        let task = tasks.lock().unwrap().recv();
        let Ok(task) = task else { return };
        let _ = panic::catch_unwind(AssertUnwindSafe(task));
    }
}
