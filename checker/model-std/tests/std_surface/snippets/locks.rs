//! `Mutex`, `RwLock`, `Condvar` and `Barrier`.

use super::std;

use std::sync::{
    Arc, Barrier, Condvar, LockResult, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard,
    TryLockError,
};
use std::thread;
use std::time::Duration;

static TABLE: Mutex<[u8; 3]> = Mutex::new([1, 2, 3]);
const FRESH: RwLock<u8> = RwLock::new(7);

fn poisoned<T: Send + 'static>(lock: Mutex<T>) -> Arc<Mutex<T>> {
    let lock = Arc::new(lock);
    let other = Arc::clone(&lock);
    let ended = thread::spawn(move || {
        let _held = other.lock();
        panic!("poisons it");
    });
    assert!(ended.join().is_err());
    lock
}

snippets! { EVERYWHERE:
    guards_are_displayed => {
        let (m, rw) = (Mutex::new(1), RwLock::new("two"));
        let lock = format!("{} {:>4}", m.lock().unwrap(), Mutex::new(2).lock().unwrap());
        let read = format!("{} {:?}", rw.read().unwrap(), rw.read().unwrap());
        let write = format!("{:>5}", rw.write().unwrap());
        (lock, read, write, rw.write().unwrap().to_string())
    }
    guards_of_unsized_values => {
        let lock: Arc<RwLock<dyn std::fmt::Display + Send + Sync>> = Arc::new(RwLock::new(5));
        let slice: &Mutex<[u8]> = &TABLE;
        (lock.read().unwrap().to_string(), slice.lock().unwrap().len())
    }
    #[cfg(since_1_92)]
    a_writer_becomes_a_reader => {
        let lock = RwLock::new(1);
        let mut writer = lock.write().unwrap();
        *writer += 1;
        let reader = std::sync::RwLockWriteGuard::downgrade(writer);
        let another = lock.try_read().map(|value| *value).ok();
        (*reader, another, lock.try_write().is_err(), format!("{lock:?}"))
    }
    #[cfg(since_1_92)]
    nobody_writes_between_a_downgrade => {
        let lock = Arc::new(RwLock::new(0));
        let other = Arc::clone(&lock);
        let writer = thread::spawn(move || *other.write().unwrap() += 10);
        let mut guard = lock.write().unwrap();
        let before = *guard;
        *guard += 1;
        let seen = *std::sync::RwLockWriteGuard::downgrade(guard);
        writer.join().unwrap();
        (seen - before, *lock.read().unwrap())
    }
    #[cfg(since_1_92)]
    those_who_wait_to_read_come_in_beside_a_downgraded_guard => {
        let lock = RwLock::new(0);
        thread::scope(|scope| {
            let mut writer = lock.write().unwrap();
            let reader = scope.spawn(|| *lock.read().unwrap());
            *writer = 3;
            let downgraded: RwLockReadGuard<'_, i32> = std::sync::RwLockWriteGuard::downgrade(writer);
            // Would wait for ever if it had to wait for this guard too.
            let seen = reader.join().unwrap();
            (seen, *downgraded)
        })
    }
    #[cfg(since_1_92)]
    a_downgraded_guard_does_not_poison => {
        let lock = Arc::new(RwLock::new(0));
        let other = Arc::clone(&lock);
        let ended = thread::spawn(move || {
            let _reader = std::sync::RwLockWriteGuard::downgrade(other.write().unwrap());
            panic!("it only reads");
        });
        (ended.join().is_err(), lock.is_poisoned())
    }
    made_from_values => {
        let m: Mutex<u8> = 3.into();
        let rw: RwLock<Vec<u8>> = RwLock::from(vec![1]);
        (m.into_inner().unwrap(), rw.into_inner().unwrap(), Mutex::<u8>::default(), RwLock::<()>::default(), *FRESH.read().unwrap())
    }
    without_locking => {
        let (mut m, mut rw) = (Mutex::new(1), RwLock::new(1));
        *m.get_mut().unwrap() += 1;
        *rw.get_mut().unwrap() += 1;
        (m.into_inner(), rw.into_inner())
    }
    poison => {
        let lock = poisoned(Mutex::new(1));
        let refused = lock.lock().is_err();
        let seen = (lock.is_poisoned(), refused, format!("{:?}", lock.lock()));
        let tried = match lock.try_lock() {
            Err(TryLockError::Poisoned(error)) => **error.get_ref(),
            _ => 0,
        };
        let value = *lock.lock().unwrap_or_else(PoisonError::into_inner);
        lock.clear_poison();
        (seen, tried, value, lock.is_poisoned(), lock.lock().is_ok())
    }
    poison_survives_into_inner => {
        let lock = Arc::into_inner(poisoned(Mutex::new(1)));
        let mut lock = lock.unwrap();
        (lock.get_mut().is_err(), lock.into_inner().unwrap_err().to_string())
    }
    a_reader_of_what_lives_longer => {
        fn shorter<'a>(guard: RwLockReadGuard<'a, &'static str>, _: &'a str) -> RwLockReadGuard<'a, &'a str> { guard }
        let (lock, text) = (RwLock::new("long"), String::from("short"));
        let length = shorter(lock.read().unwrap(), &text).len();
        length
    }
    results_as_types => {
        fn locked<'a>(lock: &'a Mutex<u8>) -> LockResult<MutexGuard<'a, u8>> { lock.lock() }
        fn both<'a>(lock: &'a RwLock<u8>) -> (RwLockReadGuard<'a, u8>, RwLockReadGuard<'a, u8>) {
            (lock.read().unwrap(), lock.read().unwrap())
        }
        let rw = RwLock::new(2);
        let (a, b) = both(&rw);
        (*locked(&Mutex::new(1)).unwrap(), *a + *b, format!("{:?}", rw.try_write()))
    }
    printed => {
        let (m, rw) = (Mutex::new(vec![1]), RwLock::new('a'));
        let free = format!("{m:?} {rw:?} {m:#?}");
        let (held, read) = (m.lock().unwrap(), rw.read().unwrap());
        let taken = format!("{m:?} {rw:?} {held:?} {read:?} {:?}", m.try_lock());
        drop(read);
        let writer = rw.write().unwrap();
        (free, taken, format!("{rw:?} {writer:?} {:?}", rw.try_read()))
    }
    printed_with_poison => { format!("{:?}", poisoned(Mutex::new(1))) }
    condvars_and_barriers_printed => {
        let barrier = Barrier::new(1);
        (format!("{:?} {:?} {:?}", Condvar::new(), Condvar::default(), barrier), barrier.wait())
    }
    results_of_waits_printed => {
        let (lock, condvar) = (Mutex::new(()), Condvar::new());
        let waited = condvar.wait_timeout_while(lock.lock().unwrap(), Duration::from_millis(1), |()| true);
        let (_guard, result) = waited.unwrap();
        (result, result == result.clone(), result.timed_out())
    }
    waiting_by_the_millisecond => {
        let (lock, condvar) = (Mutex::new(1), Condvar::new());
        let mut guard = lock.lock().unwrap();
        loop {
            let (next, in_time) = condvar.wait_timeout_ms(guard, 1).unwrap();
            guard = next;
            if !in_time { break; }
        }
        *guard
    }
    waiting_by_the_millisecond_for_a_notification => {
        let pair = Arc::new((Mutex::new(false), Condvar::new()));
        let other = Arc::clone(&pair);
        let notifier = thread::spawn(move || {
            *other.0.lock().unwrap() = true;
            other.1.notify_one();
        });
        let mut done = pair.0.lock().unwrap();
        while !*done {
            done = pair.1.wait_timeout_ms(done, 1_000).unwrap().0;
        }
        let seen = *done;
        drop(done);
        notifier.join().unwrap();
        seen
    }
    waiting_by_the_millisecond_for_a_poisoned_lock => {
        let lock = poisoned(Mutex::new(1));
        let guard = lock.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = Condvar::new().wait_timeout_ms(guard, 1);
        waited.map_err(|error| *error.into_inner().0).is_err()
    }
}
