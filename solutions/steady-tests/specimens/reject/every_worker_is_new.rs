//! reject: vacuous-test
//! by: finds_a_worker_that_sleeps_on_after_its_first_task
//!
//! As long as nobody shuts down each worker gets one task. What becomes of a worker that has
//! worked before only a shutdown would show, and that wakes it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;

use scheduler_under_test::{Case, Closed, Scheduler, Start, cases};

/// The suite, from the plain to the intricate: the first red one is the one to read.
#[must_use]
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
        a_task_may_wait_for_what_it_submits,
        a_task_may_submit_while_the_scheduler_shuts_down,
    ]
}

/// How often the tasks of one case have run.
#[derive(Clone, Default)]
struct Runs(Arc<AtomicUsize>);

impl Runs {
    /// Work that counts itself.
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

/// Not even the first worker has to be awake, or alive, when the task comes.
fn a_task_runs_without_a_shutdown(start: Start) {
    let scheduler = start(1);
    let (done, ran) = mpsc::channel();
    let task = move || done.send(()).expect("the test is listening");
    scheduler.submit(task).expect("nobody has shut down");
    ran.recv().expect("the task says that it ran");
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
        assert_eq!(
            runs.count(),
            2,
            "two tasks were accepted by {workers} workers"
        );
    }
}

/// The task is known to have begun, so a shutdown that only empties the queue is too
/// early, and the lock lets it be seen between beginning and end.
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

/// Which of the two it is depends on the schedule. That it is one of them does not.
fn a_submit_during_a_shutdown_is_run_or_refused(start: Start) {
    let scheduler: Arc<dyn Scheduler> = Arc::from(start(1));
    let runs = Runs::default();
    let (submitter, task) = (Arc::clone(&scheduler), runs.task());
    let submit = thread::spawn(move || submitter.submit(task));
    scheduler.shutdown();
    let answer = submit.join().expect("submit does not panic");
    let expected = usize::from(answer.is_ok());
    assert_eq!(
        runs.count(),
        expected,
        "submit during shutdown said {answer:?}"
    );
}

fn shutdown_may_be_called_again(start: Start) {
    let scheduler = start(1);
    scheduler.shutdown();
    scheduler.shutdown();
    // And once more, by the drop.
}

/// Whoever comes second must not go on before the work is done, either.
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
    assert_eq!(
        runs.count(),
        1,
        "one shutdown returned before the task had run"
    );
    let seen = other.join().expect("shutdown does not panic");
    assert_eq!(
        seen, 1,
        "the other shutdown returned before the task had run"
    );
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

/// One worker: if the panic takes it, nobody is left for the second task.
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

/// The tasks wait for each other and for the test: on one worker, or under one lock, none of
/// them goes on. The shutdown comes later, for it would wake a worker that sleeps.
fn two_workers_run_two_tasks_at_once(start: Start) {
    let scheduler = start(2);
    let meeting = Arc::new(Barrier::new(3));
    for _ in 0..2 {
        let meeting = Arc::clone(&meeting);
        let task = move || {
            meeting.wait();
        };
        scheduler.submit(task).expect("nobody has shut down");
    }
    meeting.wait();
}

/// The other worker has nothing to do, and begins with it.
fn a_task_may_wait_for_what_it_submits(start: Start) {
    let scheduler: Arc<dyn Scheduler> = Arc::from(start(2));
    let (inside, (met, has_met)) = (Arc::clone(&scheduler), mpsc::channel());
    let parent = move || {
        let (begun, has_begun) = mpsc::channel();
        let child = move || begun.send(()).expect("the parent is listening");
        inside.submit(child).expect("nobody has shut down");
        drop(inside);
        met.send(has_begun.recv()).expect("the test is listening");
    };
    scheduler.submit(parent).expect("nobody has shut down");
    let met = has_met
        .recv()
        .expect("the parent says that it met its child");
    met.expect("the child says that it began");
}

/// The worker is inside of `submit` while the shutdown waits for that worker.
fn a_task_may_submit_while_the_scheduler_shuts_down(start: Start) {
    let scheduler: Arc<dyn Scheduler> = Arc::from(start(1));
    let runs = Runs::default();
    let (inside, child) = (Arc::clone(&scheduler), runs.task());
    let answer = Arc::new(Mutex::new(None));
    let told = Arc::clone(&answer);
    let parent = move || {
        let said = inside.submit(child);
        // The last owner must not be dropped on one of its own workers.
        drop(inside);
        *told.lock().expect("nobody panics with it") = Some(said);
    };
    scheduler.submit(parent).expect("nobody has shut down");
    scheduler.shutdown();
    let answer = answer.lock().expect("nobody panics with it").take();
    let answer = answer.expect("the parent was accepted, so it has run");
    let expected = usize::from(answer.is_ok());
    assert_eq!(
        runs.count(),
        expected,
        "submit from inside a task said {answer:?}"
    );
}
