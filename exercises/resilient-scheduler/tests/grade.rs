//! What the robust scheduler promises, one promise per check.
//!
//! A `model` check runs its body for every interleaving of its threads within the
//! bound, so its program is the smallest that shows the defect. No more than four
//! threads live in one of them, for each multiplies the interleavings.
//!
//! Where a check needs "and then nothing more happens" it lets everybody else run
//! until they are blocked, with `until_idle`, and never waits for time to pass. A
//! thread that polls is not blocked, and fails the check that way.
//!
//! Only the brief's promises are checked. Nobody promised an order between tasks, or
//! how soon the handle of a cancelled task is told, so no program here leans on them.

mod amounts;
mod lab;
mod programs;

use std::cell::Cell;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use grader::{
    Broken, Log, Stage, Standstill, broken_if_stuck, broken_unless_both_run, expect, expect_eq,
    join, locks_around, note, other_threads, until_idle,
};
use resilient_scheduler::{Config, Handle, Scheduler, SubmitError, TaskError};

use lab::{Answer, Awaited, Lab, Meeting, Parting, broken};

const STAGE: Stage = grader::stage!("../stage.toml");

#[test]
fn zero_workers_or_no_room_panics() {
    STAGE.run(|| {
        for (workers, capacity) in [(0, 1), (1, 0)] {
            let started = catch_unwind(AssertUnwindSafe(|| {
                drop(Scheduler::start(Config { workers, capacity }));
            }));
            expect!(
                started.is_err(),
                "a scheduler with {workers} workers and room for {capacity} tasks was started"
            );
        }
    });
}

#[test]
fn a_result_cannot_be_taken_twice() {
    /// Whether a type is `Clone`, as a value: the inherent constant wins where its
    /// bound holds.
    struct Is<T>(PhantomData<T>);
    trait NotClone {
        const CLONE: bool = false;
    }
    impl<T> NotClone for Is<T> {}
    #[allow(dead_code, reason = "used where the handle is `Clone`")]
    impl<T: Clone> Is<T> {
        const CLONE: bool = true;
    }
    STAGE.run(|| {
        let copied = Is::<Handle<u32>>::CLONE;
        expect!(
            !copied,
            "a handle can be cloned, so two callers can take the one result"
        );
    });
}

#[test]
fn each_handle_gets_its_own_result() {
    STAGE.model(|| {
        let lab = Lab::start(2, 2);
        let left = lab.submit("left", lab.diary.task("left", || "left".to_owned()));
        let right = lab.submit("right", lab.diary.task("right", || vec![1, 2, 3]));
        let right = lab.diary.join(right, "right", Awaited::End);
        expect!(
            right.as_deref().ok() == Some(&[1, 2, 3]),
            "task `right` returns [1, 2, 3]; its handle gave {right:?}"
        );
        let left = lab.diary.join(left, "left", Awaited::End);
        expect!(
            left.as_deref().ok() == Some("left"),
            "task `left` returns \"left\"; its handle gave {left:?}"
        );
        lab.expect_ran_once("left");
        lab.expect_ran_once("right");
    });
}

#[test]
fn two_workers_run_two_tasks_at_once() {
    STAGE.model(|| {
        let lab = Lab::start(2, 2);
        let (meeting, locks) = (Meeting::default(), Log::<String>::default());
        broken_unless_both_run(&locks, other_threads());
        let handles = ["left", "right"].into_iter().enumerate().map(|(at, name)| {
            let (meeting, around) = (meeting.clone(), locks.clone());
            let work = lab.diary.task(name, move || {
                around.push(locks_around(name));
                meeting.at(at);
            });
            lab.submit(name, work)
        });
        for handle in handles.collect::<Vec<_>>() {
            expect!(handle.join().is_ok(), "both tasks met and returned");
        }
    });
}

