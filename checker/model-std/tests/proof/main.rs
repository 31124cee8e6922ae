//! The proof: small random programs, whose outcomes a brute-force enumerator knows, against
//! the search.
//!
//! For every bound on deviations, each outcome that takes no more of them is found within
//! that bound, at coarse and at fine steps, and nothing is found that cannot be. Where a
//! program is small enough, loom without a bound finds the same.
//!
//! `PROOF_CASES` says how many programs of each kind are tried, `PROOF_SEED` repeats a run. A
//! program that fails is made smaller and printed, and kept: under `kept/` is what it is made
//! from, so that every later run begins with it.

mod enumerator;
mod product;
mod program;

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};

use proptest::test_runner::{
    Config, FileFailurePersistence, RngAlgorithm, TestCaseError, TestRng, TestRunner,
};

use enumerator::Unusual;
use product::{Found, Steps};
use program::{Kind, Program};

/// Programs of each kind, unless somebody asks for more.
const CASES: u32 = 25;

/// The highest bound.
const BOUND: usize = 3;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Another one in every run, unless somebody repeats one.
fn seed() -> u64 {
    number("PROOF_SEED").unwrap_or_else(|| RandomState::new().hash_one(()))
}

/// Tries the programs that once failed, from the file `kept`, and then others.
fn prove(kind: Kind, kept: &'static str) {
    let seed = seed();
    println!("PROOF_SEED={seed}");
    let cases = number("PROOF_CASES").and_then(|cases| u32::try_from(cases).ok());
    let config = Config {
        cases: cases.unwrap_or(CASES),
        max_shrink_iters: 2_000,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(kept))),
        ..Config::default()
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(config, rng);
    if let Err(failure) = runner.run(&program::programs(kind), |program| check(&program)) {
        panic!("PROOF_SEED={seed}: {failure}");
    }
}

fn check(program: &Program) -> Result<(), TestCaseError> {
    let possible = enumerator::outcomes(program, Unusual::Happens, Steps::Fine);
    for steps in [Steps::Coarse, Steps::Fine] {
        let known = enumerator::outcomes(program, Unusual::Happens, steps);
        for bound in 0..=BOUND {
            let Found::All(found) = product::outcomes(program, steps, bound) else {
                return Err(TestCaseError::fail(format!("{steps:?}, {bound}: no end")));
            };
            for (outcome, deviations) in &known {
                if *deviations <= bound && !found.contains(outcome) {
                    return Err(TestCaseError::fail(format!(
                        "{steps:?} steps, bound {bound}: missed {outcome:?}, which takes \
                         {deviations}; found {found:?}"
                    )));
                }
            }
            if let Some(outcome) = found.iter().find(|found| !possible.contains_key(*found)) {
                return Err(TestCaseError::fail(format!(
                    "{steps:?} steps, bound {bound}: {outcome:?} cannot be; what can: {possible:?}"
                )));
            }
        }
    }
    let known = enumerator::outcomes(program, Unusual::NeverHappens, Steps::Fine);
    let known: BTreeSet<_> = known.into_keys().collect();
    match product::outcomes_on_loom(program) {
        Found::All(found) if found == known => Ok(()),
        Found::All(found) => Err(TestCaseError::fail(format!(
            "loom finds {found:?}, the enumerator {known:?}"
        ))),
        Found::Some(found) if found.is_subset(&known) => Ok(()),
        Found::Some(found) => Err(TestCaseError::fail(format!(
            "loom finds {found:?}, of which some are not in {known:?}"
        ))),
    }
}

macro_rules! kinds {
    ($($(#[$meta:meta])* $name:ident: $kind:ident;)*) => {
        $(
            $(#[$meta])*
            #[test]
            fn $name() {
                prove(Kind::$kind, concat!("tests/proof/kept/", stringify!($name), ".txt"));
            }
        )*
    };
}

kinds! {
    locks: Locks;
    locks_that_are_tried: Tries;
    locks_for_readers_and_writers: ReadersAndWriters;
    #[cfg(since_1_92)]
    downgrades: Downgrades;
    condvars: Condvars;
    channels: Channels;
    atomics: Atomics;
    parking: Parking;
    everything: Everything;
    a_body_that_nobody_waits_for: Detached;
}

/// Two preemptions, of which loom's bound 2 sees half: the reason for a search of our own.
#[test]
fn two_preemptions_are_two_preemptions() {
    use program::Op::{FetchAdd, Load, Store};
    let twice = |x| vec![Load(x), Store(x, 1)];
    let program = Program {
        threads: vec![
            twice(0),
            [vec![FetchAdd(0)], twice(1)].concat(),
            vec![FetchAdd(0), FetchAdd(1), FetchAdd(0)],
        ],
        body: None,
        bounded: false,
    };
    check(&program).unwrap();
}
