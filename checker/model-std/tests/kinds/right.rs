//! Right programs that used to be accused, and what cannot be followed.

use std::time::Duration;

use model_std::model::{Failure, Limits, Outcome, explore};
use model_std::panic::{AssertUnwindSafe, catch_unwind};
use model_std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use model_std::sync::mpsc::{channel, sync_channel};
use model_std::sync::{Arc, Condvar, LazyLock, Mutex, OnceLock, RwLock};
use model_std::thread::{self, sleep, spawn, yield_now};
use model_std::time::Instant;

use super::{LIMITS, MOMENT, fails, passes};

/// Counts down when it is dropped, also by a panic.
struct InFlight(Arc<(Mutex<usize>, Condvar)>);

impl Drop for InFlight {
    fn drop(&mut self) {
        *self.0.0.lock().unwrap() -= 1;
        self.0.1.notify_all();
    }
}

#[test]
fn a_wait_during_the_panic_of_another_poisons_nothing() {
    passes("a condvar", || {
        let shared = Arc::new((Mutex::new(1), Condvar::new()));
        let other = Arc::clone(&shared);
        let thread = spawn(move || {
            catch_unwind(AssertUnwindSafe(move || {
                let _in_flight = InFlight(other);
                panic!("on purpose");
            }))
        });
        let mut left = shared.0.lock().unwrap();
        while *left > 0 {
            left = shared.1.wait(left).unwrap();
        }
        drop(left);
        assert!(thread.join().unwrap().is_err());
    });
    passes("a lock for readers and writers", || {
        struct Signs(Arc<RwLock<u32>>);
        impl Drop for Signs {
            fn drop(&mut self) {
                *self.0.write().unwrap() += 1;
            }
        }
        let lock = Arc::new(RwLock::new(0));
        let other = Arc::clone(&lock);
        let thread = spawn(move || {
            let _signs = Signs(other);
            panic!("on purpose");
        });
        *lock.write().unwrap() += 1;
        assert!(thread.join().is_err());
        assert_eq!(*lock.read().unwrap(), 2);
    });
    passes("two panics at once, each with a lock of its own", || {
        let lock = Arc::new(Mutex::new(0));
        let threads = [(); 2].map(|()| {
            let lock = Arc::clone(&lock);
            spawn(move || {
                struct Counts(Arc<Mutex<u32>>);
                impl Drop for Counts {
                    fn drop(&mut self) {
                        *self.0.lock().unwrap() += 1;
                    }
                }
                let _counts = Counts(lock);
                panic!("on purpose");
            })
        });
        for thread in threads {
            assert!(thread.join().is_err());
        }
        assert_eq!(*lock.lock().unwrap(), 2);
    });
}

#[test]
fn after_the_body_nothing_is_a_failure() {
    passes("a receiver that is hung up on", || {
        let (sender, receiver) = channel::<()>();
        spawn(move || receiver.recv());
        spawn(move || drop(sender));
    });
    passes("threads that wait for each other", || {
        let locks = Arc::new((Mutex::new(()), Mutex::new(())));
        let others = Arc::clone(&locks);
        spawn(move || {
            let _one = locks.0.lock().unwrap();
            let _two = locks.1.lock().unwrap();
        });
        spawn(move || {
            let _one = others.1.lock().unwrap();
            let _two = others.0.lock().unwrap();
        });
    });
    passes("a poller, a sleeper, and one that panics", || {
        let flag = Arc::new(AtomicBool::new(false));
        let other = Arc::clone(&flag);
        spawn(move || while !flag.load(SeqCst) {});
        spawn(move || {
            while !other.load(SeqCst) {
                sleep(MOMENT);
            }
        });
        spawn(|| {
            yield_now();
            panic!("on purpose");
        });
    });
    passes("a timer that ticks for ever", || {
        let shared = Arc::new((Mutex::new(0_u64), Condvar::new()));
        spawn(move || {
            let mut ticks = shared.0.lock().unwrap();
            loop {
                ticks = shared.1.wait_timeout(ticks, MOMENT).unwrap().0;
                *ticks += 1;
            }
        });
        spawn(|| ()).join().unwrap();
    });
}