#[test]
fn a_panic_reaches_its_own_handle_with_its_message() {
    STAGE.model(|| {
        let lab = Lab::start(1, 4);
        let literal = lab.submit::<(), _>("literal", || panic!("boom"));
        // Formatted at run time: what the compiler can format is a literal to it.
        let (done, all) = (3, 4);
        let text = lab.submit::<(), _>("text", move || panic!("{done} of {all}"));
        let odd = lab.submit::<(), _>("odd", || panic_any(404));
        let plain = lab.plain("plain");
        for (name, handle, message) in [
            ("literal", literal, "boom"),
            ("text", text, "3 of 4"),
            ("odd", odd, "task panicked"),
        ] {
            match handle.join() {
                Err(TaskError::Panicked(told)) => expect_eq!(
                    told,
                    message,
                    "task `{name}` panicked; its handle has another message"
                ),
                other => broken(&format!(
                    "task `{name}` panicked; its handle gave {other:?}"
                )),
            }
        }
        lab.expect_ran(plain, "plain");
    });
}

#[test]
fn panics_cost_no_worker() {
    STAGE.model(|| {
        let lab = Lab::start(1, 3);
        let bombs = ["one", "two"].map(|name| lab.submit::<(), _>(name, move || panic!("{name}")));
        let plain = lab.plain("plain");
        for bomb in bombs {
            let told = bomb.join();
            expect!(
                matches!(told, Err(TaskError::Panicked(_))),
                "a task panicked, and its handle gave {told:?}"
            );
        }
        lab.expect_ran(plain, "plain");
    });
}

#[test]
fn dropping_a_handle_changes_nothing() {
    STAGE.model(|| {
        let lab = Lab::start(1, 3);
        drop(lab.plain("unwatched"));
        drop(lab.submit::<(), _>("unwatched bomb", || panic!("boom")));
        let watched = lab.plain("watched");
        lab.expect_ran(watched, "watched");
        lab.scheduler.shutdown();
        lab.expect_ran_once("unwatched");
    });
}

#[test]
fn a_full_queue_holds_capacity_tasks() {
    STAGE.model(|| {
        let (lab, held) = Lab::held(2);
        let first = lab
            .try_offer("first")
            .expect_accepted("the first of two try_submits");
        let second = lab
            .try_offer("second")
            .expect_accepted("the second of two try_submits");
        match lab.try_offer("third") {
            Answer::Full => {}
            Answer::Closed => broken("try_submit said Closed, and nobody had shut down"),
            Answer::Accepted(_) => broken("three tasks wait, and the capacity is 2"),
        }
        held.finish(&lab);
        lab.expect_ran(first, "first");
        lab.expect_ran(second, "second");
    });
}

#[test]
fn two_submits_at_once_never_share_a_slot() {
    STAGE.model(|| {
        let (lab, held) = Lab::held(1);
        let other = lab.spawn(|lab| lab.try_offer("left"));
        let right = lab.try_offer("right");
        let left = join(other, "try_submit");
        let accepted = usize::from(left.accepted()) + usize::from(right.accepted());
        expect!(
            accepted < 2,
            "two submits were accepted for the one slot there was"
        );
        expect!(
            accepted > 0,
            "two submits were refused, though one slot was free"
        );
        held.open();
        for (answer, name) in [(left, "left"), (right, "right")] {
            if let Answer::Accepted(handle) = answer {
                lab.expect_ran(handle, name);
            }
        }
    });
}

#[test]
fn a_blocked_submit_goes_on_when_there_is_room() {
    STAGE.model(|| {
        let lab = Lab::start(1, 1);
        let other = lab.spawn(|lab| lab.plain("other"));
        let first = lab.plain("first");
        let second = lab.plain("second");
        lab.expect_ran(first, "first");
        lab.expect_ran(second, "second");
        lab.expect_ran(join(other, "submit"), "other");
    });
}

