//! reject: thread-outlives-owner
//! by: no_worker_is_left_when_shutdown_returns
//!
//! A worker signs off through a channel, and waits for an answer before it ends, so
//! that shutdown can be sure that it was heard. Shutdown is off by then: it hangs up
//! when it has heard all, and the worker still has to wake up for that.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Condvar, Mutex};
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

struct State {
    queue: VecDeque<Task>,
    open: bool,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

pub struct Scheduler {
    shared: Arc<Shared>,
    crew: Mutex<Vec<(Receiver<()>, Sender<()>)>>,
}

impl Scheduler {
    pub fn start(workers: usize) -> Self {
        assert!(workers > 0, "a scheduler needs at least one worker");
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                queue: VecDeque::new(),
                open: true,
            }),
            changed: Condvar::new(),
        });
        let crew = (0..workers).map(|_| {
            let shared = Arc::clone(&shared);
            let (gone, hear) = mpsc::channel();
            let (thanks, heard) = mpsc::channel::<()>();
            thread::spawn(move || {
                work(&shared);
                let _ = gone.send(());
                let _ = heard.recv();
            });
            (hear, thanks)
        });
        Self {
            crew: Mutex::new(crew.collect()),
            shared,
        }
    }

    pub fn submit(&self, work: impl FnOnce() + Send + 'static) -> Result<(), Closed> {
        let mut state = self.shared.state.lock().unwrap();
        if !state.open {
            return Err(Closed);
        }
        state.queue.push_back(Box::new(work));
        self.shared.changed.notify_one();
        Ok(())
    }

    pub fn shutdown(&self) {
        self.shared.state.lock().unwrap().open = false;
        self.shared.changed.notify_all();
        let mut crew = self.crew.lock().unwrap();
        for (gone, _thanks) in crew.drain(..) {
            let _ = gone.recv();
        }
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        self.shutdown();
    }
}

fn work(shared: &Shared) {
    while let Some(task) = next(shared) {
        let _ = panic::catch_unwind(AssertUnwindSafe(task));
    }
}

fn next(shared: &Shared) -> Option<Task> {
    let mut state = shared.state.lock().unwrap();
    loop {
        if let Some(task) = state.queue.pop_front() {
            return Some(task);
        }
        if !state.open {
            return None;
        }
        state = shared.changed.wait(state).unwrap();
    }
}
