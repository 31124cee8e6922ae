//! A scheduler under observation, for the checks in `grade.rs`.

use std::sync::Arc;
use std::thread::{self, JoinHandle, ThreadId};

use grader::{
    Broken, Log, Standstill, broken_if_stuck, expect, expect_eq, note, other_threads, until_idle,
};
use sentinel_shutdown::{Closed, Scheduler};

/// A scheduler, and what happened to it.
#[derive(Clone)]
pub struct Lab {
    pub scheduler: Arc<Scheduler>,
    pub diary: Diary,
}

/// In the order in which it happened. Writing to it is no scheduling point, so watching
/// adds no interleavings.
#[derive(Clone, Default)]
pub struct Diary(Log<Entry>, Workers);

/// The threads on which tasks ran. A scheduler may keep another one, which is no worker.
type Workers = Log<ThreadId>;

/// A line of the diary.
#[derive(Clone, Copy, PartialEq)]
pub enum Entry {
    /// Somebody is about to submit a task, and what became of that.
    Submitting(&'static str),
    Accepted(&'static str),
    Refused(&'static str),
    Began(&'static str),
    Ended(&'static str),
    /// Somebody asks the scheduler to end, and that has returned.
    Closing,
    Over,
}

impl Lab {
    pub fn start(workers: usize) -> Self {
        Self {
            scheduler: Arc::new(Scheduler::start(workers)),
            diary: Diary::default(),
        }
    }

    /// Submits a task, and writes down what became of that.
    pub fn submit(
        &self,
        name: &'static str,
        body: impl FnOnce() + Send + 'static,
    ) -> Result<(), Closed> {
        submit(&self.scheduler, &self.diary, name, body)
    }

    /// Submits a task to a scheduler that nobody has shut down.
    #[track_caller]
    pub fn must_submit(&self, name: &'static str, body: impl FnOnce() + Send + 'static) {
        let answer = self.submit(name, body);
        expect_eq!(
            answer,
            Ok(()),
            "nobody had called shutdown; submit refused task `{name}`"
        );
    }

    /// Shuts down, and looks whether all is over when that returns.
    #[track_caller]
    pub fn shutdown(&self) {
        self.diary.closing(|| self.scheduler.shutdown());
        self.diary.expect_kept("shutdown returned");
    }

    /// That nobody is left once the check has joined its own threads, but for one that the
    /// scheduler keeps for itself: that one ends with the scheduler.
    #[track_caller]
    pub fn expect_nobody_left(self, when: &'static str) {
        self.diary.let_all_come_to_rest(when);
        let asleep = other_threads();
        expect!(
            asleep <= 1,
            "{when}, and {asleep} of its workers were left behind, asleep"
        );
        if asleep == 1 {
            broken_if_stuck(move |_| {
                let sentence = format!(
                    "{when}, and one of its threads was left behind, asleep. Dropping the scheduler \
                     then never returns."
                );
                Some(sentence.into())
            });
            drop(self.scheduler);
            until_idle();
            expect!(
                other_threads() == 0,
                "{when}, and one of its threads was left behind, asleep for ever"
            );
        }
    }

    /// Ends the check with the scheduler as it is. Shutting down and dropping are other
    /// checks' business, and nothing runs any more once the check is over.
    pub fn leave(self) {
        std::mem::forget(self.scheduler);
    }

    /// Starts a thread of the check.
    pub fn spawn<T: Send + 'static>(
        &self,
        body: impl FnOnce(Self) -> T + Send + 'static,
    ) -> JoinHandle<T> {
        let lab = self.clone();
        thread::spawn(move || body(lab))
    }
}

/// Submits a task that keeps the diary.
pub fn submit(
    scheduler: &Scheduler,
    diary: &Diary,
    name: &'static str,
    body: impl FnOnce() + Send + 'static,
) -> Result<(), Closed> {
    diary.write(Entry::Submitting(name));
    let inside = diary.clone();
    let answer = scheduler.submit(move || {
        inside.write(Entry::Began(name));
        inside.1.push(thread::current().id());
        note!("task `{name}` begins");
        // A task that panics has ended too.
        struct End(Diary, &'static str);
        impl Drop for End {
            fn drop(&mut self) {
                self.0.write(Entry::Ended(self.1));
            }
        }
        let _end = End(inside, name);
        body();
        note!("task `{name}` ends");
    });
    diary.write(match answer {
        Ok(()) => Entry::Accepted(name),
        Err(Closed) => Entry::Refused(name),
    });
    note!("submit of task `{name}` returned {answer:?}");
    answer
}

impl Diary {
    pub fn write(&self, entry: Entry) {
        self.0.push(entry);
    }

    /// A call that ends the scheduler, written down before and after.
    pub fn closing<T>(&self, call: impl FnOnce() -> T) -> T {
        self.write(Entry::Closing);
        let answer = call();
        self.write(Entry::Over);
        answer
    }

    pub fn wrote(&self, entry: Entry) -> bool {
        self.0.snapshot().contains(&entry)
    }

    /// Standing still while this many calls that end the scheduler have returned, and
    /// another one has not, breaks the promise under check.
    pub fn expect_to_end_after(&self, returned: usize) {
        let diary = self.clone();
        let meant = match returned {
            0 => "shutdown never returns, although every accepted task has run.",
            _ => "After the first shutdown has returned, the second never does.",
        };
        broken_if_stuck(move |_| {
            let over = diary.count(Entry::Over);
            let open = diary.count(Entry::Closing) > over;
            (open && over == returned).then(|| meant.to_owned().into())
        });
    }

    /// A task that is accepted and never taken breaks the promise under check.
    pub fn expect_to_be_taken(&self) {
        let diary = self.clone();
        broken_if_stuck(move |_| {
            let waits =
                |name| diary.wrote(Entry::Accepted(name)) && !diary.wrote(Entry::Began(name));
            let waiting = diary.names(waits);
            let name = waiting.first()?;
            let sentence = format!("Task `{name}` was accepted, and no worker ever takes it.");
            Some(sentence.into())
        });
    }

    /// So does a submit that is never answered.
    pub fn expect_to_be_answered(&self, when: &'static str) {
        let diary = self.clone();
        broken_if_stuck(move |_| {
            let answered =
                |name| diary.wrote(Entry::Accepted(name)) || diary.wrote(Entry::Refused(name));
            let waiting = diary.names(|name| !answered(name));
            let name = waiting.first()?;
            let sentence = format!("The submit of task `{name}` never returns, {when}.");
            Some(sentence.into())
        });
    }

    fn count(&self, entry: Entry) -> usize {
        self.0.snapshot().iter().filter(|e| **e == entry).count()
    }

    /// The tasks that were ever submitted and of which this is true.
    fn names(&self, wanted: impl Fn(&'static str) -> bool) -> Vec<&'static str> {
        let diary = self.0.snapshot();
        let submitted = diary.iter().filter_map(|entry| match entry {
            Entry::Submitting(name) => Some(*name),
            _ => None,
        });
        submitted.filter(|name| wanted(name)).collect()
    }

    /// That what was accepted has run, before the end, and what was refused has not.
    #[track_caller]
    pub fn expect_kept(&self, when: &str) {
        for name in self.names(|name| self.wrote(Entry::Accepted(name))) {
            let began = self.wrote(Entry::Began(name));
            expect!(
                began,
                "{when}, and task `{name}`, which was accepted, had not even begun"
            );
            let ended = self.wrote(Entry::Ended(name));
            expect!(ended, "{when}, and task `{name}` was still running");
        }
        for name in self.names(|name| self.wrote(Entry::Refused(name))) {
            let began = self.wrote(Entry::Began(name));
            expect!(
                !began,
                "submit returned Err(Closed) for task `{name}`, and the task ran"
            );
        }
        let diary = self.0.snapshot();
        let after = diary.iter().skip_while(|entry| **entry != Entry::Over);
        for entry in after {
            if let Entry::Began(name) = entry {
                expect!(false, "task `{name}` began after shutdown had returned");
            }
        }
    }

    /// The threads on which tasks ran so far.
    pub fn workers(&self) -> Vec<ThreadId> {
        self.1.snapshot()
    }

    /// The same, once everybody has come to rest.
    #[track_caller]
    fn let_all_come_to_rest(&self, when: &'static str) {
        broken_if_stuck(move |standstill| {
            let sentence = format!("{when}, and a worker goes on for ever.");
            let spins = standstill == Standstill::Spinning;
            spins.then(|| Broken::by("thread-outlives-owner", sentence))
        });
        until_idle();
        self.expect_kept(when);
    }

    /// That no thread at all is left once the check has joined its own: the scheduler is gone.
    #[track_caller]
    pub fn expect_nobody_left(&self, when: &'static str) {
        self.let_all_come_to_rest(when);
        let asleep = other_threads();
        expect!(
            asleep == 0,
            "{when}, and {asleep} of its workers were left behind, asleep for ever"
        );
    }
}
