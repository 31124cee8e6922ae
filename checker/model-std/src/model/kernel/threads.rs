//! The life of a model's threads: they start, take steps, wait, let others go
//! first, and end.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::Sender;
use std::time::Duration;

use super::panics::Abandoned;
use super::{
    IN_MODEL, KERNEL, Kernel, MAIN, MAX_QUIET_YIELDS, Message, ObjectId, Status, Thread, ThreadId,
    Why, park_for_ever, with,
};
use crate::engine::schedule::{Decision, Schedule};
use crate::engine::{Engine, Memory};
use crate::model::shared::Shared;
use crate::model::trace::{Failure, Place, ThreadInfo};

/// How to run one execution.
pub(in crate::model) struct Start {
    pub(in crate::model) number: u64,
    pub(in crate::model) record: bool,
    pub(in crate::model) engine: Rc<dyn Engine>,
    pub(in crate::model) outbox: Sender<Message>,
    pub(in crate::model) shared: Arc<Shared>,
}

/// Begins an execution on this OS thread.
pub(in crate::model) fn start(start: Start) {
    static EXECUTIONS: AtomicU64 = AtomicU64::new(1);
    let main = Thread::new(
        ThreadInfo {
            name: None,
            spawned_at: None,
        },
        0,
    );
    let kernel = Kernel {
        execution: EXECUTIONS.fetch_add(1, Relaxed),
        number: start.number,
        engine: start.engine,
        current: MAIN,
        last_recorded: MAIN,
        threads: vec![main],
        jobs: vec![None],
        idle: Vec::new(),
        objects: Vec::new(),
        events: start.record.then(Vec::new),
        schedule: Schedule::default(),
        steps: 0,
        polite: 0,
        quiet_yields: 0,
        clock: Duration::ZERO,
        idle_jump: Duration::from_millis(1),
        ending: false,
        closing: false,
        outbox: start.outbox,
        shared: start.shared,
        doom: None,
        most_threads: 1,
    };
    KERNEL.set(Some(kernel));
    IN_MODEL.set(true);
}

/// Ends the execution: what the body left behind is unwound, so that the next
/// one starts clean. Returns the most threads that were alive at once.
pub(in crate::model) fn finish() -> usize {
    let left_behind = with(|kernel| {
        kernel.ending = true;
        for thread in 1..kernel.threads.len() {
            if matches!(kernel.threads[thread].status, Status::Waiting { .. }) {
                kernel.wake(ThreadId(thread));
            }
        }
        kernel.threads[1..]
            .iter()
            .any(|thread| thread.status != Status::Finished)
    });
    if left_behind {
        block(Why::End, Timed::No);
    }
    let most_threads = with(|kernel| {
        kernel.closing = true;
        for coroutine in std::mem::take(&mut kernel.idle) {
            kernel.engine.unblock(coroutine);
        }
        kernel.most_threads
    });
    let locals = with(|kernel| std::mem::take(&mut kernel.threads[MAIN.0].locals));
    drop(locals);
    most_threads
}

/// Whether a wait may end by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timed {
    No,
    Yes,
}

/// A scheduling point before an operation on `object`.
pub(crate) fn step(object: ObjectId, at: Place) {
    with(|kernel| kernel.object(object).used(at));
    step_by(at, |engine| engine.step(object.0));
}

/// An operation that is a scheduling point of the engine's own.
fn step_by<R>(at: Place, operation: impl FnOnce(&dyn Engine) -> R) -> R {
    let arrived = with(|kernel| {
        (!kernel.visit(at)).then(|| {
            kernel.arrive();
            (kernel.current, Rc::clone(&kernel.engine))
        })
    });
    let (me, engine) = arrived.unwrap_or_else(|| {
        yield_now();
        with(|kernel| {
            kernel.arrive();
            (kernel.current, Rc::clone(&kernel.engine))
        })
    });
    let result = switch(|| operation(&*engine));
    resume(me, Switched::Yes);
    result
}

/// An operation on the engine's memory; `None` where it has none, and every operation
/// meets the last value.
pub(crate) fn on_memory<R>(at: Place, operation: impl FnOnce(&dyn Memory) -> R) -> Option<R> {
    let has_memory = with(|kernel| kernel.engine.memory().is_some());
    has_memory.then(|| {
        step_by(at, |engine| {
            operation(engine.memory().expect("an engine does not lose its memory"))
        })
    })
}

/// Which of `options` things happens, of which 0 is the ordinary one.
pub(crate) fn choose(options: usize) -> usize {
    let engine = with(|kernel| {
        kernel.shared.choices_met.store(true, Relaxed);
        Rc::clone(&kernel.engine)
    });
    let chosen = engine.choose(options);
    with(|kernel| kernel.decided(Decision::Choose(chosen)));
    chosen
}

/// Gives the engine a chance to run others. An engine that unwinds from here
/// tears the execution down behind a stack overflow, the one failure that no
/// panic hook sees; unwinding further would run a submission's destructors
/// outside of any execution.
fn switch<R>(engine: impl FnOnce() -> R) -> R {
    struct TornDown;
    impl Drop for TornDown {
        fn drop(&mut self) {
            fail(Failure::StackOverflow);
        }
    }
    let torn_down = TornDown;
    let result = engine();
    std::mem::forget(torn_down);
    result
}

