//! The life of a model's threads: they start, take steps, wait, and let others go first.

use std::io;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use super::ending::end_here;
use super::fairness::Visited;
use super::time::later;
use super::{
    Kernel, MAX_STEPS, MAX_STEPS_AFTERWARDS, ObjectId, Status, Thread, ThreadId, Why, engine, fail,
    leaving, with,
};
use crate::engine::schedule::Decision;
use crate::engine::{Engine, Memory};
use crate::fiber::{self, Fiber};
use crate::model::trace::{Failure, Place, ThreadInfo};
use crate::thread::drop_locals;

/// Whether a wait ends by itself, and after how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timed {
    No,
    After(Duration),
}

/// What a thread comes to a place for.
#[derive(Clone, Copy)]
enum Operation<'a> {
    Step(ObjectId),
    /// Nothing that anybody else could see: a pause, or a look at the clock.
    Nothing,
    OnMemory(&'a dyn Fn(&dyn Memory)),
}

/// A scheduling point before an operation on `object`.
pub(crate) fn step(object: ObjectId, at: Place) {
    last_step(object, at);
    leaving::does_more_than_end(at);
}

/// The same, for what a thread may do that has nothing left to do but to end: it wakes others,
/// gives back a lock, drops its end of a channel, or comes out of a call that has had its effect.
pub(crate) fn last_step(object: ObjectId, at: Place) {
    come_to(at, Operation::Step(object));
    with(|kernel| kernel.meets(object));
}

/// Whether a step on one object can look at a second one.
pub(crate) fn can_look() -> bool {
    engine().can_look()
}

/// The step that the current thread has just taken looks at `object` too.
pub(crate) fn looks_at(object: ObjectId) {
    looks_aside(object);
    with(|kernel| kernel.meets(object));
}

/// The same, for what is not the program's: nobody learns of a time by it.
pub(crate) fn looks_aside(object: ObjectId) {
    fiber::on_host(|| engine().looks_at(object.0));
}

/// The current thread yields or sleeps, which promises nothing about who goes on: a
/// scheduler may stop it there, as it may anywhere. If it goes round in circles, it waits.
pub(crate) fn pauses(at: Place) {
    come_to(at, Operation::Nothing);
    leaving::does_more_than_end(at);
}

/// The current thread looks at its clock. If it goes round in circles, it has to wait for
/// time to pass.
pub(crate) fn looks_at_the_clock(at: Place) {
    come_to(at, Operation::Nothing);
    leaving::does_more_than_end(at);
    with(Kernel::looks_at_its_clock);
}

/// An operation on the engine's memory; `None` where it has none, and every operation
/// meets the last value.
pub(crate) fn on_memory<R>(at: Place, operation: impl Fn(&dyn Memory) -> R) -> Option<R> {
    let has_memory = with(|kernel| kernel.engine.memory().is_some());
    has_memory.then(|| {
        let result = std::cell::Cell::new(None);
        let remember = |memory: &dyn Memory| result.set(Some(operation(memory)));
        come_to(at, Operation::OnMemory(&remember));
        leaving::does_more_than_end(at);
        result.take().expect("done above")
    })
}

/// Takes the current thread to a place, and does `operation` there. If it goes round in
/// circles, it waits for a change first. All of it is one request to the host, so that what
/// happens leaves no trace on the stack by which rounds could be told apart.
fn come_to(at: Place, operation: Operation<'_>) {
    fiber::on_host(|| {
        let visited = with(|kernel| {
            if let Operation::Step(object) = operation {
                kernel.object(object).used(at);
            }
            kernel.arrive();
            if kernel.goes_on_for_too_long(at) {
                kernel.end_with(Failure::TooLong);
            }
            kernel.visit(at)
        });
        match visited {
            Visited::GoesOn => {
                with(Kernel::review_who_polls);
                operation.perform(&*engine());
            }
            Visited::Repeats => wait_for_a_change(operation),
        }
    });
}

impl Operation<'_> {
    fn perform(self, engine: &dyn Engine) {
        match self {
            Self::Step(object) => engine.step(object.0),
            Self::Nothing => {}
            Self::OnMemory(operation) => {
                operation(engine.memory().expect("an engine does not lose its memory"));
            }
        }
    }
}

fn wait_for_a_change(operation: Operation<'_>) {
    let status = with(|kernel| kernel.polls(kernel.current.0));
    let suspended = suspend(
        status,
        match operation {
            Operation::Step(object) => Some(object),
            Operation::Nothing | Operation::OnMemory(_) => None,
        },
    );
    match operation {
        Operation::Step(_) if suspended => {}
        // Only loom has a memory, and it comes back from where it was suspended.
        Operation::Step(_) | Operation::OnMemory(_) => operation.perform(&*engine()),
        Operation::Nothing => {}
    }
}

/// Suspends the current thread in `status`, and lets it take a step on `object` when it goes
/// on; false if there was no need to, for it has to go on because nobody else can.
fn suspend(status: Status, object: Option<ObjectId>) -> bool {
    let suspended = with(|kernel| {
        kernel.me().status = status;
        kernel.review_who_polls();
        kernel.settle();
        kernel.me().status != Status::Ready
    });
    if suspended {
        engine().block(object.map(|object| object.0));
    }
    suspended
}

