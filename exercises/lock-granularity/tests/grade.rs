//! What the scheduler promises once no lock is held around its tasks, one promise per
//! check.
//!
//! How fine the locks are is told in three ways, and none of them is a clock: a task
//! asks which locks its own thread holds; tasks wait for each other, and so end only if
//! enough of them run at once; a task waits until somebody else was answered.
//!
//! Only the brief's promises are checked. Nobody promised how many locks there are, in
//! which order tasks run or that an idle worker stays, so no program here leans on them.

#[path = "../../naive-scheduler/tests/caused/mod.rs"]
mod caused;
mod lab;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any, resume_unwind};
use std::sync::{Arc, Barrier, mpsc};
use std::time::Duration;

use grader::{
    Broken, Log, Stage, Standstill, broken_if_stuck, expect, expect_eq, held_locks, join, note,
};
use lock_granularity::{Scheduler, Status, TaskId};

use caused::Caused;
use lab::{Lab, expect_forward, fails, look, placed, succeeds};

const STAGE: Stage = grader::stage!("../stage.toml");

fn failed(message: &str) -> Status {
    Status::Failed(message.to_owned())
}

/// The thread that asks holds no lock.
#[track_caller]
fn expect_no_lock(during: &str) {
    let held = held_locks();
    let locks = held.join(" and ");
    expect!(held.is_empty(), "{during}, its worker holds {locks}.");
}

#[test]
fn a_new_task_is_pending_under_its_own_name() {
    STAGE.run(|| {
        let lab = Lab::new();
        let names = ["resize image", "", "größer ☂", "resize image"];
        let ids = names.map(|name| lab.submit(name, succeeds));
        for (id, name) in ids.into_iter().zip(names) {
            let task = lab.look(id);
            expect_eq!(task.id, id, "metadata({id:?}) describes another task");
            expect_eq!(task.name, name, "the name of {id:?} was changed");
            expect_eq!(task.status, Status::Pending, "{name:?} has not run yet");
        }
        lab.expect_stats([4, 0, 0, 0], "four tasks wait, none ran");
    });
}

#[test]
fn an_unknown_id_names_no_task() {
    STAGE.run(|| {
        let id = Scheduler::new().submit("elsewhere", |_| Ok(()));
        let found = Scheduler::new().metadata(id);
        expect!(found.is_none(), "a scheduler without tasks knows {id:?}");

        let (busy, scheduler) = (Scheduler::new(), Scheduler::new());
        let foreign = Vec::from_iter((0..100).map(|_| busy.submit("there", |_| Ok(()))));
        let own = Vec::from_iter((0..3).map(|_| scheduler.submit("here", |_| Ok(()))));
        for id in foreign.iter().chain(&own) {
            // An id from elsewhere may be equal to one of ours: then it is ours.
            let known = own.contains(id);
            let found = scheduler.metadata(*id).map(|task| task.id);
            expect_eq!(
                found,
                known.then_some(*id),
                "{id:?} looked up where {own:?} exist"
            );
        }
    });
}

#[test]
fn a_default_scheduler_runs_its_tasks() {
    STAGE.run(|| {
        let scheduler = Scheduler::default();
        let id = scheduler.submit("only", |_| Ok(()));
        scheduler.run(1);
        let status = scheduler.metadata(id).map(|task| task.status);
        expect_eq!(status, Some(Status::Succeeded), "the only task returns Ok");
    });
}

#[test]
fn run_with_zero_workers_panics() {
    STAGE.run(|| {
        let lab = Lab::new();
        let waiting = lab.submit("waiting", succeeds);
        for _ in 0..2 {
            let run = catch_unwind(AssertUnwindSafe(|| lab.scheduler.run(0)));
            expect!(
                run.is_err(),
                "run(0) returned, though without a worker no task could ever run"
            );
        }
        lab.expect_stats([1, 0, 0, 0], "run(0) panicked, one task waits");
        lab.scheduler.run(1);
        lab.expect_end("waiting", waiting, Status::Succeeded);
    });
}

