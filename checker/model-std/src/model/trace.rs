//! What happened in one execution, for whoever tells its story.

use std::backtrace::Backtrace;
use std::panic::Location;
use std::sync::Arc;

use crate::engine::schedule::Schedule;

/// A place in somebody's source.
pub type Place = &'static Location<'static>;

/// Everything about an execution that failed.
#[derive(Debug, Clone)]
pub struct Report {
    /// What ended it.
    pub failure: Failure,
    /// Its number within the plan that met it, from 1.
    pub execution: u64,
    /// Whether loom found it although our own search had covered everything within its bound:
    /// a bug of the grader, besides one of the submission.
    pub missed: bool,
    /// The place that its threads came to most often.
    pub busiest: Option<Place>,
    /// Its threads, in the order of their spawning; 0 runs the body.
    pub threads: Vec<ThreadInfo>,
    /// Its steps in schedule order; empty unless it was recorded.
    pub events: Vec<Event>,
    /// The decisions that lead to it.
    pub schedule: Schedule,
    /// Who waits for what and who holds it, a sentence each.
    pub standing: Vec<String>,
}

/// Why an execution failed.
#[derive(Debug, Clone)]
pub enum Failure {
    /// The check found a promise broken.
    Expectation {
        /// What happened.
        message: String,
        /// The check's line.
        at: Place,
    },
    /// A panic that nothing caught reached the check.
    Panic {
        /// The panic's message.
        message: String,
        /// Where it was raised.
        at: Option<String>,
        /// Line of it.
        line: u32,
    },
    /// No thread can ever run again.
    Deadlock,
    /// Threads run, yet nothing changes any more.
    Livelock,
    /// More threads at once than the engine can follow.
    TooManyThreads {
        /// How many it can.
        limit: usize,
        /// The spawn that was one too many.
        at: Place,
    },
    /// A static kept state from an earlier execution.
    StaticState {
        /// Its type, as `Mutex<Vec<u64>>`.
        what: String,
        /// Where it was created.
        created: Place,
    },
    /// One execution took more steps than a small program ever should.
    TooLong,
    /// The code ran on without ever reaching a scheduling point.
    Hang {
        /// The last scheduling point before it.
        after: Option<Place>,
    },
    /// The code ended the process.
    Exit {
        /// How, as `process::exit(0)`.
        call: String,
        /// Where.
        at: Place,
    },
    /// The stack of a thread overflowed.
    StackOverflow,
    /// The program did not behave the same way twice under one schedule.
    Nondeterminism,
    /// There was no memory for the stack of a thread.
    NoStack(String),
    /// The model itself failed.
    Internal(String),
}

impl Failure {
    /// Whether it is a failure of the same kind.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

/// One thread of an execution.
#[derive(Debug, Clone)]
pub struct ThreadInfo {
    /// The name given to `Builder::name`.
    pub name: Option<String>,
    /// Where it was spawned; `None` for the body's own.
    pub spawned_at: Option<Place>,
}

impl ThreadInfo {
    /// The name to show for thread `index`.
    #[must_use]
    pub fn label(&self, index: usize) -> String {
        match (&self.name, index) {
            (Some(name), _) => name.clone(),
            (None, 0) => "main".to_owned(),
            (None, _) => format!("thread {index}"),
        }
    }

    /// The name that std would give it.
    pub(crate) fn std_name(&self, index: usize) -> Option<String> {
        self.name
            .clone()
            .or_else(|| (index == 0).then(|| "main".to_owned()))
    }
}

/// One step of one thread.
#[derive(Debug, Clone)]
pub struct Event {
    /// Index into [`Report::threads`].
    pub thread: usize,
    /// What it did, in a word or two.
    pub action: &'static str,
    /// The object it did it to, as `Mutex<State> (lib.rs:40)`.
    pub object: Option<String>,
    /// A value, a printed line, a panic's message.
    pub detail: Option<String>,
    /// The line that did it.
    pub at: Option<Place>,
    /// Who called that line. Captured here, to be resolved on a thread with a
    /// larger stack.
    pub stack: Option<Arc<Backtrace>>,
    /// Whether another thread that could have gone on was stopped for it.
    pub preempted: bool,
}

/// A type's name without module paths: `Vec<Job>` for `alloc::vec::Vec<a::Job>`.
pub(crate) fn short_type_name(full: &str) -> String {
    let mut short = String::with_capacity(full.len());
    let mut word = String::new();
    let mut chars = full.chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_alphanumeric() || c == '_' {
            word.push(c);
        } else if c == ':' && chars.peek() == Some(&':') {
            chars.next();
            word.clear();
        } else {
            short.push_str(&word);
            word.clear();
            short.push(c);
        }
    }
    short.push_str(&word);
    const LONGEST: usize = 40;
    if short.chars().count() > LONGEST {
        short = short.chars().take(LONGEST - 1).chain(['…']).collect();
    }
    short
}

/// `file.rs:12`, without the folders.
#[must_use]
pub fn short_place(at: Place) -> String {
    let file = at.file();
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    format!("{name}:{}", at.line())
}

/// Whether that is a line of std, as it was shipped or as it is installed.
pub(crate) fn is_in_std(at: Place) -> bool {
    let file = at.file();
    file.starts_with("/rustc/") || file.contains("rustlib")
}

/// A panic payload as text.
#[must_use]
pub fn message_of(payload: &(dyn std::any::Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "a panic whose payload is not a string".to_owned()
    }
}
