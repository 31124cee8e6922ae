//! What the shared scheduler promises, one promise per check.
//!
//! A `model` check runs its body for every interleaving of its threads within the
//! bound, so its program is the smallest that shows the defect: two workers and two
//! tasks, as a rule. What needs no interleaving is a `run` check, unless a common
//! mistake would hang it: a model sees a hang at once, and tells how it came about.
//!
//! Only the brief's promises are checked. Nobody promised an order between tasks, a
//! number of threads or that an idle worker stays, so no program here leans on them.

mod lab;

use std::fmt;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::{Arc, Condvar, Mutex};

use grader::{Broken, Log, Stage, Standstill, broken_if_stuck, expect, expect_eq, join};
use race_fixed::{Scheduler, Stats, Status, TaskId};

use lab::{Lab, expect_forward, fails, placed, succeeds, succeeds_at};

const STAGE: Stage = grader::stage!("../stage.toml");

fn failed(message: &str) -> Status {
    Status::Failed(message.to_owned())
}

#[test]
fn a_new_task_is_pending_under_its_own_name() {
    STAGE.run(|| {
        let lab = Lab::new(3);
        let names = ["resize image", "", "größer ☂", "resize image"];
        let ids = names.map(|name| lab.submit(name, succeeds));
        for (id, name) in ids.into_iter().zip(names) {
            let task = lab.look(id);
            expect_eq!(task.id, id, "metadata({id:?}) describes another task");
            expect_eq!(task.name, name, "the name of {id:?} was changed");
            expect_eq!(task.status, Status::Pending, "{name:?} has not run yet");
            expect_eq!(task.attempts, 0, "{name:?} has not run yet");
        }
        lab.expect_stats(
            Stats {
                submitted: 4,
                ..Stats::default()
            },
            "four tasks wait, none ran",
        );
    });
}

#[test]
fn an_unknown_id_names_no_task() {
    STAGE.run(|| {
        let id = Scheduler::new(1).submit("elsewhere", || Ok(()));
        let scheduler = Scheduler::new(1);
        expect!(
            scheduler.metadata(id).is_none(),
            "a scheduler without tasks knows {id:?}"
        );
        expect!(
            !scheduler.cancel(id),
            "a scheduler without tasks cancelled {id:?}"
        );
    });
}

#[test]
fn a_default_scheduler_runs_its_tasks() {
    STAGE.run(|| {
        let scheduler = Scheduler::default();
        let id = scheduler.submit("only", || Ok(()));
        scheduler.run(1);
        let status = scheduler.metadata(id).map(|task| task.status);
        expect_eq!(status, Some(Status::Succeeded), "the only task returns Ok");
    });
}

#[test]
fn run_with_zero_workers_panics() {
    STAGE.run(|| {
        let scheduler = Scheduler::new(1);
        let run = catch_unwind(AssertUnwindSafe(|| scheduler.run(0)));
        expect!(
            run.is_err(),
            "run(0) returned, though without a worker no task could ever run"
        );
    });
}

#[test]
fn a_failed_attempt_is_retried_until_one_succeeds() {
    STAGE.run(|| {
        let lab = Lab::new(4);
        let flaky = lab.submit("flaky", succeeds_at(3));
        let last = lab.submit("last", succeeds_at(4));
        let plain = lab.submit("plain", succeeds);
        lab.scheduler.run(1);
        lab.expect_end(flaky, Status::Succeeded, 3);
        lab.expect_end(last, Status::Succeeded, 4);
        lab.expect_end(plain, Status::Succeeded, 1);
        let stats = Stats {
            submitted: 3,
            succeeded: 3,
            ..Stats::default()
        };
        lab.expect_stats(stats, "all three tasks succeeded in the end");
    });
}

#[test]
fn a_task_fails_for_good_after_its_last_attempt() {
    STAGE.run(|| {
        for max in 1..=3 {
            let lab = Lab::new(max);
            let broken = lab.submit("broken", fails);
            let end = failed(&format!("attempt {max} failed"));
            for run in ["first", "second"] {
                lab.scheduler.run(1);
                lab.expect_end(broken, end.clone(), max as usize);
                let stats = Stats {
                    submitted: 1,
                    failed: 1,
                    ..Stats::default()
                };
                lab.expect_stats(
                    stats,
                    &format!("one task had failed at the {run} run's end"),
                );
                expect!(!lab.cancel(broken), "cancel of a failed task returned true");
            }
        }
    });
}

#[test]
fn run_may_be_called_again() {
    STAGE.run(|| {
        let lab = Lab::new(1);
        lab.scheduler.run(2);
        let first = lab.submit("first", succeeds);
        lab.scheduler.run(2);
        lab.scheduler.run(2);
        let second = lab.submit("second", succeeds);
        lab.scheduler.run(2);
        lab.expect_end(first, Status::Succeeded, 1);
        lab.expect_end(second, Status::Succeeded, 1);
    });
}

