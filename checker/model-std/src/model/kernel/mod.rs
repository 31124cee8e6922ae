//! Threads, blocking and fairness: the part of an operating system that std's
//! semantics need, over whichever engine decides who runs next.
//!
//! All threads of a model are coroutines on one OS thread, so the state below is
//! thread-local to it and is never borrowed across a switch.

mod panics;
mod state;
mod threads;

use std::backtrace::Backtrace;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use super::shared::Shared;
use super::trace::{Event, Failure, Place, Report};
use crate::engine::Engine;
use crate::engine::schedule::{Decision, Schedule};

pub(super) use panics::on_panic;
pub(crate) use panics::{catching, caught, is_abandoned, panicking, panics, resuming, unwound};
use state::Status;
pub(crate) use state::{Held, MAIN, ObjectId, ObjectState, Thread, ThreadId, Why};
pub(super) use threads::{Start, finish, start};
pub(crate) use threads::{
    Timed, block, choose, fail, need_finer_steps, on_memory, spawn, step, steps_are_fine,
    until_idle, yield_now,
};

/// More steps than any execution of a small program takes.
const MAX_STEPS: usize = 5_000;

/// Yields in a row, by all threads, without anything new happening.
const MAX_QUIET_YIELDS: usize = 300;

/// Visits of one place, without reaching a new one, that make a loop a spin.
const SPIN_VISITS: u32 = 12;

thread_local! {
    static IN_MODEL: Cell<bool> = const { Cell::new(false) };
    static KERNEL: RefCell<Option<Kernel>> = const { RefCell::new(None) };
}

/// What a search learns from its executions.
pub(super) enum Message {
    Failed(Box<Report>),
    BudgetSpent,
    Complete,
    /// The program does something that asks for finer steps: begin again.
    FinerSteps,
}

pub(crate) struct Kernel {
    pub(crate) execution: u64,
    number: u64,
    engine: Rc<dyn Engine>,
    current: ThreadId,
    last_recorded: ThreadId,
    pub(crate) threads: Vec<Thread>,
    jobs: Vec<Option<Box<dyn FnOnce()>>>,
    idle: Vec<usize>,
    pub(crate) objects: Vec<ObjectState>,
    events: Option<Vec<Event>>,
    /// The schedule so far, if this execution is recorded.
    schedule: Schedule,
    steps: usize,
    /// How many threads let others go first.
    polite: usize,
    quiet_yields: usize,
    clock: Duration,
    idle_jump: Duration,
    /// The body is over: threads that it left behind unwind.
    ending: bool,
    /// Every thread is over: idle coroutines return.
    closing: bool,
    outbox: Sender<Message>,
    pub(super) shared: Arc<Shared>,
    /// The check is over, and this is why; see [`Kernel::doom`].
    doom: Option<Box<Report>>,
    pub(super) most_threads: usize,
}

/// Whether the calling code runs inside a model.
#[inline]
pub(crate) fn active() -> bool {
    IN_MODEL.get()
}

/// The program depends on time at `at`.
pub(crate) fn asks_time(at: Place) {
    with(|kernel| kernel.shared.asks_time(at));
}

pub(crate) fn with<R>(f: impl FnOnce(&mut Kernel) -> R) -> R {
    KERNEL.with_borrow_mut(|kernel| f(kernel.as_mut().expect("called inside a model only")))
}

impl Kernel {
    pub(crate) fn current(&self) -> ThreadId {
        self.current
    }

    pub(crate) fn me(&mut self) -> &mut Thread {
        &mut self.threads[self.current.0]
    }

    pub(crate) fn object(&mut self, id: ObjectId) -> &mut ObjectState {
        &mut self.objects[id.0]
    }

    pub(crate) fn register_object(
        &mut self,
        kind: &'static str,
        content: Option<&'static str>,
        created: Place,
    ) -> ObjectId {
        self.objects.push(ObjectState {
            kind,
            content,
            created,
            owners: Vec::new(),
            exclusive: false,
            tickets: Vec::new(),
        });
        ObjectId(self.objects.len() - 1)
    }

    /// The object that stands for a thread's token and its end.
    pub(crate) fn thread_object(&mut self, thread: ThreadId) -> ObjectId {
        if let Some(object) = self.threads[thread.0].object {
            return object;
        }
        let created = self.threads[thread.0].info.spawned_at;
        let created = created.unwrap_or(std::panic::Location::caller());
        let object = self.register_object("Thread", None, created);
        self.threads[thread.0].object = Some(object);
        object
    }

    pub(crate) fn now(&self) -> Duration {
        self.clock
    }

    pub(crate) fn advance_clock(&mut self, by: Duration) {
        // Time never stands still: what took as long as it was given took longer.
        let by = by.saturating_add(Duration::from_nanos(1));
        self.clock = self.clock.saturating_add(by);
    }

    /// Time passes only where everyone waits for it. It does so faster and
    /// faster, so that a loop that polls a deadline ends.
    fn jump_clock(&mut self) {
        self.clock = self.clock.saturating_add(self.idle_jump);
        self.idle_jump = self
            .idle_jump
            .saturating_mul(2)
            .min(Duration::from_secs(3600));
    }

    pub(crate) fn is_recording(&self) -> bool {
        self.events.is_some()
    }

    fn decided(&mut self, decision: Decision) {
        if self.is_recording() {
            self.schedule.push(decision);
        }
    }

