//! reject: vacuous-test
//! by: finds_one_stop_for_all_workers
//!
//! Careful tests of a scheduler with one worker and one caller. Half of what can
//! go wrong needs two.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use scheduler_under_test::{Case, Closed, Start, cases};

pub fn suite() -> Vec<Case> {
    cases![
        zero_workers_panics,
        a_task_runs_without_a_shutdown,
        shutdown_waits_for_a_task_that_is_running,
        nothing_is_accepted_after_shutdown,
        shutdown_may_be_called_again,
        dropping_shuts_down,
        a_panic_costs_no_worker,
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

fn shutdown_waits_for_a_task_that_is_running(start: Start) {
    let scheduler = start(1);
    let (begun, has_begun) = mpsc::channel();
    let ended = Arc::new(Mutex::new(false));
    let end = Arc::clone(&ended);
    let task = move || {
        begun.send(()).expect("the test is listening");
        *end.lock().expect("nobody panics with it") = true;
    };
    scheduler.submit(task).expect("nobody has shut down");
    has_begun.recv().expect("the task says that it began");
    scheduler.shutdown();
    let ended = *ended.lock().expect("nobody panics with it");
    assert!(ended, "shutdown returned while a task was running");
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

fn a_panic_costs_no_worker(start: Start) {
    let scheduler = start(1);
    let runs = Runs::default();
    let accepted = scheduler.submit(|| panic!("this task panics, on purpose"));
    accepted.expect("nobody has shut down");
    let accepted = scheduler.submit(runs.task());
    accepted.expect("nobody has shut down");
    scheduler.shutdown();
    assert_eq!(
        runs.count(),
        1,
        "a task was lost after another one had panicked"
    );
}