#[test]
fn a_cancelled_task_stays_cancelled() {
    STAGE.run(|| {
        let lab = Lab::new(2);
        let unwanted = lab.submit("unwanted", succeeds);
        let wanted = lab.submit("wanted", succeeds);
        expect!(
            lab.cancel(unwanted),
            "cancel of a pending task returned false"
        );
        expect!(
            !lab.cancel(unwanted),
            "the second cancel of a task returned true as well"
        );
        let stats = Stats {
            submitted: 2,
            cancelled: 1,
            ..Stats::default()
        };
        lab.expect_stats(stats, "of two tasks one was cancelled, and nothing ran");
        lab.scheduler.run(1);
        expect!(
            !lab.cancel(wanted),
            "cancel of a task that had succeeded returned true"
        );
        lab.expect_end(unwanted, Status::Cancelled, 0);
        lab.expect_end(wanted, Status::Succeeded, 1);
    });
}

#[test]
fn each_attempt_runs_exactly_once() {
    STAGE.model(|| {
        // Two attempts are allowed, so only its success keeps a task from the second.
        let lab = Lab::new(2);
        let left = lab.submit("left", succeeds);
        let right = lab.submit("right", succeeds);
        lab.scheduler.run(2);
        lab.expect_end(left, Status::Succeeded, 1);
        lab.expect_end(right, Status::Succeeded, 1);
    });
}

#[test]
fn two_workers_never_exceed_the_attempts() {
    STAGE.model(|| {
        let lab = Lab::new(2);
        // By another thread, so that two live even where one worker is the caller.
        let broken = join(lab.spawn(|lab| lab.submit("broken", fails)), "submit");
        lab.scheduler.run(2);
        lab.expect_end(broken, failed("attempt 2 failed"), 2);
    });
}

#[test]
fn a_running_task_is_seen_as_running() {
    STAGE.model(|| {
        let lab = Lab::new(1);
        let own = Log::<TaskId>::default();
        let (inside, id) = (lab.clone(), own.clone());
        own.push(lab.submit("curious", move |_| {
            for id in id.snapshot() {
                let task = inside.look(id);
                expect_eq!(
                    task.status,
                    Status::Running,
                    "what task `curious` saw of itself while it ran"
                );
                expect_eq!(
                    task.attempts,
                    1,
                    "which attempt task `curious` saw itself in, while it ran the first time"
                );
            }
            Ok(())
        }));
        lab.submit("plain", succeeds);
        lab.scheduler.run(2);
    });
}

#[test]
fn a_status_only_moves_forward() {
    STAGE.model(|| {
        let lab = Lab::new(2);
        let flaky = lab.submit("flaky", succeeds_at(2));
        let run = lab.spawn(|lab| lab.scheduler.run(2));
        let during = lab.look(flaky);
        join(run, "run(2)");
        expect_forward(&[during, lab.look(flaky)], 2);
        lab.expect_end(flaky, Status::Succeeded, 2);
    });
}

#[test]
fn two_workers_run_two_tasks_at_once() {
    STAGE.model(|| {
        let lab = Lab::new(1);
        let meeting = Arc::new((Mutex::new([false; 2]), Condvar::new()));
        for (place, name) in ["left", "right"].into_iter().enumerate() {
            let meeting = Arc::clone(&meeting);
            lab.submit(name, move |_| {
                let (here, arrival) = &*meeting;
                let mut here = here.lock().unwrap();
                // Not a `Barrier`: that a task may run twice is another check's business.
                if mem::replace(&mut here[place], true) {
                    return Ok(());
                }
                arrival.notify_all();
                drop(arrival.wait_while(here, |here| *here != [true; 2]));
                Ok(())
            });
        }
        lab.scheduler.run(2);
        let met = lab.ended("left") > 0 && lab.ended("right") > 0;
        expect!(met, "run(2) returned before both tasks had ended");
    });
}

#[test]
fn run_returns_when_the_last_task_ends() {
    STAGE.model(|| {
        let lab = Lab::new(1);
        // By another thread, so that two live even where one worker is the caller.
        join(lab.spawn(|lab| lab.submit("only", succeeds)), "submit");
        // Two of the three workers may be asleep when the only task ends.
        lab.scheduler.run(3);
        expect!(
            lab.ended("only") > 0,
            "run(3) returned before the only task had ended"
        );
    });
}

