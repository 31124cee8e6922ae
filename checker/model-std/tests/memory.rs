//! The classic litmus tests, with their orderings as written: each outcome that the
//! memory model forbids stays away, and each that shows a store lingering is reached.
//!
//! Names of outcomes are the values that the loads saw, in the order of the threads.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use model_std::model::{Limits, Method, Orderings, Outcome, SecondLook, explore_by};
use model_std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};
use model_std::sync::atomic::{AtomicUsize, fence};
use model_std::sync::{Arc, Mutex};
use model_std::thread;

fn outcomes(
    orderings: Orderings,
    program: impl Fn() -> String + Send + Sync + 'static,
) -> BTreeSet<String> {
    let limits = Limits {
        deviations: 0,
        executions: 0,
        steps: u64::MAX,
        random: 0,
        second_look: Some(SecondLook {
            bound: Some(4),
            executions: 500_000,
        }),
        orderings,
        least_deviations: None,
        finest_steps: false,
        stall: Duration::from_secs(20),
    };
    let seen = std::sync::Arc::new(std::sync::Mutex::new(BTreeSet::new()));
    let sink = std::sync::Arc::clone(&seen);
    let outcome = explore_by(Method::Loom, limits, move || {
        let value = program();
        sink.lock().unwrap().insert(value);
    });
    assert!(matches!(outcome, Outcome::Complete(_)), "{outcome:?}");
    std::mem::take(&mut seen.lock().unwrap())
}

/// Two cells, two threads, and what each of them saw.
fn litmus(
    left: impl FnOnce(&AtomicUsize, &AtomicUsize) -> usize + Send + 'static,
    right: impl FnOnce(&AtomicUsize, &AtomicUsize) -> usize + Send + 'static,
) -> String {
    let cells = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
    let other = Arc::clone(&cells);
    let left = thread::spawn(move || left(&cells.0, &cells.1));
    let right = thread::spawn(move || right(&other.0, &other.1));
    format!("{}{}", left.join().unwrap(), right.join().unwrap())
}

fn store_buffering(store: Ordering, load: Ordering) -> impl Fn() -> String {
    move || {
        litmus(
            move |x, y| {
                x.store(1, store);
                y.load(load)
            },
            move |x, y| {
                y.store(1, store);
                x.load(load)
            },
        )
    }
}

/// The right thread sees the flag, and then the data or not: 11, 10, or no flag.
fn message_passing(store: Ordering, load: Ordering) -> impl Fn() -> String {
    move || {
        litmus(
            move |data, flag| {
                data.store(1, Relaxed);
                flag.store(1, store);
                0
            },
            move |data, flag| match flag.load(load) {
                0 => 9,
                _ => data.load(Relaxed),
            },
        )
    }
}

fn set<const N: usize>(outcomes: [&str; N]) -> BTreeSet<String> {
    outcomes.map(str::to_owned).into()
}

#[test]
fn store_buffering_needs_sequential_consistency() {
    use Orderings::{AsWritten, Strongest};
    let both_late = set(["00", "01", "10", "11"]);
    let one_first = set(["01", "10", "11"]);
    assert_eq!(
        outcomes(AsWritten, store_buffering(Relaxed, Relaxed)),
        both_late
    );
    assert_eq!(
        outcomes(AsWritten, store_buffering(Release, Acquire)),
        both_late
    );
    assert_eq!(
        outcomes(AsWritten, store_buffering(SeqCst, SeqCst)),
        one_first
    );
    assert_eq!(
        outcomes(Strongest, store_buffering(Relaxed, Relaxed)),
        one_first
    );
}

#[test]
fn a_fence_repairs_store_buffering() {
    let fenced = || {
        litmus(
            |x, y| {
                x.store(1, Relaxed);
                fence(SeqCst);
                y.load(Relaxed)
            },
            |x, y| {
                y.store(1, Relaxed);
                fence(SeqCst);
                x.load(Relaxed)
            },
        )
    };
    assert_eq!(
        outcomes(Orderings::AsWritten, fenced),
        set(["01", "10", "11"])
    );
}

#[test]
fn a_message_is_passed_by_release_and_acquire() {
    let with = |store, load| outcomes(Orderings::AsWritten, message_passing(store, load));
    assert_eq!(with(Release, Acquire), set(["01", "09"]));
    assert_eq!(with(SeqCst, SeqCst), set(["01", "09"]));
    assert_eq!(with(Relaxed, Relaxed), set(["00", "01", "09"]));
    assert_eq!(with(Relaxed, Acquire), set(["00", "01", "09"]));
    assert_eq!(with(Release, Relaxed), set(["00", "01", "09"]));
}

/// On paper both loads may see 1 under Relaxed. loom's loads are never early, so that
/// one outcome is out of reach, here as in `docs/engines.md`.
#[test]
fn loads_are_never_early() {
    let load_buffering = |load: Ordering, store: Ordering| {
        move || {
            litmus(
                move |x, y| {
                    let seen = x.load(load);
                    y.store(1, store);
                    seen
                },
                move |x, y| {
                    let seen = y.load(load);
                    x.store(1, store);
                    seen
                },
            )
        }
    };
    let expected = set(["00", "01", "10"]);
    let as_written = |load, store| outcomes(Orderings::AsWritten, load_buffering(load, store));
    assert_eq!(as_written(SeqCst, SeqCst), expected);
    assert_eq!(as_written(Acquire, Release), expected);
    assert_eq!(as_written(Relaxed, Relaxed), expected);
}

#[test]
fn two_loads_of_one_cell_never_go_back() {
    let coherence = || {
        litmus(
            |x, _| {
                x.store(1, Relaxed);
                x.store(2, Relaxed);
                0
            },
            |x, _| {
                let (first, second) = (x.load(Relaxed), x.load(Relaxed));
                assert!(first <= second, "{first}, then {second}");
                10 * first + second
            },
        )
    };
    let expected = set(["00", "01", "02", "011", "012", "022"]);
    assert_eq!(outcomes(Orderings::AsWritten, coherence), expected);
}

#[test]
fn an_update_meets_the_last_value_whatever_its_ordering() {
    let count = || {
        litmus(
            |x, _| x.fetch_add(1, Relaxed),
            |x, _| {
                let seen = x.fetch_add(1, Relaxed);
                match x.compare_exchange(5, 6, AcqRel, Relaxed) {
                    Ok(_) => unreachable!("nobody wrote 5"),
                    Err(found) => 10 * seen + found,
                }
            },
        )
    };
    // Whoever comes second sees 1; nobody sees 0 twice.
    let expected = set(["012", "11", "12"]);
    assert_eq!(outcomes(Orderings::AsWritten, count), expected);
}

#[test]
fn what_a_lock_or_a_join_orders_is_ordered() {
    let locked = || {
        let shared = Arc::new((Mutex::new(false), AtomicUsize::new(0)));
        let other = Arc::clone(&shared);
        let thread = thread::spawn(move || {
            let mut done = other.0.lock().unwrap();
            other.1.store(1, Relaxed);
            *done = true;
        });
        let done = *shared.0.lock().unwrap();
        let seen = shared.1.load(Relaxed);
        assert!(!done || seen == 1, "the lock did not carry the store along");
        thread.join().unwrap();
        let joined = shared.1.load(Relaxed);
        format!("{done} {joined}")
    };
    let seen = outcomes(Orderings::AsWritten, locked);
    assert_eq!(seen, set(["false 1", "true 1"]));
}
