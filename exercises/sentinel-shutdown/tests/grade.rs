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
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use grader::{
    Broken, Log, Stage, Standstill, broken_if_stuck, broken_unless_both_run, expect, expect_eq,
    join, locks_around, other_threads, steps, threads_only_end, until_idle,
};
use sentinel_shutdown::{Closed, Scheduler};

use lab::{Diary, Entry, Lab, submit};

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

/// Two threads live in a program without tasks, also where the first worker is started for
/// the first of them: one that is gone before the scheduler starts, and costs nothing.
fn beside_a_pool_without_threads() {
    join(thread::spawn(|| {}), "nothing");
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
        beside_a_pool_without_threads();
        let lab = Lab::start(1);
        lab.diary.expect_to_end_after(0);
        lab.shutdown();
    });
}

#[test]
fn shutdown_ends_every_worker() {
    STAGE.model(|| {
        beside_a_pool_without_threads();
        let lab = Lab::start(3);
        lab.diary.expect_to_end_after(0);
        lab.shutdown();
        lab.expect_nobody_left("shutdown returned");
    });
}

#[test]
fn shutdown_waits_for_the_running_task() {
    STAGE.model(|| {
        let lab = Lab::start(1);
        submit_and_see_begin(&lab);
        lab.shutdown();
        lab.expect_nobody_left("shutdown returned");
    });
}