#[test]
fn every_free_slot_admits_a_blocked_submit() {
    STAGE.model(|| {
        let (lab, held) = Lab::held(2);
        let waiting = ["first", "second"].map(|name| (lab.plain(name), name));
        let blocked = ["left", "right"].map(|name| (lab.spawn(move |lab| lab.plain(name)), name));
        // The queue is full, and both submits wait. The worker now makes room twice, and
        // may do so before anybody has used the first slot.
        until_idle();
        let stuck = lab.clone();
        broken_if_stuck(move |standstill| {
            let sleeper = ["left", "right"]
                .into_iter()
                .find(|name| !stuck.diary.accepted(name))?;
            let idle = ["first", "second"]
                .into_iter()
                .all(|name| stuck.diary.ended(name) > 0);
            let sentence = format!(
                "There is room in the queue, and the submit of task `{sleeper}`, which waits for it, \
                 is never woken."
            );
            (standstill == Standstill::Asleep && idle).then(|| Broken::by("lost-wakeup", sentence))
        });
        held.finish(&lab);
        // Nobody asks for a result in the meantime: other checks do, and here that would
        // only make the interleavings many times as many.
        until_idle();
        for (handle, name) in waiting {
            lab.expect_ran(handle, name);
        }
        for (submit, name) in blocked {
            lab.expect_ran(join(submit, "submit"), name);
        }
    });
}

#[test]
fn one_free_slot_admits_one_blocked_submit() {
    STAGE.model(|| {
        let lab = Lab::start(1, 1);
        // The first task stays until the queue is full and both submits wait. When the
        // next one starts, one slot is free, and it stays until that has been used.
        let first = lab.submit("first", lab.diary.task("first", until_idle));
        let diary = lab.diary.clone();
        let next = lab.submit("next", move || {
            note!("task `next` begins");
            until_idle();
            usize::from(diary.accepted("left")) + usize::from(diary.accepted("right"))
        });
        let other = lab.spawn(|lab| lab.offer("left"));
        let right = lab.offer("right");
        let left = join(other, "submit");
        expect!(first.join().is_ok(), "task `first` has no result");
        match next.join() {
            Ok(0) => {
                let sentence = "task `next` had begun, which freed a slot, and both submits that \
                                wait for one were still blocked";
                Broken::by("lost-wakeup", sentence).end()
            }
            Ok(1) => {}
            Ok(_) => broken("two blocked submits went on, and there was room for one"),
            Err(error) => broken(&format!("task `next` ran, and its handle gave {error:?}")),
        }
        for (answer, name) in [(left, "left"), (right, "right")] {
            lab.expect_ran(answer.expect_accepted("submit"), name);
        }
    });
}

/// Two submits sleep and one is on its way when `close` begins. Nothing makes room before
/// all are back.
fn blocked_submits_learn_of(close: fn(&Scheduler)) {
    let (lab, held) = Lab::held(2);
    drop(["waiting", "too"].map(|name| lab.plain(name)));
    let (gate, _holder) = held.take_apart();
    let back = grader::Log::new();
    let offer = |name| {
        let (gate, back) = (gate.clone(), back.clone());
        lab.spawn(move |lab| {
            let answer = lab.offer(name);
            let refused = matches!(answer, Answer::Closed);
            expect!(
                refused,
                "a submit that waited for room when the scheduler closed was not refused"
            );
            back.push(name);
            if back.len() == 3 {
                gate.open();
            }
        })
    };
    let asleep = ["left", "right"].map(offer);
    // However patient they are before they sleep.
    until_idle();
    let late = offer("late");
    lab.diary.closing();
    close(&lab.scheduler);
    for other in asleep.into_iter().chain([late]) {
        join(other, "submit");
    }
}

#[test]
fn shutdown_wakes_every_blocked_submit() {
    STAGE.model(|| blocked_submits_learn_of(Scheduler::shutdown));
}

#[test]
fn shutdown_now_wakes_every_blocked_submit() {
    STAGE.model(|| {
        blocked_submits_learn_of(|scheduler| {
            let cancelled = scheduler.shutdown_now();
            // A worker may come by between the close and the rest of the call.
            if cancelled > 2 {
                let sentence = format!(
                    "two tasks waited and three were refused, and shutdown_now says that it cancelled \
                     {cancelled}"
                );
                Broken::by("cancelled-miscounted", sentence).end();
            }
        });
    });
}

