//! A scheduler under observation, for the checks in `grade.rs`.

use std::error::Error;
use std::fmt;
use std::mem;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};

use grader::{Log, expect, expect_eq, note};
use race_fixed::{Outcome, Scheduler, Stats, Status, TaskId, TaskMetadata};

/// A scheduler, and what its tasks say of themselves.
#[derive(Clone)]
pub struct Lab {
    pub scheduler: Arc<Scheduler>,
    /// In the order in which it happened. Writing to it is no scheduling point, so
    /// watching adds no interleavings.
    diary: Log<Entry>,
}

/// A line of the diary.
#[derive(Clone, Copy, PartialEq)]
pub enum Entry {
    Began(&'static str),
    Ended(&'static str),
    CancelSaid(bool),
}

impl Lab {
    pub fn new(max_attempts: u32) -> Self {
        let scheduler = Arc::new(Scheduler::new(max_attempts));
        Self {
            scheduler,
            diary: Log::default(),
        }
    }

    /// Submits a task. `body` gets the number of the attempt, from 1.
    pub fn submit(
        &self,
        name: &'static str,
        body: impl Fn(usize) -> Outcome + Send + Sync + 'static,
    ) -> TaskId {
        let diary = self.diary.clone();
        self.scheduler.submit(name, move || {
            diary.push(Entry::Began(name));
            let attempt = count(&diary, Entry::Began(name));
            note!("task `{name}` begins attempt {attempt}");
            let outcome = body(attempt);
            diary.push(Entry::Ended(name));
            note!("task `{name}` ends attempt {attempt}");
            outcome
        })
    }

    pub fn began(&self, name: &'static str) -> usize {
        count(&self.diary, Entry::Began(name))
    }

    pub fn ended(&self, name: &'static str) -> usize {
        count(&self.diary, Entry::Ended(name))
    }

    /// `cancel`, written down when it has returned.
    pub fn cancel(&self, id: TaskId) -> bool {
        let said = self.scheduler.cancel(id);
        self.diary.push(Entry::CancelSaid(said));
        note!("cancel returned {said}");
        said
    }

    /// Whether an attempt of the task began after a `cancel` had returned true.
    pub fn began_after_cancel(&self, name: &'static str) -> bool {
        let diary = self.diary.snapshot();
        let mut rest = diary
            .iter()
            .skip_while(|entry| **entry != Entry::CancelSaid(true));
        rest.any(|entry| *entry == Entry::Began(name))
    }

    /// Starts a thread of the check.
    pub fn spawn<T: Send + 'static>(
        &self,
        body: impl FnOnce(Self) -> T + Send + 'static,
    ) -> JoinHandle<T> {
        let lab = self.clone();
        thread::spawn(move || body(lab))
    }

    #[track_caller]
    pub fn look(&self, id: TaskId) -> TaskMetadata {
        let Some(found) = self.scheduler.metadata(id) else {
            expect!(
                false,
                "metadata({id:?}) is None, although submit returned that id"
            );
            unreachable!("the check has ended");
        };
        found
    }

    /// How a task must have ended, and that its record tells what really happened.
    #[track_caller]
    pub fn expect_end(&self, id: TaskId, status: Status, runs: usize) {
        let task = self.look(id);
        let name = &task.name;
        let ran = self.diary.snapshot();
        let ran = ran
            .iter()
            .filter(|e| matches!(e, Entry::Began(other) if name == other))
            .count();
        let (seen, allowed) = (times(ran), times(runs));
        expect!(ran == runs, "task `{name}` ran {seen} instead of {allowed}");
        expect_eq!(
            task.status,
            status,
            "task `{name}` ran {seen}; its record has the wrong status"
        );
        expect_eq!(
            task.attempts as usize,
            runs,
            "task `{name}` ran {seen}; its record differs"
        );
    }

    #[track_caller]
    pub fn expect_stats(&self, expected: Stats, when: &str) {
        expect_eq!(
            self.scheduler.stats(),
            expected,
            "the stats are wrong: {when}"
        );
    }
}

fn count(diary: &Log<Entry>, entry: Entry) -> usize {
    diary
        .snapshot()
        .into_iter()
        .filter(|other| *other == entry)
        .count()
}

fn times(n: usize) -> String {
    match n {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        n => format!("{n} times"),
    }
}

/// Work that is done at the first attempt.
pub fn succeeds(_attempt: usize) -> Outcome {
    Ok(())
}

/// Work that says which attempt it was that failed.
pub fn fails(attempt: usize) -> Outcome {
    Err(format!("attempt {attempt} failed").into())
}

/// Work that fails until the attempt with that number.
pub fn succeeds_at(good: usize) -> impl Fn(usize) -> Outcome + Send + Sync + 'static {
    move |attempt| {
        if attempt < good {
            fails(attempt)
        } else {
            Ok(())
        }
    }
}

