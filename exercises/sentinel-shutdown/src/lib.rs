//! A scheduler whose workers live as long as it does.
//!
//! Tasks go through a channel. To shut down, a flag tells the workers to stop. No lock
//! is held while a task runs, a panic costs no worker, and its tests pass. Grade it,
//! and find out who reads the flag.

use std::error::Error;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

/// The scheduler has been shut down and takes no more tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the scheduler has been shut down")
    }
}

impl Error for Closed {}

type Task = Box<dyn FnOnce() + Send>;

/// Runs tasks on workers that it keeps.
///
/// Dropping it closes the channel, and that ends the workers.
pub struct Scheduler {
    tasks: Sender<Task>,
    stopping: Arc<AtomicBool>,
    workers: Mutex<Vec<JoinHandle<()>>>,
}

impl Scheduler {
    /// Starts that many workers.
    pub fn start(workers: usize) -> Self {
        assert!(workers > 0, "a scheduler needs at least one worker");
        let (tasks, inbox) = mpsc::channel();
        let inbox = Arc::new(Mutex::new(inbox));
        let stopping = Arc::new(AtomicBool::new(false));
        let workers = (0..workers).map(|_| {
            let (inbox, stopping) = (Arc::clone(&inbox), Arc::clone(&stopping));
            thread::spawn(move || work(&inbox, &stopping))
        });
        Self {
            tasks,
            workers: Mutex::new(workers.collect()),
            stopping,
        }
    }

    /// Accepts a task, unless the scheduler has been shut down.
    pub fn submit(&self, work: impl FnOnce() + Send + 'static) -> Result<(), Closed> {
        if self.stopping.load(Ordering::SeqCst) {
            return Err(Closed);
        }
        self.tasks.send(Box::new(work)).map_err(|_| Closed)
    }

    /// Tells the workers to stop, and waits for them.
    pub fn shutdown(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        let workers = std::mem::take(&mut *self.workers.lock().expect("nothing panics here"));
        for worker in workers {
            worker.join().expect("a task's panic is caught");
        }
    }
}

/// What each worker does until it is told to stop.
fn work(inbox: &Mutex<Receiver<Task>>, stopping: &AtomicBool) {
    while !stopping.load(Ordering::SeqCst) {
        // A statement of its own: the guard is gone before the task runs.
        let task = inbox.lock().expect("nothing panics here").recv();
        let Ok(task) = task else { return };
        // A panicking task counts as run; the worker goes on.
        let _ = panic::catch_unwind(AssertUnwindSafe(task));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_runs() {
        let scheduler = Scheduler::start(4);
        let (done, results) = mpsc::channel();
        for i in 0..100 {
            let done = done.clone();
            scheduler.submit(move || done.send(i).unwrap()).unwrap();
        }
        drop(done);
        assert_eq!(results.iter().sum::<i32>(), 4950);
    }

    #[test]
    fn a_panic_costs_no_worker() {
        let scheduler = Scheduler::start(1);
        let (done, result) = mpsc::channel();
        scheduler.submit(|| panic!("boom")).unwrap();
        scheduler.submit(move || done.send(()).unwrap()).unwrap();
        result.recv().unwrap();
    }

    #[test]
    fn shutdown_waits_for_the_running_task_and_refuses_more() {
        let scheduler = Scheduler::start(1);
        let (begin, begun) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        let (end, ended) = mpsc::channel();
        scheduler
            .submit(move || {
                begin.send(()).unwrap();
                released.recv().unwrap();
                end.send(()).unwrap();
            })
            .unwrap();
        begun.recv().unwrap();
        thread::scope(|scope| {
            scope.spawn(|| scheduler.shutdown());
            // From the moment at which it refuses tasks, it is shutting down.
            while scheduler.submit(|| {}).is_ok() {
                thread::yield_now();
            }
            release.send(()).unwrap();
        });
        ended.try_recv().expect("the task has ended");
    }

    #[test]
    #[should_panic(expected = "at least one worker")]
    fn a_scheduler_needs_a_worker() {
        Scheduler::start(0);
    }
}