#[test]
fn a_cancelled_task_never_runs() {
    STAGE.model(|| {
        let lab = Lab::start(1, 1);
        let target = lab.plain("target");
        if target.cancel() {
            expect!(!target.cancel(), "cancel said true twice about one task");
            lab.expect_cancelled(target, "target");
            lab.scheduler.shutdown();
            expect!(
                lab.diary.began("target") == 0,
                "cancel had returned true, and the task ran"
            );
        } else {
            lab.expect_ran(target, "target");
        }
    });
}

#[test]
fn cancel_leaves_a_running_task_alone() {
    STAGE.model(|| {
        let (lab, held) = Lab::held(1);
        let (gate, running) = held.take_apart();
        expect!(
            !running.cancel(),
            "cancel said true about a task that was running"
        );
        expect!(
            !running.is_finished(),
            "is_finished said true about a task that was running"
        );
        gate.open();
        until_idle();
        expect!(
            running.is_finished(),
            "the task has ended, and is_finished still says false"
        );
        expect!(
            !running.cancel(),
            "cancel said true about a task that had ended"
        );
        lab.expect_ran(running, "holder");
    });
}

#[test]
fn a_cancelled_task_frees_its_slot_at_once() {
    STAGE.model(|| {
        let (lab, held) = Lab::held(1);
        let unwanted = lab.plain("unwanted");
        expect!(
            unwanted.cancel(),
            "cancel said false about a task that had not started"
        );
        let next = lab
            .try_offer("next")
            .expect_accepted("try_submit after a cancel");
        let full = matches!(lab.try_offer("one more"), Answer::Full);
        expect!(
            full,
            "one cancelled task made room for two, or the scheduler closed"
        );
        held.finish(&lab);
        until_idle();
        expect!(
            unwanted.is_finished(),
            "the task was cancelled, and is_finished still says false"
        );
        lab.expect_cancelled(unwanted, "unwanted");
        lab.expect_ran(next, "next");
    });
}

#[test]
fn a_cancel_lets_a_blocked_submit_go_on() {
    STAGE.model(|| {
        let (lab, held) = Lab::held(2);
        let unwanted = ["first", "second"].map(|name| (lab.plain(name), name));
        let blocked = ["left", "right"].map(|name| (lab.spawn(move |lab| lab.plain(name)), name));
        // Both submits wait. The queue is full when the first task is cancelled and may
        // not be when the second is; each makes room for a submit all the same.
        until_idle();
        for (handle, _) in &unwanted {
            expect!(
                handle.cancel(),
                "cancel said false about a task that had not started"
            );
        }
        // The worker is still held, so only the cancelled tasks can have made room.
        let blocked = blocked.map(|(submit, name)| (join(submit, "submit"), name));
        held.finish(&lab);
        for (handle, name) in unwanted {
            lab.expect_cancelled(handle, name);
        }
        for (handle, name) in blocked {
            lab.expect_ran(handle, name);
        }
    });
}

#[test]
fn tasks_may_use_the_scheduler() {
    STAGE.model(|| {
        let lab = Lab::start(1, 2);
        let inside = lab.clone();
        let parent = lab.submit("parent", move || {
            let child = inside.plain("child");
            let unwanted = inside.try_offer("unwanted").expect_accepted("try_submit");
            expect!(
                !child.is_finished(),
                "a task that waits for the only worker is finished"
            );
            expect!(
                unwanted.cancel(),
                "cancel said false about a task that had not started"
            );
            (child, unwanted)
        });
        let Ok((child, unwanted)) = parent.join() else {
            broken("task `parent` returned, and its handle has no result");
        };
        lab.expect_ran(child, "child");
        lab.expect_cancelled(unwanted, "unwanted");
        lab.scheduler.shutdown();
    });
}

