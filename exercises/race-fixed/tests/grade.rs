//! What the shared scheduler promises, one promise per check.
//!
//! A `model` check runs its body for every interleaving of its threads within the
//! bound, so its program is the smallest that shows the defect: two workers and two
//! tasks, as a rule. What needs no interleaving is a `run` check, unless a common
//! mistake would hang it: a model sees a hang at once, and tells how it came about.
//!
//! Only the brief's promises are checked. Nobody promised an order between tasks, a
//! number of threads or that an idle worker stays, so no program here leans on them.

#[path = "../../naive-scheduler/tests/caused/mod.rs"]
mod caused;
mod lab;

use std::collections::BTreeSet;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any, resume_unwind};
use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use grader::growth::Allowance;
use grader::{Broken, Log, Stage, Standstill, broken_if_stuck, expect, expect_eq, join};
use race_fixed::{Scheduler, Stats, Status, TaskId};

use caused::Caused;
use lab::{
    DropsBadly, Lab, Meeting, OnDrop, Speaking, counted, expect_forward, fails, placed, slow,
    succeeds, succeeds_at,
};

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
        let id = scheduler.submit("only", || Ok(()));
        let run = catch_unwind(AssertUnwindSafe(|| scheduler.run(0)));
        expect!(run.is_err(), "run(0) returned, and a task is pending");
        scheduler.run(1);
        let status = scheduler.metadata(id).map(|task| task.status);
        expect_eq!(
            status,
            Some(Status::Succeeded),
            "run(0) had panicked before; run(1) has returned"
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
        let name = lab.look(unwanted).name;
        expect_eq!(name, "unwanted", "the name of a cancelled task was changed");
        lab.scheduler.run(1);
        lab.expect_end(unwanted, Status::Cancelled, 0);
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
        let meeting = Meeting::of(2);
        lab.submit("left", meeting.attend(0));
        lab.submit("right", meeting.attend(1));
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
        join(
            lab.spawn(|lab| lab.submit("only", slow(succeeds))),
            "submit",
        );
        // Two of the three workers may be asleep when the only task ends.
        lab.scheduler.run(3);
        expect!(
            lab.ended("only") > 0,
            "run(3) returned before the only task had ended"
        );
    });
}

#[test]
fn three_runs_at_once_all_wait() {
    // Without deviations: what goes wrong is a call that returns while a task waits.
    STAGE.model_within(0, || {
        let lab = Lab::new(1);
        let (release, released) = mpsc::channel();
        let released = Mutex::new(released);
        lab.submit("only", move |_| {
            let _ = released.lock().map(|released| released.recv());
            Ok(())
        });
        let run = |lab: Lab| {
            lab.scheduler.run(1);
            expect!(
                lab.ended("only") > 0,
                "one of three runs at once returned before the only task had ended"
            );
        };
        let others = [(); 2].map(|()| lab.spawn(run));
        let releaser = lab.spawn(move |_| release.send(()).is_ok());
        run(lab);
        for other in others {
            join(other, "one of three runs");
        }
        join(releaser, "the thread that lets the task end");
    });
}

