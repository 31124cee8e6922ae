//! reject: second-shutdown
//! by: shutdown_may_be_called_again
//!
//! Each worker reports over a channel that it has ended, and shutdown receives
//! as many reports as there are workers. The second shutdown waits for reports
//! that nobody is left to send.

use std::error::Error;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;

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
    workers: usize,
    ended: Mutex<Receiver<()>>,
    /// Keeps the channel of the reports open.
    _end: Sender<()>,
}

impl Scheduler {
    pub fn start(workers: usize) -> Self {
        assert!(workers > 0, "a scheduler needs at least one worker");
        let (inbox, messages) = mpsc::channel();
        let messages = Arc::new(Mutex::new(messages));
        let (end, ended) = mpsc::channel();
        for _ in 0..workers {
            let (messages, end) = (Arc::clone(&messages), end.clone());
            thread::spawn(move || {
                work(&messages);
                let _ = end.send(());
            });
        }
        Self {
            workers,
            ended: Mutex::new(ended),
            _end: end,
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
        let mut door = self.door.lock().unwrap();
        door.open = false;
        for _ in 0..self.workers {
            // A worker that has gone needs no message.
            let _ = door.inbox.send(Message::Stop);
        }
        // Tasks may be asking at the door.
        drop(door);
        let ended = self.ended.lock().unwrap();
        for _ in 0..self.workers {
            let _ = ended.recv();
        }
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        if self.door.lock().unwrap().open {
            self.shutdown();
        }
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
