//! What a scheduler promises that can be shut down, one promise per check.
//!
//! Nearly all of it is about who sleeps, who wakes whom and who has left by when, so
//! nearly every check is a `model`: a tiny program, with one to three workers and as
//! many tasks, in every interleaving within the bound. A shutdown that hangs is a
//! standstill there, seen at once.
//!
//! Only the brief's promises are checked. Nobody promised an order, a number of
//! channels or locks, or which thread runs a task while `shutdown` waits.

mod lab;

use std::error::Error;
use std::panic::catch_unwind;
use std::sync::{Arc, Barrier, mpsc};
use std::thread;

use grader::{
    Log, Stage, Standstill, broken_if_stuck, broken_unless_both_run, expect, expect_eq, join,
    locks_around, other_threads, until_idle,
};
use sentinel_shutdown::{Closed, Scheduler};

use lab::{Diary, Lab, submit};

const STAGE: Stage = grader::stage!("../stage.toml");

#[test]
fn start_with_zero_workers_panics() {
    STAGE.run(|| {
        let started = catch_unwind(|| Scheduler::start(0)).map(std::mem::forget);
        expect!(
            started.is_err(),
            "start(0) returned, though without a worker no task could ever run"
        );
    });
}

#[test]
fn closed_is_an_error_like_any_other() {
    STAGE.run(|| {
        let error: Box<dyn Error + Send + Sync> = Box::new(Closed);
        expect!(
            !error.to_string().is_empty(),
            "Closed has nothing to say when it is displayed"
        );
    });
}

/// A task that says that it has got there, and the other end of the line.
fn signal() -> (impl FnOnce() + Send + 'static, mpsc::Receiver<()>) {
    let (end, ended) = mpsc::channel();
    let signal = move || {
        // The other end lives as long as the check.
        let _ = end.send(());
    };
    (signal, ended)
}

#[test]
fn a_submit_wakes_a_sleeping_worker() {
    STAGE.model(|| {
        let lab = Lab::start(1);
        lab.diary.expect_to_be_taken();
        for name in ["first", "second"] {
            let (end, ended) = signal();
            lab.must_submit(name, end);
            // Nobody shuts down: it is the submit that has to wake the worker.
            let _ = ended.recv();
        }
        lab.leave();
    });
}

/// Submits a task, and returns when it is running.
fn submit_and_see_begin(lab: &Lab) {
    let (begin, begun) = signal();
    lab.must_submit("only", move || {
        begin();
        // Anything may happen before it ends.
        thread::yield_now();
    });
    let _ = begun.recv();
}

#[test]
fn shutdown_wakes_a_sleeping_worker() {
    STAGE.model(|| {
        let lab = Lab::start(1);
        lab.diary.expect_to_end_after(0);
        lab.shutdown();
    });
}

#[test]
fn shutdown_ends_every_worker() {
    STAGE.model(|| {
        let lab = Lab::start(3);
        lab.diary.expect_to_end_after(0);
        lab.shutdown();
        lab.diary.expect_nobody_left("shutdown returned");
    });
}

#[test]
fn shutdown_waits_for_the_running_task() {
    STAGE.model(|| {
        let lab = Lab::start(1);
        submit_and_see_begin(&lab);
        lab.shutdown();
        lab.diary.expect_nobody_left("shutdown returned");
    });
}

#[test]
fn what_was_accepted_has_run_when_shutdown_returns() {
    STAGE.model(|| {
        let lab = Lab::start(2);
        lab.must_submit("left", || {});
        lab.must_submit("right", || {});
        lab.shutdown();
        lab.diary.expect_nobody_left("shutdown returned");
    });
}

#[test]
fn one_worker_works_off_the_whole_queue() {
    STAGE.model(|| {
        let lab = Lab::start(1);
        for name in ["first", "second", "third"] {
            lab.must_submit(name, || {});
        }
        lab.shutdown();
        lab.diary.expect_nobody_left("shutdown returned");
    });
}

#[test]
fn as_many_tasks_run_at_once_as_there_are_workers() {
    STAGE.model(|| {
        let lab = Lab::start(2);
        let (barrier, locks) = (Arc::new(Barrier::new(2)), Log::<String>::default());
        broken_unless_both_run(&locks, other_threads());
        let ends = ["left", "right"].map(|name| {
            let (barrier, around) = (Arc::clone(&barrier), locks.clone());
            let (end, ended) = signal();
            lab.must_submit(name, move || {
                around.push(locks_around(name));
                barrier.wait();
                end();
            });
            ended
        });
        for ended in ends {
            let _ = ended.recv();
        }
        lab.leave();
    });
}

