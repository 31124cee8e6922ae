//! Locks and what waits with them.

use std::collections::VecDeque;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Barrier, Condvar, Mutex, RwLock, TryLockError};
use std::thread;
use std::time::Instant;

use super::{MOMENT, say};

pub fn mutexes() -> Vec<String> {
    let counter = Arc::new(Mutex::new(0));
    let threads = [1, 10].map(|by| {
        let counter = Arc::clone(&counter);
        thread::spawn(move || *counter.lock().unwrap() += by)
    });
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
    let guard = counter.lock().unwrap();
    let busy = matches!(counter.try_lock(), Err(TryLockError::WouldBlock));
    let shown = format!("{guard} {guard:?}");
    drop(guard);
    let free = *counter.try_lock().unwrap();
    let mut own = Mutex::from(vec![1]);
    own.get_mut().unwrap().push(2);
    vec![
        say((busy, free, own.into_inner())),
        shown,
        say(Mutex::<u8>::default()),
        say(counter),
    ]
}

pub fn poisoning() -> Vec<String> {
    let account = Mutex::new((10, 0));
    let result = panic::catch_unwind(AssertUnwindSafe(|| {
        let mut account = account.lock().unwrap();
        account.0 -= 5;
        panic!("between two steps");
    }));
    let poisoned = account.lock().unwrap_err();
    let text = poisoned.to_string();
    let mut guard = poisoned.into_inner();
    guard.1 += 5;
    drop(guard);
    let tried = account
        .try_lock()
        .map(|_| ())
        .map_err(|error| error.to_string());
    let before = account.is_poisoned();
    account.clear_poison();
    let readers = RwLock::new(1);
    let _ = panic::catch_unwind(AssertUnwindSafe(|| {
        let _guard = readers.read().unwrap();
        panic!("while reading");
    }));
    vec![
        say((result.is_err(), text, tried)),
        say((before, account.is_poisoned(), account.into_inner())),
        say((readers.is_poisoned(), readers.into_inner())),
    ]
}

pub fn rwlocks() -> Vec<String> {
    let config = Arc::new(RwLock::new(1));
    let one = config.read().unwrap();
    let two = config.try_read().unwrap();
    let no_writer = config.try_write().is_err();
    let sum = *one + *two;
    drop((one, two));
    let writer = thread::spawn({
        let config = Arc::clone(&config);
        move || *config.write().unwrap() *= 5
    });
    let seen = *config.read().unwrap();
    writer.join().unwrap();
    let guard = config.write().unwrap();
    let no_reader = config.try_read().is_err();
    let shown = format!("{guard:?} {config:?}");
    drop(guard);
    let mut own = RwLock::from("a".to_owned());
    own.get_mut().unwrap().push('b');
    vec![
        say((sum, no_writer, no_reader, matches!(seen, 1 | 5))),
        shown,
        say((config, own.into_inner())),
    ]
}

pub fn condvars() -> Vec<String> {
    let pair = Arc::new((Mutex::new(0), Condvar::new()));
    let waiters = [1, 2].map(|stage| {
        let pair = Arc::clone(&pair);
        thread::spawn(move || {
            let (value, changed) = &*pair;
            let guard = changed.wait_while(value.lock().unwrap(), |value| *value < stage);
            *guard.unwrap() >= stage
        })
    });
    *pair.0.lock().unwrap() = 2;
    pair.1.notify_all();
    let served = waiters.map(|waiter| waiter.join().unwrap());
    let other = thread::spawn({
        let pair = Arc::clone(&pair);
        move || {
            let (value, changed) = &*pair;
            *value.lock().unwrap() = 3;
            changed.notify_one();
        }
    });
    let mut value = pair.0.lock().unwrap();
    while *value != 3 {
        value = pair.1.wait(value).unwrap();
    }
    let last = *value;
    drop(value);
    other.join().unwrap();
    vec![say((served, last)), say(&pair.1)]
}

pub fn timed_waits() -> Vec<String> {
    let never = (Mutex::new(false), Condvar::new());
    let begin = Instant::now();
    let guard = never.0.lock().unwrap();
    let waited = never.1.wait_timeout_while(guard, MOMENT, |done| !*done);
    let (guard, timed_out) = waited.unwrap();
    let long_enough = begin.elapsed() >= MOMENT;
    let (guard, _) = never.1.wait_timeout(guard, MOMENT).unwrap();
    let done = *guard;
    drop(guard);
    let (sender, receiver) = mpsc::channel::<u8>();
    let message = receiver.recv_timeout(MOMENT);
    drop(sender);
    vec![
        say((timed_out, long_enough, done)),
        say((message, receiver.recv_timeout(MOMENT))),
        say(RecvTimeoutError::Timeout.to_string()),
    ]
}

struct Buffer<T> {
    items: Mutex<VecDeque<T>>,
    not_empty: Condvar,
    not_full: Condvar,
}

impl<T> Buffer<T> {
    fn put(&self, item: T) {
        let items = self.items.lock().unwrap();
        let mut items = self
            .not_full
            .wait_while(items, |items| items.len() == 1)
            .unwrap();
        items.push_back(item);
        self.not_empty.notify_one();
    }

    fn take(&self) -> T {
        let mut items = self.items.lock().unwrap();
        loop {
            if let Some(item) = items.pop_front() {
                self.not_full.notify_one();
                return item;
            }
            items = self.not_empty.wait(items).unwrap();
        }
    }
}

pub fn bounded_buffer() -> Vec<String> {
    let buffer = Buffer {
        items: Mutex::default(),
        not_empty: Condvar::default(),
        not_full: Condvar::default(),
    };
    let taken = thread::scope(|scope| {
        scope.spawn(|| (1..=2).for_each(|item| buffer.put(item)));
        [buffer.take(), buffer.take()]
    });
    vec![say(taken)]
}

pub fn barriers() -> Vec<String> {
    let barrier = Barrier::new(2);
    let before = AtomicUsize::new(0);
    let meet = || {
        before.fetch_add(1, Ordering::SeqCst);
        let leader = barrier.wait().is_leader();
        (leader, before.load(Ordering::SeqCst))
    };
    let (mine, others) = thread::scope(|scope| {
        let other = scope.spawn(meet);
        (meet(), other.join().unwrap())
    });
    vec![
        say((mine.0 != others.0, mine.1, others.1)),
        say(Barrier::new(1).wait().is_leader()),
    ]
}