#[test]
fn two_runs_at_once_both_wait_for_all_work() {
    STAGE.model(|| {
        let lab = Lab::new(1);
        lab.submit("only", succeeds);
        let second = lab.spawn(|lab| {
            lab.scheduler.run(1);
            expect!(
                lab.ended("only") > 0,
                "the second run returned before the task ended"
            );
        });
        lab.scheduler.run(1);
        expect!(
            lab.ended("only") > 0,
            "the first run returned before the task ended"
        );
        let stats = Stats {
            submitted: 1,
            succeeded: 1,
            ..Stats::default()
        };
        lab.expect_stats(
            stats,
            "the first run had returned, so the only task was over",
        );
        join(second, "the second run");
    });
}

#[test]
fn run_waits_for_tasks_that_tasks_submit() {
    STAGE.model(|| {
        let lab = Lab::new(1);
        let children = Log::<TaskId>::default();
        let (inside, born) = (lab.clone(), children.clone());
        let parent = lab.submit("parent", move |_| {
            born.push(inside.submit("child", succeeds));
            Ok(())
        });
        let run = lab.spawn(|lab| lab.scheduler.run(1));
        let stats = lab.scheduler.stats();
        let fits = placed(stats) <= stats.submitted;
        if !fits {
            let sentence = format!("more tasks have begun than were ever submitted: {stats:?}");
            Broken::by("torn-read", sentence).end();
        }
        join(run, "run(1)");
        lab.expect_end(parent, Status::Succeeded, 1);
        for child in children.snapshot() {
            lab.expect_end(child, Status::Succeeded, 1);
        }
    });
}

#[test]
fn a_submit_during_a_run_is_not_lost() {
    STAGE.model(|| {
        let lab = Lab::new(1);
        let early = lab.submit("early", succeeds);
        let submit = lab.spawn(|lab| lab.submit("late", succeeds));
        lab.scheduler.run(1);
        let late = join(submit, "submit");
        // For the case that the first run ended before the submit began.
        lab.scheduler.run(1);
        lab.expect_end(early, Status::Succeeded, 1);
        lab.expect_end(late, Status::Succeeded, 1);
    });
}

#[test]
fn two_submits_at_once_get_two_ids() {
    STAGE.model(|| {
        let lab = Lab::new(1);
        let submit = lab.spawn(|lab| lab.submit("left", succeeds));
        let right = lab.submit("right", succeeds);
        let left = join(submit, "submit");
        expect!(left != right, "two submits at once both returned {left:?}");
        for (id, name) in [(left, "left"), (right, "right")] {
            expect_eq!(
                lab.look(id).name,
                name,
                "submit gave {id:?} to task `{name}`"
            );
        }
        lab.expect_stats(
            Stats {
                submitted: 2,
                ..Stats::default()
            },
            "two tasks were submitted",
        );
    });
}

#[test]
fn stats_add_up_at_every_moment() {
    STAGE.model(|| {
        let lab = Lab::new(1);
        lab.submit("other", succeeds);
        let inside = lab.clone();
        lab.submit("watcher", move |_| {
            let begun = inside.began("other") + inside.began("watcher");
            let stats = inside.scheduler.stats();
            let ended = inside.ended("other");
            expect_eq!(stats.submitted, 2, "two tasks were submitted");
            expect!(
                placed(stats) <= 2,
                "a task of two is counted twice: {stats:?}"
            );
            expect!(
                placed(stats) >= begun,
                "a task that had begun counts as pending: {stats:?}"
            );
            expect!(
                stats.running > 0,
                "the task that asked does not count as running: {stats:?}"
            );
            expect!(
                stats.succeeded <= ended,
                "a task counts as ended too early: {stats:?}"
            );
            Ok(())
        });
        lab.scheduler.run(2);
    });
}

#[test]
fn the_totals_count_every_task_once() {
    STAGE.model(|| {
        let lab = Lab::new(1);
        let unwanted = lab.submit("unwanted", succeeds);
        lab.submit("left", succeeds);
        lab.submit("right", succeeds);
        lab.cancel(unwanted);
        lab.scheduler.run(2);
        let stats = Stats {
            submitted: 3,
            succeeded: 2,
            cancelled: 1,
            ..Stats::default()
        };
        lab.expect_stats(stats, "one task was cancelled, and two succeeded");
    });
}

#[test]
fn cancel_and_start_never_both_win() {
    STAGE.model(|| {
        let lab = Lab::new(2);
        let target = lab.submit("target", succeeds);
        let cancel = lab.spawn(move |lab| (lab.cancel(target), lab.look(target)));
        lab.scheduler.run(1);
        let (cancelled, then) = join(cancel, "cancel");
        if cancelled {
            expect_eq!(
                then.status,
                Status::Cancelled,
                "cancel had just returned true"
            );
            lab.expect_end(target, Status::Cancelled, 0);
        } else {
            let untouched = then.status == Status::Pending && then.attempts == 0;
            expect!(
                !untouched,
                "cancel returned false, and the task was still pending"
            );
            lab.expect_end(target, Status::Succeeded, 1);
        }
    });
}

