//! accept: cells instead of a queue, claimed by compare-and-swap
//!
//! There is no queue and no lock around one. A task sits in a cell whose word
//! says what may be done with it, and whoever swaps the word has the task. A
//! counter of changes lets those sleep who found nothing to swap. Cells are made
//! in rows, each twice as long as the one before, when all there are are taken.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, OnceLock};
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

enum Fate {
    Run,
    Cancel,
}

type Job = Box<dyn FnOnce(Fate) + Send>;

/// Nobody's.
const EMPTY: u64 = 0;
/// Somebody is putting a task in, or taking one out.
const BUSY: u64 = 1;
// Any other number is the id of the task that waits in the cell.

#[derive(Default)]
struct Cell {
    word: AtomicU64,
    /// Locked by whoever made the word `BUSY`, so never contended.
    job: Mutex<Option<Job>>,
}

impl Cell {
    fn swap(&self, from: u64, to: u64) -> bool {
        self.word.compare_exchange(from, to, SeqCst, SeqCst).is_ok()
    }

    /// Takes the task with that id out, if it is still there.
    fn take(&self, id: u64) -> Option<Job> {
        if !self.swap(id, BUSY) {
            return None;
        }
        let job = self.job.lock().unwrap().take();
        self.word.store(EMPTY, SeqCst);
        job
    }

    fn id(&self) -> Option<u64> {
        Some(self.word.load(SeqCst)).filter(|word| *word > BUSY)
    }
}

pub struct Scheduler {
    shared: Arc<Shared>,
    workers: Mutex<Vec<JoinHandle<()>>>,
}

/// Row `n` has 2^n cells, the last one what is left of the capacity.
struct Cells {
    capacity: usize,
    rows: [OnceLock<Box<[Cell]>>; usize::BITS as usize],
    /// Where the last free cell was found, and the last task: there one looks first.
    free: AtomicUsize,
    taken: AtomicUsize,
}

impl Cells {
    fn new(capacity: usize) -> Self {
        Self {
            capacity,
            rows: [const { OnceLock::new() }; usize::BITS as usize],
            free: AtomicUsize::new(0),
            taken: AtomicUsize::new(0),
        }
    }

    fn at(&self, place: usize) -> Option<&Cell> {
        let row = (place + 1).ilog2();
        self.rows[row as usize].get()?.get(place + 1 - (1 << row))
    }

    /// How many there are.
    fn made(&self) -> usize {
        let rows = self.rows.iter().map_while(OnceLock::get);
        rows.map(|row| row.len()).sum()
    }

    /// Every place, from where something was found the last time.
    fn places(&self, from: &AtomicUsize) -> impl Iterator<Item = usize> {
        let (made, from) = (self.made(), from.load(SeqCst));
        (from..made).chain(0..from.min(made))
    }

    /// Makes an empty cell busy.
    fn claim(&self) -> Option<usize> {
        loop {
            let mut places = self.places(&self.free);
            let empty = |place: &usize| self.at(*place).is_some_and(|cell| cell.swap(EMPTY, BUSY));
            if let Some(place) = places.find(empty) {
                self.free.store(place, SeqCst);
                return Some(place);
            }
            let made = self.made();
            if made >= self.capacity {
                return None;
            }
            let row = (made + 1).ilog2() as usize;
            let length = (self.capacity - made).min(1 << row);
            self.rows[row].get_or_init(|| (0..length).map(|_| Cell::default()).collect());
        }
    }

    fn take_any(&self) -> Option<Job> {
        self.places(&self.taken).find_map(|place| {
            let cell = self.at(place)?;
            let job = cell.take(cell.id()?)?;
            self.taken.store(place, SeqCst);
            Some(job)
        })
    }

    fn all_empty(&self) -> bool {
        let mut cells = (0..self.made()).filter_map(|place| self.at(place));
        cells.all(|cell| cell.word.load(SeqCst) == EMPTY)
    }
}

struct Shared {
    cells: Cells,
    next: AtomicU64,
    closed: AtomicBool,
    changes: Mutex<u64>,
    changed: Condvar,
}

impl Shared {
    fn changes(&self) -> u64 {
        *self.changes.lock().unwrap()
    }

    fn announce(&self) {
        *self.changes.lock().unwrap() += 1;
        self.changed.notify_all();
    }

