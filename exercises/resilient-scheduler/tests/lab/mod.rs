//! A scheduler under observation, for the checks in `grade.rs`.

use std::mem;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};

use grader::{Broken, Log, Standstill, broken_if_stuck, expect, held_locks, note, waits};
use resilient_scheduler::{Config, Handle, Scheduler, SubmitError, TaskError};

/// A scheduler, and what its tasks say of themselves.
#[derive(Clone)]
pub struct Lab {
    pub scheduler: Arc<Scheduler>,
    pub diary: Diary,
}

impl Lab {
    /// A scheduler. Where a check knows no more about a standstill, the diary says who
    /// was not told.
    pub fn start(workers: usize, capacity: usize) -> Self {
        let lab = Self {
            scheduler: Arc::new(Scheduler::start(Config { workers, capacity })),
            diary: Diary::default(),
        };
        let diary = lab.diary.clone();
        broken_if_stuck(move |standstill| diary.who_was_not_told(standstill));
        lab
    }

    /// A scheduler whose only worker is inside a task, and stays there until `open`.
    pub fn held(capacity: usize) -> (Self, Held) {
        let lab = Self::start(1, capacity);
        let gate = Gate::default();
        let holder = lab.submit("holder", lab.diary.holds("holder", &gate));
        gate.wait_until_entered();
        (lab, Held { gate, holder })
    }

    /// Submits a task that must be accepted.
    #[track_caller]
    pub fn submit<T, F>(&self, name: &str, work: F) -> Handle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let before = waits();
        match self.scheduler.submit(work) {
            Ok(handle) => {
                note!("submit of task `{name}` returned Ok");
                handle
            }
            Err(SubmitError::Full(_)) => self.said_full(name, waits() > before),
            Err(SubmitError::Closed(_)) => broken(&format!(
                "submit of task `{name}` said Closed, and nobody had shut down"
            )),
        }
    }

    /// Submits a task that only says its name.
    #[track_caller]
    pub fn plain(&self, name: &'static str) -> Handle<&'static str> {
        let handle = self.submit(name, self.diary.says(name));
        self.diary.0.push(Entry::Accepted(name));
        handle
    }

    /// What `submit` says to a task: anything but `Full`.
    #[track_caller]
    pub fn offer(&self, name: &'static str) -> Answer {
        let before = waits();
        let answer = self.scheduler.submit(self.diary.says(name));
        if let Err(SubmitError::Full(_)) = answer {
            self.said_full(name, waits() > before);
        }
        self.answered("submit", name, answer)
    }

    /// What `try_submit` says to a task.
    #[track_caller]
    pub fn try_offer(&self, name: &'static str) -> Answer {
        let answer = self.scheduler.try_submit(self.diary.says(name));
        self.answered("try_submit", name, answer)
    }

    /// A `submit` never says `Full`. One that was woken and does, while nobody closes, has
    /// taken that for room.
    #[track_caller]
    fn said_full(&self, name: &str, waited: bool) -> ! {
        let said = format!("submit of task `{name}` said Full");
        if !waited {
            broken(&format!("{said}, and did not wait for room"));
        }
        if self.diary.count(Entry::Closing) > 0 {
            broken(&format!("{said} when the scheduler closed while it waited"));
        }
        let sentence = format!("{said} after it had waited for room, instead of waiting on");
        Broken::by("if-instead-of-while", sentence).end()
    }

    /// Checks that refused work came back as it was: by running it.
    #[track_caller]
    fn answered<F>(
        &self,
        call: &str,
        name: &'static str,
        answer: Result<Handle<&'static str>, SubmitError<F>>,
    ) -> Answer
    where
        F: FnOnce() -> &'static str,
    {
        let (said, work) = match answer {
            Ok(handle) => {
                note!("{call} of task `{name}` returned Ok");
                self.diary.0.push(Entry::Accepted(name));
                return Answer::Accepted(handle);
            }
            Err(SubmitError::Full(work)) => (Answer::Full, work),
            Err(SubmitError::Closed(work)) => (Answer::Closed, work),
        };
        note!("{call} of task `{name}` was refused");
        let ran = self.diary.began(name);
        expect!(
            ran == 0,
            "{call} refused task `{name}`, and yet the task has begun"
        );
        note!("task `{name}` was given back, and is run by the check");
        let returned = work();
        expect!(
            returned == name,
            "{call} refused task `{name}` and gave back other work"
        );
        said
    }

    /// Starts a thread of the check.
    pub fn spawn<T: Send + 'static>(
        &self,
        body: impl FnOnce(Self) -> T + Send + 'static,
    ) -> JoinHandle<T> {
        let lab = self.clone();
        thread::spawn(move || body(lab))
    }

    /// The task has run to its end, once, and its caller was told so.
    #[track_caller]
    pub fn expect_ran(&self, handle: Handle<&'static str>, name: &'static str) {
        match self.diary.join(handle, name, Awaited::End) {
            Ok(result) if result == name => {}
            Ok(result) => broken(&format!(
                "join of task `{name}` gave the result of {result}"
            )),
            Err(error) => broken(&format!(
                "join of task `{name}`, which runs and returns, gave {error:?}"
            )),
        }
        self.expect_ran_once(name);
    }

    #[track_caller]
    pub fn expect_ran_once(&self, name: &'static str) {
        let (began, ended) = (self.diary.began(name), self.diary.ended(name));
        expect!(
            began == 1,
            "task `{name}` ran {} instead of once",
            times(began)
        );
        expect!(
            ended == 1,
            "task `{name}` had begun, and not ended when its end was reported"
        );
    }

    /// The task should have been cancelled: its caller was told so, and it has not run.
    #[track_caller]
    pub fn expect_cancelled(&self, handle: Handle<&'static str>, name: &'static str) {
        let joined = self.diary.join(handle, name, Awaited::Cancellation);
        let told = matches!(joined, Err(TaskError::Cancelled));
        expect!(
            told,
            "task `{name}` should have been cancelled, and its handle gave {joined:?}"
        );
        let began = self.diary.began(name);
        expect!(
            began == 0,
            "the handle of task `{name}` says that it was cancelled, and it ran"
        );
    }

    /// The same, of a task that had not begun when `shutdown_now` returned.
    #[track_caller]
    pub fn expect_cancelled_by_the_end(&self, handle: Handle<&'static str>, name: &'static str) {
        let joined = self.diary.join(handle, name, Awaited::Cancellation);
        if self.diary.began(name) > 0 {
            let sentence =
                format!("shutdown_now had returned, and then a worker began task `{name}`");
            Broken::by("thread-outlives-owner", sentence).end();
        }
        let told = matches!(joined, Err(TaskError::Cancelled));
        expect!(
            told,
            "shutdown_now returned before task `{name}` began, and its handle gave {joined:?}"
        );
    }
}

