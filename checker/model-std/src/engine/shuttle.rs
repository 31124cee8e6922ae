//! The engine that takes any schedule: coroutines of shuttle, told by a
//! [`Strategy`] which of them runs.
//!
//! Of shuttle only the coroutines and the `Scheduler` trait are used. Its own locks,
//! channels and parking are not: every coroutine is always runnable for shuttle, and
//! the scheduler below picks among those that the kernel has not blocked.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use shuttle::scheduler::{Schedule, Scheduler, Task, TaskId};
use shuttle::thread::{self, JoinHandle};
use shuttle::{Config, FailurePersistence, MaxSteps, Runner};

use super::strategy::Strategy;
use super::{Engine, OnThisThread};

const STACK_BYTES: usize = 512 << 10;

/// More than any small program has alive at once.
const COROUTINES: usize = 64;

thread_local! {
    /// Of the search on this OS thread. Shuttle wants its scheduler and its body to
    /// share nothing, so they meet here.
    static DRIVER: RefCell<Option<Driver>> = const { RefCell::new(None) };
}

struct Driver {
    strategy: Box<dyn Strategy>,
    /// Which coroutines the kernel has not blocked.
    ready: Vec<bool>,
    current: usize,
    /// Whether the kernel asks for a decision. Shuttle itself asks at other moments
    /// too, which are none of the kernel's.
    asked: bool,
}

fn driver<R>(f: impl FnOnce(&mut Driver) -> R) -> R {
    DRIVER.with_borrow_mut(|driver| f(driver.as_mut().expect("set for the whole search")))
}

struct Driven;

impl Scheduler for Driven {
    fn new_execution(&mut self) -> Option<Schedule> {
        driver(|driver| {
            driver.ready = vec![true];
            driver.current = 0;
            driver.strategy.begin().then(|| Schedule::new(0))
        })
    }

    fn next_task(
        &mut self,
        runnable: &[&Task],
        current: Option<TaskId>,
        _is_yielding: bool,
    ) -> Option<TaskId> {
        driver(|driver| {
            if std::mem::take(&mut driver.asked) {
                let coroutines = driver.ready.iter().enumerate();
                let ready: Vec<usize> = coroutines
                    .filter_map(|(coroutine, ready)| ready.then_some(coroutine))
                    .collect();
                let next = driver.strategy.next(driver.current, &ready);
                driver.current = next;
                return Some(next.into());
            }
            let goes_on = |task: &&&Task| Some(task.id()) == current;
            let task = runnable.iter().find(goes_on).or(runnable.first())?;
            Some(task.id())
        })
    }

    fn next_u64(&mut self) -> u64 {
        0
    }
}

/// One execution's coroutines.
#[derive(Default)]
struct Shuttle(RefCell<Vec<JoinHandle<()>>>);

impl Engine for Shuttle {
    fn step(&self, _object: usize) {
        driver(|driver| driver.asked = true);
        // For shuttle a switch and nothing else.
        thread::sleep(Duration::ZERO);
    }

    fn block(&self) {
        driver(|driver| driver.ready[driver.current] = false);
        self.step(0);
    }

    fn unblock(&self, coroutine: usize) {
        driver(|driver| driver.ready[coroutine] = true);
    }

    fn spawn(&self, body: Box<dyn FnOnce()>) -> usize {
        let body = OnThisThread(body);
        let handle = thread::spawn(move || body.run());
        self.0.borrow_mut().push(handle);
        driver(|driver| {
            driver.ready.push(true);
            driver.ready.len() - 1
        })
    }

    fn choose(&self, options: usize) -> usize {
        driver(|driver| driver.strategy.choose(options))
    }

    fn limit(&self) -> usize {
        COROUTINES
    }
}

/// Runs `execution` under one schedule of `strategy` after another. Does not return
/// early: an execution that must end the search parks its OS thread for ever.
pub(crate) fn search(
    strategy: Box<dyn Strategy>,
    execution: impl Fn(Rc<dyn Engine>) + Send + Sync + 'static,
) {
    DRIVER.set(Some(Driver {
        strategy,
        ready: Vec::new(),
        current: 0,
        asked: false,
    }));
    let mut config = Config::new();
    config.stack_size = STACK_BYTES;
    config.failure_persistence = FailurePersistence::None;
    config.max_steps = MaxSteps::None;
    config.silence_warnings = true;
    Runner::new(Driven, config).run(move || {
        let engine = Rc::new(Shuttle::default());
        execution(Rc::clone(&engine) as Rc<dyn Engine>);
        // Shuttle unwinds what is left at the end; here nothing is.
        for handle in engine.0.take() {
            let _ = handle.join();
        }
    });
}

/// Shuttle replaces the panic hook at its first execution. Once that has happened here,
/// the hook that is set afterwards has the last word.
pub(crate) fn settle_panic_hook() {
    struct Nothing(bool);
    impl Strategy for Nothing {
        fn begin(&mut self) -> bool {
            !std::mem::replace(&mut self.0, true)
        }
        fn next(&mut self, current: usize, _ready: &[usize]) -> usize {
            current
        }
        fn choose(&mut self, _options: usize) -> usize {
            0
        }
    }
    search(Box::new(Nothing(false)), |_engine| {});
}
