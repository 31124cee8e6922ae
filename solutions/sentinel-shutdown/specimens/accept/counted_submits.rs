//! accept: no lock on the way in: submits are counted in an atomic whose top bit says closed

use std::error::Error;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering};
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

/// Set for good when the scheduler is shut down. Below it is the number of submits that
/// are in the middle of it.
const CLOSED: usize = 1 << (usize::BITS - 1);

pub struct Scheduler {
    inbox: Sender<Message>,
    door: AtomicUsize,
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
            door: AtomicUsize::new(0),
        }
    }

    pub fn submit(&self, work: impl FnOnce() + Send + 'static) -> Result<(), Closed> {
        let closed = self.door.fetch_add(1, Ordering::SeqCst) & CLOSED != 0;
        let answer = if closed {
            Err(Closed)
        } else {
            let message = Message::Run(Box::new(work));
            self.inbox.send(message).map_err(|_| Closed)
        };
        self.door.fetch_sub(1, Ordering::SeqCst);
        answer
    }

    pub fn shutdown(&self) {
        let mut workers = self.workers.lock().unwrap();
        self.door.fetch_or(CLOSED, Ordering::SeqCst);
        while self.door.load(Ordering::SeqCst) != CLOSED {
            // Somebody is between the two lines of submit, for a moment.
            thread::yield_now();
        }
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
