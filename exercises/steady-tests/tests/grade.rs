//! What a steady suite is: red on every wrong scheduler, green on every right one, and
//! the same whenever it is asked.
//!
//! A case is explored as every model is, over each interleaving of its threads within
//! the bound, so it need not be lucky to find something. The wrong schedulers have one
//! defect each; most of them are reject specimens of the stage before.
//!
//! Only the promises of that stage are held against a suite: a case that asserts more
//! fails on one of the right schedulers, which keep them in different ways.

mod lab;

use std::collections::BTreeSet;
use std::time::Duration;

use grader::{Stage, Trial, anew, expect, passes_anew};
use scheduler_under_test::{Case, Start, sound};
use steady_tests::suite;

use lab::schedulers::{self, newest_first};
use lab::{contrasts, run, shuffled, trials, witness};

const STAGE: Stage = grader::stage!("../stage.toml");

/// Schedulers that are right, in different ways.
const RIGHT: [(Start, &str); 2] = [
    (sound, "one that runs the oldest task first"),
    (newest_first, "one that runs the newest task first"),
];

#[test]
fn every_case_has_a_name_of_its_own() {
    STAGE.run(|| {
        let cases = suite();
        expect!(!cases.is_empty(), "the suite has no cases");
        let names: BTreeSet<_> = cases.iter().map(|case| case.name).collect();
        expect!(
            names.len() == cases.len(),
            "{} cases share {} names",
            cases.len(),
            names.len()
        );
    });
}

#[test]
fn no_case_depends_on_time() {
    STAGE.none_depends_on_time(|| trials(sound));
}

#[test]
fn every_case_passes_on_a_right_scheduler() {
    STAGE.all_pass(|| trials(sound));
}

#[test]
fn every_case_passes_whatever_the_order_of_tasks() {
    STAGE.all_pass(|| trials(newest_first));
}

#[test]
fn the_cases_pass_in_any_order() {
    STAGE.run(|| {
        let listed = suite();
        if let Some(name) = anew() {
            return expect_passes_as_listed(&listed, &name);
        }
        // Backwards first, while no case has run yet: whatever one needs of another
        // that is listed before it is not there.
        let backwards: Vec<_> = listed.iter().copied().rev().collect();
        let mut orders = vec![("backwards".to_owned(), backwards)];
        orders.push(("as listed, once more".to_owned(), listed.clone()));
        for seed in 1..=8 {
            let order = shuffled(listed.clone(), seed);
            orders.push((format!("shuffled with seed {seed}"), order));
        }
        // Red as listed, too, in a process of their own: no order is to blame for that.
        let mut always_red = BTreeSet::new();
        for (order, cases) in orders {
            for case in cases {
                let name = case.name;
                if always_red.contains(name) {
                    continue;
                }
                if let Err(message) = run(case, sound) {
                    expect!(
                        !passes_anew(name),
                        "case `{name}` fails when the suite runs {order}: {message}"
                    );
                    always_red.insert(name);
                }
            }
        }
    });
}

/// In a process where no case has run yet.
fn expect_passes_as_listed(listed: &[Case], name: &str) {
    for case in listed {
        let ended = run(*case, sound);
        if case.name == name {
            expect!(ended.is_ok(), "case `{name}` fails as listed");
            return;
        }
    }
}

#[test]
fn the_suite_passes_200_times_on_real_threads() {
    STAGE.run_within(Duration::from_secs(60), || {
        for time in 1..=100 {
            for (start, which) in RIGHT {
                for case in suite() {
                    if let Err(message) = run(case, start) {
                        let name = case.name;
                        expect!(
                            false,
                            "case `{name}` fails in run {time} on {which}: {message}"
                        );
                    }
                }
            }
        }
    });
}

/// One check for each wrong scheduler: a case is red there and green on the right ones,
/// or a small program shows what the suite has missed.
macro_rules! finds {
    ($($check:ident: $scheduler:ident, $witness:ident, $missed:literal;)*) => {$(
        #[test]
        fn $check() {
            let witness = Trial::new(stringify!($witness), || {
                witness::$witness(schedulers::$scheduler);
            });
            STAGE.one_tells(|| contrasts(schedulers::$scheduler), $missed, witness);
        }
    )*};
}

