//! reject: sentinel-not-consumed
//! by: what_was_accepted_has_run_when_shutdown_returns
//!
//! Each worker hands the stop on to the next, so one is enough for all; the
//! last worker hands it on to nobody. Shutdown waits until every message has
//! been taken out of the channel, and that one never is.

use std::error::Error;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Condvar, Mutex};
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
    /// How many messages are in the channel.
    waiting: Arc<(Mutex<usize>, Condvar)>,
    workers: Mutex<Vec<JoinHandle<()>>>,
}

impl Scheduler {
    pub fn start(workers: usize) -> Self {
        assert!(workers > 0, "a scheduler needs at least one worker");
        let (inbox, messages) = mpsc::channel();
        let messages = Arc::new(Mutex::new(messages));
        let waiting = Arc::new((Mutex::new(0), Condvar::new()));
        let workers = (0..workers).map(|_| {
            let (messages, inbox) = (Arc::clone(&messages), inbox.clone());
            let waiting = Arc::clone(&waiting);
            thread::spawn(move || work(&messages, &inbox, &waiting))
        });
        let workers = Mutex::new(workers.collect());
        Self {
            workers,
            waiting,
            door: Mutex::new(Door { inbox, open: true }),
        }
    }

    pub fn submit(&self, work: impl FnOnce() + Send + 'static) -> Result<(), Closed> {
        let door = self.door.lock().unwrap();
        if !door.open {
            return Err(Closed);
        }
        *self.waiting.0.lock().unwrap() += 1;
        let message = Message::Run(Box::new(work));
        door.inbox.send(message).map_err(|_| Closed)
    }

    pub fn shutdown(&self) {
        let mut workers = self.workers.lock().unwrap();
        let mut door = self.door.lock().unwrap();
        if std::mem::replace(&mut door.open, false) {
            *self.waiting.0.lock().unwrap() += 1;
            let _ = door.inbox.send(Message::Stop);
        }
        // Tasks may be asking at the door.
        drop(door);
        let (waiting, taken) = &*self.waiting;
        let waiting = waiting.lock().unwrap();
        drop(taken.wait_while(waiting, |waiting| *waiting > 0).unwrap());
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

fn work(
    messages: &Mutex<Receiver<Message>>,
    inbox: &Sender<Message>,
    (waiting, taken): &(Mutex<usize>, Condvar),
) {
    loop {
        let message = messages.lock().unwrap().recv();
        match message {
            Ok(Message::Run(task)) => {
                *waiting.lock().unwrap() -= 1;
                taken.notify_all();
                let _ = panic::catch_unwind(AssertUnwindSafe(task));
            }
            Ok(Message::Stop) => {
                // Taken out and put back: the count stays as it is.
                let _ = inbox.send(Message::Stop);
                return;
            }
            Err(_) => return,
        }
    }
}