#[test]
fn a_cancelled_retry_never_starts() {
    STAGE.model(|| {
        let lab = Lab::new(2);
        let broken = lab.submit("broken", fails);
        let cancel = lab.spawn(move |lab| lab.cancel(broken));
        lab.scheduler.run(1);
        if join(cancel, "cancel") {
            let late = lab.began_after_cancel("broken");
            expect!(
                !late,
                "cancel had returned true when an attempt of the task began"
            );
            let runs = lab.began("broken");
            expect!(
                runs < 2,
                "cancel returned true, though the last attempt had been started"
            );
            lab.expect_end(broken, Status::Cancelled, runs);
        } else {
            lab.expect_end(broken, failed("attempt 2 failed"), 2);
        }
    });
}

#[test]
fn a_task_that_waits_for_its_retry_can_be_cancelled() {
    STAGE.model(|| {
        let lab = Lab::new(2);
        let broken = lab.submit("broken", fails);
        let inside = lab.clone();
        // Where it runs between the attempts of the other task, it sees it pending.
        lab.submit("canceller", move |_| {
            let before = inside.look(broken);
            if !inside.cancel(broken) {
                let refused = before.status == Status::Pending && before == inside.look(broken);
                let attempts = before.attempts;
                expect!(
                    !refused,
                    "cancel refused a task that was pending (attempts: {attempts})"
                );
            }
            Ok(())
        });
        // By another thread, so that two live even where one worker is the caller.
        join(lab.spawn(|lab| lab.scheduler.run(1)), "run(1)");
        let runs = lab.began("broken");
        match lab.look(broken).status {
            Status::Cancelled => {
                expect!(
                    runs < 2,
                    "task `broken` was cancelled after its last attempt"
                );
                lab.expect_end(broken, Status::Cancelled, runs);
            }
            _ => lab.expect_end(broken, failed("attempt 2 failed"), 2),
        }
    });
}

#[test]
fn a_panic_is_a_failed_attempt_with_its_message() {
    STAGE.model(|| {
        let lab = Lab::new(2);
        let literal = lab.submit("literal", |_| panic!("boom"));
        let text = lab.submit("text", |attempt| panic!("attempt {attempt} exploded"));
        let odd = lab.submit("odd", |_| panic_any(404));
        // By another thread, so that two live even where one worker is the caller.
        join(lab.spawn(|lab| lab.scheduler.run(1)), "run(1)");
        lab.expect_end(literal, failed("boom"), 2);
        lab.expect_end(text, failed("attempt 2 exploded"), 2);
        lab.expect_end(odd, failed("task panicked"), 2);
        lab.expect_stats(
            Stats {
                submitted: 3,
                failed: 3,
                ..Stats::default()
            },
            "all panicked",
        );
    });
}

#[test]
fn a_panic_costs_nobody_else() {
    STAGE.model(|| {
        let lab = Lab::new(1);
        let bomb = lab.submit("bomb", |_| panic!("boom"));
        let plain = lab.submit("plain", succeeds);
        lab.scheduler.run(2);
        expect_eq!(
            lab.look(bomb).status,
            failed("boom"),
            "task `bomb` panicked"
        );
        let status = lab.look(plain).status;
        expect_eq!(
            status,
            Status::Succeeded,
            "task `plain` ran beside one that panicked"
        );
    });
}

#[test]
fn an_error_that_cannot_be_printed_costs_nobody_else() {
    #[derive(Debug)]
    struct Unprintable;
    impl fmt::Display for Unprintable {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("no words")
        }
    }
    impl std::error::Error for Unprintable {}
    STAGE.model(|| {
        let lab = Lab::new(1);
        let odd = lab.submit("unprintable", |_| Err(Unprintable.into()));
        let plain = lab.submit("plain", succeeds);
        broken_if_stuck(|standstill| {
            let sentence = "The to_string() of an error panicked, and run never returns.";
            (standstill == Standstill::Asleep).then(|| sentence.to_owned().into())
        });
        // By another thread, so that two live even where one worker is the caller.
        let run = lab.spawn(|lab| lab.scheduler.run(1)).join();
        expect!(
            run.is_ok(),
            "the to_string() of an error panicked, and run(1) with it"
        );
        let status = lab.look(odd).status;
        expect!(
            matches!(status, Status::Failed(_)),
            "task `unprintable` returned an error whose to_string() panics; its status is {status:?}"
        );
        lab.expect_end(plain, Status::Succeeded, 1);
    });
}