#[test]
fn run_may_be_called_again() {
    STAGE.run(|| {
        let lab = Lab::new();
        lab.scheduler.run(2);
        let first = lab.submit("first", succeeds);
        lab.scheduler.run(2);
        lab.scheduler.run(2);
        let second = lab.submit("second", fails);
        lab.scheduler.run(2);
        lab.expect_end("first", first, Status::Succeeded);
        lab.expect_end("second", second, failed("no route"));
        lab.expect_stats([2, 0, 1, 1], "two tasks have run, and one of them failed");
    });
}

#[test]
fn a_later_run_has_all_its_workers() {
    STAGE.model(|| {
        let lab = Lab::new();
        lab.scheduler.run(1);
        lab.submit("first", succeeds);
        lab.scheduler.run(1);
        expect_meeting(&lab, "the 2 workers of a later run");
        let inside = lab.clone();
        lab.submit("parent", move |scheduler| {
            let (go, gone) = mpsc::channel();
            let child = inside.watched("child", move |_| {
                let _ = go.send(());
                Ok(())
            });
            scheduler.submit("child", child);
            let _ = gone.recv();
            Ok(())
        });
        lab.scheduler.run(2);
        expect_ended(&lab, ["parent", "child"], "the last run returned");
    });
}

#[test]
fn no_lock_is_held_while_a_task_runs() {
    STAGE.model(|| {
        let lab = Lab::new();
        lab.submit("plain", |_| {
            expect_no_lock("While task `plain` runs");
            Ok(())
        });
        lab.submit("broken", |scheduler| {
            expect_no_lock("While task `broken` runs");
            fails(scheduler)
        });
        lab.scheduler.run(2);
    });
}

#[test]
fn no_lock_is_held_while_an_error_becomes_text() {
    /// An error that looks at the scheduler before it says what is wrong.
    struct Curious(Lab);
    impl fmt::Debug for Curious {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("Curious")
        }
    }
    impl fmt::Display for Curious {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            note!("the error of task `curious` becomes text");
            expect_no_lock("While the error of task `curious` becomes text");
            self.0.ask("stats", || self.0.scheduler.stats());
            f.write_str("no route")
        }
    }
    impl std::error::Error for Curious {}
    STAGE.model(|| {
        let lab = Lab::new();
        let inside = lab.clone();
        lab.submit("curious", move |_| Err(Curious(inside).into()));
        let stuck = lab.clone();
        broken_if_stuck(move |standstill| {
            let Some(call) = stuck.unanswered() else {
                return stuck.forgotten(standstill);
            };
            let sentence = format!(
                "The error of task `curious` calls {call} while it becomes text, and is never answered."
            );
            Some(Broken::by("callback-reenters", sentence))
        });
        // By another thread, so that two live even where one worker is the caller.
        join(lab.spawn(|lab| lab.scheduler.run(1)), "run(1)");
    });
}

