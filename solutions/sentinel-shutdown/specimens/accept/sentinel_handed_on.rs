//! accept: one stop message, which each worker hands on to the next; the last one keeps it

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

struct Door {
    inbox: Sender<Message>,
    open: bool,
}

pub struct Scheduler {
    door: Mutex<Door>,
    workers: Mutex<Vec<JoinHandle<()>>>,
}

impl Scheduler {
    pub fn start(workers: usize) -> Self {
        assert!(workers > 0, "a scheduler needs at least one worker");
        let (inbox, messages) = mpsc::channel();
        let messages = Arc::new(Mutex::new(messages));
        let left = Arc::new(AtomicUsize::new(workers));
        let workers = (0..workers).map(|_| {
            let (messages, left) = (Arc::clone(&messages), Arc::clone(&left));
            let inbox = inbox.clone();
            thread::spawn(move || work(&messages, &inbox, &left))
        });
        let workers = Mutex::new(workers.collect());
        Self {
            workers,
            door: Mutex::new(Door { inbox, open: true }),
        }
    }

    pub fn submit(&self, work: impl FnOnce() + Send + 'static) -> Result<(), Closed> {
        let door = self.door.lock().unwrap();
        if !door.open {
            return Err(Closed);
        }
        let message = Message::Run(Box::new(work));
        door.inbox.send(message).map_err(|_| Closed)
    }

    pub fn shutdown(&self) {
        let mut workers = self.workers.lock().unwrap();
        let mut door = self.door.lock().unwrap();
        if door.open {
            door.open = false;
            let _ = door.inbox.send(Message::Stop);
        }
        // Tasks may be asking at the door.
        drop(door);
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

fn work(messages: &Mutex<Receiver<Message>>, inbox: &Sender<Message>, left: &AtomicUsize) {
    loop {
        let message = messages.lock().unwrap().recv();
        match message {
            Ok(Message::Run(task)) => {
                let _ = panic::catch_unwind(AssertUnwindSafe(task));
            }
            Ok(Message::Stop) => {
                if left.fetch_sub(1, Ordering::SeqCst) > 1 {
                    let _ = inbox.send(Message::Stop);
                }
                return;
            }
            Err(_) => return,
        }
    }
}