#[test]
fn what_is_left_behind_runs_no_more_code() {
    // Real ones, which keep their values.
    static DROPS: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    struct Loud;
    impl Drop for Loud {
        fn drop(&mut self) {
            DROPS.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        }
    }
    model_std::thread_local! {
        static LOCAL: Loud = const { Loud };
    }
    passes("destructors of every kind", || {
        let shared = Arc::new((Mutex::new(()), Condvar::new(), RwLock::new(())));
        let (one, two) = (Arc::clone(&shared), Arc::clone(&shared));
        spawn(move || {
            let _loud = Loud;
            LOCAL.with(|_| ());
            let guard = one.0.lock().unwrap();
            let _guard = one.1.wait(guard).unwrap();
            // Woken for nothing, it stays.
            thread::park();
            thread::park();
            thread::park();
            thread::park();
            loop {
                drop(one.2.read());
                thread::park();
            }
        });
        spawn(move || {
            let _loud = Loud;
            let _held = two.2.write().unwrap();
            loop {
                thread::park();
            }
        });
        spawn(|| {
            struct Waits {
                _then: Loud,
            }
            impl Drop for Waits {
                fn drop(&mut self) {
                    loop {
                        thread::park();
                    }
                }
            }
            let _waits = Waits { _then: Loud };
            panic!("it stops in the middle of unwinding");
        });
    });
    assert_eq!(DROPS.load(std::sync::atomic::Ordering::SeqCst), 0);
}

#[test]
fn long_is_not_for_ever() {
    let pair = |rounds: usize, work: fn(&Mutex<u32>)| {
        move || {
            let lock = Arc::new(Mutex::new(0));
            let other = Arc::clone(&lock);
            for _ in 0..rounds {
                work(&lock);
            }
            let thread = spawn(move || work(&other));
            thread.join().unwrap();
        }
    };
    passes("400 locks", pair(400, |lock| *lock.lock().unwrap() += 1));
    passes(
        "1,000 locks",
        pair(1_000, |lock| *lock.lock().unwrap() += 1),
    );
    passes(
        "1,000 looks",
        pair(1_000, |lock| drop(lock.lock().unwrap())),
    );
    passes("a loop by a counter under the lock", || {
        let lock = Arc::new(Mutex::new(0));
        let other = Arc::clone(&lock);
        while *lock.lock().unwrap() < 1_000 {
            *lock.lock().unwrap() += 1;
        }
        spawn(move || drop(other.lock())).join().unwrap();
    });
    passes("a loop by a counter behind a pointer", || {
        let lock = Arc::new(Mutex::new(vec![0]));
        let other = Arc::clone(&lock);
        loop {
            let mut list = lock.lock().unwrap();
            list[0] += 1;
            if list[0] == 600 {
                break;
            }
        }
        spawn(move || drop(other.lock())).join().unwrap();
    });
    passes("two threads, a hundred messages", || {
        let (sender, receiver) = sync_channel(1);
        let thread = spawn(move || receiver.iter().sum::<u32>());
        for n in 0..100 {
            sender.send(n).unwrap();
        }
        drop(sender);
        assert_eq!(thread.join().unwrap(), 4_950);
    });
}

