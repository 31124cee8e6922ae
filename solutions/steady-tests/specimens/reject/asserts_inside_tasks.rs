//! reject: vacuous-test
//! by: finds_a_shutdown_that_leaves_a_task_running
//!
//! The task itself looks whether the shutdown has returned, and panics if so. A
//! scheduler survives the panics of its tasks: nobody hears it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};

use scheduler_under_test::{Case, Closed, Start, cases};

pub fn suite() -> Vec<Case> {
    cases![
        zero_workers_panics,
        a_task_runs_without_a_shutdown,
        shutdown_returns_when_workers_are_idle,
        shutdown_waits_for_a_task_that_is_running,
        nothing_is_accepted_after_shutdown,
        shutdown_may_be_called_again,
        two_workers_run_two_tasks_at_once,
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

fn shutdown_waits_for_a_task_that_is_running(start: Start) {
    let scheduler = start(1);
    let (begun, has_begun) = mpsc::channel();
    let returned = Arc::new(Mutex::new(false));
    let seen = Arc::clone(&returned);
    let task = move || {
        begun.send(()).expect("the test is listening");
        assert!(
            !*seen.lock().expect("nobody panics with it"),
            "shutdown returned while a task was running"
        );
    };
    scheduler.submit(task).expect("nobody has shut down");
    has_begun.recv().expect("the task says that it began");
    scheduler.shutdown();
    *returned
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner) = true;
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

fn two_workers_run_two_tasks_at_once(start: Start) {
    let scheduler = start(2);
    let meeting = Arc::new(Barrier::new(2));
    for _ in 0..2 {
        let meeting = Arc::clone(&meeting);
        let task = move || {
            meeting.wait();
        };
        scheduler.submit(task).expect("nobody has shut down");
    }
    scheduler.shutdown();
}