#[test]
fn idle_workers_sleep() {
    STAGE.model(|| {
        let lab = Lab::start(2);
        for (when, name) in [
            ("No task was submitted yet", "first"),
            ("The only task has ended", "second"),
        ] {
            broken_if_stuck(move |standstill| {
                let sentence = format!(
                    "{when}, and an idle worker does not sleep: it looks for work again and again."
                );
                (standstill == Standstill::Spinning).then(|| sentence.into())
            });
            until_idle();
            let (end, ended) = signal();
            lab.must_submit(name, end);
            let _ = ended.recv();
        }
        lab.leave();
    });
}

#[test]
fn a_closed_scheduler_refuses_tasks() {
    STAGE.model(|| {
        let lab = Lab::start(1);
        lab.shutdown();
        let answer = lab.submit("late", || {});
        expect_eq!(
            answer,
            Err(Closed),
            "submit was called after shutdown had returned"
        );
        lab.diary.expect_nobody_left("shutdown returned");
    });
}

#[test]
fn a_racing_submit_runs_or_is_refused() {
    STAGE.model(|| {
        let lab = Lab::start(1);
        let shutdown = lab.spawn(|lab| lab.shutdown());
        // What it returned is in the diary.
        let _ = lab.submit("racing", || {});
        join(shutdown, "shutdown");
        lab.diary
            .expect_nobody_left("shutdown and submit have returned");
    });
}

#[test]
fn a_task_may_submit_while_the_scheduler_is_open() {
    STAGE.model(|| {
        let lab = Lab::start(1);
        lab.diary
            .expect_to_be_answered("although nobody shuts down");
        let (end, ended) = signal();
        let inside = lab.clone();
        lab.must_submit("parent", move || inside.must_submit("child", end));
        let _ = ended.recv();
        lab.leave();
    });
}

/// A task that submits, while shutdown waits for it or before.
fn submit_from_a_task(lab: &Lab) {
    let inside = lab.clone();
    lab.must_submit("parent", move || {
        // What it returned is in the diary.
        let _ = inside.submit("child", || {});
    });
}

#[test]
fn a_task_that_submits_is_answered_during_shutdown() {
    STAGE.model(|| {
        let lab = Lab::start(1);
        let when = "while shutdown waits for the task that submits";
        lab.diary.expect_to_be_answered(when);
        submit_from_a_task(&lab);
        // What it leaves behind is the next check's business.
        lab.diary.closing(|| lab.scheduler.shutdown());
    });
}

#[test]
fn a_submit_from_a_task_runs_or_is_refused() {
    STAGE.model(|| {
        let lab = Lab::start(1);
        submit_from_a_task(&lab);
        lab.shutdown();
        lab.diary.expect_nobody_left("shutdown returned");
    });
}

#[test]
fn shutdown_may_be_called_again() {
    STAGE.model(|| {
        let lab = Lab::start(2);
        lab.diary.expect_to_end_after(1);
        lab.shutdown();
        lab.shutdown();
        lab.diary.expect_nobody_left("shutdown returned twice");
    });
}

#[test]
fn two_shutdowns_at_once_both_wait() {
    STAGE.model(|| {
        let lab = Lab::start(1);
        lab.diary.expect_to_end_after(1);
        submit_and_see_begin(&lab);
        let second = lab.spawn(|lab| lab.shutdown());
        lab.shutdown();
        join(second, "the second shutdown");
        lab.diary
            .expect_nobody_left("two shutdowns at once returned");
    });
}

#[test]
fn dropping_the_scheduler_shuts_it_down() {
    STAGE.model(|| {
        let (scheduler, diary) = (Scheduler::start(2), Diary::default());
        let answer = submit(&scheduler, &diary, "only", || {});
        expect_eq!(answer, Ok(()), "nobody had called shutdown");
        diary.closing(|| drop(scheduler));
        diary.expect_kept("the scheduler was dropped");
        diary.expect_nobody_left("the scheduler was dropped");
    });
}

#[test]
fn dropping_it_after_a_shutdown_does_nothing_more() {
    STAGE.model(|| {
        let (scheduler, diary) = (Scheduler::start(2), Diary::default());
        diary.expect_to_end_after(1);
        diary.closing(|| scheduler.shutdown());
        diary.closing(|| drop(scheduler));
        diary.expect_nobody_left("shutdown returned");
    });
}

#[test]
fn a_panic_costs_no_worker() {
    STAGE.model(|| {
        let lab = Lab::start(1);
        lab.diary.expect_to_be_taken();
        lab.must_submit("bomb", || panic!("boom"));
        let (end, ended) = signal();
        lab.must_submit("plain", end);
        let _ = ended.recv();
        lab.leave();
    });
}

#[test]
fn shutdown_returns_after_a_panic() {
    STAGE.model(|| {
        let lab = Lab::start(2);
        let (begin, begun) = signal();
        lab.must_submit("bomb", || {
            begin();
            panic!("boom");
        });
        let _ = begun.recv();
        lab.shutdown();
        lab.shutdown();
        lab.diary.expect_nobody_left("shutdown returned");
    });
}