#[test]
fn nobody_who_waits_for_something_is_said_to_wait_for_nothing() {
    passes("a flag", || {
        let flag = Arc::new(AtomicBool::new(false));
        let other = Arc::clone(&flag);
        let thread = spawn(move || other.store(true, SeqCst));
        while !flag.load(SeqCst) {}
        thread.join().unwrap();
    });
    passes("a lock taken by exchange", || {
        let lock = Arc::new(AtomicBool::new(false));
        let threads = [(); 2].map(|()| {
            let lock = Arc::clone(&lock);
            spawn(move || {
                while lock.swap(true, SeqCst) {
                    model_std::hint::spin_loop();
                }
                lock.store(false, SeqCst);
            })
        });
        for thread in threads {
            thread.join().unwrap();
        }
    });
    passes("a queue that is polled for what is behind it", || {
        let jobs = Arc::new(Mutex::new(vec![Vec::<u32>::new()]));
        let other = Arc::clone(&jobs);
        let thread = spawn(move || other.lock().unwrap()[0].push(1));
        while jobs.lock().unwrap()[0].pop().is_none() {
            yield_now();
        }
        thread.join().unwrap();
    });
    passes("a lock that is tried until it is free", || {
        let lock = Arc::new(Mutex::new(0));
        let other = Arc::clone(&lock);
        let thread = spawn(move || *other.lock().unwrap() += 1);
        while lock.try_lock().map_or(true, |value| *value == 0) {
            yield_now();
        }
        thread.join().unwrap();
    });
}

#[test]
fn a_clock_that_is_watched_goes_on() {
    passes("for five milliseconds", || {
        let start = Instant::now();
        let thread = spawn(|| ());
        while start.elapsed() < 5 * MOMENT {}
        thread.join().unwrap();
    });
    passes("until a deadline or a flag", || {
        let flag = Arc::new(AtomicBool::new(false));
        let other = Arc::clone(&flag);
        let thread = spawn(move || other.store(true, SeqCst));
        let start = Instant::now();
        while !flag.load(SeqCst) {
            assert!(start.elapsed() < Duration::from_secs(5), "nobody came");
            sleep(MOMENT);
        }
        thread.join().unwrap();
    });
    passes("by two threads, one of which sleeps", || {
        let watch = |pause: fn()| {
            move || {
                let start = Instant::now();
                while start.elapsed() < Duration::from_secs(60) {
                    pause();
                }
            }
        };
        let threads = [spawn(watch(|| ())), spawn(watch(|| sleep(1_000 * MOMENT)))];
        for thread in threads {
            thread.join().unwrap();
        }
    });
    passes("whoever is joined has slept before", || {
        let start = Instant::now();
        spawn(|| sleep(50 * MOMENT)).join().unwrap();
        assert!(start.elapsed() >= 50 * MOMENT);
    });
}

#[inline(never)]
fn deep(levels: u32) -> u32 {
    let frame = std::hint::black_box([levels; 32]);
    if levels == 0 {
        0
    } else {
        deep(levels - 1) + frame[0] - frame[31] + 1
    }
}

#[test]
fn stacks_are_as_large_as_in_std() {
    passes("5,000 frames on a thread", || {
        assert_eq!(spawn(|| deep(5_000)).join().unwrap(), 5_000);
    });
    passes("a mebibyte on a thread, five on the caller's", || {
        let thread = spawn(|| std::hint::black_box([1_u8; 1 << 20])[7]);
        assert_eq!(std::hint::black_box([2_u8; 5 << 20])[9], 2);
        assert_eq!(thread.join().unwrap(), 1);
    });
    passes("sixteen mebibytes for whoever asks for them", || {
        let builder = thread::Builder::new().stack_size(20 << 20);
        let thread = builder.spawn(|| std::hint::black_box([3_u8; 16 << 20])[11]);
        assert_eq!(thread.unwrap().join().unwrap(), 3);
    });
    let overflows: [(&str, fn()); 3] = [
        ("on a thread", || _ = spawn(|| deep(u32::MAX)).join()),
        ("on the caller's", || {
            let thread = spawn(|| ());
            std::hint::black_box(deep(u32::MAX));
            thread.join().unwrap();
        }),
        ("in one frame", || {
            _ = spawn(|| std::hint::black_box([1_u8; 4 << 20])[7]).join();
        }),
    ];
    for (what, overflow) in overflows {
        let report = fails(what, overflow);
        let told = matches!(report.failure, Failure::StackOverflow);
        assert!(told, "{what}: {:?}", report.failure);
    }
}

