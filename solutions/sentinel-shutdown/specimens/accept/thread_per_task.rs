//! accept: a dispatcher gives every task a thread of its own, and keeps at most so many of them

use std::error::Error;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Condvar, Mutex};
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
    dispatcher: Mutex<Option<JoinHandle<()>>>,
}

impl Scheduler {
    pub fn start(workers: usize) -> Self {
        assert!(workers > 0, "a scheduler needs at least one worker");
        let (inbox, tasks) = mpsc::channel();
        let dispatcher = thread::spawn(move || dispatch(&tasks, workers));
        Self {
            dispatcher: Mutex::new(Some(dispatcher)),
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
        let mut dispatcher = self.dispatcher.lock().unwrap();
        if let Some(dispatcher) = dispatcher.take() {
            dispatcher.join().unwrap();
        }
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        self.shutdown();
    }
}

fn dispatch(tasks: &Receiver<Task>, most: usize) {
    let busy = &(Mutex::new(0), Condvar::new());
    thread::scope(|scope| {
        for task in tasks {
            let (count, ended) = busy;
            let waited = ended.wait_while(count.lock().unwrap(), |count| *count == most);
            *waited.unwrap() += 1;
            scope.spawn(move || {
                let _ = panic::catch_unwind(AssertUnwindSafe(task));
                *count.lock().unwrap() -= 1;
                ended.notify_one();
            });
        }
    });
}
