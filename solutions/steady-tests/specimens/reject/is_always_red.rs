//! reject: order-assumed
//! by: every_case_passes_on_a_right_scheduler
//!
//! One case fails on everything, so no wrong scheduler gets through. Neither does
//! a right one.

use std::panic::{AssertUnwindSafe, catch_unwind};

use scheduler_under_test::{Case, Start, cases};

pub fn suite() -> Vec<Case> {
    cases![zero_workers_panics, it_is_right,]
}

fn zero_workers_panics(start: Start) {
    let started = catch_unwind(AssertUnwindSafe(|| drop(start(0))));
    assert!(started.is_err(), "a scheduler without workers was started");
}

fn it_is_right(start: Start) {
    start(1).shutdown();
    panic!("no scheduler is perfect");
}