/// Suspends the current thread until it is woken; true when it was not, and its
/// time ran out instead.
pub(crate) fn block(why: Why, timed: Timed) -> bool {
    let (me, engine) = with(|kernel| {
        kernel.arrive();
        let me = kernel.current;
        let an_event = matches!(
            why,
            Why::Receive(_) | Why::Send(_) | Why::Join(_) | Why::Park
        );
        kernel.threads[me.0].waits += usize::from(an_event);
        let turn = (timed == Timed::Yes).then(|| kernel.others_ready());
        if turn.as_ref().is_some_and(Vec::is_empty) {
            kernel.jump_clock();
            kernel.threads[me.0].timed_out = true;
        } else {
            kernel.polite += usize::from(turn.is_some());
            kernel.threads[me.0].status = Status::Waiting { why, turn };
            kernel.settle();
        }
        (me, Rc::clone(&kernel.engine))
    });
    let mut switched = Switched::No;
    while with(|kernel| kernel.threads[me.0].status != Status::Ready) {
        switch(|| engine.block());
        switched = Switched::Yes;
    }
    resume(me, switched);
    with(|kernel| std::mem::take(&mut kernel.threads[me.0].timed_out))
}

/// Waits until every other thread has ended or is blocked, so that nothing moves
/// unless the caller does. A thread that polls never blocks, and ends the check.
pub(crate) fn until_idle() {
    block(Why::Idle, Timed::No);
}

/// Lets every other thread go first, so that a loop that polls cannot starve
/// what it waits for.
pub(crate) fn yield_now() {
    with(|kernel| {
        kernel.quiet_yields += 1;
        if kernel.quiet_yields > MAX_QUIET_YIELDS {
            kernel.freeze(Failure::Livelock);
        }
    });
    block(Why::Turn, Timed::Yes);
}

/// Whether the engine could have let another thread go on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Switched {
    No,
    Yes,
}

/// Continues as `me`.
fn resume(me: ThreadId, switched: Switched) {
    let abandoned = with(|kernel| {
        kernel.current = me;
        if switched == Switched::Yes {
            kernel.decided(Decision::Run(kernel.threads[me.0].coroutine));
        }
        let thread = &mut kernel.threads[me.0];
        let abandoned = kernel.ending && me != MAIN && thread.panics == 0;
        thread.panics += usize::from(abandoned);
        abandoned
    });
    if abandoned {
        std::panic::resume_unwind(Box::new(Abandoned));
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
    let fine = with(|kernel| kernel.shared.steps_are_fine.swap(true, Relaxed));
    if !fine {
        with(|kernel| {
            // If nobody listens any more, the check has already ended.
            let _ = kernel.outbox.send(Message::FinerSteps);
        });
        park_for_ever();
    }
}

/// Starts a thread that runs `body`. `body` must not unwind.
pub(crate) fn spawn(name: Option<String>, at: Place, body: Box<dyn FnOnce()>) -> ThreadId {
    let (id, engine, new_coroutine) = with(|kernel| {
        let id = ThreadId(kernel.threads.len());
        let (coroutine, new) = match kernel.idle.pop() {
            Some(coroutine) => (coroutine, false),
            None if kernel.jobs.len() < kernel.engine.limit() => (kernel.jobs.len(), true),
            None => {
                let limit = kernel.engine.limit();
                kernel.freeze(Failure::TooManyThreads { limit, at })
            }
        };
        kernel.record("spawn", None, Some(at), || name.clone());
        let mut thread = Thread::new(
            ThreadInfo {
                name,
                spawned_at: Some(at),
            },
            coroutine,
        );
        thread.visits = Vec::new();
        kernel.threads.push(thread);
        let job = Box::new(move || run(id, body));
        if new {
            kernel.jobs.push(Some(job));
        } else {
            kernel.jobs[coroutine] = Some(job);
            kernel.engine.unblock(coroutine);
        }
        kernel.quiet_yields = 0;
        let alive = kernel
            .threads
            .iter()
            .filter(|t| t.status != Status::Finished)
            .count();
        kernel.most_threads = kernel.most_threads.max(alive);
        (id, Rc::clone(&kernel.engine), new.then_some(coroutine))
    });
    if let Some(coroutine) = new_coroutine {
        let started = engine.spawn(Box::new(move || serve(coroutine)));
        debug_assert_eq!(started, coroutine);
    }
    id
}

/// A coroutine runs one thread after another, because engines count every
/// coroutine that an execution ever had and std programs spawn as they like.
fn serve(coroutine: usize) {
    let engine = with(|kernel| Rc::clone(&kernel.engine));
    while let Some(job) = with(|kernel| kernel.jobs[coroutine].take()) {
        job();
        with(|kernel| kernel.idle.push(coroutine));
        while with(|kernel| kernel.jobs[coroutine].is_none() && !kernel.closing) {
            switch(|| engine.block());
        }
    }
}

fn run(me: ThreadId, body: Box<dyn FnOnce()>) {
    with(|kernel| {
        kernel.current = me;
        kernel.decided(Decision::Run(kernel.threads[me.0].coroutine));
    });
    body();
    let locals = with(|kernel| std::mem::take(&mut kernel.threads[me.0].locals));
    drop(locals);
    if steps_are_fine() {
        let (object, at) = with(|kernel| {
            let object = kernel.thread_object(me);
            (object, kernel.object(object).created)
        });
        step(object, at);
    }
    with(|kernel| {
        kernel.arrive();
        let thread = &mut kernel.threads[me.0];
        thread.status = Status::Finished;
        thread.panics = 0;
        kernel.quiet_yields = 0;
        kernel.record("end", None, None, || None);
        kernel.wake_where(|why| why == Why::Join(me));
        if kernel.ending
            && kernel.threads[1..]
                .iter()
                .all(|t| t.status == Status::Finished)
        {
            kernel.wake_where(|why| why == Why::End);
        }
        kernel.settle();
    });
}

/// Ends the check with `failure`; see [`Kernel::freeze`].
pub(crate) fn fail(failure: Failure) -> ! {
    with(|kernel| kernel.freeze(failure))
}