#[test]
fn what_was_accepted_has_run_when_shutdown_returns() {
    STAGE.model(|| {
        let lab = Lab::start(2);
        lab.must_submit("left", || {});
        lab.must_submit("right", || {});
        lab.shutdown();
        lab.expect_nobody_left("shutdown returned");
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
        lab.expect_nobody_left("shutdown returned");
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
fn an_idle_worker_does_not_look_around_first() {
    // What a task and the way to it and back cost is a few dozen steps, in any design.
    const MANY: usize = 80;
    STAGE.model_within(1, || {
        let lab = Lab::start(1);
        until_idle();
        let before = steps();
        let (end, ended) = signal();
        lab.must_submit("only", end);
        let _ = ended.recv();
        until_idle();
        let taken = steps() - before;
        expect!(
            taken < MANY,
            "from one idle moment to the next there was one short task, and the threads took {taken} \
             steps: somebody looks for work many times before it sleeps"
        );
        lab.leave();
    });
}

#[test]
fn a_closed_scheduler_refuses_tasks() {
    STAGE.model(|| {
        beside_a_pool_without_threads();
        let lab = Lab::start(1);
        lab.shutdown();
        let answer = lab.submit("late", || {});
        expect_eq!(
            answer,
            Err(Closed),
            "submit was called after shutdown had returned"
        );
        lab.expect_nobody_left("shutdown returned");
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
        lab.expect_nobody_left("shutdown and submit have returned");
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
        lab.expect_nobody_left("shutdown returned");
    });
}

#[test]
fn shutdown_may_be_called_again() {
    STAGE.model(|| {
        beside_a_pool_without_threads();
        let lab = Lab::start(2);
        lab.diary.expect_to_end_after(1);
        lab.shutdown();
        lab.shutdown();
        lab.expect_nobody_left("shutdown returned twice");
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
        lab.expect_nobody_left("two shutdowns at once returned");
    });
}

#[test]
fn three_shutdowns_at_once_all_wait() {
    // Without deviations: what goes wrong is a call that returns while a task waits.
    STAGE.model_within(0, || {
        let lab = Lab::start(1);
        let (release, released) = signal();
        lab.must_submit("only", move || {
            let _ = released.recv();
        });
        let others = [(); 2].map(|()| lab.spawn(|lab| lab.shutdown()));
        let releaser = lab.spawn(|_| release());
        lab.shutdown();
        for other in others {
            join(other, "one of three shutdowns");
        }
        join(releaser, "the thread that lets the task end");
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
        beside_a_pool_without_threads();
        let (scheduler, diary) = (Scheduler::start(2), Diary::default());
        diary.expect_to_end_after(1);
        diary.closing(|| scheduler.shutdown());
        diary.closing(|| drop(scheduler));
        diary.expect_nobody_left("the scheduler was dropped after a shutdown");
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
        lab.expect_nobody_left("shutdown returned");
    });
}

#[test]
fn shutdown_ends_workers_that_have_worked() {
    STAGE.model(|| {
        let lab = Lab::start(2);
        lab.diary.expect_to_end_after(0);
        let barrier = Arc::new(Barrier::new(2));
        let ends = ["left", "right"].map(|name| {
            let (barrier, (end, ended)) = (Arc::clone(&barrier), signal());
            lab.must_submit(name, move || {
                // Each has a worker of its own, whenever that was started.
                barrier.wait();
                end();
            });
            ended
        });
        for ended in ends {
            let _ = ended.recv();
        }
        lab.shutdown();
        lab.expect_nobody_left("shutdown returned");
    });
}

#[test]
fn no_worker_is_left_when_shutdown_returns() {
    STAGE.model(|| {
        let lab = Lab::start(2);
        lab.must_submit("only", || {});
        lab.shutdown();
        threads_only_end(&lab.diary.workers(), "shutdown returned");
        lab.expect_nobody_left("shutdown returned");
    });
}

#[test]
fn no_worker_is_left_when_one_of_two_shutdowns_returns() {
    STAGE.model(|| {
        let lab = Lab::start(1);
        let second = lab.spawn(|lab| {
            lab.shutdown();
            threads_only_end(&lab.diary.workers(), "one of two shutdowns returned");
        });
        // A step, so that the other call can return while a caller that helps is in it.
        let _ = lab.submit("racing", || drop(Mutex::new(()).lock()));
        lab.shutdown();
        join(second, "the second shutdown");
        lab.expect_nobody_left("two shutdowns at once returned");
    });
}

#[test]
fn no_worker_is_left_when_the_scheduler_is_gone() {
    STAGE.model(|| {
        let (scheduler, diary) = (Scheduler::start(1), Diary::default());
        let (begin, begun) = signal();
        let answer = submit(&scheduler, &diary, "only", || {
            begin();
            // A step, so that the drop can come before it ends.
            drop(Mutex::new(()).lock());
        });
        expect_eq!(answer, Ok(()), "nobody had called shutdown");
        let _ = begun.recv();
        diary.closing(|| drop(scheduler));
        diary.expect_kept("the scheduler was dropped");
        threads_only_end(&diary.workers(), "the scheduler was dropped");
        diary.expect_nobody_left("the scheduler was dropped");
    });
}

#[test]
fn dropping_it_while_a_panic_unwinds_shuts_it_down() {
    STAGE.model(|| {
        let diary = Diary::default();
        let inside = diary.clone();
        let unwound = catch_unwind(AssertUnwindSafe(|| {
            let scheduler = Scheduler::start(1);
            let answer = submit(&scheduler, &inside, "only", || {});
            expect_eq!(answer, Ok(()), "nobody had called shutdown");
            resume_unwind(Box::new("the owner's own panic"));
        }));
        expect!(unwound.is_err(), "the owner panics");
        diary.write(Entry::Over);
        diary.expect_kept("the scheduler was dropped by a panic");
        diary.expect_nobody_left("the scheduler was dropped by a panic");
    });
}

#[test]
fn shutdown_closes_before_it_waits() {
    STAGE.model(|| {
        let lab = Lab::start(2);
        broken_if_stuck(|standstill| {
            let sentence = "A task runs while shutdown waits for it, and a worker or the caller of \
                            shutdown does not sleep: it looks again and again.";
            let spins = standstill == Standstill::Spinning;
            spins.then(|| Broken::by("busy-wait", sentence))
        });
        let inside = lab.clone();
        lab.must_submit("parent", move || {
            // The caller of shutdown waits by then, for this task at least.
            until_idle();
            let answer = inside.submit("child", || {});
            expect_eq!(
                answer,
                Err(Closed),
                "shutdown was waiting for task `parent`, which submitted task `child`"
            );
        });
        lab.diary.closing(|| lab.scheduler.shutdown());
    });
}

/// Says what it means when two tasks that wait for each other never meet.
fn expect_to_meet(lab: &Lab, late: &'static str) {
    let diary = lab.diary.clone();
    broken_if_stuck(move |_| {
        let wrote = |entry| diary.wrote(entry);
        let meant = if wrote(Entry::Began(late)) {
            return None;
        } else if wrote(Entry::Accepted(late)) {
            "was accepted, and no worker takes it, although one has nothing else to do"
        } else if wrote(Entry::Submitting(late)) {
            "is being submitted, and that submit never returns"
        } else {
            return None;
        };
        Some(format!("A task runs and waits for task `{late}`. That {meant}.").into())
    });
}

#[test]
fn a_task_may_wait_for_one_that_it_submits() {
    STAGE.model(|| {
        let lab = Lab::start(2);
        expect_to_meet(&lab, "child");
        let (end, ended) = signal();
        let inside = lab.clone();
        lab.must_submit("parent", move || {
            let barrier = Arc::new(Barrier::new(2));
            let theirs = Arc::clone(&barrier);
            inside.must_submit("child", move || {
                let _ = theirs.wait();
            });
            barrier.wait();
            end();
        });
        let _ = ended.recv();
        lab.leave();
    });
}

#[test]
fn a_task_behind_a_long_one_gets_another_worker() {
    STAGE.model(|| {
        let lab = Lab::start(2);
        let barrier = Arc::new(Barrier::new(2));
        let meets = || {
            let barrier = Arc::clone(&barrier);
            move || {
                let _ = barrier.wait();
            }
        };
        lab.must_submit("long", meets());
        lab.must_submit("short", || {});
        // One worker has nothing to do by then, and the other one waits.
        until_idle();
        lab.must_submit("third", meets());
        until_idle();
        expect!(
            lab.diary.wrote(Entry::Began("third")),
            "task `long` runs and waits for task `third`, which was accepted; the other worker has \
             run task `short` and sleeps"
        );
        lab.leave();
    });
}

#[test]
fn two_submits_in_a_row_get_two_workers() {
    STAGE.model(|| {
        let lab = Lab::start(2);
        lab.must_submit("early", || {});
        // Whoever has run it sleeps by then.
        until_idle();
        let barrier = Arc::new(Barrier::new(2));
        for name in ["left", "right"] {
            let barrier = Arc::clone(&barrier);
            lab.must_submit(name, move || {
                let _ = barrier.wait();
            });
        }
        until_idle();
        for name in ["left", "right"] {
            expect!(
                lab.diary.wrote(Entry::Ended(name)),
                "tasks `left` and `right` were submitted in a row and wait for each other on 2 \
                 workers, and task `{name}` never ends"
            );
        }
        lab.leave();
    });
}

/// Submits a task as it is dropped, from wherever that is.
struct SubmitsLate(Lab, &'static str);

impl Drop for SubmitsLate {
    fn drop(&mut self) {
        // What it returned is in the diary.
        let _ = self.0.submit(self.1, || {});
    }
}

#[test]
fn what_a_task_has_captured_may_submit_as_it_is_dropped() {
    STAGE.model(|| {
        let lab = Lab::start(1);
        lab.diary
            .expect_to_be_answered("called by the destructor of what another task had captured");
        let captured = SubmitsLate(lab.clone(), "child of a task that ran");
        lab.must_submit("parent", move || drop(captured));
        lab.shutdown();
        let captured = SubmitsLate(lab.clone(), "child of a refused task");
        let answer = lab.submit("refused", move || drop(captured));
        expect_eq!(answer, Err(Closed), "shutdown had returned");
        lab.diary.expect_kept("shutdown returned");
    });
}

/// Panics as it is dropped, with a panic that nobody prints.
struct PanicsLate;

impl Drop for PanicsLate {
    fn drop(&mut self) {
        resume_unwind(Box::new("a destructor's panic"));
    }
}

#[test]
fn a_destructor_that_panics_costs_nothing_else() {
    STAGE.model(|| {
        let lab = Lab::start(1);
        lab.diary.expect_to_be_taken();
        let captured = PanicsLate;
        lab.must_submit("bomb", move || drop(captured));
        let (end, ended) = signal();
        lab.must_submit("plain", end);
        let _ = ended.recv();
        lab.diary.expect_to_end_after(0);
        lab.shutdown();
        let captured = PanicsLate;
        let refused = lab.clone();
        let _ = catch_unwind(AssertUnwindSafe(move || {
            refused.scheduler.submit(move || drop(captured))
        }));
        let usable = catch_unwind(AssertUnwindSafe(|| {
            lab.scheduler.shutdown();
            lab.scheduler.submit(|| {})
        }));
        expect!(
            usable.is_ok(),
            "a refused task's destructor had panicked in submit, and the next shutdown or submit \
             panicked too"
        );
    });
}

#[test]
fn a_task_of_another_scheduler_is_refused_like_anybody() {
    STAGE.model(|| {
        let (lab, other) = (Lab::start(1), Scheduler::start(1));
        lab.shutdown();
        let (end, ended) = signal();
        let closed = lab.clone();
        let answer = other.submit(move || {
            let answer = closed.submit("late", || {});
            expect_eq!(
                answer,
                Err(Closed),
                "a task of another scheduler called submit after shutdown had returned"
            );
            end();
        });
        expect_eq!(answer, Ok(()), "nobody had shut the other scheduler down");
        let _ = ended.recv();
        std::mem::forget(other);
    });
}

#[test]
fn three_hundred_workers_are_three_hundred() {
    const WORKERS: usize = 300;
    STAGE.run(|| {
        let scheduler = Scheduler::start(WORKERS);
        let barrier = Arc::new(Barrier::new(WORKERS));
        for _ in 0..WORKERS {
            let barrier = Arc::clone(&barrier);
            let answer = scheduler.submit(move || {
                let _ = barrier.wait();
            });
            expect_eq!(answer, Ok(()), "nobody had called shutdown");
        }
        scheduler.shutdown();
    });
}

/// How often a check looks, a millisecond apart, at something that does not change before it
/// goes on. Long enough for any machine: where it is too short, less is asked.
const QUIET_LOOKS: usize = 3_000;

/// Waits for so many submits; `false` where the queue has a bound, and nothing goes on.
fn all_are_waiting(submitted: &AtomicUsize, all: usize) -> bool {
    let (mut last, mut quiet) = (0, 0);
    while quiet < QUIET_LOOKS {
        let now = submitted.load(SeqCst);
        if now == all {
            return true;
        }
        quiet = if now == last { quiet + 1 } else { 0 };
        last = now;
        thread::sleep(Duration::from_millis(1));
    }
    false
}

#[test]
fn a_submit_that_waits_for_room_is_one_or_the_other() {
    // Past any bound that is usual, and without deviations: the program is long.
    const TASKS: usize = 1_030;
    STAGE.model_within(0, || {
        let (lab, ran) = (Lab::start(1), Log::<()>::new());
        let (release, released) = signal();
        lab.must_submit("first", move || {
            let _ = released.recv();
        });
        let submitter = lab.spawn({
            let ran = ran.clone();
            move |lab| {
                let mut answers = (0..TASKS).map(|_| {
                    let ran = ran.clone();
                    lab.scheduler.submit(move || ran.push(()))
                });
                let refused = answers.position(|answer| answer.is_err());
                refused.unwrap_or(TASKS)
            }
        });
        let shutdown = lab.spawn(|lab| lab.scheduler.shutdown());
        release();
        let accepted = join(submitter, "the one who submits");
        join(shutdown, "shutdown");
        let ran = ran.len();
        expect!(
            ran == accepted,
            "a thread submitted one task after the other while another one called shutdown. \
             {accepted} were accepted, shutdown returned, and {ran} have run"
        );
    });
}

#[test]
fn seventy_thousand_tasks_may_wait() {
    const TASKS: usize = 70_000;
    // However long a worker takes for each.
    STAGE.run_within(Duration::from_secs(120), || {
        let (lab, count) = (Lab::start(1), Log::<()>::new());
        let (inside, (end, ended)) = (lab.clone(), signal());
        lab.must_submit("parent", move || {
            for _ in 0..100 {
                // Nobody prints such a panic.
                let answer = inside.scheduler.submit(|| resume_unwind(Box::new("boom")));
                expect_eq!(
                    answer,
                    Ok(()),
                    "a task submitted, and nobody had called shutdown"
                );
            }
            end();
        });
        let _ = ended.recv();
        let (release, released) = signal();
        lab.must_submit("first", move || {
            let _ = released.recv();
        });
        let submitted = Arc::new(AtomicUsize::new(0));
        let submitter = lab.spawn({
            let (submitted, count) = (Arc::clone(&submitted), count.clone());
            move |lab| {
                for task in 0..TASKS {
                    let count = count.clone();
                    // Now and then one panics.
                    let answer = lab.scheduler.submit(move || {
                        count.push(());
                        if task % 100 == 0 {
                            resume_unwind(Box::new("boom"));
                        }
                    });
                    expect_eq!(answer, Ok(()), "nobody had called shutdown");
                    submitted.fetch_add(1, SeqCst);
                }
            }
        });
        if all_are_waiting(&submitted, TASKS) {
            join(submitter, "the one who submits");
            let shutdown = lab.spawn(|lab| lab.scheduler.shutdown());
            // Closed first, so that the workers may leave as soon as they believe that all is
            // over: for a count that comes round to 0 that is long before.
            for _ in 0..QUIET_LOOKS {
                if lab.scheduler.submit(|| {}).is_err() {
                    break;
                }
                thread::sleep(Duration::from_millis(1));
            }
            release();
            join(shutdown, "shutdown");
        } else {
            release();
            join(submitter, "the one who submits");
            lab.scheduler.shutdown();
        }
        expect_eq!(
            count.len(),
            TASKS,
            "shutdown returned; so many of the tasks that had been accepted had run"
        );
    });
}
