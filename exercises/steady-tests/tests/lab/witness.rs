//! Small programs, each of which shows one kind of defect.
//!
//! They are what a verdict tells its story with when a suite has missed something.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;

use grader::expect;
use scheduler_under_test::{Scheduler, Start};

/// A task that counts its runs, and the count.
fn counting() -> (impl FnOnce() + Send + 'static, Arc<AtomicUsize>) {
    let runs = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&runs);
    let task = move || {
        counter.fetch_add(1, SeqCst);
    };
    (task, runs)
}

fn submit(scheduler: &dyn Scheduler, work: impl FnOnce() + Send + 'static) {
    let accepted = scheduler.submit(work).is_ok();
    expect!(
        accepted,
        "a submit was refused before anybody had shut down"
    );
}

pub fn no_workers(start: Start) {
    // A second thread, as every model has.
    let started = thread::spawn(move || catch_unwind(AssertUnwindSafe(|| drop(start(0)))));
    let panicked = started.join().is_ok_and(|started| started.is_err());
    expect!(panicked, "start(0) returned");
}

pub fn one_idle_worker(start: Start) {
    start(1).shutdown();
}

pub fn two_idle_workers(start: Start) {
    start(2).shutdown();
}

pub fn one_task_and_no_shutdown(start: Start) {
    let scheduler = start(1);
    for _ in 0..2 {
        let (done, ran) = mpsc::channel();
        submit(&*scheduler, move || {
            let _ = done.send(());
        });
        expect!(ran.recv().is_ok(), "an accepted task was dropped");
    }
}

pub fn two_tasks_and_a_shutdown(start: Start) {
    let scheduler = start(1);
    let (first, first_runs) = counting();
    let (second, second_runs) = counting();
    submit(&*scheduler, first);
    submit(&*scheduler, second);
    scheduler.shutdown();
    for runs in [first_runs, second_runs] {
        let runs = runs.load(SeqCst);
        expect!(
            runs == 1,
            "shutdown returned, and an accepted task had run {runs} times"
        );
    }
}

pub fn two_tasks_that_meet(start: Start) {
    let scheduler = start(2);
    let meeting = Arc::new(Barrier::new(2));
    for _ in 0..2 {
        let meeting = Arc::clone(&meeting);
        submit(&*scheduler, move || {
            meeting.wait();
        });
    }
    scheduler.shutdown();
}

pub fn a_shutdown_beside_a_running_task(start: Start) {
    let scheduler = start(1);
    let (begun, has_begun) = mpsc::channel();
    let (task, runs) = counting();
    submit(&*scheduler, move || {
        let _ = begun.send(());
        task();
    });
    let _ = has_begun.recv();
    scheduler.shutdown();
    let ended = runs.load(SeqCst) == 1;
    expect!(ended, "shutdown returned while a task was running");
}

pub fn a_submit_after_the_shutdown(start: Start) {
    let scheduler = start(1);
    scheduler.shutdown();
    let (task, _) = counting();
    let refused = scheduler.submit(task).is_err();
    expect!(refused, "a task was accepted after shutdown had returned");
}

pub fn a_submit_beside_a_shutdown(start: Start) {
    let scheduler: Arc<dyn Scheduler> = Arc::from(start(1));
    let (task, runs) = counting();
    let submitter = Arc::clone(&scheduler);
    let submit = thread::spawn(move || submitter.submit(task));
    scheduler.shutdown();
    let Ok(answer) = submit.join() else {
        expect!(false, "submit panicked");
        return;
    };
    let runs = runs.load(SeqCst);
    expect!(
        runs == usize::from(answer.is_ok()),
        "submit said {answer:?}, shutdown returned, and the task had run {runs} times"
    );
}

pub fn a_task_that_submits_beside_a_shutdown(start: Start) {
    let scheduler: Arc<dyn Scheduler> = Arc::from(start(1));
    let (child, _) = counting();
    let inside = Arc::clone(&scheduler);
    submit(&*scheduler, move || {
        let _ = inside.submit(child);
        drop(inside);
    });
    scheduler.shutdown();
}

