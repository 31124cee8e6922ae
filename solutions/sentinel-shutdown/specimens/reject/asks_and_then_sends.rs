//! reject: silent-loss-after-close
//! by: a_racing_submit_runs_or_is_refused
//!
//! Submit asks an atomic flag and then sends. Between the two a shutdown sends
//! its stops: the task lands behind them, is accepted, and nobody is left to
//! run it.

use std::error::Error;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};
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

enum Message {
    Run(Task),
    Stop,
}

pub struct Scheduler {
    inbox: Sender<Message>,
    open: AtomicBool,
    workers: Mutex<Vec<JoinHandle<()>>>,
}

impl Scheduler {
    pub fn start(workers: usize) -> Self {
        assert!(workers > 0, "a scheduler needs at least one worker");
        let (inbox, messages) = mpsc::channel();
        let messages = Arc::new(Mutex::new(messages));
        let workers = (0..workers).map(|_| {
            let messages = Arc::clone(&messages);
            thread::spawn(move || work(&messages))
        });
        Self {
            workers: Mutex::new(workers.collect()),
            inbox,
            open: AtomicBool::new(true),
        }
    }

    pub fn submit(&self, work: impl FnOnce() + Send + 'static) -> Result<(), Closed> {
        if !self.open.load(Ordering::SeqCst) {
            return Err(Closed);
        }
        let message = Message::Run(Box::new(work));
        self.inbox.send(message).map_err(|_| Closed)
    }

    pub fn shutdown(&self) {
        let mut workers = self.workers.lock().unwrap();
        self.open.store(false, Ordering::SeqCst);
        for _ in workers.iter() {
            // A worker that has gone needs no message.
            let _ = self.inbox.send(Message::Stop);
        }
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

fn work(messages: &Mutex<Receiver<Message>>) {
    loop {
        let message = messages.lock().unwrap().recv();
        match message {
            Ok(Message::Run(task)) => {
                let _ = panic::catch_unwind(AssertUnwindSafe(task));
            }
            Ok(Message::Stop) | Err(_) => return,
        }
    }
}
