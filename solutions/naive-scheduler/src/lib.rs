//! A task scheduler for one thread.
//!
//! Three decisions carry it:
//!
//! - A task's metadata lives in one place, `records`, for as long as the
//!   scheduler does. Nothing else holds a copy, so nothing can disagree with
//!   what a caller looks up.
//! - What can still be run lives in another, `queue`: the work, under the key
//!   that says when its turn comes. A task leaves it when it starts, so it
//!   cannot run twice, and the queue's length is the number of pending tasks.
//! - A task's error and its panic are values by the time they reach us. No
//!   failure of a task is a failure of the scheduler.

use std::any::Any;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::error::Error;
use std::mem;
use std::panic::{self, AssertUnwindSafe};

/// Names one task, for ever, within the scheduler that gave it out.
///
/// It is the task's position in `records`. Records are never removed, so a
/// position is never given out again; and a task submitted later has the
/// greater id, which is what makes equal priorities first come, first served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(u64);

impl TaskId {
    /// Ids come from positions, so on every platform they fit back into one.
    fn position(self) -> usize {
        self.0 as usize
    }
}

/// How far a task has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Submitted, and not started.
    Pending,
    /// Started, and not ended.
    Running,
    /// Its work returned `Ok`.
    Succeeded,
    /// Its work returned an error, or panicked: the error's text, or the
    /// panic's message.
    Failed(String),
}

/// What can be asked about a task at any time after it was submitted.
///
/// Plain data: the fields are public and there is nothing to call. It is handed
/// out behind `&`, so a caller can read all of it and change none of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskMetadata {
    /// The id that `submit` returned.
    pub id: TaskId,
    /// The name it was submitted with.
    pub name: String,
    /// The priority it was submitted with; 255 is the most urgent.
    pub priority: u8,
    /// How far it has come.
    pub status: Status,
}

/// What a task's work returns.
pub type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

/// The work of a task, with everything it needs captured at submission.
///
/// `FnOnce` says in the type that work is used up by running it. `Send` is not
/// needed by one thread; asking for it now is what allows several later.
type Work = Box<dyn FnOnce() -> Outcome + Send>;

/// Runs tasks one at a time, the most urgent first.
///
/// Invariant: a record is `Pending` exactly if its id is in `queue`.
#[derive(Default)]
pub struct Scheduler {
    records: Vec<TaskMetadata>,
    /// Smallest key first, so the highest priority has to be the smallest:
    /// `Reverse`, which holds for all 256 of them, where `-priority` would not.
    queue: BTreeMap<(Reverse<u8>, TaskId), Work>,
}

impl Scheduler {
    /// A scheduler without tasks.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Accepts a task, to be run later, and returns the id that names it.
    pub fn submit(
        &mut self,
        name: impl Into<String>,
        priority: u8,
        work: impl FnOnce() -> Outcome + Send + 'static,
    ) -> TaskId {
        let id = TaskId(self.records.len() as u64);
        self.records.push(TaskMetadata {
            id,
            name: name.into(),
            priority,
            status: Status::Pending,
        });
        self.queue.insert((Reverse(priority), id), Box::new(work));
        id
    }

    /// Runs the most urgent task (of equal ones, the one submitted first) and
    /// returns its id; `None` when no task is pending.
    ///
    /// The id comes back whether the task succeeded or failed: "a task ran" and
    /// "it went well" are two answers, and the second is in its metadata.
    pub fn run_next(&mut self) -> Option<TaskId> {
        let ((_, id), work) = self.queue.pop_first()?;
        let record = &mut self.records[id.position()];
        // Nobody can see this yet: `&mut self` keeps every other caller out
        // until we return. With a second thread it will matter.
        record.status = Status::Running;
        record.status = run(work);
        Some(id)
    }

    /// Runs until no task is pending and returns how many ran.
    pub fn run_all(&mut self) -> usize {
        let mut ran = 0;
        while self.run_next().is_some() {
            ran += 1;
        }
        ran
    }

    /// What is known about a task, or `None` for an id that this scheduler has
    /// not given out.
    #[must_use]
    pub fn metadata(&self, id: TaskId) -> Option<&TaskMetadata> {
        // `get`, not an index: the id may come from another scheduler.
        self.records.get(id.position())
    }

    /// How many tasks have not run yet.
    ///
    /// Asked of the queue itself. A counter beside it would be a second truth,
    /// to be kept right on every path, those of failure included.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.queue.len()
    }
}

/// Runs `work` to its end, however it ends.
fn run(work: Work) -> Status {
    // Formatting an error and dropping it is the submitter's code too, and may panic
    // too, so both happen inside.
    let attempt = || work().map_err(|error| error.to_string());
    // `AssertUnwindSafe` is our promise that nothing half-changed is looked at
    // after a panic. It is easy to give: none of our state is in `attempt`, and
    // the work is used up, so nobody can call it again.
    match panic::catch_unwind(AssertUnwindSafe(attempt)) {
        Ok(Ok(())) => Status::Succeeded,
        Ok(Err(text)) => Status::Failed(text),
        Err(payload) => {
            let text = panic_message(&*payload);
            discard(payload);
            Status::Failed(text)
        }
    }
}

/// Drops what a panic carried. Its destructor is the submitter's code as well, and
/// what a panic of that carries is left alone: somewhere it has to end.
fn discard(payload: Box<dyn Any + Send>) {
    let dropped = panic::catch_unwind(AssertUnwindSafe(|| drop(payload)));
    dropped.unwrap_or_else(mem::forget);
}

/// The message of a panic: `panic!("text")` carries a `&str`, `panic!("{x}")` a
/// `String`, and `panic_any` whatever it likes.
///
/// The parameter is the payload, not its box. `&Box<dyn Any>` would be accepted
/// as `&dyn Any` as well, and no downcast of it would ever succeed.
fn panic_message(payload: &(dyn Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "task panicked".to_owned()
    }
}
