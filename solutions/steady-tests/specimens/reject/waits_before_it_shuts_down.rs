//! reject: vacuous-test
//! by: finds_accepted_tasks_that_are_thrown_away
//!
//! Every task reports before the test shuts the scheduler down. So whatever the
//! shutdown does with tasks that have not run, there are none.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

use scheduler_under_test::{Case, Closed, Start, cases};

pub fn suite() -> Vec<Case> {
    cases![
        zero_workers_panics,
        a_task_runs_without_a_shutdown,
        shutdown_returns_when_workers_are_idle,
        nothing_is_accepted_after_shutdown,
        shutdown_may_be_called_again,
        shutdown_follows_the_last_task,
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

fn shutdown_returns_when_workers_are_idle(start: Start) {
    start(2).shutdown();
}

fn nothing_is_accepted_after_shutdown(start: Start) {
    let scheduler = start(1);
    scheduler.shutdown();
    let runs = Runs::default();
    assert_eq!(scheduler.submit(runs.task()), Err(Closed));
    drop(scheduler);
    assert_eq!(runs.count(), 0, "a task that was refused has run");
}

fn shutdown_may_be_called_again(start: Start) {
    let scheduler = start(1);
    scheduler.shutdown();
    scheduler.shutdown();
}

fn shutdown_follows_the_last_task(start: Start) {
    let scheduler = start(2);
    let (done, ran) = mpsc::channel();
    for _ in 0..2 {
        let done = done.clone();
        let task = move || done.send(()).expect("the test is listening");
        scheduler.submit(task).expect("nobody has shut down");
    }
    drop(done);
    assert_eq!(ran.iter().count(), 2);
    scheduler.shutdown();
}