/// Something of a task's. Its destructor submits a task, whatever the answer.
pub struct Parting {
    /// Such as "what task `first` captured".
    pub what: &'static str,
    pub scheduler: Arc<Scheduler>,
    /// Two lines for each call: under which locks it was made, and that it was answered.
    pub calls: Log<String>,
}

impl Drop for Parting {
    fn drop(&mut self) {
        let Self { what, .. } = self;
        note!("{what} is dropped, and calls try_submit");
        let held = held_locks().join(" and ");
        let under = if held.is_empty() { "no lock" } else { &held };
        self.calls.push(format!(
            "The destructor of {what} calls try_submit, and is never answered. It runs under {under}."
        ));
        drop(self.scheduler.try_submit(|| ()));
        self.calls.push(String::new());
    }
}

/// What became of a task that was offered.
pub enum Answer {
    Accepted(Handle<&'static str>),
    Full,
    Closed,
}

impl Answer {
    pub fn accepted(&self) -> bool {
        matches!(self, Self::Accepted(_))
    }

    pub fn is_closed(&self) -> bool {
        matches!(self, Self::Closed)
    }

    #[track_caller]
    pub fn expect_accepted(self, call: &str) -> Handle<&'static str> {
        match self {
            Self::Accepted(handle) => handle,
            Self::Full => broken(&format!("{call} said Full, and there was room")),
            Self::Closed => broken(&format!("{call} said Closed, and nobody had shut down")),
        }
    }
}

/// What happened, in its order. Writing to it is no scheduling point, so watching
/// adds no interleavings.
#[derive(Clone, Default)]
pub struct Diary(Log<Entry>);