    /// Sleeps until something has changed since `seen` was read.
    fn sleep(&self, seen: u64) {
        let changes = self.changes.lock().unwrap();
        drop(self.changed.wait_while(changes, |changes| *changes == seen));
    }

    fn work(&self) {
        loop {
            let seen = self.changes();
            if let Some(job) = self.cells.take_any() {
                self.announce();
                job(Fate::Run);
            } else if self.closed.load(SeqCst) && self.cells.all_empty() {
                return;
            } else {
                self.sleep(seen);
            }
        }
    }
}

impl Scheduler {
    pub fn start(config: Config) -> Self {
        assert!(config.workers > 0, "no workers");
        assert!(config.capacity > 0, "no capacity");
        let shared = Arc::new(Shared {
            cells: Cells::new(config.capacity),
            next: AtomicU64::new(BUSY + 1),
            closed: AtomicBool::new(false),
            changes: Mutex::new(0),
            changed: Condvar::new(),
        });
        let workers = (0..config.workers)
            .map(|_| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || shared.work())
            })
            .collect();
        Self {
            shared,
            workers: Mutex::new(workers),
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
        let shared = &self.shared;
        let place = loop {
            let seen = shared.changes();
            if shared.closed.load(SeqCst) {
                return Err(SubmitError::Closed(work));
            }
            match shared.cells.claim() {
                Some(place) => break place,
                None if wait => shared.sleep(seen),
                None => return Err(SubmitError::Full(work)),
            }
        };
        let cell = shared.cells.at(place).expect("it was claimed");
        // Asked again, now that nobody can overlook the cell: a worker that saw it
        // empty and the flag raised has left.
        if shared.closed.load(SeqCst) {
            cell.word.store(EMPTY, SeqCst);
            shared.announce();
            return Err(SubmitError::Closed(work));
        }
        let outcome = Arc::new(Outcome::default());
        let promise = Arc::clone(&outcome);
        *cell.job.lock().unwrap() = Some(Box::new(move |fate| {
            promise.settle(match fate {
                Fate::Run => call(work),
                Fate::Cancel => Err(TaskError::Cancelled),
            });
        }));
        let id = shared.next.fetch_add(1, SeqCst);
        cell.word.store(id, SeqCst);
        shared.announce();
        Ok(Handle {
            shared: Arc::clone(shared),
            place,
            id,
            outcome,
        })
    }

    pub fn shutdown(&self) {
        self.shared.closed.store(true, SeqCst);
        self.join();
    }

    pub fn shutdown_now(&self) -> usize {
        self.shared.closed.store(true, SeqCst);
        let mut cancelled = 0;
        loop {
            let seen = self.shared.changes();
            if let Some(job) = self.shared.cells.take_any() {
                job(Fate::Cancel);
                cancelled += 1;
            } else if self.shared.cells.all_empty() {
                break;
            } else {
                // A submit is between its two questions.
                self.shared.sleep(seen);
            }
        }
        self.join();
        cancelled
    }

    fn join(&self) {
        self.shared.announce();
        let mut workers = self.workers.lock().unwrap();
        for worker in workers.drain(..) {
            let _ = worker.join();
        }
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
    place: usize,
    id: u64,
    outcome: Arc<Outcome<T>>,
}

impl<T> Handle<T> {
    pub fn join(self) -> Result<T, TaskError> {
        let mut result = self.outcome.result.lock().unwrap();
        loop {
            if let Some(result) = result.take() {
                return result;
            }
            result = self.outcome.settled.wait(result).unwrap();
        }
    }

    pub fn cancel(&self) -> bool {
        let cell = self.shared.cells.at(self.place);
        let Some(job) = cell.and_then(|cell| cell.take(self.id)) else {
            return false;
        };
        self.shared.announce();
        job(Fate::Cancel);
        true
    }

    pub fn is_finished(&self) -> bool {
        self.outcome.result.lock().unwrap().is_some()
    }
}

struct Outcome<T> {
    result: Mutex<Option<Result<T, TaskError>>>,
    settled: Condvar,
}

impl<T> Default for Outcome<T> {
    fn default() -> Self {
        Self {
            result: Mutex::new(None),
            settled: Condvar::new(),
        }
    }
}

impl<T> Outcome<T> {
    fn settle(&self, result: Result<T, TaskError>) {
        *self.result.lock().unwrap() = Some(result);
        self.settled.notify_one();
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