#[test]
fn what_a_cancelled_task_captured_may_use_the_scheduler() {
    STAGE.model(|| {
        let (lab, held) = Lab::held(2);
        let calls = Log::<String>::default();
        let (diary, made) = (lab.diary.clone(), calls.clone());
        broken_if_stuck(move |standstill| match made.snapshot().pop() {
            Some(call) if !call.is_empty() => Some(call.into()),
            _ => diary.who_was_not_told(standstill),
        });
        let [first, second] = ["first", "second"].map(|task| {
            let says = lab.diary.says(task);
            let captured = Parting {
                what: match task {
                    "first" => "what task `first` captured",
                    _ => "what task `second` captured",
                },
                scheduler: Arc::clone(&lab.scheduler),
                calls: calls.clone(),
            };
            lab.submit(task, move || {
                let _captured = &captured;
                says()
            })
        });
        // What becomes of the tasks themselves is the business of other checks.
        let _ = first.cancel();
        let shutdown = lab.spawn(|lab| lab.scheduler.shutdown_now());
        until_idle();
        held.open();
        join(shutdown, "shutdown_now");
        drop((first, second));
    });
}

#[test]
fn waiting_costs_no_processor_time() {
    STAGE.model(|| {
        let (lab, held) = Lab::held(1);
        let waiting = lab.plain("waiting");
        let (gate, running) = held.take_apart();
        let blocked = lab.spawn(|lab| lab.plain("blocked"));
        let joining = lab.spawn(move |lab| lab.expect_ran(running, "holder"));
        // A full queue, a caller that waits for a result, then an idle worker.
        until_idle();
        gate.open();
        join(joining, "join");
        lab.expect_ran(join(blocked, "submit"), "blocked");
        lab.expect_ran(waiting, "waiting");
        until_idle();
    });
}

#[test]
fn shutdown_runs_whatever_was_accepted() {
    STAGE.model(|| {
        let lab = Lab::start(1, 2);
        let early = lab.plain("early");
        let diary = lab.diary.clone();
        broken_if_stuck(move |standstill| {
            if !diary.accepted("late") || diary.began("late") > 0 {
                return diary.who_was_not_told(standstill);
            }
            let sentence = "submit said Ok to task `late`, and nobody is left to run it.";
            (standstill == Standstill::Asleep).then(|| sentence.to_owned().into())
        });
        lab.diary.closing();
        let shutdown = lab.spawn(|lab| lab.scheduler.shutdown());
        let late = lab.offer("late");
        join(shutdown, "shutdown");
        expect!(
            lab.diary.ended("early") == 1,
            "shutdown returned, and task `early` had not run"
        );
        lab.expect_ran(early, "early");
        match late {
            Answer::Accepted(handle) => {
                expect!(
                    lab.diary.ended("late") == 1,
                    "submit said Ok and shutdown returned, and the task had not run"
                );
                lab.expect_ran(handle, "late");
            }
            Answer::Full | Answer::Closed => {}
        }
        let closed = matches!(lab.try_offer("after"), Answer::Closed);
        expect!(closed, "a task was accepted after shutdown had returned");
        if other_threads() > 0 {
            let sentence = "shutdown and a submit beside it have returned, and a thread is left";
            Broken::by("thread-outlives-owner", sentence).end();
        }
    });
}

#[test]
fn shutdown_now_cancels_what_has_not_started() {
    STAGE.model(|| {
        let lab = Lab::start(1, 2);
        let names = ["first", "second"];
        let handles = names.map(|name| lab.plain(name));
        let cancelled = lab.scheduler.shutdown_now();
        let mut told = 0;
        for (handle, name) in handles.into_iter().zip(names) {
            let (began, ended) = (lab.diary.began(name), lab.diary.ended(name));
            expect!(
                began == ended,
                "shutdown_now returned while task `{name}` was running"
            );
            if began == 0 {
                told += 1;
                lab.expect_cancelled_by_the_end(handle, name);
            } else {
                lab.expect_ran(handle, name);
            }
        }
        expect_eq!(
            cancelled,
            told,
            "shutdown_now returned another number than it cancelled"
        );
        expect_eq!(
            lab.scheduler.shutdown_now(),
            0,
            "nothing was left for a second shutdown_now"
        );
    });
}

