//! One pass of a search: one engine, one way to decide, on an OS thread of its own.

use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::kernel::{self, Message, Start};
use super::shared::Shared;
use super::trace::{Failure, Report, message_of};
use crate::engine::loom::Orderings;
use crate::engine::schedule::Schedule;
use crate::engine::strategy::{DepthFirst, Random, Strategy, Written};
use crate::engine::{self, Engine};

/// Branches that one execution may take in loom; above the kernel's own limit on
/// steps, so that the kernel's better message comes first.
const MAX_BRANCHES: usize = 20_000;

/// The stack of the OS thread that drives a search.
const DRIVER_STACK: usize = 8 << 20;

/// Which executions a pass runs.
#[derive(Debug, Clone)]
pub(super) enum Plan {
    /// All with at most so many preemptions, on loom.
    Preemptions(usize),
    /// All with at most so many deviations, on shuttle.
    Deviations(usize),
    /// So many, with each decision drawn, on shuttle.
    Random(u64),
    /// One, as written down, on shuttle.
    Written(Schedule),
}

/// A pass that is over.
pub(super) struct Searched {
    pub(super) ended: Ended,
    pub(super) executions: u64,
    pub(super) threads: usize,
}

/// How a pass ended.
pub(super) enum Ended {
    Covered,
    BudgetSpent,
    Failed(Box<Report>),
}

/// What every pass of a search has in common.
pub(super) struct Subject {
    pub(super) body: Arc<dyn Fn() + Send + Sync>,
    /// How long it may run without reaching a scheduling point.
    pub(super) stall: Duration,
    pub(super) orderings: Orderings,
    pub(super) shared: Arc<Shared>,
}

/// Runs the executions of `plan`, at most `budget` of them. The story of execution
/// number `record` is written down.
pub(super) fn run(plan: &Plan, budget: u64, record: Option<u64>, subject: &Subject) -> Searched {
    let (mut executions, mut threads) = (0, 0);
    loop {
        let search = Search::begin(plan, budget - executions, record, subject);
        let message = search.wait(subject.stall);
        executions += search.tally.executions.load(Relaxed);
        threads = threads.max(search.tally.threads.load(Relaxed));
        let ended = match message {
            Message::Complete => Ended::Covered,
            Message::BudgetSpent => Ended::BudgetSpent,
            Message::Failed(report) => {
                threads = threads.max(report.threads.len());
                Ended::Failed(report)
            }
            Message::FinerSteps => {
                // What was covered so far lacked some of the steps.
                executions = 0;
                continue;
            }
        };
        return Searched {
            ended,
            executions,
            threads,
        };
    }
}

struct Search {
    inbox: Receiver<Message>,
    tally: Arc<Tally>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Tally {
    executions: AtomicU64,
    threads: AtomicUsize,
}

impl Search {
    fn begin(plan: &Plan, budget: u64, record: Option<u64>, subject: &Subject) -> Self {
        let (outbox, inbox) = channel();
        let tally = Arc::new(Tally::default());
        let seen = Arc::clone(&tally);
        let (plan, body) = (plan.clone(), Arc::clone(&subject.body));
        let orderings = subject.orderings;
        let shared = Arc::clone(&subject.shared);
        let drive = move || {
            let done = outbox.clone();
            let outbox = Mutex::new(outbox);
            let execution = move |engine| {
                let number = seen.executions.load(Relaxed) + 1;
                let outbox = outbox
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .clone();
                if number > budget {
                    give_up(&outbox);
                }
                seen.executions.store(number, Relaxed);
                kernel::start(Start {
                    number,
                    record: record == Some(number),
                    engine,
                    outbox,
                    shared: Arc::clone(&shared),
                });
                if std::panic::catch_unwind(AssertUnwindSafe(&*body)).is_err() {
                    kernel::fail(Failure::Internal("the body unwound".to_owned()));
                }
                let threads = kernel::finish();
                seen.threads.fetch_max(threads, Relaxed);
            };
            let search = || plan.carry_out(orderings, execution);
            if std::panic::catch_unwind(AssertUnwindSafe(search)).is_err() {
                // Every other panic has ended the search where it was raised.
                kernel::fail(Failure::StackOverflow);
            }
            // If nobody listens any more, the check has already ended.
            let _ = done.send(Message::Complete);
        };
        let builder = std::thread::Builder::new()
            .name("model".into())
            .stack_size(DRIVER_STACK);
        let started = builder.spawn(drive);
        assert!(started.is_ok(), "no OS thread for the search: {started:?}");
        Self {
            inbox,
            tally,
            shared: Arc::clone(&subject.shared),
        }
    }

    /// Waits for the search to end, and notices when it stops making steps.
    fn wait(&self, stall: Duration) -> Message {
        // Counted in looks rather than on a clock: a machine that sleeps or is
        // busy elsewhere must not turn a right solution into a hanging one.
        const LOOK: Duration = Duration::from_millis(100);
        let patience = stall.as_millis() / LOOK.as_millis();
        let (mut last, mut looks) = (self.shared.steps(), 0);
        loop {
            match self.inbox.recv_timeout(LOOK) {
                Ok(message) => return message,
                Err(RecvTimeoutError::Disconnected) => {
                    return self.failed(Failure::Internal("the search ended early".to_owned()));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            let now = self.shared.steps();
            looks = if now == last { looks + 1 } else { 0 };
            last = now;
            if looks > patience {
                let after = self.shared.last_place();
                return self.failed(Failure::Hang { after });
            }
        }
    }

    fn failed(&self, failure: Failure) -> Message {
        Message::Failed(Box::new(Report {
            failure,
            execution: self.tally.executions.load(Relaxed),
            threads: Vec::new(),
            events: Vec::new(),
            schedule: Schedule::default(),
            standing: Vec::new(),
        }))
    }
}

impl Plan {
    fn carry_out(
        self,
        orderings: Orderings,
        execution: impl Fn(Rc<dyn Engine>) + Send + Sync + 'static,
    ) {
        let strategy: Box<dyn Strategy> = match self {
            Self::Preemptions(most) => {
                return engine::loom::search(most, MAX_BRANCHES, orderings, execution);
            }
            Self::Deviations(most) => Box::new(DepthFirst::new(most)),
            Self::Random(executions) => Box::new(Random::new(executions)),
            Self::Written(schedule) => Box::new(Written::new(schedule)),
        };
        engine::shuttle::search(strategy, execution);
    }
}

fn give_up(outbox: &Sender<Message>) -> ! {
    // If nobody listens any more, the check has already ended.
    let _ = outbox.send(Message::BudgetSpent);
    kernel::park_for_ever()
}

/// Panics inside a model belong to its story, not to stderr.
pub(super) fn silence_model_panics() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let outside = std::panic::take_hook();
        engine::shuttle::settle_panic_hook();
        std::panic::set_hook(Box::new(move |info| {
            if kernel::active() {
                kernel::on_panic(&message_of(info.payload()), info.location());
            } else {
                outside(info);
            }
        }));
    });
}
