//! The textbook with the stand-in as `std`, as a program of its own: first outside a model, one
//! line for each that it saw, then every section in a model, where it must see the same in every
//! execution. Not a part of the test: `behaviour.rs` compiles it.

mod textbook;

use std::model::{Limits, Orderings, Outcome, SecondLook, explore};
use std::time::Duration;

const LIMITS: Limits = Limits {
    deviations: 2,
    executions: 100_000,
    steps: u64::MAX,
    random: 100,
    // It need not come to an end where threads poll.
    second_look: Some(SecondLook {
        bound: Some(2),
        executions: 200,
    }),
    orderings: Orderings::Strongest,
    least_deviations: None,
    finest_steps: false,
    stall: Duration::from_secs(20),
};

fn main() {
    for line in textbook::all() {
        println!("{line}");
    }
    let mut failed = false;
    for (name, section) in textbook::SECTIONS {
        let expected = section();
        let outcome = explore(LIMITS, move || assert_eq!(section(), expected));
        if !matches!(outcome, Outcome::Complete(_)) {
            eprintln!("in a model, {name}: {outcome:#?}");
            failed = true;
        }
    }
    std::process::exit(failed.into());
}