#[test]
fn statics_are_ordinary() {
    static NEXT: Mutex<u64> = Mutex::new(0);
    let id = || {
        let mut next = NEXT.lock().unwrap();
        *next += 1;
        *next
    };
    passes("a number", move || {
        let other = spawn(id);
        let (mine, theirs) = (id(), other.join().unwrap());
        assert_eq!(mine + theirs, 3);
    });
    static NAMES: LazyLock<Mutex<Vec<String>>> = LazyLock::new(|| Mutex::new(vec!["a".into()]));
    passes("a table", || {
        let thread = spawn(|| NAMES.lock().unwrap().push("b".into()));
        NAMES.lock().unwrap().push("c".into());
        thread.join().unwrap();
        assert_eq!(NAMES.lock().unwrap().len(), 3);
    });
    static CELL: OnceLock<RwLock<String>> = OnceLock::new();
    passes("a cell", || {
        let cell = || CELL.get_or_init(|| RwLock::new(String::new()));
        let thread = spawn(move || cell().write().unwrap().push('x'));
        thread.join().unwrap();
        assert_eq!(*cell().read().unwrap(), "x");
    });
    static HELD: Mutex<Vec<u8>> = Mutex::new(Vec::new());
    passes("one that is left locked, and poisoned", || {
        let thread = spawn(|| {
            assert!(!HELD.is_poisoned());
            let mut held = HELD.lock().unwrap();
            held.push(1);
            panic!("on purpose");
        });
        assert!(thread.join().is_err());
        assert!(HELD.is_poisoned());
        spawn(|| {
            let _held = HELD.lock();
            loop {
                thread::park();
            }
        });
    });
    static COUNT: AtomicUsize = AtomicUsize::new(7);
    fails("a wrong program with one", || {
        let thread = spawn(|| COUNT.store(COUNT.load(SeqCst) + 1, SeqCst));
        COUNT.store(COUNT.load(SeqCst) + 1, SeqCst);
        thread.join().unwrap();
        assert_eq!(COUNT.load(SeqCst), 9);
    });
}

#[test]
fn a_thread_that_owns_all_state_may_live_on() {
    passes("letters and answers", || {
        let (letters, mailbox) = channel::<(u32, model_std::sync::mpsc::Sender<u32>)>();
        spawn(move || {
            let mut sum = 0;
            for (number, answer) in mailbox {
                sum += number;
                // Whoever asked may have gone.
                let _ = answer.send(sum);
            }
        });
        let ask = |number| {
            let (answer, answered) = channel();
            letters.send((number, answer)).unwrap();
            answered.recv().unwrap()
        };
        let other = {
            let letters = letters.clone();
            spawn(move || {
                let (answer, answered) = channel();
                letters.send((1, answer)).unwrap();
                answered.recv().unwrap()
            })
        };
        let mine = ask(1);
        let theirs = other.join().unwrap();
        assert_eq!(mine + theirs, 3);
    });
}

#[test]
fn where_the_grader_gives_up_it_says_so() {
    let limits = Limits {
        executions: 500,
        steps: u64::MAX,
        random: 0,
        second_look: None,
        ..LIMITS
    };
    let many = || {
        let locks = Arc::new([Mutex::new(0), Mutex::new(0)]);
        let threads = [(); 4].map(|()| {
            let locks = Arc::clone(&locks);
            spawn(move || {
                for _ in 0..4 {
                    for lock in locks.iter() {
                        *lock.lock().unwrap() += 1;
                    }
                }
            })
        });
        for thread in threads {
            thread.join().unwrap();
        }
    };
    let Outcome::BudgetSpent(coverage) = explore(limits, many) else {
        panic!("500 executions are not all");
    };
    assert!(coverage.bound() < Some(2), "{coverage:?}");
    assert!(coverage.busiest.is_some());
    assert!(coverage.passes.iter().all(|pass| !pass.complete));

    let report = fails("an execution without end", || {
        let count = Arc::new(AtomicUsize::new(0));
        let thread = spawn(move || {
            loop {
                count.fetch_add(1, SeqCst);
            }
        });
        thread.join().unwrap();
    });
    assert!(
        matches!(report.failure, Failure::TooLong),
        "{:?}",
        report.failure
    );
    assert!(report.busiest.is_some());
}
