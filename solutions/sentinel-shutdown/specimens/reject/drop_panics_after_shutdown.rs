//! reject: second-shutdown
//! by: dropping_it_after_a_shutdown_does_nothing_more
//!
//! An early return makes a second shutdown harmless. The destructor does not
//! go through it: it hangs up itself, and expects a sender that is no longer
//! there.

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
        let Some(inbox) = self.inbox.lock().unwrap().take() else {
            return drop(self.workers.lock().unwrap());
        };
        drop(inbox);
        let mut workers = self.workers.lock().unwrap();
        for worker in workers.drain(..) {
            worker.join().unwrap();
        }
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        let inbox = self.inbox.lock().unwrap().take();
        drop(inbox.expect("still open"));
        for worker in self.workers.lock().unwrap().drain(..) {
            worker.join().unwrap();
        }
    }
}

fn work(tasks: &Mutex<Receiver<Task>>) {
    loop {
        let task = tasks.lock().unwrap().recv();
        let Ok(task) = task else { return };
        let _ = panic::catch_unwind(AssertUnwindSafe(task));
    }
}