#[test]
fn shutdown_now_lets_a_running_task_finish() {
    STAGE.model(|| {
        let (lab, held) = Lab::held(1);
        let waiting = lab.plain("waiting");
        let shutdown = lab.spawn(|lab| lab.scheduler.shutdown_now());
        until_idle();
        held.finish(&lab);
        let cancelled = join(shutdown, "shutdown_now");
        lab.expect_cancelled(waiting, "waiting");
        expect_eq!(
            cancelled,
            1,
            "of two tasks one was running and one had not started"
        );
    });
}

#[test]
fn shutdown_now_cuts_a_shutdown_short() {
    STAGE.model(|| {
        let (lab, held) = Lab::held(2);
        let (gate, running) = held.take_apart();
        let waiting = ["first", "second"].map(|name| {
            let work = lab.diary.holds(name, &gate);
            (lab.submit(name, work), name)
        });
        let drain = lab.spawn(|lab| lab.scheduler.shutdown());
        let cut = lab.spawn(|lab| lab.scheduler.shutdown_now());
        until_idle();
        // Whoever waits in a shutdown may help, with one task: they all stay at the gate.
        let begun = |name| lab.diary.began(name) > 0;
        let begun = waiting.iter().filter(|(_, name)| begun(*name)).count();
        gate.open();
        let cancelled = join(cut, "shutdown_now");
        join(drain, "shutdown");
        let mut told = 0;
        for (handle, name) in waiting {
            if lab.diary.began(name) == 0 {
                told += 1;
                lab.expect_cancelled(handle, name);
            } else {
                lab.expect_ran(handle, name);
            }
        }
        lab.expect_ran(running, "holder");
        expect!(
            told == 2 - begun,
            "two tasks waited when a shutdown was cut short, {begun} of them had begun, and {} ran",
            2 - told
        );
        expect_eq!(
            cancelled,
            told,
            "shutdown_now returned another number than it cancelled"
        );
    });
}

#[test]
fn a_waiter_learns_that_its_task_was_cancelled() {
    STAGE.model(|| {
        let lab = Lab::start(1, 2);
        drop(lab.plain("other"));
        let target = lab.plain("target");
        let waiter = lab.spawn(|_| target.join());
        lab.scheduler.shutdown_now();
        let told = join(waiter, "join");
        let right = match told {
            Ok(_) => lab.diary.ended("target") == 1,
            Err(TaskError::Cancelled) => lab.diary.began("target") == 0,
            Err(TaskError::Panicked(_)) => false,
        };
        expect!(
            right,
            "the caller who waited for task `target` got {told:?}"
        );
    });
}

#[test]
fn a_task_is_cancelled_by_one_caller_only() {
    STAGE.model(|| {
        let (lab, held) = Lab::held(1);
        let target = lab.plain("target");
        let shutdown = lab.spawn(|lab| lab.scheduler.shutdown_now());
        let own = target.cancel();
        held.finish(&lab);
        let theirs = join(shutdown, "shutdown_now");
        expect_eq!(
            usize::from(own) + theirs,
            1,
            "cancel said {own}, shutdown_now said {theirs}, and one task was waiting"
        );
        lab.expect_cancelled(target, "target");
    });
}