finds! {
    finds_a_scheduler_without_workers:
        zero_workers_accepted, no_workers,
        "No case noticed that a scheduler with zero workers can be started: it accepts tasks and runs none.";
    finds_a_submit_that_wakes_nobody:
        looks_before_it_locks, one_task_and_no_shutdown,
        "No case noticed a task that waits until the next submit: it came just as the worker fell asleep.";
    finds_tasks_that_take_turns:
        hidden_guard, two_tasks_that_meet,
        "No case noticed that two workers run one task at a time.";
    finds_workers_that_sleep_through_the_end:
        flag_and_blocking_receive, one_idle_worker,
        "No case noticed that a worker without a task never hears of the shutdown, which then waits for it for ever.";
    finds_a_wakeup_that_is_lost_at_the_end:
        flag_beside_the_mutex, one_idle_worker,
        "No case noticed a worker that falls asleep just as the shutdown tries to wake it.";
    finds_one_stop_for_all_workers:
        one_sentinel_for_all, two_idle_workers,
        "No case noticed that of several idle workers only one is told to stop.";
    finds_a_stop_that_another_worker_took:
        send_and_join_in_one_loop, two_idle_workers,
        "No case noticed a shutdown that waits for one worker while another one has taken its stop.";
    finds_accepted_tasks_that_are_thrown_away:
        queue_cleared, two_tasks_and_a_shutdown,
        "No case noticed that accepted tasks are thrown away when the scheduler shuts down.";
    finds_a_shutdown_that_leaves_a_task_running:
        empty_queue_is_the_end, a_shutdown_beside_a_running_task,
        "No case noticed a shutdown that returns while an accepted task is still running.";
    finds_a_task_that_is_accepted_after_the_end:
        never_closed, a_submit_after_the_shutdown,
        "No case noticed that tasks are accepted after the shutdown, when nobody is left to run them.";
    finds_a_task_that_a_shutdown_overtakes:
        two_sections_in_submit, a_submit_beside_a_shutdown,
        "No case noticed a task that is accepted and never run: it was submitted just as the scheduler shut down.";
    finds_a_shutdown_that_locks_its_tasks_out:
        door_held_while_joining, a_task_that_submits_beside_a_shutdown,
        "No case noticed that a task which submits another one can wait for the shutdown, which waits for that task.";
    finds_a_second_shutdown_that_never_returns:
        second_shutdown_waits_for_ever, two_shutdowns_in_a_row,
        "No case noticed that the second of two shutdowns never returns.";
    finds_a_second_shutdown_that_does_not_wait:
        handles_taken_out, two_shutdowns_at_once,
        "No case noticed that of two shutdowns at once one returns while an accepted task has yet to run.";
    finds_a_drop_that_does_not_wait:
        drop_does_not_wait, a_drop_after_a_submit,
        "No case noticed that a scheduler can be dropped before its accepted tasks have run.";
    finds_a_worker_that_dies_of_a_panic:
        panic_kills_worker, a_panic_and_another_task,
        "No case noticed that a task which panics takes its worker with it.";
    finds_a_lock_that_a_panic_poisons:
        poison_cascade, a_panic_and_another_task,
        "No case noticed that a task which panics poisons a lock that all workers need.";
    finds_a_task_that_is_refused_and_run:
        refused_and_run, a_submit_beside_a_shutdown,
        "No case noticed a task that was refused, because the scheduler was shutting down, and ran all the same.";
    finds_a_child_that_is_lost_at_the_end:
        child_lost_at_the_end, what_a_task_submits_beside_a_shutdown,
        "No case noticed a task that was accepted from inside of another one beside a shutdown, and never ran.";
    finds_a_child_that_waits_for_its_parent:
        child_stays_with_its_worker, a_task_that_meets_its_child,
        "No case noticed that what a task submits begins only when that task has ended, beside an idle worker.";
    finds_a_worker_that_takes_one_more_at_the_end:
        one_more_at_the_end, two_tasks_and_a_shutdown,
        "No case noticed that at the shutdown a worker runs one more task, and leaves the others.";
    finds_an_accepted_task_that_is_left_for_later:
        left_for_the_drop, a_submit_beside_a_shutdown,
        "No case noticed a task that was accepted beside a shutdown, and ran long after the shutdown had returned.";
    finds_a_drop_that_leaves_a_task_running:
        drop_looks_at_the_queue, a_drop_beside_a_running_task,
        "No case noticed that a scheduler can be dropped while a task is running.";
    finds_a_second_task_that_wakes_nobody:
        only_an_empty_queue_wakes, two_tasks_that_meet_the_test,
        "No case noticed a task that waits beside an idle worker, because another task was in the queue when it came.";
    finds_a_shutdown_that_passes_a_panic_on:
        panic_passed_on, a_panic_and_a_shutdown,
        "No case noticed that shutdown panics when a task has panicked.";
    finds_a_worker_that_sleeps_on_after_its_first_task:
        never_idle_again, one_task_and_no_shutdown,
        "No case noticed that a worker which has run a task is never told of another one.";
}
