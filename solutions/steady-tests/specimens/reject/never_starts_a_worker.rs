//! reject: vacuous-test
//! by: finds_a_wakeup_that_is_lost_at_the_end
//!
//! Checks the arguments, carefully, and nothing that a worker does.

use std::panic::{AssertUnwindSafe, catch_unwind};

use scheduler_under_test::{Case, Start, cases};

pub fn suite() -> Vec<Case> {
    cases![zero_workers_panics,]
}

fn zero_workers_panics(start: Start) {
    let started = catch_unwind(AssertUnwindSafe(|| drop(start(0))));
    assert!(started.is_err(), "a scheduler without workers was started");
}