#[test]
fn both_shutdowns_may_come_together_and_again() {
    STAGE.model(|| {
        let lab = Lab::start(1, 1);
        // A lock rather than the diary: taking it is a step, so the task can be caught
        // between its two, and whoever looks meanwhile sees it.
        let running = Arc::new(Mutex::new(false));
        let inside = Arc::clone(&running);
        let work = lab.diary.task("only", move || {
            *inside.lock().unwrap() = true;
            *inside.lock().unwrap() = false;
            "only"
        });
        let only = lab.submit("only", work);
        let expect_over = move |call: &str| {
            let running = *running.lock().unwrap();
            expect!(!running, "{call} returned while a task was running");
        };
        let looks = expect_over.clone();
        let other = lab.spawn(move |lab| {
            lab.scheduler.shutdown();
            looks("shutdown");
            lab.diary.began("only")
        });
        let cancelled = lab.scheduler.shutdown_now();
        expect_over("shutdown_now");
        let expect_one_end = |ran: usize, call: &str| {
            expect!(
                ran + cancelled == 1,
                "when {call} returned, the only task should have run or been cancelled, exactly one \
                 of them\nfound    ran: {ran}, cancelled by shutdown_now: {cancelled}"
            );
        };
        expect_one_end(lab.diary.began("only"), "shutdown_now");
        expect_one_end(join(other, "shutdown"), "shutdown");
        lab.scheduler.shutdown();
        expect_eq!(
            lab.scheduler.shutdown_now(),
            0,
            "the scheduler had ended, and shutdown_now found tasks to cancel"
        );
        if cancelled == 1 {
            lab.expect_cancelled(only, "only");
        } else {
            lab.expect_ran(only, "only");
        }
    });
}

#[test]
fn dropping_the_scheduler_drains_it() {
    STAGE.model(|| {
        let lab = Lab::start(1, 2);
        let names = ["first", "second"];
        let handles = names.map(|name| lab.plain(name));
        let Lab { scheduler, diary } = lab;
        let Some(scheduler) = Arc::into_inner(scheduler) else {
            broken("the scheduler has a second owner");
        };
        drop(scheduler);
        for (handle, name) in handles.into_iter().zip(names) {
            expect!(
                diary.ended(name) == 1,
                "the scheduler was dropped, and task `{name}` had not run"
            );
            let joined = handle.join();
            expect!(
                joined.as_ref().is_ok_and(|result| *result == name),
                "task `{name}` ran, and its handle gave {joined:?}"
            );
        }
        expect_eq!(
            other_threads(),
            0,
            "threads are left of a scheduler that was dropped"
        );
    });
}

#[test]
fn no_thread_outlives_a_shutdown() {
    STAGE.model(|| {
        for shutdown in [Scheduler::shutdown, |scheduler: &Scheduler| {
            scheduler.shutdown_now();
        }] {
            let lab = Lab::start(2, 1);
            drop(lab.plain("only"));
            shutdown(&lab.scheduler);
            expect_eq!(
                other_threads(),
                0,
                "a shutdown returned, and threads are left"
            );
        }
    });
}

#[test]
fn try_submit_waits_for_nobody() {
    STAGE.model(|| {
        programs::a_try_beside_a_blocked_submit();
    });
}

#[test]
fn try_submit_is_enough_by_itself() {
    STAGE.model(|| {
        programs::tries_alone();
    });
}

#[test]
fn no_more_tasks_run_than_there_are_workers() {
    STAGE.model(|| {
        programs::three_tasks_on_two_workers();
    });
}

#[test]
fn a_worker_takes_one_task_at_a_time() {
    STAGE.model(|| {
        programs::one_task_at_a_time();
    });
}

#[test]
fn a_task_may_wait_for_its_child_to_begin() {
    STAGE.model(|| {
        programs::a_task_that_meets_its_child();
    });
}

#[test]
fn the_capacity_holds_from_inside_a_task() {
    STAGE.model(|| {
        programs::a_full_queue_from_inside();
    });
}

#[test]
fn shutdown_refuses_before_it_waits() {
    STAGE.model(|| programs::offers_during(Scheduler::shutdown));
}

#[test]
fn shutdown_now_refuses_before_it_waits() {
    STAGE.model(|| programs::offers_during(shut_down_now));
}

#[test]
fn two_shutdowns_leave_no_thread() {
    STAGE.model(|| programs::two_callers([Scheduler::shutdown, Scheduler::shutdown]));
}

#[test]
fn shutdown_and_shutdown_now_leave_no_thread() {
    STAGE.model(|| programs::two_callers([Scheduler::shutdown, shut_down_now]));
}