#[derive(Clone, Copy, PartialEq)]
enum Entry {
    Accepted(&'static str),
    Began(&'static str),
    Ended(&'static str),
    /// Somebody waits for a task, and has been told.
    Joining(&'static str, Awaited),
    Joined(&'static str),
    /// A shutdown is about to begin.
    Closing,
}

/// What a caller of `join` waits for.
#[derive(Clone, Copy, PartialEq)]
pub enum Awaited {
    End,
    /// Somebody should have cancelled the task.
    Cancellation,
}

impl Diary {
    /// Work that writes down when it begins and ends.
    pub fn task<T>(
        &self,
        name: &'static str,
        body: impl FnOnce() -> T + Send + 'static,
    ) -> impl FnOnce() -> T + Send + 'static {
        let diary = self.clone();
        move || {
            diary.0.push(Entry::Began(name));
            note!("task `{name}` begins");
            let result = body();
            diary.0.push(Entry::Ended(name));
            note!("task `{name}` ends");
            result
        }
    }

    /// Work that returns its name.
    pub fn says(&self, name: &'static str) -> impl FnOnce() -> &'static str + Send + 'static {
        self.task(name, move || name)
    }

    /// Work that stays at a gate until it opens.
    pub fn holds(
        &self,
        name: &'static str,
        gate: &Gate,
    ) -> impl FnOnce() -> &'static str + Send + 'static {
        let gate = gate.clone();
        self.task(name, move || {
            gate.enter();
            name
        })
    }

    /// To be said before a shutdown begins beside submits that wait.
    pub fn closing(&self) {
        self.0.push(Entry::Closing);
    }

    /// A join, written down before and after.
    pub fn join<T>(
        &self,
        handle: Handle<T>,
        name: &'static str,
        awaited: Awaited,
    ) -> Result<T, TaskError> {
        self.0.push(Entry::Joining(name, awaited));
        let told = handle.join();
        self.0.push(Entry::Joined(name));
        told
    }

    /// What a standstill in which everybody sleeps is about, if a caller of `join` waits
    /// for something that has happened.
    pub fn who_was_not_told(&self, standstill: Standstill) -> Option<Broken> {
        if standstill != Standstill::Asleep {
            return None;
        }
        self.0.snapshot().into_iter().find_map(|entry| match entry {
            Entry::Joining(name, _) if self.count(Entry::Joined(name)) > 0 => None,
            Entry::Joining(name, Awaited::Cancellation) => {
                let sentence = format!(
                    "Task `{name}` should have been cancelled, and join of its handle never returns."
                );
                Some(Broken::by("cancelled-waiter-sleeps", sentence))
            }
            Entry::Joining(name, Awaited::End) if self.ended(name) > 0 => {
                let sentence =
                    format!("Task `{name}` has ended, and join of its handle never returns.");
                Some(Broken::by("lost-wakeup", sentence))
            }
            _ => None,
        })
    }

    pub fn accepted(&self, name: &'static str) -> bool {
        self.count(Entry::Accepted(name)) > 0
    }

    pub fn began(&self, name: &'static str) -> usize {
        self.count(Entry::Began(name))
    }

    pub fn ended(&self, name: &'static str) -> usize {
        self.count(Entry::Ended(name))
    }

    fn count(&self, entry: Entry) -> usize {
        let entries = self.0.snapshot().into_iter();
        entries.filter(|other| *other == entry).count()
    }
}

/// The task that a worker is inside of.
pub struct Held {
    gate: Gate,
    holder: Handle<&'static str>,
}

impl Held {
    /// Lets the task end.
    pub fn open(&self) {
        self.gate.open();
    }

    /// Lets the task end, and sees to it that it did.
    #[track_caller]
    pub fn finish(self, lab: &Lab) {
        self.gate.open();
        lab.expect_ran(self.holder, "holder");
    }

    /// The gate, and the handle of the task that waits there.
    pub fn take_apart(self) -> (Gate, Handle<&'static str>) {
        (self.gate, self.holder)
    }
}

/// Where a task stays until the check lets it go.
#[derive(Clone, Default)]
pub struct Gate(Arc<(Mutex<Passage>, Condvar)>);

#[derive(Default)]
struct Passage {
    entered: bool,
    open: bool,
}

impl Gate {
    pub fn enter(&self) {
        let (passage, changed) = &*self.0;
        let mut passage = passage.lock().unwrap();
        passage.entered = true;
        changed.notify_all();
        drop(changed.wait_while(passage, |passage| !passage.open));
    }

    pub fn wait_until_entered(&self) {
        let (passage, changed) = &*self.0;
        let passage = passage.lock().unwrap();
        drop(changed.wait_while(passage, |passage| !passage.entered));
    }

    pub fn open(&self) {
        let (passage, changed) = &*self.0;
        passage.lock().unwrap().open = true;
        changed.notify_all();
    }
}

/// Two tasks that end only if both run at once.
#[derive(Clone, Default)]
pub struct Meeting(Arc<(Mutex<[bool; 2]>, Condvar)>);

impl Meeting {
    /// Not a `Barrier`: that a task may run twice is another check's business.
    pub fn at(&self, place: usize) {
        let (here, arrival) = &*self.0;
        let mut here = here.lock().unwrap();
        if mem::replace(&mut here[place], true) {
            return;
        }
        arrival.notify_all();
        drop(arrival.wait_while(here, |here| *here != [true; 2]));
    }
}

fn times(n: usize) -> String {
    match n {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        n => format!("{n} times"),
    }
}

/// Ends the check.
#[track_caller]
pub fn broken(sentence: &str) -> ! {
    expect!(false, "{sentence}");
    unreachable!("the check has ended");
}
