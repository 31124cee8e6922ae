//! A scheduler under observation, for the checks in `grade.rs`.

use std::sync::Arc;
use std::thread::{self, JoinHandle};

use grader::{Broken, Log, Standstill, broken_if_stuck, expect, expect_eq, held_locks, note};
use lock_granularity::{Outcome, Scheduler, Stats, Status, TaskId, TaskMetadata};

/// A scheduler, and what its tasks say of themselves.
#[derive(Clone)]
pub struct Lab {
    pub scheduler: Arc<Scheduler>,
    /// In the order in which it happened. Writing to it is no scheduling point, so
    /// watching adds no interleavings.
    diary: Log<Entry>,
}

/// A line of the diary.
#[derive(Clone, PartialEq)]
enum Entry {
    /// A task began, while its thread held these locks.
    Began(&'static str, Vec<String>),
    Ended(&'static str),
    /// The same, by a panic.
    Panicked(&'static str),
    /// Somebody called the scheduler, and it has answered.
    Asked(&'static str),
    Answered(&'static str),
}

impl Lab {
    /// A scheduler without tasks. Where a check knows no more about a standstill, the
    /// diary says which tasks it concerns.
    pub fn new() -> Self {
        let lab = Self {
            scheduler: Arc::new(Scheduler::new()),
            diary: Log::default(),
        };
        let stuck = lab.clone();
        broken_if_stuck(move |standstill| stuck.forgotten(standstill));
        lab
    }

    /// Submits a task.
    pub fn submit(
        &self,
        name: &'static str,
        body: impl FnOnce(&Scheduler) -> Outcome + Send + 'static,
    ) -> TaskId {
        self.scheduler.submit(name, self.watched(name, body))
    }

    /// A task's work that keeps the diary.
    pub fn watched(
        &self,
        name: &'static str,
        body: impl FnOnce(&Scheduler) -> Outcome + Send + 'static,
    ) -> impl FnOnce(&Scheduler) -> Outcome + Send + 'static {
        let diary = self.diary.clone();
        move |scheduler| {
            diary.push(Entry::Began(name, held_locks()));
            note!("task `{name}` begins");
            let mut end = End {
                diary,
                how: Entry::Panicked(name),
            };
            let outcome = body(scheduler);
            end.how = Entry::Ended(name);
            note!("task `{name}` ends");
            outcome
        }
    }

    /// A call of the scheduler, written down before and after.
    pub fn ask<T>(&self, what: &'static str, call: impl FnOnce() -> T) -> T {
        self.diary.push(Entry::Asked(what));
        let answer = call();
        self.diary.push(Entry::Answered(what));
        answer
    }

    pub fn began(&self, name: &'static str) -> usize {
        self.count(|entry| matches!(entry, Entry::Began(other, _) if *other == name))
    }

    /// Whether any task has begun.
    pub fn began_any(&self) -> bool {
        self.count(|entry| matches!(entry, Entry::Began(..))) > 0
    }

    pub fn ended(&self, name: &'static str) -> usize {
        self.count(|entry| *entry == Entry::Ended(name))
    }

    /// The call that waits for its answer.
    pub fn unanswered(&self) -> Option<&'static str> {
        let diary = self.diary.snapshot();
        diary.iter().find_map(|entry| match entry {
            Entry::Asked(what) if !diary.contains(&Entry::Answered(what)) => Some(*what),
            _ => None,
        })
    }

    /// What a standstill in which everybody sleeps is about: the end of the run. After
    /// a panic there may be no worker left to be woken, so then this says nothing.
    pub fn forgotten(&self, standstill: Standstill) -> Option<Broken> {
        let panicked = self.count(|entry| matches!(entry, Entry::Panicked(_))) > 0;
        if standstill != Standstill::Asleep || panicked || self.running() > 0 {
            return None;
        }
        let ended = match self.count(|entry| matches!(entry, Entry::Ended(_))) {
            0 => return None,
            1 => "The only task that ran has ended",
            2 => "Both tasks have ended",
            _ => "All tasks have ended",
        };
        Some(Broken::by(
            "lost-wakeup",
            format!(
                "{ended}, and run does not return: a thread sleeps, and nobody is left to wake it."
            ),
        ))
    }

    /// How many tasks have begun and not ended.
    pub fn running(&self) -> usize {
        self.running_under().len()
    }

    /// Under which locks the tasks run that do so under any: ` Task left runs under
    /// Mutex<State> (lib.rs:40), taken in lib.rs:88.`
    pub fn locks_around_tasks(&self) -> String {
        let sentence = |(name, held): (&str, Vec<String>)| match &*held {
            [] => String::new(),
            held => format!(" Task `{name}` runs under {}.", held.join(" and ")),
        };
        self.running_under().into_iter().map(sentence).collect()
    }

    fn running_under(&self) -> Vec<(&'static str, Vec<String>)> {
        let diary = self.diary.snapshot();
        let begun = diary.iter().filter_map(|entry| match entry {
            Entry::Began(name, held) => Some((*name, held.clone())),
            _ => None,
        });
        begun
            .filter(|(name, _)| {
                let ends = [Entry::Ended(name), Entry::Panicked(name)];
                !diary.iter().any(|entry| ends.contains(entry))
            })
            .collect()
    }

    fn count(&self, wanted: impl Fn(&Entry) -> bool) -> usize {
        self.diary.snapshot().iter().filter(|e| wanted(e)).count()
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
        look(&self.scheduler, id)
    }

    /// How a task must have ended, and that its record tells what really happened.
    #[track_caller]
    pub fn expect_end(&self, name: &'static str, id: TaskId, status: Status) {
        match self.ended(name) {
            0 if self.began(name) == 0 => expect!(false, "task `{name}` never ran"),
            0 => expect!(false, "task `{name}` had not ended yet"),
            _ => {}
        }
        let task = self.look(id);
        expect_eq!(task.status, status, "task `{name}` has ended; its record");
    }

    /// The counts, in the order submitted, running, succeeded, failed.
    #[track_caller]
    pub fn expect_stats(&self, expected: [usize; 4], when: &str) {
        let stats = self.scheduler.stats();
        let found = [
            stats.submitted,
            stats.running,
            stats.succeeded,
            stats.failed,
        ];
        let [submitted, running, succeeded, failed] = expected;
        expect!(
            found == expected,
            "the stats are wrong: {when}\nfound    {stats:?}\nexpected submitted: {submitted}, \
             running: {running}, succeeded: {succeeded}, failed: {failed}"
        );
    }
}

/// Writes down how a task has ended, when it has.
struct End {
    diary: Log<Entry>,
    how: Entry,
}

impl Drop for End {
    fn drop(&mut self) {
        self.diary.push(self.how.clone());
    }
}

/// Work that does nothing, well.
pub fn succeeds(_: &Scheduler) -> Outcome {
    Ok(())
}

/// Work that fails.
pub fn fails(_: &Scheduler) -> Outcome {
    Err("no route".into())
}

/// The record behind an id that this scheduler gave out.
#[track_caller]
pub fn look(scheduler: &Scheduler, id: TaskId) -> TaskMetadata {
    let Some(found) = scheduler.metadata(id) else {
        expect!(
            false,
            "metadata({id:?}) is None, although submit returned that id"
        );
        unreachable!("the check has ended");
    };
    found
}

/// The tasks that are anything but pending.
pub fn placed(stats: Stats) -> usize {
    stats.running + stats.succeeded + stats.failed
}

/// Whether one observer may see these statuses of one task, one after the other.
#[track_caller]
pub fn expect_forward(name: &str, looks: &[Status]) {
    let place = |status: &Status| match status {
        Status::Pending => 0,
        Status::Running => 1,
        _ => 2,
    };
    for pair in looks.windows(2) {
        let (was, is) = (&pair[0], &pair[1]);
        let forward = place(was) < place(is) || was == is;
        expect!(forward, "task `{name}` went from {was:?} to {is:?}");
    }
}
