//! Threads, blocking and fairness: the part of an operating system that std's
//! semantics need, over whichever engine decides who runs next.
//!
//! All threads of a model run on one OS thread, so the state below is
//! thread-local to it and is never borrowed across a switch.

mod digest;
mod ending;
mod fairness;
mod leaving;
mod panics;
mod state;
mod threads;
mod time;

use std::backtrace::Backtrace;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use super::shared::Shared;
use super::trace::{Event, Place, Report};
use crate::engine::Engine;
use crate::engine::schedule::{Decision, Schedule};
use crate::fiber;

pub(crate) use digest::digest_of_bits;
pub(crate) use ending::fail;
pub(super) use ending::{Bodies, Start, finish, park_for_ever, start};
use fairness::Fairness;
use leaving::Leaving;
pub(super) use leaving::threads_only_end;
pub(super) use panics::on_panic;
pub(crate) use panics::{catching, caught, panicking, panics, resuming, unwound};
use state::Status;
pub(crate) use state::{Held, MAIN, ObjectId, ObjectState, Thread, ThreadId, Why};
pub(crate) use threads::{
    Timed, block, can_look, choose, counts_a_step, last_step, looks_aside, looks_at,
    looks_at_the_clock, need_finer_steps, on_memory, pauses, spawn, step, steps_are_fine,
    strengthens, until_idle,
};
pub(crate) use time::{asks_time, now, passes};

/// More steps than any execution that can be searched takes.
const MAX_STEPS: usize = 200_000;
/// Once the body is over, so many more.
const MAX_STEPS_AFTERWARDS: usize = 5_000;

thread_local! {
    static IN_MODEL: Cell<bool> = const { Cell::new(false) };
    static KERNEL: RefCell<Option<Kernel>> = const { RefCell::new(None) };
}

/// What a search learns from its executions.
pub(super) enum Message {
    Failed(Box<Report>),
    BudgetSpent,
    Complete,
    /// The program does something that asks for another way of looking at it: begin again.
    BeginAgain,
}

pub(crate) struct Kernel {
    pub(crate) execution: u64,
    number: u64,
    engine: Rc<dyn Engine>,
    current: ThreadId,
    last_recorded: ThreadId,
    pub(crate) threads: Vec<Thread>,
    pub(crate) objects: Vec<ObjectState>,
    /// The scopes that are open, by the address of their token.
    pub(crate) scopes: Vec<(usize, crate::thread::Members)>,
    events: Option<Vec<Event>>,
    schedule: Schedule,
    steps: usize,
    fairness: Fairness,
    phase: Phase,
    /// Who may only end by now.
    leaving: Option<Leaving>,
    /// What the body left behind is given all the time that a body has.
    patient: bool,
    outbox: Sender<Message>,
    pub(super) shared: Arc<Shared>,
    /// The check is over, and this is why; see [`Kernel::doom`].
    doom: Option<Box<Report>>,
    most_threads: usize,
}

/// How far an execution has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The body runs.
    Body,
    /// The body has ended, after so many steps. What it left behind goes on, for that may
    /// matter to what the body saw, but nothing that happens now is a failure.
    Afterwards { since: usize },
    /// Nobody goes on any more.
    Over,
}

/// Whether the calling code runs inside a model.
#[inline]
pub(crate) fn active() -> bool {
    IN_MODEL.get()
}

/// Whether this is code of the program in a model, rather than of the kernel or an engine. For
/// what may be called by either.
pub(crate) fn runs_the_program() -> bool {
    active() && fiber::is_running() && KERNEL.with(|kernel| kernel.try_borrow().is_ok())
}

pub(crate) fn with<R>(f: impl FnOnce(&mut Kernel) -> R) -> R {
    if fiber::is_nearly_full() {
        fiber::give_up_on_the_stack(ending::overflowed);
    }
    KERNEL.with_borrow_mut(|kernel| f(kernel.as_mut().expect("called inside a model only")))
}

fn engine() -> Rc<dyn Engine> {
    with(|kernel| Rc::clone(&kernel.engine))
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
        self.objects.push(ObjectState::new(kind, content, created));
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

    /// How many steps the execution has had.
    pub(crate) fn steps(&self) -> usize {
        self.steps
    }

    pub(crate) fn is_recording(&self) -> bool {
        self.events.is_some()
    }

    fn decided(&mut self, decision: Decision) {
        self.schedule.push(decision);
    }

    /// Adds to the story, if this execution is recorded.
    #[inline]
    pub(crate) fn record(
        &mut self,
        action: &'static str,
        object: Option<ObjectId>,
        at: Option<Place>,
        detail: impl FnOnce() -> Option<String>,
    ) {
        if self.events.is_some() && self.phase == Phase::Body && !self.has_been_told() {
            self.add_to_the_story(action, object, at, detail());
        }
    }

    #[cold]
    fn add_to_the_story(
        &mut self,
        action: &'static str,
        object: Option<ObjectId>,
        at: Option<Place>,
        detail: Option<String>,
    ) {
        let before = std::mem::replace(&mut self.last_recorded, self.current);
        let preempted = before != self.current && self.threads[before.0].status == Status::Ready;
        let event = Event {
            thread: self.current.0,
            action,
            object: object.map(|object| self.describe(object)),
            detail,
            at,
            stack: at.map(|_| Arc::new(Backtrace::force_capture())),
            preempted,
        };
        self.events.as_mut().expect("asked before").push(event);
    }

    /// How often the current thread has waited for an event.
    pub(super) fn waits(&self) -> usize {
        self.threads[self.current.0].waits
    }

    fn is_anybody_else_ready(&self) -> bool {
        let mut threads = self.threads.iter().enumerate();
        threads.any(|(index, thread)| index != self.current.0 && thread.status == Status::Ready)
    }

    /// Makes a waiting thread runnable.
    pub(crate) fn wake(&mut self, thread: ThreadId) {
        let state = &mut self.threads[thread.0];
        let was = std::mem::replace(&mut state.status, Status::Ready);
        debug_assert!(matches!(was, Status::Waiting { .. }));
        self.fairness.woken(&was);
        if thread != self.current {
            self.engine.unblock(thread.0);
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

    /// What the current thread did so far happened before the next step on `object`, where
    /// giving it back is no step.
    pub(crate) fn publish(&mut self, object: ObjectId) {
        let time = self.me().time;
        let known = self.object(object);
        known.time = known.time.max(time);
        self.engine.publish(object.0);
    }

    /// As [`Kernel::publish`], for who gives back what others may read at the same time: that
    /// happened before a writer goes on, but not before the next reader does.
    pub(crate) fn publish_as_reader(&mut self, object: ObjectId) {
        let time = self.me().time;
        let known = self.object(object);
        known.readers_time = known.readers_time.max(time);
        self.engine.publish_as_reader(object.0);
    }

    /// The current thread writes to what readers have given back.
    pub(crate) fn follow_readers(&mut self, object: ObjectId) {
        let time = self.object(object).readers_time;
        let me = self.me();
        me.time = me.time.max(time);
        self.engine.follow_readers(object.0);
    }

    /// The current thread could not have gone on before `other` had ended.
    pub(crate) fn follow(&mut self, other: ThreadId) {
        let time = self.threads[other.0].time;
        let me = self.me();
        me.time = me.time.max(time);
        self.engine.follow(other.0);
    }
}