#[test]
fn two_shutdowns_now_leave_no_thread() {
    STAGE.model(|| programs::two_callers([shut_down_now, shut_down_now]));
}

#[test]
fn two_shutdowns_now_count_their_own() {
    STAGE.model(|| {
        programs::two_counts();
    });
}

#[test]
fn a_handle_outlives_its_scheduler() {
    STAGE.model(|| {
        programs::handles_that_are_left();
    });
}

#[test]
fn what_is_finished_can_be_joined_at_once() {
    STAGE.model(|| {
        programs::a_look_and_a_join();
    });
}

#[test]
fn no_thread_outlives_a_shutdown_after_a_panic() {
    STAGE.model(|| {
        programs::a_panic_and_the_end();
    });
}

#[test]
fn panics_cost_no_room() {
    STAGE.model(|| {
        programs::room_after_panics();
    });
}

#[test]
fn what_a_task_returned_may_use_the_scheduler() {
    STAGE.model(|| {
        programs::a_result_that_submits();
    });
}

#[test]
fn any_capacity_will_do() {
    STAGE.run(|| {
        amounts::any_capacity();
    });
}

#[test]
fn a_panics_text_arrives_whole() {
    STAGE.run(|| {
        amounts::any_text();
    });
}

#[test]
fn many_tasks_wait_and_run() {
    STAGE.run(|| {
        amounts::many_tasks_run();
    });
}

#[test]
fn many_tasks_wait_and_are_cancelled() {
    // A queue that looks through all that waits is slow with so many, and right.
    STAGE.run_within(Duration::from_secs(60), || {
        amounts::many_tasks_are_cancelled()
    });
}

#[test]
fn many_tasks_one_after_another() {
    STAGE.run(|| {
        amounts::one_task_after_another();
    });
}

#[test]
fn as_many_workers_as_asked_for_survive() {
    STAGE.run(|| {
        amounts::many_workers();
    });
}

#[test]
fn two_tasks_meet_through_a_queue_of_one() {
    STAGE.model(|| programs::two_tasks_that_meet(1, &[]));
}

#[test]
fn two_tasks_meet_after_another_has_run() {
    STAGE.model(|| programs::two_tasks_that_meet(2, &["early"]));
}

#[test]
fn an_answer_depends_on_nobody_else() {
    STAGE.model(|| {
        programs::answers_beside_others();
    });
}

#[test]
fn nobody_gets_in_before_there_is_room() {
    STAGE.model(|| {
        programs::two_offers_and_two_cancels();
    });
}

#[test]
fn what_an_unwanted_task_captured_may_use_the_scheduler() {
    STAGE.model(|| {
        programs::orphans_that_submit();
    });
}

#[test]
fn a_cancel_reaches_the_submit_that_waits() {
    STAGE.model(|| {
        programs::a_cancel_beside_a_join();
    });
}

fn shut_down_now(scheduler: &Scheduler) {
    scheduler.shutdown_now();
}

/// What the types promise, checked where they are compiled.
#[allow(dead_code)]
fn the_types_fit() {
    fn shared<T: Send + Sync>() {}
    fn moved<T: Send>() {}
    fn an_error<T: std::error::Error + Send + Sync + 'static>() {}
    // Nothing more is asked of work and result than the brief says.
    fn submits<T: Send + 'static, F: FnOnce() -> T + Send + 'static>(
        scheduler: &Scheduler,
        work: F,
    ) {
        let _: Result<Handle<T>, SubmitError<F>> = match scheduler.submit(work) {
            Err(SubmitError::Closed(work)) => scheduler.try_submit(work),
            answer => answer,
        };
    }
    shared::<Scheduler>();
    moved::<Handle<Cell<u8>>>();
    let _ = submits::<Cell<u8>, fn() -> Cell<u8>>;
    an_error::<TaskError>();
    let _: fn(SubmitError<u8>) -> u8 = |error| match error {
        SubmitError::Full(work) | SubmitError::Closed(work) => work,
    };
}
