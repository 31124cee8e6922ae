//! One pass of a search: one engine, one way to decide, on an OS thread of its own.

use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::kernel::{self, Bodies, Message, Start};
use super::patience::Patience;
use super::shared::Shared;
use super::trace::{Failure, Report, message_of};
use crate::engine::loom::Orderings;
use crate::engine::reduction::Reduction;
use crate::engine::schedule::Schedule;
use crate::engine::strategy::{Random, Strategy, Written};
use crate::engine::{self, Engine};

/// Branches that one execution may take in loom; above the kernel's own limit on
/// steps, so that the kernel's better message comes first. Loom asks for room for all of them
/// at once, 672 bytes each: a million of them, and two searches, do not fit into the memory
/// that a check may have.
const MAX_BRANCHES: usize = 300_000;

/// The stack of the OS thread that drives a search.
const DRIVER_STACK: usize = 8 << 20;

/// After so many executions it is looked how much memory is in use. What abandoned threads
/// own is never freed, so it grows.
const LOOK_AT_MEMORY: u64 = 64;
/// Well below what a check may have, so that it is the grader who gives up and no allocation of
/// the submission's that fails.
const MOST_MEMORY: u64 = 1 << 30;

/// In bytes; 0 where the system does not tell.
fn memory_in_use() -> u64 {
    const PAGE: u64 = 4096;
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let resident = statm.split_whitespace().nth(1);
    resident.and_then(|pages| pages.parse().ok()).unwrap_or(0) * PAGE
}

/// Which executions a pass runs.
#[derive(Debug, Clone)]
pub(super) enum Plan {
    /// All with at most so many deviations.
    Deviations(usize),
    /// So many, with each decision drawn.
    Random(u64),
    /// One, as written down.
    Written(Schedule),
    /// Those that loom tries with this bound on preemptions, or without one.
    Loom(Option<usize>),
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

/// When a pass is given up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    pub(super) executions: u64,
    /// By the count that the whole search keeps.
    pub(super) until_step: u64,
}

impl Budget {
    pub(super) fn of_one() -> Self {
        Self {
            executions: 1,
            until_step: u64::MAX,
        }
    }
}

/// Runs the executions of `plan`, within the budget, with their stories if they are to be
/// recorded.
pub(super) fn run(plan: &Plan, budget: Budget, record: bool, subject: &Subject) -> Searched {
    let mut threads = 0;
    loop {
        subject.shared.begins_again.store(false, Relaxed);
        let search = Search::begin(plan, budget, record, subject);
        let message = search.wait(subject.stall);
        let executions = search.tally.executions.load(Relaxed);
        threads = threads.max(search.tally.threads.load(Relaxed));
        let ended = match message {
            Message::Complete => Ended::Covered,
            Message::BudgetSpent => Ended::BudgetSpent,
            Message::Failed(report) => {
                threads = threads.max(report.threads.len());
                Ended::Failed(report)
            }
            // What was covered so far lacked some of the steps.
            Message::BeginAgain => continue,
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

/// What begins and ends every execution of a pass.
struct Executions {
    tally: Arc<Tally>,
    budget: Budget,
    record: bool,
    patient: bool,
    outbox: Mutex<Sender<Message>>,
    shared: Arc<Shared>,
    body: Arc<dyn Fn() + Send + Sync>,
}

impl Executions {
    /// Begins the next one, unless the pass is over.
    fn begin(&self, engine: Rc<dyn Engine>) -> bool {
        if self.shared.begins_again.load(Relaxed) {
            return false;
        }
        let number = self.tally.executions.load(Relaxed) + 1;
        let outbox = self.outbox.lock().unwrap_or_else(PoisonError::into_inner);
        let outbox = outbox.clone();
        let spent = self.shared.steps() >= self.budget.until_step
            || (number.is_multiple_of(LOOK_AT_MEMORY) && memory_in_use() > MOST_MEMORY);
        if spent || number > self.budget.executions {
            // If nobody listens any more, the check has already ended.
            let _ = outbox.send(Message::BudgetSpent);
            return false;
        }
        self.tally.executions.store(number, Relaxed);
        kernel::start(Start {
            number,
            record: self.record,
            patient: self.patient,
            engine,
            outbox,
            shared: Arc::clone(&self.shared),
            body: Arc::clone(&self.body),
        });
        true
    }

    fn end(&self) {
        let threads = kernel::finish();
        self.tally.threads.fetch_max(threads, Relaxed);
    }
}

impl Search {
    fn begin(plan: &Plan, budget: Budget, record: bool, subject: &Subject) -> Self {
        let (outbox, inbox) = channel();
        let tally = Arc::new(Tally::default());
        let executions = Executions {
            tally: Arc::clone(&tally),
            budget,
            record,
            patient: matches!(plan, Plan::Written(_)),
            outbox: Mutex::new(outbox.clone()),
            shared: Arc::clone(&subject.shared),
            body: Arc::clone(&subject.body),
        };
        let (plan, orderings) = (plan.clone(), subject.orderings);
        let drive = move || {
            let search = || plan.carry_out(orderings, executions);
            let message = match std::panic::catch_unwind(AssertUnwindSafe(search)) {
                Ok(()) => Message::Complete,
                // Every panic of the submission has ended the search where it was raised.
                Err(payload) => failed(0, Failure::Internal(message_of(&*payload))),
            };
            // If nobody listens any more, the check has already ended.
            let _ = outbox.send(message);
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
        let (mut last, mut patience) = (self.shared.steps(), Patience::of(stall));
        loop {
            match self.inbox.recv_timeout(Patience::LOOK) {
                Ok(message) => return message,
                Err(RecvTimeoutError::Disconnected) => {
                    return self.failed(Failure::Internal("the search ended early".to_owned()));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            let now = self.shared.steps();
            if now != last {
                (last, patience) = (now, Patience::of(stall));
            } else if patience.is_at_its_end() {
                let after = self.shared.last_place();
                return self.failed(Failure::Hang { after });
            }
        }
    }

    fn failed(&self, failure: Failure) -> Message {
        failed(self.tally.executions.load(Relaxed), failure)
    }
}

/// A failure of which no more is known.
fn failed(execution: u64, failure: Failure) -> Message {
    Message::Failed(Box::new(Report {
        failure,
        execution,
        missed: false,
        busiest: None,
        threads: Vec::new(),
        events: Vec::new(),
        schedule: Schedule::default(),
        standing: Vec::new(),
    }))
}

impl Plan {
    fn carry_out(self, orderings: Orderings, executions: Executions) {
        let strategy: Box<dyn Strategy> = match self {
            Self::Deviations(most) => Box::new(Reduction::new(most)),
            Self::Random(executions) => Box::new(Random::new(executions)),
            Self::Written(schedule) => Box::new(Written::new(schedule)),
            Self::Loom(most) => {
                let executions = Arc::new(executions);
                let ending = Arc::clone(&executions);
                return engine::loom::search(
                    most,
                    MAX_BRANCHES,
                    orderings,
                    || Rc::new(Bodies),
                    move |engine| {
                        if !executions.begin(engine) {
                            // loom goes on until it has seen all.
                            kernel::park_for_ever();
                        }
                    },
                    move || ending.end(),
                );
            }
        };
        engine::native::search(
            strategy,
            &Bodies,
            |engine| executions.begin(engine),
            || executions.end(),
        );
    }
}

/// Panics inside a model belong to its story, not to stderr.
pub(super) fn silence_model_panics() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let outside = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if kernel::active() {
                kernel::on_panic(&message_of(info.payload()), info.location());
            } else {
                outside(info);
            }
        }));
    });
}
