//! accept: a channel for the queue and one for each result, and permits for the capacity
//!
//! Cancelled tasks stay in the channel until a worker comes by; what they give
//! back at once is their permit. `shutdown_now` only raises a flag, and the
//! workers cancel what they take out from then on.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};

#[derive(Debug, Clone, Copy)]
pub struct Config {
    pub workers: usize,
    pub capacity: usize,
}

#[derive(Debug)]
pub enum SubmitError<F> {
    Full(F),
    Closed(F),
}

#[derive(Debug)]
pub enum TaskError {
    Panicked(String),
    Cancelled,
}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked(message) => write!(f, "panicked: {message}"),
            Self::Cancelled => f.write_str("cancelled"),
        }
    }
}

impl Error for TaskError {}

/// What is left of a task to the queue.
trait Task: Send + Sync {
    /// Runs the task, unless it was cancelled; calls `started` just before.
    fn run(&self, started: &dyn Fn());
    /// Cancels the task, unless it was started; true if it did.
    fn cancel(&self) -> bool;
}

type Work<F, T> = (F, Sender<Result<T, TaskError>>);

struct Cell<F, T> {
    work: Mutex<Option<Work<F, T>>>,
    finished: Arc<AtomicBool>,
}

impl<F: FnOnce() -> T + Send, T: Send> Task for Cell<F, T> {
    fn run(&self, started: &dyn Fn()) {
        let work = self.work.lock().unwrap().take();
        let Some((work, promise)) = work else { return };
        started();
        // Nobody has to be there to receive it.
        let _ = promise.send(call(work));
        self.finished.store(true, SeqCst);
    }

    fn cancel(&self) -> bool {
        let work = self.work.lock().unwrap().take();
        let Some((_, promise)) = work else {
            return false;
        };
        let _ = promise.send(Err(TaskError::Cancelled));
        self.finished.store(true, SeqCst);
        true
    }
}

enum Message {
    Task(Arc<dyn Task>),
    Stop,
}

pub struct Scheduler {
    shared: Arc<Shared>,
    workers: Mutex<Vec<JoinHandle<()>>>,
    count: usize,
}

struct Shared {
    entrance: Mutex<Entrance>,
    changed: Condvar,
    discard: AtomicBool,
    discarded: AtomicUsize,
}

struct Entrance {
    permits: usize,
    /// Taken away when nobody may come in any more.
    queue: Option<Sender<Message>>,
}

impl Shared {
    fn give_back(&self) {
        self.entrance.lock().unwrap().permits += 1;
        self.changed.notify_one();
    }
}

impl Scheduler {
    pub fn start(config: Config) -> Self {
        assert!(config.workers > 0, "no workers");
        assert!(config.capacity > 0, "no capacity");
        let (queue, exit) = mpsc::channel::<Message>();
        let exit = Arc::new(Mutex::new(exit));
        let shared = Arc::new(Shared {
            entrance: Mutex::new(Entrance {
                permits: config.capacity,
                queue: Some(queue),
            }),
            changed: Condvar::new(),
            discard: AtomicBool::new(false),
            discarded: AtomicUsize::new(0),
        });
        let workers = (0..config.workers)
            .map(|_| {
                let (shared, exit) = (Arc::clone(&shared), Arc::clone(&exit));
                thread::spawn(move || {
                    loop {
                        let message = exit.lock().unwrap().recv();
                        let Ok(Message::Task(task)) = message else {
                            return;
                        };
                        if !shared.discard.load(SeqCst) {
                            task.run(&|| shared.give_back());
                        } else if task.cancel() {
                            shared.discarded.fetch_add(1, SeqCst);
                        }
                    }
                })
            })
            .collect();
        Self {
            shared,
            workers: Mutex::new(workers),
            count: config.workers,
        }
    }

    pub fn submit<T, F>(&self, work: F) -> Result<Handle<T>, SubmitError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.accept(work, true)
    }

    pub fn try_submit<T, F>(&self, work: F) -> Result<Handle<T>, SubmitError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.accept(work, false)
    }

    fn accept<T, F>(&self, work: F, wait: bool) -> Result<Handle<T>, SubmitError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let mut entrance = self.shared.entrance.lock().unwrap();
        while wait && entrance.permits == 0 && entrance.queue.is_some() {
            entrance = self.shared.changed.wait(entrance).unwrap();
        }
        let Entrance { permits, queue } = &mut *entrance;
        let Some(queue) = queue else {
            return Err(SubmitError::Closed(work));
        };
        if *permits == 0 {
            return Err(SubmitError::Full(work));
        }
        *permits -= 1;
        let (promise, result) = mpsc::channel();
        let finished = Arc::new(AtomicBool::new(false));
        let task: Arc<dyn Task> = Arc::new(Cell {
            work: Mutex::new(Some((work, promise))),
            finished: Arc::clone(&finished),
        });
        // Under the lock, so that no task can come after the stop signs.
        let sent = queue.send(Message::Task(Arc::clone(&task)));
        assert!(sent.is_ok(), "workers leave at a stop sign only");
        Ok(Handle {
            shared: Arc::clone(&self.shared),
            task,
            result,
            finished,
        })
    }

    pub fn shutdown(&self) {
        let queue = self.shared.entrance.lock().unwrap().queue.take();
        if let Some(queue) = queue {
            for _ in 0..self.count {
                let _ = queue.send(Message::Stop);
            }
        }
        self.shared.changed.notify_all();
        let mut workers = self.workers.lock().unwrap();
        for worker in workers.drain(..) {
            let _ = worker.join();
        }
    }

    pub fn shutdown_now(&self) -> usize {
        self.shared.discard.store(true, SeqCst);
        self.shutdown();
        self.shared.discarded.swap(0, SeqCst)
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        self.shutdown();
    }
}

fn call<T>(work: impl FnOnce() -> T) -> Result<T, TaskError> {
    panic::catch_unwind(AssertUnwindSafe(work)).map_err(panicked)
}

fn message(payload: &(dyn Any + Send)) -> String {
    if let Some(message) = payload.downcast_ref::<&str>() {
        (*message).to_owned()
    } else if let Some(message) = payload.downcast_ref::<String>() {
        message.clone()
    } else {
        "task panicked".to_owned()
    }
}

pub struct Handle<T> {
    shared: Arc<Shared>,
    task: Arc<dyn Task>,
    result: Receiver<Result<T, TaskError>>,
    finished: Arc<AtomicBool>,
}

impl<T> Handle<T> {
    pub fn join(self) -> Result<T, TaskError> {
        self.result.recv().expect("every task reports")
    }

    pub fn cancel(&self) -> bool {
        let cancelled = self.task.cancel();
        if cancelled {
            self.shared.give_back();
        }
        cancelled
    }

    pub fn is_finished(&self) -> bool {
        self.finished.load(SeqCst)
    }
}

/// What the caller of a task is told of its panic. The payload is dropped apart, since its
/// destructor may panic too; what that throws is not dropped.
fn panicked(payload: Box<dyn Any + Send>) -> TaskError {
    let error = TaskError::Panicked(message(&*payload));
    if let Err(another) = panic::catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(another);
    }
    error
}
