//! How executions begin and end, and how a check does.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::Sender;
use std::time::Duration;

use super::fairness::Fairness;
use super::state::{Status, Thread, Why};
use super::{IN_MODEL, KERNEL, Kernel, MAIN, Message, Phase, ThreadId, with};
use crate::engine::Engine;
use crate::engine::native::Threads;
use crate::engine::schedule::{Decision, Schedule};
use crate::fiber::{self, End, Fiber};
use crate::model::shared::Shared;
use crate::model::trace::{Failure, Place, Report, ThreadInfo};
use crate::thread::drop_locals;

/// How to run one execution.
pub(in crate::model) struct Start {
    pub(in crate::model) number: u64,
    pub(in crate::model) record: bool,
    /// Whether what the body leaves behind is given all the time that a body has.
    pub(in crate::model) patient: bool,
    pub(in crate::model) engine: Rc<dyn Engine>,
    pub(in crate::model) outbox: Sender<Message>,
    pub(in crate::model) shared: Arc<Shared>,
    pub(in crate::model) body: Arc<dyn Fn() + Send + Sync>,
}

/// Begins an execution on this OS thread: its first thread will run the body.
pub(in crate::model) fn start(start: Start) {
    static EXECUTIONS: AtomicU64 = AtomicU64::new(1);
    // Whatever else takes these signals does so in the first execution at the latest.
    if start.number <= 2 {
        fiber::watch_for_overflows();
    }
    // The one before may have failed, and left them as they were.
    start.shared.statics.start_anew();
    let main = ThreadInfo {
        name: None,
        spawned_at: None,
    };
    let engine = Rc::clone(&start.engine);
    let kernel = Kernel {
        execution: EXECUTIONS.fetch_add(1, Relaxed),
        number: start.number,
        engine: start.engine,
        current: MAIN,
        last_recorded: MAIN,
        threads: vec![Thread::new(main, Duration::ZERO)],
        objects: Vec::new(),
        scopes: Vec::new(),
        events: start.record.then(Vec::new),
        schedule: Schedule::default(),
        steps: 0,
        fairness: Fairness::default(),
        phase: Phase::Body,
        leaving: None,
        patient: start.patient,
        outbox: start.outbox,
        shared: start.shared,
        doom: None,
        most_threads: 1,
    };
    KERNEL.set(Some(kernel));
    IN_MODEL.set(true);
    let body = start.body;
    let job = move || {
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(&*body)).is_err() {
            // Told when it began, unless nothing was left to be told.
            fail(Failure::Internal("the body unwound".to_owned()));
        }
        drop_locals();
    };
    match Fiber::new(fiber::MAIN_STACK, Box::new(job)) {
        Ok(fiber) => engine.spawn(fiber),
        Err(error) => with(|kernel| kernel.end_with(Failure::NoStack(error.to_string()))),
    }
}

/// Ends the execution. What is left of it is forgotten, not dropped: in a process that has
/// ended no destructor runs either. Returns the most threads that were alive at once.
pub(in crate::model) fn finish() -> usize {
    IN_MODEL.set(false);
    let kernel = KERNEL.take().expect("an execution that was started");
    // One in so many tells what they are all about.
    const SAMPLE: u64 = 64;
    if kernel.number % SAMPLE == 1
        && let Some(place) = kernel.busiest()
    {
        kernel.shared.is_busy(place);
    }
    for thread in kernel.threads {
        std::mem::forget(thread.locals);
    }
    kernel.shared.statics.start_anew();
    kernel.most_threads
}

/// The threads of the kernel on this OS thread, as an engine sees them.
pub(in crate::model) struct Bodies;

impl Threads for Bodies {
    fn goes_on(&self, thread: usize) {
        with(|kernel| {
            kernel.current = ThreadId(thread);
            kernel.threads[thread].habits.roused = false;
            kernel.decided(Decision::Run(thread));
        });
    }

    fn ended(&self, thread: usize, end: End) {
        with(|kernel| {
            if end == End::Overflowed {
                kernel.end_with(Failure::StackOverflow);
            }
            if let Some(report) = kernel.doom.take() {
                kernel.report_and_stop(report);
            }
            kernel.ended(ThreadId(thread));
        });
    }

    fn is_over(&self) -> bool {
        with(|kernel| kernel.phase == Phase::Over)
    }

    fn diverged(&self) {
        with(|kernel| kernel.end_with(Failure::Nondeterminism));
    }
}

impl Kernel {
    /// Whether the body is over, and what goes on is not to go on for long.
    pub(super) fn is_afterwards(&self) -> bool {
        self.phase != Phase::Body && !self.patient
    }

