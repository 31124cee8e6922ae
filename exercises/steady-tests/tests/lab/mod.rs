//! The schedulers that a suite is tried on, and what it should have found.

pub mod schedulers;
pub mod witness;

use std::panic::{AssertUnwindSafe, catch_unwind};

use grader::{Contrast, Trial};
use scheduler_under_test::{Case, Start, sound};
use steady_tests::suite;

/// The learner's suite over one scheduler.
pub fn trials(start: Start) -> Vec<Trial> {
    suite().into_iter().map(|case| trial(case, start)).collect()
}

/// The learner's suite over a wrong scheduler, beside the right ones.
pub fn contrasts(start: Start) -> Vec<Contrast> {
    let contrast = |case| Contrast {
        wrong: trial(case, start),
        right: vec![trial(case, sound), trial(case, schedulers::newest_first)],
    };
    suite().into_iter().map(contrast).collect()
}

fn trial(case: Case, start: Start) -> Trial {
    Trial::new(case.name, move || (case.test)(start))
}

/// Runs a case on real threads; its panic's message if it failed.
pub fn run(case: Case, start: Start) -> Result<(), String> {
    let ended = catch_unwind(AssertUnwindSafe(|| (case.test)(start)));
    ended.map_err(|payload| {
        let text = payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned());
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
        text.unwrap_or_else(|| "it panicked".to_owned())
    })
}

/// A permutation of `cases` that depends on the seed alone.
pub fn shuffled(mut cases: Vec<Case>, seed: u64) -> Vec<Case> {
    let mut state = seed;
    for last in (1..cases.len()).rev() {
        // A linear congruential generator; the high bits are the good ones.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        cases.swap(last, (state >> 33) as usize % (last + 1));
    }
    cases
}
