//! Tests of a scheduler whose code you have not seen.
//!
//! They pass on the scheduler that comes with the stage, and have done so all week.
//! Grade them, and see what they would let through, and whom they would accuse.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use scheduler_under_test::{Case, Closed, Start, cases};

/// Every test of this file.
pub fn suite() -> Vec<Case> {
    cases![
        tasks_run_in_order,
        shutdown_finishes_the_queue,
        submit_after_shutdown_is_refused,
        a_panic_does_not_stop_the_others,
        no_workers_no_scheduler,
    ]
}

/// Gives the workers time to catch up.
fn eventually(condition: impl Fn() -> bool) {
    for _ in 0..1_000 {
        if condition() {
            return;
        }
        thread::sleep(Duration::from_millis(5));
    }
    panic!("it did not happen within five seconds");
}

fn tasks_run_in_order(start: Start) {
    let scheduler = start(1);
    let seen = Arc::new(Mutex::new(Vec::new()));
    for i in 0..3 {
        let seen = Arc::clone(&seen);
        scheduler
            .submit(move || seen.lock().unwrap().push(i))
            .unwrap();
    }
    eventually(|| seen.lock().unwrap().len() == 3);
    assert_eq!(*seen.lock().unwrap(), [0, 1, 2]);
}

fn shutdown_finishes_the_queue(start: Start) {
    let scheduler = start(1);
    let ran = Arc::new(Mutex::new(0));
    for _ in 0..2 {
        let ran = Arc::clone(&ran);
        scheduler.submit(move || *ran.lock().unwrap() += 1).unwrap();
    }
    eventually(|| *ran.lock().unwrap() == 2);
    scheduler.shutdown();
    assert_eq!(*ran.lock().unwrap(), 2);
}

fn submit_after_shutdown_is_refused(start: Start) {
    let scheduler = start(1);
    scheduler.shutdown();
    let answer = scheduler.submit(|| panic!("it ran after the shutdown"));
    assert_eq!(answer, Err(Closed));
}

fn a_panic_does_not_stop_the_others(start: Start) {
    let scheduler = start(2);
    let done = Arc::new(Mutex::new(false));
    let flag = Arc::clone(&done);
    scheduler.submit(|| panic!("boom")).unwrap();
    scheduler
        .submit(move || *flag.lock().unwrap() = true)
        .unwrap();
    eventually(|| *done.lock().unwrap());
}

fn no_workers_no_scheduler(start: Start) {
    assert!(catch_unwind(AssertUnwindSafe(|| start(0))).is_err());
}

#[cfg(test)]
mod tests {
    use scheduler_under_test::sound;

    use super::*;

    #[test]
    fn the_suite_passes() {
        for case in suite() {
            println!("{}", case.name);
            (case.test)(sound);
        }
    }
}
