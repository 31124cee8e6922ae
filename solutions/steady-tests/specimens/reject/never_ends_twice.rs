//! reject: vacuous-test
//! by: finds_a_second_shutdown_that_never_returns
//!
//! Each scheduler is dropped and never shut down before, so there is no second
//! time.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

use scheduler_under_test::{Case, Start, cases};

pub fn suite() -> Vec<Case> {
    cases![
        zero_workers_panics,
        a_task_runs_without_a_shutdown,
        dropping_shuts_down,
    ]
}

#[derive(Clone, Default)]
struct Runs(Arc<AtomicUsize>);

impl Runs {
    fn task(&self) -> impl FnOnce() + Send + 'static {
        let Self(runs) = self.clone();
        move || {
            runs.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

fn zero_workers_panics(start: Start) {
    let started = catch_unwind(AssertUnwindSafe(|| drop(start(0))));
    assert!(started.is_err(), "a scheduler without workers was started");
}

fn a_task_runs_without_a_shutdown(start: Start) {
    let scheduler = start(1);
    let (done, ran) = mpsc::channel();
    for _ in 0..2 {
        let done = done.clone();
        let task = move || done.send(()).expect("the test is listening");
        scheduler.submit(task).expect("nobody has shut down");
        ran.recv().expect("the task says that it ran");
    }
}

fn dropping_shuts_down(start: Start) {
    let scheduler = start(1);
    let runs = Runs::default();
    let accepted = scheduler.submit(runs.task());
    accepted.expect("nobody has shut down");
    drop(scheduler);
    assert_eq!(
        runs.count(),
        1,
        "the scheduler was dropped before the task had run"
    );
}