/// Which of `options` things happens, of which 0 is the ordinary one.
pub(crate) fn choose(options: usize) -> usize {
    fiber::on_host(|| {
        let chosen = engine().choose(options);
        with(|kernel| {
            kernel.decided(Decision::Choose(chosen));
            if chosen != 0 {
                kernel.progressed();
            }
        });
        chosen
    })
}

/// Suspends the current thread until it is woken; true when it was not, and its
/// time ran out instead.
pub(crate) fn block(why: Why, timed: Timed) -> bool {
    fiber::on_host(|| {
        let status = with(|kernel| {
            kernel.arrive();
            let me = kernel.me();
            let an_event = matches!(
                why,
                Why::Receive(_) | Why::Send(_) | Why::Join(_) | Why::Park
            );
            me.waits += usize::from(an_event);
            let until = match timed {
                Timed::No => None,
                Timed::After(duration) => Some(later(me.time, duration)),
            };
            Status::Waiting { why, until }
        });
        suspend(status, None);
    });
    with(|kernel| std::mem::take(&mut kernel.me().timed_out))
}

/// Waits until every other thread has ended or is blocked, so that nothing moves
/// unless the caller does. A thread that polls never blocks, and ends the check.
pub(crate) fn until_idle() {
    block(Why::Idle, Timed::No);
    // Nobody else could have gone on here before they all had come this far.
    with(|kernel| {
        for thread in 0..kernel.threads.len() {
            kernel.follow(ThreadId(thread));
        }
    });
}

impl Kernel {
    /// The current thread comes to its next operation.
    fn arrive(&mut self) {
        if let Some(report) = self.doom.take() {
            self.report_and_stop(report);
        }
        if !self.counts_another_step() {
            self.end_with(Failure::TooLong);
        }
    }

    /// Whether the body is over, and somebody goes on for longer than anybody follows.
    fn goes_on_for_too_long(&self, at: Place) -> bool {
        let steps = self.steps_afterwards();
        let too_long = steps.is_some_and(|steps| steps > MAX_STEPS_AFTERWARDS);
        if too_long && self.is_afterwards() {
            self.shared.cut(at);
        }
        too_long
    }

    /// Counts an operation against the length of an execution; false if that is too long.
    fn counts_another_step(&mut self) -> bool {
        self.shared.count_step();
        self.steps += 1;
        self.steps <= MAX_STEPS
    }

    /// The current thread's step on `object` has come: what happened to that before is in
    /// the past.
    fn meets(&mut self, object: ObjectId) {
        let time = self.threads[self.current.0]
            .time
            .max(self.objects[object.0].time);
        self.threads[self.current.0].time = time;
        self.objects[object.0].time = time;
    }

    /// The search is to begin again, and not to judge by repetitions what goes round there.
    pub(super) fn begin_again_without_judging(&mut self, place: Place) {
        if self.shared.do_not_judge(place) {
            self.begin_again();
        }
    }
}

/// What the current thread does counts against the length of an execution, although it is no
/// scheduling point.
pub(crate) fn counts_a_step() {
    if !with(Kernel::counts_another_step) {
        fail(Failure::TooLong);
    }
}

/// Whether giving back a lock and ending a thread are steps. They need not be, unless
/// somebody looks at locks or threads without waiting for them: then what lies between
/// is an outcome too.
pub(crate) fn steps_are_fine() -> bool {
    with(|kernel| kernel.shared.steps_are_fine.load(Relaxed))
}

/// Begins the search again with finer steps, unless they are fine already: the
/// executions before did not have them.
pub(crate) fn need_finer_steps() {
    if !with(|kernel| kernel.shared.steps_are_fine.swap(true, Relaxed)) {
        end_here(Kernel::begin_again);
    }
}

/// Starts a thread that runs `body` on a stack of `stack` bytes. `body` must not unwind.
///
/// # Errors
/// If there is no memory for its stack.
pub(crate) fn spawn(
    name: Option<String>,
    stack: usize,
    at: Place,
    body: Box<dyn FnOnce()>,
) -> io::Result<ThreadId> {
    let id = with(|kernel| ThreadId(kernel.threads.len()));
    let alive = with(|kernel| kernel.threads.iter().filter(|t| !t.is_finished()).count());
    let limit = with(|kernel| kernel.engine.limit());
    if alive >= limit {
        fail(Failure::TooManyThreads { limit, at });
    }
    leaving::does_more_than_end(at);
    let fiber = Fiber::new(stack, Box::new(move || run(id, body)))?;
    fiber::on_host(|| {
        let mut fiber = Some(fiber);
        with(|kernel| {
            kernel.record("spawn", None, Some(at), || name.clone());
            let info = ThreadInfo {
                name,
                spawned_at: Some(at),
            };
            let time = kernel.me().time;
            kernel.threads.push(Thread::new(info, time));
            kernel.most_threads = kernel.most_threads.max(alive + 1);
            kernel.progressed();
        });
        engine().spawn(fiber.take().expect("spawned once"));
    });
    Ok(id)
}

fn run(me: ThreadId, body: Box<dyn FnOnce()>) {
    body();
    drop_locals();
    let (object, at) = with(|kernel| {
        let object = kernel.thread_object(me);
        (object, kernel.object(object).created)
    });
    if steps_are_fine() {
        last_step(object, at);
    } else {
        fiber::on_host(|| engine().covers(object.0));
    }
}