pub fn two_shutdowns_in_a_row(start: Start) {
    let scheduler = start(1);
    scheduler.shutdown();
    scheduler.shutdown();
}

pub fn two_shutdowns_at_once(start: Start) {
    let scheduler: Arc<dyn Scheduler> = Arc::from(start(1));
    let (task, runs) = counting();
    submit(&*scheduler, task);
    let (other, seen) = (Arc::clone(&scheduler), Arc::clone(&runs));
    let other = thread::spawn(move || {
        other.shutdown();
        seen.load(SeqCst)
    });
    scheduler.shutdown();
    let early = runs.load(SeqCst) == 0;
    expect!(
        !early,
        "a shutdown returned before an accepted task had run"
    );
    let seen = other.join();
    expect!(
        matches!(seen, Ok(1)),
        "the other shutdown returned before an accepted task had run"
    );
}

pub fn a_drop_after_a_submit(start: Start) {
    let scheduler = start(1);
    let (task, runs) = counting();
    submit(&*scheduler, task);
    drop(scheduler);
    let ran = runs.load(SeqCst) == 1;
    expect!(
        ran,
        "the scheduler is gone, and an accepted task had not run"
    );
}

pub fn a_panic_and_another_task(start: Start) {
    let scheduler = start(1);
    let (task, runs) = counting();
    submit(&*scheduler, || panic!("this task panics"));
    submit(&*scheduler, task);
    scheduler.shutdown();
    let ran = runs.load(SeqCst) == 1;
    expect!(ran, "a task panicked, and another one was never run");
}

pub fn what_a_task_submits_beside_a_shutdown(start: Start) {
    let scheduler: Arc<dyn Scheduler> = Arc::from(start(1));
    let (child, runs) = counting();
    let (answers, answer) = mpsc::channel();
    let inside = Arc::clone(&scheduler);
    submit(&*scheduler, move || {
        let _ = answers.send(inside.submit(child));
        drop(inside);
    });
    scheduler.shutdown();
    let Ok(answer) = answer.recv() else {
        expect!(false, "a task was accepted and has not run");
        return;
    };
    let runs = runs.load(SeqCst);
    expect!(
        runs == usize::from(answer.is_ok()),
        "submit said {answer:?} to a task, shutdown returned, and what it submitted had run {runs} \
         times"
    );
}

pub fn a_task_that_meets_its_child(start: Start) {
    let scheduler: Arc<dyn Scheduler> = Arc::from(start(2));
    let meeting = Arc::new(Barrier::new(2));
    let inside = Arc::clone(&scheduler);
    submit(&*scheduler, move || {
        let there = Arc::clone(&meeting);
        let child = move || {
            there.wait();
        };
        let accepted = inside.submit(child).is_ok();
        drop(inside);
        if accepted {
            meeting.wait();
        }
    });
    scheduler.shutdown();
}

pub fn a_drop_beside_a_running_task(start: Start) {
    let scheduler = start(1);
    let (begun, has_begun) = mpsc::channel();
    let (task, runs) = counting();
    submit(&*scheduler, move || {
        let _ = begun.send(());
        task();
    });
    let _ = has_begun.recv();
    drop(scheduler);
    let ended = runs.load(SeqCst) == 1;
    expect!(ended, "the scheduler is gone, and a task of its is running");
}

pub fn two_tasks_that_meet_the_test(start: Start) {
    let scheduler = start(2);
    let meeting = Arc::new(Barrier::new(3));
    for _ in 0..2 {
        let meeting = Arc::clone(&meeting);
        submit(&*scheduler, move || {
            meeting.wait();
        });
    }
    // Before anybody shuts down, which wakes all.
    meeting.wait();
    scheduler.shutdown();
}

pub fn a_panic_and_a_shutdown(start: Start) {
    let scheduler = start(1);
    submit(&*scheduler, || panic!("this task panics"));
    let ended = catch_unwind(AssertUnwindSafe(|| scheduler.shutdown()));
    expect!(ended.is_ok(), "a task panicked, and shutdown panicked too");
}