/// Submits two tasks that wait for each other.
fn submit_meeting(lab: &Lab, names: [&'static str; 2]) {
    let barrier = Arc::new(Barrier::new(2));
    for name in names {
        let barrier = Arc::clone(&barrier);
        lab.submit(name, move |_| {
            barrier.wait();
            Ok(())
        });
    }
}

/// Says what it means when they do not meet.
fn expect_meeting(lab: &Lab, workers: &'static str) {
    let lab = lab.clone();
    broken_if_stuck(move |standstill| {
        let running = lab.running();
        let meant = match running {
            0 if standstill == Standstill::OnItsOwnLock => return None,
            0 if lab.began_any() => return lab.forgotten(standstill),
            0 => "none of them runs",
            1 => "only one of them could run at once",
            _ => return None,
        };
        let locks = lab.locks_around_tasks();
        let sentence = format!("Two tasks wait for each other on {workers}, and {meant}.{locks}");
        Some(sentence.into())
    });
}

#[track_caller]
fn expect_ended(lab: &Lab, names: [&'static str; 2], after: &str) {
    for name in names {
        expect!(
            lab.ended(name) > 0,
            "{after} before task `{name}` had ended"
        );
    }
}

#[test]
fn as_many_tasks_run_at_once_as_there_are_workers() {
    STAGE.model(|| {
        let lab = Lab::new();
        let names = ["left", "right"];
        submit_meeting(&lab, names);
        expect_meeting(&lab, "2 workers");
        lab.scheduler.run(2);
        expect_ended(&lab, names, "run(2) returned");
    });
}

#[test]
fn two_runs_at_once_share_the_work() {
    STAGE.model(|| {
        let lab = Lab::new();
        let names = ["left", "right"];
        submit_meeting(&lab, names);
        expect_meeting(&lab, "the workers of two runs at once");
        let second = lab.spawn(|lab| lab.scheduler.run(1));
        lab.scheduler.run(1);
        join(second, "the second run");
        expect_ended(&lab, names, "both runs returned");
    });
}

#[test]
fn a_task_may_call_the_scheduler_that_runs_it() {
    STAGE.model(|| {
        let lab = Lab::new();
        let own = Log::<TaskId>::default();
        let (inside, id) = (lab.clone(), own.clone());
        own.push(lab.submit("parent", move |scheduler| {
            let child = inside.watched("child", succeeds);
            let child = inside.ask("submit", || scheduler.submit("child", child));
            let found = inside.ask("metadata", || look(scheduler, child));
            expect_eq!(
                found.name,
                "child",
                "what task `parent` saw of the task that it had submitted"
            );
            for id in id.snapshot() {
                let own = inside.ask("metadata of itself", || look(scheduler, id));
                expect_eq!(
                    own.status,
                    Status::Running,
                    "what task `parent` saw of itself while it ran"
                );
            }
            let stats = inside.ask("stats", || scheduler.stats());
            expect_eq!(
                stats.submitted,
                2,
                "task `parent` had submitted task `child`"
            );
            id.push(child);
            Ok(())
        }));
        let stuck = lab.clone();
        broken_if_stuck(move |standstill| {
            let Some(call) = stuck.unanswered() else {
                return stuck.forgotten(standstill);
            };
            let locks = stuck.locks_around_tasks();
            let sentence = format!("Task `parent` called {call}, and is never answered.{locks}");
            Some(sentence.into())
        });
        // By another thread, so that two live even where one worker is the caller.
        join(lab.spawn(|lab| lab.scheduler.run(1)), "run(1)");
        for (name, id) in ["parent", "child"].into_iter().zip(own.snapshot()) {
            lab.expect_end(name, id, Status::Succeeded);
        }
    });
}

#[test]
fn everybody_is_answered_while_a_task_runs() {
    STAGE.model(|| {
        let lab = Lab::new();
        let (begin, begun) = mpsc::channel();
        let (release, released) = mpsc::channel();
        let slow = lab.submit("slow", move |_| {
            // Both ends live as long as the check, unless it has failed already.
            let _ = begin.send(());
            let _ = released.recv();
            Ok(())
        });
        let stuck = lab.clone();
        broken_if_stuck(move |standstill| {
            let Some(call) = stuck.unanswered() else {
                return stuck.forgotten(standstill);
            };
            let locks = stuck.locks_around_tasks();
            let sentence = format!(
                "While task `slow` runs, {call} is called by a thread outside, and not answered until \
                 the task has ended.{locks}"
            );
            Some(sentence.into())
        });
        let run = lab.spawn(|lab| lab.scheduler.run(1));
        expect!(begun.recv().is_ok(), "run(1) dropped task `slow` without running it");
        let status = lab.ask("metadata", || lab.look(slow)).status;
        expect_eq!(status, Status::Running, "task `slow` had begun, and not ended");
        let running = lab.ask("stats", || lab.scheduler.stats()).running;
        expect_eq!(running, 1, "task `slow` had begun, and not ended");
        let late = lab.ask("submit", || lab.submit("late", succeeds));
        let _ = release.send(());
        join(run, "run(1)");
        lab.expect_end("slow", slow, Status::Succeeded);
        lab.expect_end("late", late, Status::Succeeded);
    });
}

#[test]
fn each_task_runs_exactly_once() {
    STAGE.model(|| {
        let lab = Lab::new();
        let left = lab.submit("left", succeeds);
        let right = lab.submit("right", succeeds);
        lab.scheduler.run(2);
        lab.expect_end("left", left, Status::Succeeded);
        lab.expect_end("right", right, Status::Succeeded);
        lab.expect_stats([2, 0, 2, 0], "two tasks ran, and both succeeded");
    });
}

#[test]
fn a_status_only_moves_forward() {
    STAGE.model(|| {
        let lab = Lab::new();
        let (begin, begun) = mpsc::channel();
        let watched = lab.submit("watched", move |_| {
            // The other end lives as long as the check.
            let _ = begin.send(());
            Ok(())
        });
        let mut looks = vec![lab.look(watched).status];
        let run = lab.spawn(|lab| lab.scheduler.run(1));
        expect!(
            begun.recv().is_ok(),
            "run(1) dropped task `watched` without running it"
        );
        looks.extend([lab.look(watched).status, lab.look(watched).status]);
        join(run, "run(1)");
        looks.push(lab.look(watched).status);
        expect_forward("watched", &looks);
        lab.expect_end("watched", watched, Status::Succeeded);
    });
}

#[test]
fn a_failure_is_one_from_the_start() {
    STAGE.model(|| {
        let lab = Lab::new();
        let watched = lab.submit("watched", fails);
        let run = lab.spawn(|lab| lab.scheduler.run(1));
        let looks = [lab.look(watched).status, lab.look(watched).status];
        join(run, "run(1)");
        let [first, second] = looks;
        expect_forward("watched", &[first, second, lab.look(watched).status]);
        lab.expect_end("watched", watched, failed("no route"));
    });
}

#[test]
fn no_more_tasks_run_than_there_are_workers() {
    STAGE.model(|| {
        let lab = Lab::new();
        let (begin, begun) = mpsc::channel();
        // Each task says that it has begun and waits until it may end, so that a look at them
        // one after the other has time to see both running.
        let [left, right] = ["left", "right"].map(|name| {
            let (begin, (release, released)) = (begin.clone(), mpsc::channel());
            let id = lab.submit(name, move |_| {
                let _ = begin.send(name);
                let _ = released.recv();
                Ok(())
            });
            (name, id, release)
        });
        let run = lab.spawn(|lab| lab.scheduler.run(1));
        let first = begun.recv();
        let (first, other) = match first {
            Ok(name) if name == left.0 => (left, right),
            _ => (right, left),
        };
        let status = lab.look(other.1).status;
        let (running, waiting) = (first.0, other.0);
        expect_eq!(
            status,
            Status::Pending,
            "the only worker runs task `{running}`; the status of task `{waiting}`"
        );
        let _ = first.2.send(());
        let stats = lab.scheduler.stats();
        expect!(
            stats.running <= 1,
            "run(1) has one worker, and more tasks than one are running: {stats:?}"
        );
        let _ = other.2.send(());
        join(run, "run(1)");
    });
}

#[test]
fn a_task_counts_as_submitted_before_it_runs() {
    STAGE.model(|| {
        let lab = Lab::new();
        let submit = lab.spawn(|lab| {
            lab.submit("only", |scheduler| {
                let stats = scheduler.stats();
                expect!(
                    stats.submitted == 1 && stats.running == 1,
                    "the only task runs and asks for the stats: {stats:?}"
                );
                Ok(())
            });
        });
        // It may come too early, and then has nothing to do.
        lab.scheduler.run(1);
        join(submit, "submit");
        lab.scheduler.run(1);
    });
}

#[test]
fn stats_are_of_one_moment() {
    STAGE.model(|| {
        let lab = Lab::new();
        lab.submit("parent", move |scheduler| {
            scheduler.submit("child", succeeds);
            Ok(())
        });
        let run = lab.spawn(|lab| lab.scheduler.run(1));
        let stats = lab.scheduler.stats();
        expect!(
            placed(stats) <= stats.submitted,
            "more tasks are running or over than were submitted: {stats:?}"
        );
        join(run, "run(1)");
    });
}

#[test]
fn stats_add_up_at_every_moment() {
    STAGE.model(|| {
        let lab = Lab::new();
        lab.submit("other", succeeds);
        let inside = lab.clone();
        lab.submit("watcher", move |scheduler| {
            let begun = inside.began("other") + inside.began("watcher");
            let stats = scheduler.stats();
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
fn run_returns_when_the_last_task_ends() {
    STAGE.model(|| {
        let lab = Lab::new();
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
        let lab = Lab::new();
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
        lab.expect_stats(
            [1, 0, 1, 0],
            "the first run had returned, so the only task was over",
        );
        join(second, "the second run");
    });
}

#[test]
fn three_runs_at_once_all_wait() {
    // Without deviations: what goes wrong is a call that returns while a task waits.
    STAGE.model_within(0, || {
        let lab = Lab::new();
        let (release, released) = mpsc::channel();
        lab.submit("only", move |_| {
            let _ = released.recv();
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
fn run_waits_for_tasks_that_tasks_submit() {
    STAGE.model(|| {
        let lab = Lab::new();
        let children = Log::<TaskId>::default();
        let (inside, born) = (lab.clone(), children.clone());
        let parent = lab.submit("parent", move |scheduler| {
            born.push(scheduler.submit("child", inside.watched("child", succeeds)));
            Ok(())
        });
        // The worker without a task must not leave for good while the other has one.
        lab.scheduler.run(2);
        lab.expect_end("parent", parent, Status::Succeeded);
        for child in children.snapshot() {
            lab.expect_end("child", child, Status::Succeeded);
        }
    });
}

#[test]
fn a_submit_during_a_run_is_not_lost() {
    STAGE.model(|| {
        let lab = Lab::new();
        let early = lab.submit("early", succeeds);
        let submit = lab.spawn(|lab| lab.submit("late", succeeds));
        lab.scheduler.run(1);
        let late = join(submit, "submit");
        // For the case that the first run ended before the submit began.
        lab.scheduler.run(1);
        lab.expect_end("early", early, Status::Succeeded);
        lab.expect_end("late", late, Status::Succeeded);
    });
}

#[test]
fn a_submit_during_a_run_gets_an_idle_worker() {
    STAGE.model(|| {
        let lab = Lab::new();
        let (begin, begun) = mpsc::channel();
        let (release, released) = mpsc::channel();
        let early = lab.submit("early", move |_| {
            // Both ends live as long as the check, unless it has failed already.
            let _ = begin.send(());
            let _ = released.recv();
            Ok(())
        });
        let stuck = lab.clone();
        broken_if_stuck(move |standstill| {
            let waits = stuck.running() == 1 && stuck.began("late") == 0;
            if standstill != Standstill::Asleep || !waits {
                return stuck.forgotten(standstill);
            }
            let sentence = "Task `early` runs and waits for task `late`, which another thread submitted \
                            meanwhile. The second worker never takes it.";
            Some(sentence.to_owned().into())
        });
        let submit = lab.spawn(move |lab| {
            expect!(begun.recv().is_ok(), "run(2) dropped task `early` without running it");
            lab.submit("late", move |_| {
                let _ = release.send(());
                Ok(())
            })
        });
        lab.scheduler.run(2);
        lab.expect_end("early", early, Status::Succeeded);
        lab.expect_end("late", join(submit, "submit"), Status::Succeeded);
    });
}

#[test]
fn two_submits_at_once_get_two_ids() {
    STAGE.model(|| {
        let lab = Lab::new();
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
        lab.expect_stats([2, 0, 0, 0], "two tasks were submitted");
    });
}

#[test]
fn a_failure_keeps_its_message() {
    STAGE.model(|| {
        let lab = Lab::new();
        // Not a literal, which the compiler would make the whole message of.
        let what = String::from("boiler");
        let explodes = move |_: &Scheduler| panic!("{what} exploded");
        let ends = [
            (lab.submit("error", fails), failed("no route")),
            (lab.submit("literal", |_| panic!("boom")), failed("boom")),
            (lab.submit("text", explodes), failed("boiler exploded")),
            (
                lab.submit("odd", |_| panic_any(404)),
                failed("task panicked"),
            ),
        ];
        // By another thread, so that two live even where one worker is the caller.
        join(lab.spawn(|lab| lab.scheduler.run(1)), "run(1)");
        for (id, expected) in ends {
            let task = lab.look(id);
            expect_eq!(task.status, expected, "task `{}` has ended", task.name);
        }
        lab.expect_stats([4, 0, 0, 4], "all four tasks failed");
    });
}

#[test]
fn a_panic_costs_nobody_else() {
    STAGE.model(|| {
        let lab = Lab::new();
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
        let lab = Lab::new();
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
        lab.expect_end("plain", plain, Status::Succeeded);
    });
}

#[test]
fn two_tasks_from_inside_run_side_by_side() {
    STAGE.model(|| {
        let lab = Lab::new();
        expect_meeting(&lab, "2 workers, submitted by a task that has ended");
        let inside = lab.clone();
        lab.submit("parent", move |_| {
            submit_meeting(&inside, ["left", "right"]);
            Ok(())
        });
        lab.scheduler.run(2);
        expect_ended(&lab, ["left", "right"], "run(2) returned");
    });
}

#[test]
fn each_of_two_submits_wakes_a_worker() {
    // One deviation at most, and nobody keeps a diary: four threads make too many
    // interleavings with two.
    STAGE.model_within(1, || {
        let scheduler = Scheduler::new();
        broken_if_stuck(|standstill| {
            let sentence = "Three tasks wait for each other on 3 workers. One of them has submitted the \
                            other two, one right after the other, and not all of them are taken.";
            (standstill == Standstill::Asleep).then(|| sentence.to_owned().into())
        });
        scheduler.submit("parent", move |scheduler| {
            let (one, first) = mpsc::channel();
            let (other, second) = mpsc::channel();
            scheduler.submit("left", move |_| {
                let _ = second.recv();
                let _ = one.send(());
                Ok(())
            });
            scheduler.submit("right", move |_| {
                let _ = other.send(());
                Ok(())
            });
            let _ = first.recv();
            Ok(())
        });
        scheduler.run(3);
        expect_eq!(
            scheduler.stats().succeeded,
            3,
            "run(3) returned; so many of three tasks had ended"
        );
    });
}

/// What belongs to a task, and looks at the scheduler as it is dropped.
#[derive(Debug)]
struct LooksLate(Log<&'static str>, &'static str, std::sync::Weak<Scheduler>);

impl Drop for LooksLate {
    fn drop(&mut self) {
        expect_no_lock(&format!("While {} is dropped", self.1));
        self.0.push(self.1);
        if let Some(scheduler) = self.2.upgrade() {
            let _ = scheduler.stats();
        }
    }
}

impl fmt::Display for LooksLate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no route")
    }
}

impl std::error::Error for LooksLate {}

#[test]
fn no_lock_is_held_while_what_a_task_leaves_is_dropped() {
    STAGE.model(|| {
        let (lab, dropped) = (Lab::new(), Log::new());
        let looks = |what| LooksLate(dropped.clone(), what, Arc::downgrade(&lab.scheduler));
        let stuck = dropped.clone();
        broken_if_stuck(move |_| {
            let what = *stuck.snapshot().last()?;
            let sentence = format!("{what} calls stats as it is dropped, and is never answered.");
            Some(Broken::by("callback-reenters", sentence))
        });
        let captured = looks("what a task has captured");
        lab.submit("captured", move |_| {
            drop(captured);
            Ok(())
        });
        let error = looks("a task's error");
        lab.submit("error", move |_| Err(error.into()));
        let thrown = looks("what a task has thrown");
        lab.submit("thrown", move |_| resume_unwind(Box::new(thrown)));
        // By another thread, so that two live even where one worker is the caller.
        join(lab.spawn(|lab| lab.scheduler.run(1)), "run(1)");
    });
}

#[test]
fn no_lock_is_held_while_a_name_is_made() {
    /// A name that looks at the scheduler before it says what it is.
    struct Curious(Lab);
    impl From<Curious> for String {
        fn from(curious: Curious) -> Self {
            expect_no_lock("While submit makes a String of the name");
            let _ = curious.0.scheduler.stats();
            "curious".to_owned()
        }
    }
    STAGE.model(|| {
        let lab = Lab::new();
        broken_if_stuck(|_| {
            let sentence = "What makes a String of the name calls stats, and is never answered.";
            Some(Broken::by("callback-reenters", sentence))
        });
        // By another thread, so that two live.
        let submit = lab.spawn(|lab| lab.scheduler.submit(Curious(lab.clone()), succeeds));
        let id = join(submit, "submit");
        expect_eq!(lab.look(id).name, "curious", "the name of the only task");
    });
}

/// What belongs to a task, and panics as it is dropped. Nobody prints it.
#[derive(Debug)]
struct PanicsLate;

impl Drop for PanicsLate {
    fn drop(&mut self) {
        resume_unwind(Box::new("a destructor's panic"));
    }
}

impl fmt::Display for PanicsLate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no route")
    }
}

impl std::error::Error for PanicsLate {}

#[test]
fn a_destructor_that_panics_costs_nobody_else() {
    STAGE.model(|| {
        let lab = Lab::new();
        broken_if_stuck(|standstill| {
            let sentence = "A destructor of what a task had captured or returned panicked, and run never \
                            returns.";
            (standstill == Standstill::Asleep).then(|| sentence.to_owned().into())
        });
        let captured = PanicsLate;
        let odd = [
            lab.submit("captured", move |_| {
                drop(captured);
                Ok(())
            }),
            lab.submit("error", |_| Err(PanicsLate.into())),
        ];
        let plain = lab.submit("plain", succeeds);
        // By another thread, so that two live even where one worker is the caller.
        let run = lab.spawn(|lab| lab.scheduler.run(1)).join();
        expect!(run.is_ok(), "a destructor of a task's panicked, and run(1) with it");
        for id in odd {
            let task = lab.look(id);
            expect!(
                matches!(task.status, Status::Failed(_)),
                "a destructor of task `{}` panicked; its status is {:?}",
                task.name,
                task.status
            );
        }
        lab.expect_end("plain", plain, Status::Succeeded);
    });
}

#[test]
fn names_and_messages_are_kept_whole() {
    STAGE.run(|| {
        let lab = Lab::new();
        let long = "0123456789 größer ☂ ".repeat(4_000);
        let texts = ["", " ", "two\nlines\n", " around ", "a: b: c", &long];
        for text in texts {
            let (error, thrown) = (text.to_owned(), text.to_owned());
            let caused = Caused(text.to_owned());
            let ids = [
                lab.scheduler.submit(text, move |_| Err(error.into())),
                lab.scheduler.submit(text, move |_| Err(caused.into())),
                lab.scheduler
                    .submit(text, move |_| resume_unwind(Box::new(thrown))),
            ];
            lab.scheduler.run(1);
            for id in ids {
                let task = lab.look(id);
                expect!(
                    task.name == text,
                    "the name {:?} was changed to {:?}",
                    start(text),
                    start(&task.name)
                );
                let whole = task.status == failed(text);
                expect!(
                    whole,
                    "a task failed with {:?}; its status is {}",
                    start(text),
                    start(&format!("{:?}", task.status))
                );
            }
        }
    });
}

/// As much of it as a sentence can do with.
fn start(text: &str) -> String {
    text.chars().take(60).collect()
}

#[test]
fn seventy_thousand_tasks_are_told_apart() {
    const TASKS: usize = 70_000;
    STAGE.run_within(Duration::from_secs(120), || {
        let scheduler = Scheduler::default();
        let submit = |task| {
            scheduler.submit(format!("task {task}"), move |_| match task % 4 {
                0 => Err("no route".into()),
                // Nobody prints it.
                1 => resume_unwind(Box::new("boom")),
                _ => Ok(()),
            })
        };
        let ids: Vec<_> = (0..TASKS).map(submit).collect();
        let stats = scheduler.stats();
        expect!(
            stats.submitted == TASKS && placed(stats) == 0,
            "{TASKS} tasks were submitted, and none ran: {stats:?}"
        );
        scheduler.run(2);
        let stats = scheduler.stats();
        let found = [stats.running, stats.succeeded, stats.failed];
        expect_eq!(
            found,
            [0, TASKS / 2, TASKS / 2],
            "running, succeeded and failed of {TASKS} tasks"
        );
        for (task, id) in ids.into_iter().enumerate() {
            let found = look(&scheduler, id);
            let status = match task % 4 {
                0 => failed("no route"),
                1 => failed("boom"),
                _ => Status::Succeeded,
            };
            let right =
                found.id == id && found.name == format!("task {task}") && found.status == status;
            expect!(
                right,
                "task {task} of {TASKS} has ended with {status:?}; its record is {found:?}"
            );
        }
    });
}

#[test]
fn three_hundred_workers_are_three_hundred() {
    const WORKERS: usize = 300;
    STAGE.run(|| {
        let scheduler = Scheduler::new();
        let barrier = Arc::new(Barrier::new(WORKERS));
        for _ in 0..WORKERS {
            let barrier = Arc::clone(&barrier);
            scheduler.submit("meets the others", move |_| {
                barrier.wait();
                Ok(())
            });
        }
        scheduler.run(WORKERS);
        expect_eq!(
            scheduler.stats().succeeded,
            WORKERS,
            "so many tasks waited for each other"
        );
    });
}
