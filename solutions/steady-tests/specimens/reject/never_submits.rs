//! reject: vacuous-test
//! by: finds_a_submit_that_wakes_nobody
//!
//! No case has a task at all, so none of them asks who wakes a worker for one.

use std::panic::{AssertUnwindSafe, catch_unwind};

use scheduler_under_test::{Case, Start, cases};

pub fn suite() -> Vec<Case> {
    cases![zero_workers_panics,]
}

fn zero_workers_panics(start: Start) {
    let started = catch_unwind(AssertUnwindSafe(|| drop(start(0))));
    assert!(started.is_err(), "a scheduler without workers was started");
}
