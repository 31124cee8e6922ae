//! reject: vacuous-test
//! by: finds_workers_that_sleep_through_the_end
//!
//! The schedulers go out of scope, and that is the end of them. Nobody calls the
//! method that has the same promise.

use std::panic::{AssertUnwindSafe, catch_unwind};

use scheduler_under_test::{Case, Start, cases};

pub fn suite() -> Vec<Case> {
    cases![zero_workers_panics,]
}

fn zero_workers_panics(start: Start) {
    let started = catch_unwind(AssertUnwindSafe(|| drop(start(0))));
    assert!(started.is_err(), "a scheduler without workers was started");
}
