//! reject: silent-loss-after-close
//! by: a_submit_from_a_task_runs_or_is_refused
//!
//! The door is closed when the workers have gone, so that tasks can still
//! submit while shutdown waits. A task that does so after the stop messages
//! were sent gets an Ok and is never run.

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
        let workers = (0..workers).map(|_| {
            let messages = Arc::clone(&messages);
            thread::spawn(move || work(&messages))
        });
        Self {
            workers: Mutex::new(workers.collect()),
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
        let door = self.door.lock().unwrap();
        for _ in workers.iter() {
            // A worker that has gone needs no message.
            let _ = door.inbox.send(Message::Stop);
        }
        // Tasks may be asking at the door.
        drop(door);
        for worker in workers.drain(..) {
            worker.join().unwrap();
        }
        self.door.lock().unwrap().open = false;
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