/// The same work, and a step on the way, so that others can be seen to overtake it.
pub fn slow(
    work: impl Fn(usize) -> Outcome + Send + Sync + 'static,
) -> impl Fn(usize) -> Outcome + Send + Sync + 'static {
    move |attempt| {
        AtomicBool::new(false).store(true, SeqCst);
        work(attempt)
    }
}

/// The tasks that are anything but pending.
pub fn placed(stats: Stats) -> usize {
    stats.running + stats.succeeded + stats.failed + stats.cancelled
}

/// Whether one observer may see these records of one task, one after the other.
#[track_caller]
pub fn expect_forward(looks: &[TaskMetadata], max_attempts: u32) {
    for task in looks {
        let (name, status, attempts) = (&task.name, &task.status, task.attempts);
        let possible = match status {
            Status::Pending => attempts < max_attempts,
            Status::Cancelled => attempts < max_attempts,
            Status::Running | Status::Succeeded => 0 < attempts && attempts <= max_attempts,
            Status::Failed(_) => attempts == max_attempts,
        };
        let after = format!("after {attempts} of {max_attempts} attempts");
        expect!(possible, "task `{name}` was seen as {status:?} {after}");
    }
    for pair in looks.windows(2) {
        let (was, is) = (&pair[0], &pair[1]);
        let over = !matches!(was.status, Status::Pending | Status::Running);
        let untouched = is.status == Status::Pending && is.attempts == 0;
        let back = is.attempts < was.attempts
            || over && is.status != was.status
            || was.status == Status::Running && untouched;
        let (name, before, after) = (&was.name, &was.status, &is.status);
        expect!(
            !back,
            "task `{name}` went back from {before:?} to {after:?}"
        );
    }
}

/// The count that a task with this status is part of; pending tasks have none.
pub fn counted(stats: Stats, status: &Status) -> usize {
    match status {
        Status::Pending => stats.submitted - placed(stats),
        Status::Running => stats.running,
        Status::Succeeded => stats.succeeded,
        Status::Failed(_) => stats.failed,
        Status::Cancelled => stats.cancelled,
    }
}

/// Where so many tasks wait for each other. Not a `Barrier`: that a task may run twice
/// is another check's business.
#[derive(Clone)]
pub struct Meeting(Arc<(Mutex<Vec<bool>>, Condvar)>);

impl Meeting {
    pub fn of(tasks: usize) -> Self {
        Self(Arc::new((Mutex::new(vec![false; tasks]), Condvar::new())))
    }

    /// Work that ends when all have come.
    pub fn attend(&self, place: usize) -> impl Fn(usize) -> Outcome + Send + Sync + 'static {
        let meeting = self.clone();
        move |_| {
            let (here, arrival) = &*meeting.0;
            let mut here = here.lock().unwrap();
            if mem::replace(&mut here[place], true) {
                return Ok(());
            }
            arrival.notify_all();
            drop(arrival.wait_while(here, |here| here.contains(&false)));
            Ok(())
        }
    }
}

/// Runs code of the caller's when it is dropped.
pub struct OnDrop<F: Fn() + Send + Sync>(pub F);

impl<F: Fn() + Send + Sync> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// An error with code of the caller's in its text and in its destructor.
pub struct Speaking<F: Fn() + Send + Sync>(pub OnDrop<F>);

impl<F: Fn() + Send + Sync> fmt::Debug for Speaking<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Speaking")
    }
}

impl<F: Fn() + Send + Sync> fmt::Display for Speaking<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.0.0)();
        f.write_str("spoken")
    }
}

impl<F: Fn() + Send + Sync> Error for Speaking<F> {}

/// An error whose destructor panics, and nothing else of it.
#[derive(Debug)]
pub struct DropsBadly;

impl fmt::Display for DropsBadly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no way out")
    }
}

impl Error for DropsBadly {}

impl Drop for DropsBadly {
    fn drop(&mut self) {
        panic!("an error was dropped")
    }
}
