//! What is seen in a model only, or outside of one only.

use std::time::{Duration, SystemTime};

use model_std::model::{Failure, Outcome, explore};
use model_std::sync::Arc;
use model_std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use model_std::thread::{self, spawn};
use model_std::time::Instant;

use crate::LIMITS;

fn passes(body: impl Fn() + Send + Sync + 'static) {
    let outcome = explore(LIMITS, body);
    assert!(matches!(outcome, Outcome::Complete(_)), "{outcome:#?}");
}

#[test]
fn the_time_of_day_is_virtual_and_counted_from_the_real_one() {
    const YEAR: Duration = Duration::from_secs(31_557_600);
    let before = SystemTime::now();
    passes(move || {
        let start = SystemTime::now();
        assert!(start >= before || before.duration_since(start).unwrap() < YEAR);
        thread::sleep(YEAR);
        let passed = start.elapsed().unwrap();
        assert!(
            (YEAR..YEAR + Duration::from_secs(1)).contains(&passed),
            "{passed:?}"
        );
        let other = spawn(move || start.elapsed().unwrap());
        assert!(other.join().unwrap() >= YEAR);
    });
    // Nobody has slept.
    assert!(before.elapsed().unwrap() < YEAR);
}

#[test]
fn the_time_of_day_is_the_same_in_every_execution() {
    use std::sync::Mutex;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let times = Arc::clone(&seen);
    passes(move || {
        let other = spawn(thread::yield_now);
        other.join().unwrap();
        times.lock().unwrap().push(SystemTime::now());
    });
    let mut seen = seen.lock().unwrap().clone();
    assert!(seen.len() > 1);
    seen.dedup();
    assert_eq!(seen.len(), 1);
}

#[test]
fn real_clocks_go_on_outside_of_a_model() {
    let (day, instant, ours) = (SystemTime::now(), std::time::Instant::now(), Instant::now());
    std::thread::sleep(Duration::from_millis(20));
    let least = Duration::from_millis(15);
    assert!(day.elapsed().unwrap() >= least);
    assert!(instant.elapsed() >= least);
    assert!(ours.elapsed() >= least);
    // While a model runs on another thread, too.
    let model = std::thread::spawn(|| passes(|| thread::sleep(Duration::from_secs(3600))));
    assert!(day.elapsed().unwrap() < Duration::from_secs(60));
    model.join().unwrap();
}

#[test]
fn whoever_polls_the_time_of_day_lets_time_pass() {
    passes(|| {
        let deadline = SystemTime::now() + Duration::from_secs(5);
        while SystemTime::now() < deadline {
            thread::yield_now();
        }
    });
}

#[test]
fn a_race_over_a_value_that_lies_elsewhere_is_found() {
    let outcome = explore(LIMITS, || {
        let mut value = 0_u64;
        let address = Arc::new(AtomicU64::new((&raw mut value).expose_provenance() as u64));
        let add = |address: &AtomicU64| {
            let value = std::ptr::with_exposed_provenance_mut(address.load(SeqCst) as usize);
            // SAFETY: `value` outlives both threads, and is only used as an atomic.
            let value = unsafe { AtomicU64::from_ptr(value) };
            let seen = value.load(SeqCst);
            value.store(seen + 1, SeqCst);
        };
        let other = Arc::clone(&address);
        let thread = spawn(move || add(&other));
        add(&address);
        thread.join().unwrap();
        // SAFETY: as above.
        let seen = unsafe { AtomicU64::from_ptr(&raw mut value) }.load(SeqCst);
        assert_eq!(seen, 2);
    });
    let Outcome::Failed(_, report) = outcome else {
        panic!("{outcome:#?}");
    };
    assert!(matches!(report.failure, Failure::Panic { .. }));
}

#[cfg(since_1_92)]
#[test]
fn a_downgrade_lets_writers_wait_and_readers_in() {
    use model_std::sync::{RwLock, RwLockWriteGuard};
    use std::collections::BTreeSet;
    use std::sync::Mutex;
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    let outcomes = Arc::clone(&seen);
    passes(move || {
        let lock = Arc::new(RwLock::new(0));
        let other = Arc::clone(&lock);
        let writer = spawn(move || *other.write().unwrap() += 10);
        let other = Arc::clone(&lock);
        let reader = spawn(move || *other.read().unwrap());
        let mut guard = lock.write().unwrap();
        *guard += 1;
        let guard = RwLockWriteGuard::downgrade(guard);
        let kept = *guard;
        // Nobody writes for as long as it reads.
        assert!(kept == 1 || kept == 11);
        thread::yield_now();
        assert_eq!(kept, *guard);
        drop(guard);
        writer.join().unwrap();
        let read = reader.join().unwrap();
        outcomes.lock().unwrap().insert((kept, read));
    });
    let expected = BTreeSet::from([(1, 0), (1, 1), (1, 11), (11, 0), (11, 10), (11, 11)]);
    assert_eq!(*seen.lock().unwrap(), expected);
}

#[cfg(since_1_92)]
#[test]
fn who_looks_without_waiting_sees_a_downgrade() {
    use model_std::sync::{RwLock, RwLockWriteGuard};
    use std::collections::BTreeSet;
    use std::sync::Mutex;
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    let outcomes = Arc::clone(&seen);
    passes(move || {
        let lock = Arc::new(RwLock::new(0));
        let other = Arc::clone(&lock);
        let looker = spawn(move || {
            let read = other.try_read().is_ok();
            (read, other.try_write().is_ok())
        });
        let guard = RwLockWriteGuard::downgrade(lock.write().unwrap());
        let looked = looker.join().unwrap();
        drop(guard);
        outcomes.lock().unwrap().insert(looked);
    });
    let expected = BTreeSet::from([(false, false), (true, false), (true, true)]);
    assert_eq!(*seen.lock().unwrap(), expected);
}

#[test]
fn threads_that_borrow_are_of_the_model() {
    passes(|| {
        let count = AtomicU64::new(0);
        let add = || count.fetch_add(1, SeqCst);
        // SAFETY: it is joined below.
        let thread = unsafe { thread::Builder::new().spawn_unchecked(add) }.unwrap();
        assert!(add() <= 1);
        thread.join().unwrap();
        assert_eq!(count.load(SeqCst), 2);
    });
}