    /// How many steps have been taken since the body was over.
    pub(super) fn steps_afterwards(&self) -> Option<usize> {
        match self.phase {
            Phase::Afterwards { since } => Some(self.steps - since),
            Phase::Body | Phase::Over => None,
        }
    }

    fn ended(&mut self, thread: ThreadId) {
        self.leaves_its_circle();
        if thread == MAIN {
            self.phase = match self.phase {
                Phase::Body => Phase::Afterwards { since: self.steps },
                later => later,
            };
            self.threads[MAIN.0].status = Status::Waiting {
                why: Why::End,
                until: None,
            };
        } else {
            let state = &mut self.threads[thread.0];
            state.status = Status::Finished;
            state.panics = 0;
            self.record("end", None, None, || None);
            self.progressed();
            self.wake_where(|why| why == Why::Join(thread));
        }
        self.review_who_polls();
        self.settle();
    }

    /// After a thread stopped being runnable: someone must be able to go on.
    pub(super) fn settle(&mut self) {
        if self
            .threads
            .iter()
            .any(|thread| thread.status == Status::Ready)
        {
            return;
        }
        if self.let_time_pass() {
            return;
        }
        let quiet = self.has_been_quiet();
        let polls = self.does_anybody_poll();
        let waits_for = |why: Why| {
            let mut threads = self.threads.iter();
            threads.any(|thread| thread.waits_for() == Some(why))
        };
        let times_out =
            |thread: &Thread| matches!(thread.status, Status::Waiting { until: Some(_), .. });
        if polls && !quiet && !self.is_afterwards() {
            self.wake_where(|why| why == Why::Change);
        } else if polls || self.threads.iter().any(times_out) {
            self.end_with(Failure::Livelock);
        } else if waits_for(Why::Idle) {
            self.wake_where(|why| why == Why::Idle);
        } else {
            self.end_with(Failure::Deadlock);
        }
    }

    /// Ends the check here and now, with `failure`. The OS thread stops for ever with every
    /// stack as it is: nothing is unwound, no destructor of a half-done
    /// program runs, and no failure can be masked by a later one. After the body it only
    /// ends the execution.
    pub(super) fn end_with(&mut self, failure: Failure) {
        if self.phase == Phase::Body {
            let report = self.doom.take().unwrap_or_else(|| self.report(failure));
            self.report_and_stop(report);
        }
        self.phase = Phase::Over;
    }

    /// Ends the execution, and tells the search to begin again with what has just been learned
    /// about the program.
    pub(super) fn begin_again(&mut self) {
        self.shared.begins_again.store(true, Relaxed);
        // If nobody listens any more, the check has already ended.
        let _ = self.outbox.send(Message::BeginAgain);
        self.phase = Phase::Over;
    }

    pub(super) fn report_and_stop(&self, report: Box<Report>) -> ! {
        // If nobody listens any more, the check has already ended.
        let _ = self.outbox.send(Message::Failed(report));
        park_for_ever()
    }

    /// Ends the check at the next step. For the panic hook, which runs under a
    /// lock of std's that must not be held for ever.
    pub(super) fn doom(&mut self, failure: Failure) {
        if let Some(report) = self.doom.take() {
            // A second panic while the first unwinds: std is about to abort.
            self.report_and_stop(report);
        }
        self.doom = Some(self.report(failure));
    }

    /// The place that a thread came to most often.
    fn busiest(&self) -> Option<Place> {
        let threads = self.threads.iter();
        let favourites = threads.filter_map(|thread| thread.habits.favourite());
        let busiest = favourites.max_by_key(|(_, rounds)| *rounds)?;
        Some(busiest.0)
    }

    fn report(&mut self, failure: Failure) -> Box<Report> {
        Box::new(Report {
            failure,
            execution: self.number,
            missed: false,
            busiest: self.busiest(),
            threads: self
                .threads
                .iter()
                .map(|thread| thread.info.clone())
                .collect(),
            standing: self.standings(),
            events: self.events.take().unwrap_or_default(),
            schedule: std::mem::take(&mut self.schedule),
        })
    }
}

/// Ends the check with `failure`; see [`Kernel::end_with`].
pub(crate) fn fail(failure: Failure) -> ! {
    end_here(|kernel| kernel.end_with(failure))
}

/// Ends the execution by `how`, and with it the current thread where it is.
pub(super) fn end_here(how: impl FnOnce(&mut Kernel)) -> ! {
    fiber::on_host(|| with(how));
    unreachable!("the execution is over, and a fiber is not resumed after that");
}

/// The stack of the current thread is too small.
pub(super) fn overflowed() {
    with(|kernel| kernel.end_with(Failure::StackOverflow));
}

/// Stops this OS thread; the process ends without it.
pub(in crate::model) fn park_for_ever() -> ! {
    loop {
        std::thread::park();
    }
}
