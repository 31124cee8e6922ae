//! reject: vacuous-test
//! by: finds_a_drop_that_does_not_wait
//!
//! Calls everything there is, and has all of the coverage. What hangs or panics
//! is found; what only goes wrong is not.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;

use scheduler_under_test::{Case, Scheduler, Start, cases};

pub fn suite() -> Vec<Case> {
    cases![
        zero_workers_panics,
        a_task_runs_without_a_shutdown,
        shutdown_returns_when_workers_are_idle,
        what_was_accepted_has_run_once_when_shutdown_returns,
        shutdown_waits_for_a_task_that_is_running,
        nothing_is_accepted_after_shutdown,
        a_submit_during_a_shutdown_is_run_or_refused,
        shutdown_may_be_called_again,
        both_of_two_shutdowns_wait,
        dropping_shuts_down,
        a_panic_costs_no_worker,
        two_workers_run_two_tasks_at_once,
        a_task_may_submit_while_the_scheduler_shuts_down,
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

fn what_was_accepted_has_run_once_when_shutdown_returns(start: Start) {
    for workers in [1, 2] {
        let scheduler = start(workers);
        let runs = Runs::default();
        for _ in 0..2 {
            let accepted = scheduler.submit(runs.task());
            accepted.expect("nobody has shut down");
        }
        scheduler.shutdown();
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
}

fn nothing_is_accepted_after_shutdown(start: Start) {
    let scheduler = start(1);
    scheduler.shutdown();
    let runs = Runs::default();
    drop(scheduler);
}

fn a_submit_during_a_shutdown_is_run_or_refused(start: Start) {
    let scheduler: Arc<dyn Scheduler> = Arc::from(start(1));
    let runs = Runs::default();
    let (submitter, task) = (Arc::clone(&scheduler), runs.task());
    let submit = thread::spawn(move || submitter.submit(task));
    scheduler.shutdown();
    let answer = submit.join().expect("submit does not panic");
}

fn shutdown_may_be_called_again(start: Start) {
    let scheduler = start(1);
    scheduler.shutdown();
    scheduler.shutdown();
}

fn both_of_two_shutdowns_wait(start: Start) {
    let scheduler: Arc<dyn Scheduler> = Arc::from(start(1));
    let runs = Runs::default();
    let accepted = scheduler.submit(runs.task());
    accepted.expect("nobody has shut down");
    let (other, seen) = (Arc::clone(&scheduler), runs.clone());
    let other = thread::spawn(move || {
        other.shutdown();
        seen.count()
    });
    scheduler.shutdown();
    let seen = other.join().expect("shutdown does not panic");
}

fn dropping_shuts_down(start: Start) {
    let scheduler = start(1);
    let runs = Runs::default();
    let accepted = scheduler.submit(runs.task());
    accepted.expect("nobody has shut down");
    drop(scheduler);
}

fn a_panic_costs_no_worker(start: Start) {
    let scheduler = start(1);
    let runs = Runs::default();
    let accepted = scheduler.submit(|| panic!("this task panics, on purpose"));
    accepted.expect("nobody has shut down");
    let accepted = scheduler.submit(runs.task());
    accepted.expect("nobody has shut down");
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

fn a_task_may_submit_while_the_scheduler_shuts_down(start: Start) {
    let scheduler: Arc<dyn Scheduler> = Arc::from(start(1));
    let runs = Runs::default();
    let (inside, child) = (Arc::clone(&scheduler), runs.task());
    let answer = Arc::new(Mutex::new(None));
    let told = Arc::clone(&answer);
    let parent = move || {
        let said = inside.submit(child);
        drop(inside);
        *told.lock().expect("nobody panics with it") = Some(said);
    };
    scheduler.submit(parent).expect("nobody has shut down");
    scheduler.shutdown();
}