#[test]
fn two_runs_at_once_both_wait_for_all_work() {
    STAGE.model(|| {
        let lab = Lab::new(1);
        lab.submit("only", slow(succeeds));
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
            if inside.cancel(broken) {
                // Nobody takes that back.
                let after = inside.look(broken).status;
                expect_eq!(after, Status::Cancelled, "cancel had just returned true");
            } else {
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
fn a_task_cancelled_between_its_attempts_never_runs_again() {
    STAGE.model(|| {
        let lab = Lab::new(3);
        let broken = lab.submit("broken", fails);
        let inside = lab.clone();
        let said = Log::<bool>::default();
        let say = said.clone();
        // With one worker, this runs before, after or between the other's attempts.
        lab.submit("canceller", move |_| {
            say.push(inside.cancel(broken));
            Ok(())
        });
        // By another thread, so that two live even where one worker is the caller.
        join(lab.spawn(|lab| lab.scheduler.run(1)), "run(1)");
        let runs = lab.began("broken");
        if said.snapshot() == [true] {
            if lab.began_after_cancel("broken") {
                let sentence = "cancel had returned true when an attempt of the task began";
                Broken::by("cancel-races-start", sentence).end();
            }
            lab.expect_end(broken, Status::Cancelled, runs);
            let stats = Stats {
                submitted: 2,
                succeeded: 1,
                cancelled: 1,
                ..Stats::default()
            };
            lab.expect_stats(stats, "one task succeeded and cancelled the other");
            // Nor does another run find it.
            lab.scheduler.run(1);
            lab.expect_end(broken, Status::Cancelled, runs);
        } else {
            lab.expect_end(broken, failed("attempt 3 failed"), 3);
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

#[test]
fn any_two_tasks_run_at_once_on_two_workers() {
    STAGE.model(|| {
        let (lab, meeting) = (Lab::new(1), Meeting::of(2));
        for (place, name) in ["left", "right"].into_iter().enumerate() {
            lab.submit(name, meeting.attend(place));
            // Neither first and second, nor odd and even: some tasks are gone already.
            let unwanted = lab.submit("unwanted", succeeds);
            lab.cancel(unwanted);
        }
        lab.scheduler.run(2);
        let met = lab.ended("left") > 0 && lab.ended("right") > 0;
        expect!(met, "run(2) returned before both tasks had ended");
    });
}

#[test]
fn two_runs_at_once_run_two_tasks_at_once() {
    STAGE.model(|| {
        let lab = Lab::new(1);
        let meeting = Meeting::of(2);
        lab.submit("left", meeting.attend(0));
        lab.submit("right", meeting.attend(1));
        let second = lab.spawn(|lab| lab.scheduler.run(1));
        lab.scheduler.run(1);
        join(second, "the second run");
        let met = lab.ended("left") > 0 && lab.ended("right") > 0;
        expect!(met, "both runs returned before both tasks had ended");
    });
}

#[test]
fn what_tasks_submit_runs_on_all_workers() {
    STAGE.model(|| {
        let lab = Lab::new(1);
        let (inside, meeting) = (lab.clone(), Meeting::of(2));
        lab.submit("parent", move |_| {
            inside.submit("left", meeting.attend(0));
            inside.submit("right", meeting.attend(1));
            Ok(())
        });
        let watched = lab.clone();
        broken_if_stuck(move |standstill| {
            let begun = watched.began("left") + watched.began("right");
            let sentence = "Two tasks that a task submitted wait for each other on 2 workers, \
                            and only one of them runs.";
            (standstill == Standstill::Asleep && begun == 1).then(|| sentence.to_owned().into())
        });
        lab.scheduler.run(2);
        let met = lab.ended("left") > 0 && lab.ended("right") > 0;
        expect!(
            met,
            "run(2) returned before the children of a task had ended"
        );
    });
}

#[test]
fn each_of_three_submits_wakes_a_worker() {
    // One deviation at most: four threads make too many interleavings with two. Where the
    // scheduler keeps a fifth for itself it is some of them.
    STAGE.model_within(1, || {
        let scheduler = Arc::new(Scheduler::new(1));
        let (inside, meeting) = (Arc::clone(&scheduler), Meeting::of(3));
        scheduler.submit("parent", move || {
            for place in 0..3 {
                let attend = meeting.attend(place);
                inside.submit("child", move || attend(1));
            }
            Ok(())
        });
        broken_if_stuck(|standstill| {
            let sentence = "Three tasks that a task submitted, one right after the other, wait for \
                            each other on 3 workers, and not all of them run.";
            (standstill == Standstill::Asleep).then(|| sentence.to_owned().into())
        });
        scheduler.run(3);
        expect_eq!(
            scheduler.stats().succeeded,
            4,
            "run(3) returned; so many of four tasks had ended"
        );
    });
}

#[test]
fn as_many_tasks_run_at_once_as_there_are_workers() {
    STAGE.run(|| {
        let (lab, meeting) = (Lab::new(1), Meeting::of(40));
        for place in 0..40 {
            lab.submit("one of 40", meeting.attend(place));
        }
        lab.scheduler.run(40);
        let ended = lab.ended("one of 40");
        expect_eq!(ended, 40, "40 tasks wait for each other on 40 workers");
    });
}

#[test]
fn one_worker_runs_one_task_at_a_time() {
    STAGE.model(|| {
        let lab = Lab::new(2);
        let busy = Arc::new(AtomicBool::new(false));
        let mut ids = Vec::new();
        let known = Log::<TaskId>::default();
        for name in ["left", "right"] {
            let (inside, busy, known) = (lab.clone(), Arc::clone(&busy), known.clone());
            ids.push(lab.submit(name, move |attempt| {
                let other = busy.swap(true, SeqCst);
                expect!(!other, "run(1) runs two tasks at once");
                let stats = inside.scheduler.stats();
                expect_eq!(stats.running, 1, "of two tasks, run(1) runs this one");
                expect_eq!(stats.failed, 0, "no task has used up its attempts");
                let running = known.snapshot().into_iter();
                let running = running.filter(|id| inside.look(*id).status == Status::Running);
                expect_eq!(
                    running.count(),
                    1,
                    "how many tasks were seen as running in run(1)"
                );
                busy.store(false, SeqCst);
                if attempt == 1 { fails(attempt) } else { Ok(()) }
            }));
        }
        ids.iter().for_each(|id| known.push(*id));
        // By another thread, so that two live even where one worker is the caller.
        join(lab.spawn(|lab| lab.scheduler.run(1)), "run(1)");
        for id in ids {
            lab.expect_end(id, Status::Succeeded, 2);
        }
    });
}

#[test]
fn a_submit_is_in_the_stats_as_soon_as_its_task_can_run() {
    STAGE.model(|| {
        let lab = Lab::new(1);
        let submit = lab.spawn(|lab| {
            let inside = lab.clone();
            lab.submit("late", move |_| {
                let stats = inside.scheduler.stats();
                let expected = Stats {
                    submitted: 1,
                    running: 1,
                    ..Stats::default()
                };
                expect_eq!(stats, expected, "what the only task saw while it ran");
                Ok(())
            })
        });
        let before = lab.scheduler.stats();
        lab.scheduler.run(1);
        let after = lab.scheduler.stats();
        for stats in [before, after] {
            let fits = placed(stats) <= stats.submitted && stats.submitted <= 1;
            expect!(
                fits,
                "one task is being submitted, and the stats are {stats:?}"
            );
        }
        expect!(
            before.submitted == 0 || lab.ended("late") == 1,
            "the stats had counted a task before run(1), which returned without having run it"
        );
        let late = join(submit, "submit");
        lab.scheduler.run(1);
        lab.expect_end(late, Status::Succeeded, 1);
    });
}

#[test]
fn a_submit_from_inside_is_in_the_stats_as_soon_as_its_task_can_run() {
    STAGE.model(|| {
        let lab = Lab::new(1);
        let inside = lab.clone();
        let parent = lab.submit("parent", move |_| {
            let watch = inside.clone();
            inside.submit("child", move |_| {
                let stats = watch.scheduler.stats();
                let (submitted, placed) = (stats.submitted, placed(stats));
                expect!(
                    submitted == 2 && placed == 2 && stats.running > 0,
                    "a task and the one that it submitted have begun, and the stats are {stats:?}"
                );
                Ok(())
            });
            Ok(())
        });
        // By another thread, so that two live even where waves are joined.
        join(lab.spawn(|lab| lab.scheduler.run(2)), "run(2)");
        lab.expect_end(parent, Status::Succeeded, 1);
        let stats = Stats {
            submitted: 2,
            succeeded: 2,
            ..Stats::default()
        };
        lab.expect_stats(stats, "a task and the one that it submitted have succeeded");
    });
}

/// Looks at a task and at the stats, in both orders: what one shows as over, the other
/// must not show as anything else.
#[track_caller]
fn expect_one_world(lab: &Lab, id: TaskId) {
    let is_over = |status: &Status| !matches!(status, Status::Pending | Status::Running);
    let seen = lab.look(id).status;
    let stats = lab.scheduler.stats();
    expect!(
        !is_over(&seen) || counted(stats, &seen) == 1,
        "the only task was seen as {seen:?}, and then the stats were {stats:?}"
    );
    let seen = lab.look(id).status;
    let over = stats.succeeded + stats.failed + stats.cancelled;
    expect!(
        over == 0 || is_over(&seen),
        "the stats were {stats:?}, and then the only task was seen as {seen:?}"
    );
}

#[test]
fn stats_count_what_metadata_shows() {
    STAGE.model(|| {
        let lab = Lab::new(1);
        let broken = lab.submit("broken", fails);
        let run = lab.spawn(|lab| lab.scheduler.run(1));
        expect_one_world(&lab, broken);
        join(run, "run(1)");
        lab.expect_end(broken, failed("attempt 1 failed"), 1);
    });
}

#[test]
fn stats_count_a_cancelled_task_when_metadata_shows_it() {
    STAGE.model(|| {
        let lab = Lab::new(1);
        let unwanted = lab.submit("unwanted", succeeds);
        let cancel = lab.spawn(move |lab| lab.cancel(unwanted));
        expect_one_world(&lab, unwanted);
        join(cancel, "cancel");
        lab.expect_end(unwanted, Status::Cancelled, 0);
    });
}

#[test]
fn a_failed_task_is_failed_at_once() {
    STAGE.model(|| {
        let lab = Lab::new(1);
        let broken = lab.submit("broken", fails);
        let run = lab.spawn(|lab| lab.scheduler.run(1));
        let (first, second) = (lab.look(broken), lab.look(broken));
        join(run, "run(1)");
        expect_forward(&[first, second, lab.look(broken)], 1);
        lab.expect_end(broken, failed("attempt 1 failed"), 1);
    });
}

#[test]
fn two_runs_at_once_both_wait_for_a_retry() {
    STAGE.model(|| {
        let lab = Lab::new(2);
        lab.submit("flaky", slow(succeeds_at(2)));
        let wait = |lab: &Lab, run: &str| {
            lab.scheduler.run(1);
            let ended = lab.ended("flaky");
            expect!(
                ended == 2,
                "{run} returned after attempt {ended} of 2, with the task still to be retried"
            );
        };
        let second = lab.spawn(move |lab| wait(&lab, "the second run"));
        wait(&lab, "the first run");
        join(second, "the second run");
    });
}

#[test]
fn two_runs_at_once_both_wait_for_tasks_that_tasks_submit() {
    STAGE.model(|| {
        let lab = Lab::new(1);
        let inside = lab.clone();
        lab.submit("parent", move |_| {
            inside.submit("child", slow(succeeds));
            Ok(())
        });
        let wait = |lab: &Lab, run: &str| {
            lab.scheduler.run(1);
            let ended = lab.ended("child");
            expect!(
                ended == 1,
                "{run} returned before the child of its task had ended"
            );
        };
        let second = lab.spawn(move |lab| wait(&lab, "the second run"));
        wait(&lab, "the first run");
        join(second, "the second run");
    });
}

#[test]
fn a_task_may_call_the_scheduler_about_itself() {
    STAGE.model(|| {
        let lab = Lab::new(2);
        let (inside, own) = (lab.clone(), Log::<TaskId>::default());
        let known = own.clone();
        let curious = lab.submit("curious", move |attempt| {
            for id in known.snapshot() {
                let said = inside.scheduler.cancel(id);
                expect!(!said, "cancel of a running task returned true");
                let task = inside.look(id);
                expect_eq!(
                    task.attempts as usize,
                    attempt,
                    "the attempts of a running task"
                );
                expect_eq!(task.status, Status::Running, "the status of a running task");
            }
            fails(attempt)
        });
        own.push(curious);
        // By another thread, so that two live even where one worker is the caller.
        join(lab.spawn(|lab| lab.scheduler.run(1)), "run(1)");
        lab.expect_end(curious, failed("attempt 2 failed"), 2);
    });
}

#[test]
fn all_code_of_a_task_may_call_the_scheduler() {
    STAGE.model(|| {
        let lab = Lab::new(2);
        let asks = |lab: &Lab| {
            let inside = lab.clone();
            move || {
                let stats = inside.scheduler.stats();
                let fits = placed(stats) <= stats.submitted;
                expect!(fits, "more tasks have begun than were submitted: {stats:?}");
            }
        };
        // What a work captured may be dropped when it has ended or is cancelled, or never.
        let captured = OnDrop(asks(&lab));
        let plain = lab.submit("plain", move |_| {
            let _ = &captured;
            Ok(())
        });
        let captured = OnDrop(asks(&lab));
        let unwanted = lab.submit("unwanted", move |_| {
            let _ = &captured;
            Ok(())
        });
        let inside = lab.clone();
        let speaking = lab.submit("speaking", move |_| {
            Err(Speaking(OnDrop(asks(&inside))).into())
        });
        lab.cancel(unwanted);
        // By another thread, so that two live even where one worker is the caller.
        join(lab.spawn(|lab| lab.scheduler.run(1)), "run(1)");
        lab.expect_end(plain, Status::Succeeded, 1);
        lab.expect_end(unwanted, Status::Cancelled, 0);
        lab.expect_end(speaking, failed("spoken"), 2);
    });
}

#[test]
fn a_destructor_that_panics_costs_nobody_else() {
    STAGE.model(|| {
        let lab = Lab::new(1);
        // Where it is kept, the two keep each other, so no check ends in this panic.
        let (kept, captured) = (lab.clone(), OnDrop(|| panic!("dropped")));
        let odd = lab.submit("odd", move |_| {
            let _ = (&kept, &captured);
            Ok(())
        });
        let wrong = lab.submit("wrong", |_| Err(DropsBadly.into()));
        let plain = lab.submit("plain", succeeds);
        broken_if_stuck(|standstill| {
            let sentence = "A destructor of a task's panicked, and run never returns.";
            (standstill == Standstill::Asleep).then(|| sentence.to_owned().into())
        });
        // By another thread, so that two live even where one worker is the caller.
        let run = lab.spawn(|lab| lab.scheduler.run(1)).join();
        expect!(
            run.is_ok(),
            "a destructor of a task's panicked, and run(1) with it"
        );
        lab.expect_end(plain, Status::Succeeded, 1);
        for id in [odd, wrong] {
            let task = lab.look(id);
            let over = !matches!(task.status, Status::Pending | Status::Running);
            let (name, status) = (task.name, task.status);
            expect!(over, "run(1) has returned, and task `{name}` is {status:?}");
        }
        let stats = lab.scheduler.stats();
        expect!(
            stats.running == 0 && placed(stats) == 3,
            "all three tasks are over, and the stats are {stats:?}"
        );
    });
}

#[test]
fn every_text_is_kept_whole() {
    STAGE.run(|| {
        let long = "ä and so on, ".repeat(10_000);
        let lines = "one line\nand another\r\n\nand a last one\n";
        let signs = "{} {0} %s \\n \0 \u{1b}[31m ☂ \u{1F980}";
        for text in ["", " ", "  padded\t", "\n", lines, signs, &long] {
            let scheduler = Scheduler::new(1);
            let named = scheduler.submit(text, || Ok(()));
            let own = text.to_owned();
            let error = scheduler.submit("error", move || Err(own.clone().into()));
            let own = text.to_owned();
            let caused = scheduler.submit("caused", move || Err(Caused(own.clone()).into()));
            let own = text.to_owned();
            let formatted = scheduler.submit("formatted", move || panic_any(own.clone()));
            let literal: &'static str = text.to_owned().leak();
            let literal = scheduler.submit("literal", move || panic_any(literal));
            scheduler.run(1);
            let name = scheduler.metadata(named).map(|task| task.name);
            let start = String::from_iter(text.chars().take(40));
            let length = text.len();
            expect!(
                name.as_deref() == Some(text),
                "a name was changed: {start:?} ({length} bytes) is another one now"
            );
            for (what, id) in [
                ("an error's text", error),
                ("the text of an error that has a source", caused),
                ("the message of a panic, a `String`,", formatted),
                ("the message of a panic, a `&str`,", literal),
            ] {
                let status = scheduler.metadata(id).map(|task| task.status);
                expect!(
                    status == Some(failed(text)),
                    "{what} was changed: {start:?} ({length} bytes) is another one now"
                );
            }
        }
    });
}

#[test]
fn attempts_are_right_beyond_two_bytes() {
    STAGE.run_within(Duration::from_secs(60), || {
        // More attempts than two bytes can count.
        let (max, runs) = (66_000, Arc::new(AtomicUsize::new(0)));
        let (scheduler, ran) = (Scheduler::new(max), Arc::clone(&runs));
        let stubborn = scheduler.submit("stubborn", move || {
            ran.fetch_add(1, SeqCst);
            Err("again".into())
        });
        scheduler.run(1);
        let attempts = scheduler.metadata(stubborn).map(|task| task.attempts);
        expect_eq!(
            runs.load(SeqCst),
            max as usize,
            "{max} attempts are allowed"
        );
        expect_eq!(attempts, Some(max), "what metadata says of them");

        // As many as the type has, where it ends before.
        let (scheduler, ran) = (Scheduler::new(u32::MAX), AtomicUsize::new(0));
        let flaky = scheduler.submit("flaky", move || match ran.fetch_add(1, SeqCst) {
            0 | 1 => Err("again".into()),
            _ => Ok(()),
        });
        scheduler.run(1);
        let task = scheduler
            .metadata(flaky)
            .map(|task| (task.status, task.attempts));
        let expected = Some((Status::Succeeded, 3));
        expect_eq!(
            task,
            expected,
            "u32::MAX attempts are allowed, the third succeeds"
        );
    });
}

#[test]
fn thousands_of_tasks_are_accepted_and_counted() {
    STAGE.run(|| {
        let (some, scheduler) = (5_000, Scheduler::new(1));
        let ids = Vec::from_iter((0..some).map(|task| {
            scheduler.submit("some", move || match task % 2 {
                0 => Ok(()),
                _ => Err("odd".into()),
            })
        }));
        let different = BTreeSet::from_iter(&ids).len();
        if different < some {
            let sentence = format!("{some} submits gave out {different} different ids.");
            Broken::by("id-reused", sentence).end();
        }
        scheduler.run(2);
        let stats = Stats {
            submitted: some,
            succeeded: some / 2,
            failed: some / 2,
            ..Stats::default()
        };
        expect_eq!(
            scheduler.stats(),
            stats,
            "of {some} tasks every other one succeeds"
        );
        for (task, id) in ids.into_iter().enumerate() {
            let Some(found) = scheduler.metadata(id) else {
                let sentence =
                    format!("Task {task} of {some} has run, and metadata knows it no more.");
                Broken::by("outcome-swallowed", sentence).end();
            };
            let end = [Status::Succeeded, failed("odd")][task % 2].clone();
            expect_eq!(found.status, end, "how task {task} of {some} ended");
        }
    });
}

#[test]
fn ids_and_counts_are_right_beyond_two_bytes() {
    STAGE.run_within(Duration::from_secs(60), || {
        // Of each end, more than two bytes can count. Where a call costs more the more tasks
        // there are, which it may, it gets as far as there is time for.
        let (rounds, allowance) = (66_000, Allowance::of(Duration::from_secs(3)));
        let (scheduler, mut ids) = (Scheduler::new(1), BTreeSet::new());
        let mut some = 0;
        while some < rounds && !allowance.is_spent() {
            let submits = [
                scheduler.submit("good", || Ok(())),
                scheduler.submit("bad", move || match some % 100 {
                    // Nobody prints such a panic.
                    0 => resume_unwind(Box::new("bad")),
                    _ => Err("bad".into()),
                }),
                scheduler.submit("unwanted", || Ok(())),
            ];
            some += 1;
            for id in submits {
                if !ids.insert(id) {
                    let sentence =
                        format!("Of {} submits, two returned the same id: {id:?}.", 3 * some);
                    Broken::by("id-reused", sentence).end();
                }
            }
            expect!(
                scheduler.cancel(submits[2]),
                "cancel of a pending task returned false, after {} submits",
                3 * some
            );
            if some % 500 == 0 {
                scheduler.run(1);
            }
        }
        scheduler.run(1);
        let stats = Stats {
            submitted: 3 * some,
            succeeded: some,
            failed: some,
            cancelled: some,
            ..Stats::default()
        };
        expect_eq!(
            scheduler.stats(),
            stats,
            "a third of the tasks succeeded, a third failed, and a third was cancelled"
        );
    });
}

#[test]
fn a_scheduler_knows_the_ids_that_it_gave_out_and_no_others() {
    STAGE.run(|| {
        let (busy, scheduler) = (Scheduler::new(1), Scheduler::new(1));
        let foreign = Vec::from_iter((0..100).map(|_| busy.submit("there", || Ok(()))));
        for tasks in [0, 3] {
            let own = Vec::from_iter((0..tasks).map(|_| scheduler.submit("here", || Ok(()))));
            for id in foreign.iter().chain(&own) {
                // An id from elsewhere may be equal to one of ours: then it is ours.
                let known = own.contains(id);
                let found = scheduler.metadata(*id).map(|task| task.id);
                expect_eq!(
                    found,
                    known.then_some(*id),
                    "{id:?} looked up where {own:?} exist"
                );
                let cancelled = !known && scheduler.cancel(*id);
                expect!(!cancelled, "{id:?} was cancelled where {own:?} exist");
            }
        }
    });
}

#[test]
fn a_default_scheduler_keeps_the_same_promises() {
    STAGE.run(|| {
        let scheduler = Arc::new(Scheduler::default());
        let unwanted = scheduler.submit("unwanted", || Ok(()));
        expect!(
            scheduler.cancel(unwanted),
            "cancel of a pending task returned false"
        );
        let inside = Arc::clone(&scheduler);
        let parent = scheduler.submit("parent", move || {
            inside.submit("child", || Ok(()));
            Ok(())
        });
        scheduler.run(2);
        let meeting = Meeting::of(2);
        for place in 0..2 {
            let attend = meeting.attend(place);
            scheduler.submit("one of two", move || attend(1));
        }
        scheduler.run(2);
        let status = |id| scheduler.metadata(id).map(|task| task.status);
        expect_eq!(
            status(unwanted),
            Some(Status::Cancelled),
            "it was cancelled"
        );
        expect_eq!(
            status(parent),
            Some(Status::Succeeded),
            "it submitted a task"
        );
        let stats = Stats {
            submitted: 5,
            succeeded: 4,
            cancelled: 1,
            ..Stats::default()
        };
        expect_eq!(
            scheduler.stats(),
            stats,
            "the stats of a scheduler by default"
        );
    });
}

#[test]
fn a_panic_is_retried_until_one_attempt_succeeds() {
    STAGE.model(|| {
        let lab = Lab::new(4);
        let moody = lab.submit("moody", |attempt| match attempt {
            1 | 2 => panic!("attempt {attempt} exploded"),
            3 => fails(attempt),
            _ => Ok(()),
        });
        let bomb = lab.submit("bomb", |attempt| panic!("attempt {attempt} exploded"));
        // By another thread, so that two live even where one worker is the caller.
        join(lab.spawn(|lab| lab.scheduler.run(1)), "run(1)");
        lab.expect_end(moody, Status::Succeeded, 4);
        lab.expect_end(bomb, failed("attempt 4 exploded"), 4);
    });
}
