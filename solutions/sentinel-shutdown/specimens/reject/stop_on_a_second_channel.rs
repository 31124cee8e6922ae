//! reject: sentinel-overtakes-work
//! by: one_worker_works_off_the_whole_queue
//!
//! The stop comes on a channel of its own, and a worker looks there first
//! whenever it is woken. A stop that is sent after a task is thus received
//! before it.

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
    stops: Sender<()>,
    workers: Mutex<Vec<JoinHandle<()>>>,
}

impl Scheduler {
    pub fn start(workers: usize) -> Self {
        assert!(workers > 0, "a scheduler needs at least one worker");
        let (inbox, tasks) = mpsc::channel();
        let (stops, stopped) = mpsc::channel();
        let inboxes = Arc::new(Mutex::new((tasks, stopped)));
        let workers = (0..workers).map(|_| {
            let inboxes = Arc::clone(&inboxes);
            thread::spawn(move || work(&inboxes))
        });
        Self {
            workers: Mutex::new(workers.collect()),
            inbox: Mutex::new(Some(inbox)),
            stops,
        }
    }

    pub fn submit(&self, work: impl FnOnce() + Send + 'static) -> Result<(), Closed> {
        let inbox = self.inbox.lock().unwrap();
        let inbox = inbox.as_ref().ok_or(Closed)?;
        inbox.send(Box::new(work)).map_err(|_| Closed)
    }

    pub fn shutdown(&self) {
        let mut workers = self.workers.lock().unwrap();
        for _ in workers.iter() {
            let _ = self.stops.send(());
        }
        // Wakes those who wait for a task.
        drop(self.inbox.lock().unwrap().take());
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

fn work(inboxes: &Mutex<(Receiver<Task>, Receiver<()>)>) {
    loop {
        let inboxes = inboxes.lock().unwrap();
        if inboxes.1.try_recv().is_ok() {
            return;
        }
        let task = inboxes.0.recv();
        drop(inboxes);
        let Ok(task) = task else { return };
        let _ = panic::catch_unwind(AssertUnwindSafe(task));
    }
}