    /// Adds to the story, if this execution is recorded.
    pub(crate) fn record(
        &mut self,
        action: &'static str,
        object: Option<ObjectId>,
        at: Option<Place>,
        detail: impl FnOnce() -> Option<String>,
    ) {
        if self.events.is_none() {
            return;
        }
        let before = std::mem::replace(&mut self.last_recorded, self.current);
        let preempted = before != self.current && self.threads[before.0].status == Status::Ready;
        let event = Event {
            thread: self.current.0,
            action,
            object: object.map(|object| self.describe(object)),
            detail: detail(),
            at,
            stack: at.map(|_| Arc::new(Backtrace::force_capture())),
            preempted,
        };
        self.events.as_mut().expect("checked above").push(event);
    }

    /// The thread shows itself: those that let it go first may follow.
    fn arrive(&mut self) {
        if let Some(report) = self.doom.take() {
            self.stop(report);
        }
        self.count_step();
        if self.polite == 0 {
            return;
        }
        let me = self.current;
        for other in 0..self.threads.len() {
            if let Status::Waiting {
                turn: Some(turn), ..
            } = &mut self.threads[other].status
            {
                turn.retain(|thread| *thread != me);
                if turn.is_empty() {
                    self.threads[other].timed_out = true;
                    self.wake(ThreadId(other));
                }
            }
        }
    }

    /// Counts an operation, or a printed line, against the length of an execution.
    pub(crate) fn count_step(&mut self) {
        self.shared.count_step();
        self.steps += 1;
        if self.steps > MAX_STEPS {
            self.freeze(Failure::TooLong);
        }
    }

    /// Counts a visit of `at`; true when the thread goes round in circles there.
    /// A thread that reaches a place it has never been to makes progress.
    fn visit(&mut self, at: Place) -> bool {
        self.shared.visit(at);
        let visits = &mut self.me().visits;
        if let Some((_, count)) = visits
            .iter_mut()
            .find(|(place, _)| std::ptr::eq(*place, at))
        {
            *count += 1;
            return *count > SPIN_VISITS;
        }
        for (_, count) in visits.iter_mut() {
            *count = 0;
        }
        visits.push((at, 1));
        self.quiet_yields = 0;
        false
    }

    fn others_ready(&self) -> Vec<ThreadId> {
        (0..self.threads.len())
            .map(ThreadId)
            .filter(|id| *id != self.current && self.threads[id.0].status == Status::Ready)
            .collect()
    }

    /// How often the current thread has waited for an event.
    pub(super) fn waits(&self) -> usize {
        self.threads[self.current.0].waits
    }

    /// Makes a waiting thread runnable.
    pub(crate) fn wake(&mut self, thread: ThreadId) {
        let state = &mut self.threads[thread.0];
        let was = std::mem::replace(&mut state.status, Status::Ready);
        debug_assert!(matches!(was, Status::Waiting { .. }));
        if matches!(was, Status::Waiting { turn: Some(_), .. }) {
            self.polite -= 1;
        }
        if thread != self.current {
            self.engine.unblock(state.coroutine);
        }
    }

    /// Wakes every thread whose reason to wait satisfies `chosen`.
    pub(crate) fn wake_where(&mut self, chosen: impl Fn(Why) -> bool) {
        for thread in 0..self.threads.len() {
            if self.threads[thread].waits_for().is_some_and(&chosen) {
                self.wake(ThreadId(thread));
            }
        }
    }

    /// After a thread stopped being runnable: someone must be able to go on.
    fn settle(&mut self) {
        if self
            .threads
            .iter()
            .any(|thread| thread.status == Status::Ready)
        {
            return;
        }
        let mut woken = false;
        for thread in 0..self.threads.len() {
            if matches!(
                self.threads[thread].status,
                Status::Waiting { turn: Some(_), .. }
            ) {
                self.threads[thread].timed_out = true;
                self.wake(ThreadId(thread));
                woken = true;
            }
        }
        if woken {
            self.jump_clock();
        } else if self
            .threads
            .iter()
            .any(|t| t.waits_for() == Some(Why::Idle))
        {
            self.wake_where(|why| why == Why::Idle);
        } else if !self.ending {
            self.freeze(Failure::Deadlock);
        } else if self
            .threads
            .iter()
            .any(|thread| thread.status != Status::Finished)
        {
            self.freeze(Failure::Stuck);
        }
    }

    /// Ends the check here and now. The OS thread stops for ever with every
    /// stack as it is: nothing is unwound, no destructor of a half-done program
    /// runs, and no failure can be masked by a later one.
    pub(crate) fn freeze(&mut self, failure: Failure) -> ! {
        let report = self.doom.take().unwrap_or_else(|| self.report(failure));
        self.stop(report)
    }

    fn stop(&self, report: Box<Report>) -> ! {
        // If nobody listens any more, the check has already ended.
        let _ = self.outbox.send(Message::Failed(report));
        park_for_ever()
    }

    /// Ends the check at the next step. For the panic hook, which runs under a
    /// lock of std's that must not be held for ever.
    fn doom(&mut self, failure: Failure) {
        if self.doom.is_some() {
            // A second panic while the first unwinds: std is about to abort.
            self.freeze(failure);
        }
        self.doom = Some(self.report(failure));
    }

    fn report(&mut self, failure: Failure) -> Box<Report> {
        Box::new(Report {
            failure,
            execution: self.number,
            threads: self
                .threads
                .iter()
                .map(|thread| thread.info.clone())
                .collect(),
            events: self.events.take().unwrap_or_default(),
            schedule: std::mem::take(&mut self.schedule),
            standing: self.standing(),
        })
    }
}

/// Stops this OS thread; the process ends without it.
pub(super) fn park_for_ever() -> ! {
    loop {
        std::thread::park();
    }
}
