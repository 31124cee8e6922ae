//! Wrong programs, and what used to hide their mistakes.

use model_std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use model_std::sync::mpsc::channel;
use model_std::sync::{Arc, Mutex, RwLock};
use model_std::thread::{sleep, spawn, yield_now};

use super::{MOMENT, deadlocks, fails, passes};

fn lost_update(look: impl Fn() + Send + Sync + 'static) -> impl Fn() + Send + Sync {
    move || {
        let sum = Arc::new(Mutex::new(0));
        let add = |sum: Arc<Mutex<i32>>| {
            move || {
                let seen = *sum.lock().unwrap();
                *sum.lock().unwrap() = seen + 1;
            }
        };
        let threads = [spawn(add(Arc::clone(&sum))), spawn(add(Arc::clone(&sum)))];
        look();
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(*sum.lock().unwrap(), 2);
    }
}

#[test]
fn a_look_at_a_lock_blinds_nobody() {
    let busy = || drop(Mutex::new(()).try_lock());
    fails("try_lock beside a lost update", lost_update(busy));
    fails("try_read", lost_update(|| drop(RwLock::new(()).try_read())));
    fails(
        "try_write",
        lost_update(|| drop(RwLock::new(()).try_write())),
    );
    fails(
        "is_finished",
        lost_update(|| _ = spawn(|| ()).is_finished()),
    );
    deadlocks("try_lock beside locks in opposite orders", || {
        let locks = Arc::new((Mutex::new(()), Mutex::new(())));
        let others = Arc::clone(&locks);
        let thread = spawn(move || {
            let _one = others.1.lock().unwrap();
            let _two = others.0.lock().unwrap();
        });
        drop(Mutex::new(()).try_lock());
        let one = locks.0.lock().unwrap();
        let two = locks.1.lock().unwrap();
        drop((one, two));
        thread.join().unwrap();
    });
}

#[test]
fn what_a_detached_thread_does_later_may_come_earlier() {
    fails("a flag set in its second step", || {
        let shared = Arc::new((Mutex::new(0), AtomicBool::new(false)));
        let other = Arc::clone(&shared);
        spawn(move || {
            *other.0.lock().unwrap() += 1;
            other.1.store(true, SeqCst);
        });
        assert!(!shared.1.load(SeqCst));
    });
    fails("a message sent in its third", || {
        let (sender, receiver) = channel();
        let seen = Arc::new(AtomicUsize::new(0));
        spawn(move || {
            seen.fetch_add(1, SeqCst);
            seen.fetch_add(1, SeqCst);
            sender.send(()).unwrap();
        });
        assert!(receiver.try_recv().is_err());
    });
    deadlocks("a lock that it never gives back", || {
        let lock = Arc::new(Mutex::new(()));
        let other = Arc::clone(&lock);
        spawn(move || {
            yield_now();
            std::mem::forget(other.lock().unwrap());
        });
        drop(lock.lock().unwrap());
    });
}

#[test]
fn a_loop_that_ends_by_itself_is_left_alone() {
    fails("sixteen rounds on an atomic", || {
        let count = Arc::new(AtomicUsize::new(0));
        let other = Arc::clone(&count);
        spawn(move || {
            for _ in 0..16 {
                other.fetch_add(1, SeqCst);
            }
        });
        assert!(count.load(SeqCst) < 16);
    });
    fails("forty reads before a write", || {
        let shared = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
        let other = Arc::clone(&shared);
        spawn(move || {
            for _ in 0..40 {
                other.0.load(SeqCst);
            }
            other.1.store(1, SeqCst);
        });
        assert_eq!(shared.1.load(SeqCst), 0);
    });
    fails("thirty naps before a write", || {
        let lock = Arc::new(Mutex::new(0));
        let other = Arc::clone(&lock);
        spawn(move || {
            for _ in 0..30 {
                sleep(MOMENT);
            }
            *other.lock().unwrap() = 1;
        });
        assert_eq!(*lock.lock().unwrap(), 0);
    });
    fails("a loop that counts on the heap", || {
        let count = Arc::new(AtomicUsize::new(0));
        let other = Arc::clone(&count);
        spawn(move || {
            let mut left = Box::new(25);
            while *left > 0 {
                *left -= 1;
                yield_now();
            }
            other.store(1, SeqCst);
        });
        assert_eq!(count.load(SeqCst), 0);
    });
}

#[test]
fn who_yields_or_sleeps_may_still_go_first() {
    let pauses: [(&str, fn()); 4] = [
        ("yield", yield_now),
        ("sleep", || sleep(MOMENT)),
        ("three of each", || {
            for _ in 0..3 {
                yield_now();
                sleep(MOMENT);
            }
        }),
        ("spin hint", model_std::hint::spin_loop),
    ];
    for (what, pause) in pauses {
        fails(what, move || {
            let lock = Arc::new(Mutex::new(0));
            let other = Arc::clone(&lock);
            spawn(move || {
                pause();
                *other.lock().unwrap() = 1;
            });
            assert_ne!(*lock.lock().unwrap(), 1);
        });
    }
}

#[test]
fn a_second_read_may_wait_behind_a_writer() {
    deadlocks("two reads in one thread", || {
        let lock = Arc::new(RwLock::new(0));
        let other = Arc::clone(&lock);
        let writer = spawn(move || *other.write().unwrap() += 1);
        let first = lock.read().unwrap();
        let second = lock.read().unwrap();
        drop((first, second));
        writer.join().unwrap();
    });
    deadlocks(
        "a read in a function that was called with a read guard",
        || {
            fn sum(lock: &RwLock<Vec<u32>>) -> u32 {
                lock.read().unwrap().iter().sum()
            }
            let lock = Arc::new(RwLock::new(vec![1, 2]));
            let other = Arc::clone(&lock);
            let writer = spawn(move || other.write().unwrap().push(3));
            let list = lock.read().unwrap();
            assert!(sum(&lock) >= *list.first().unwrap());
            drop(list);
            writer.join().unwrap();
        },
    );
    deadlocks("readers that wait for each other", || {
        let lock = Arc::new(RwLock::new(0));
        let (sender, receiver) = channel();
        let (one, two) = (Arc::clone(&lock), Arc::clone(&lock));
        spawn(move || *one.write().unwrap() = 1);
        spawn(move || {
            drop(two.read().unwrap());
            sender.send(()).unwrap();
        });
        let held = lock.read().unwrap();
        receiver.recv().unwrap();
        drop(held);
    });
    passes("try_read does not wait", || {
        let lock = Arc::new(RwLock::new(0));
        let other = Arc::clone(&lock);
        let writer = spawn(move || *other.write().unwrap() += 1);
        let first = lock.read().unwrap();
        assert!(lock.try_read().is_ok());
        drop(first);
        writer.join().unwrap();
    });
}
