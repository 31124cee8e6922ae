//! What goes wrong in a model is found, and told as what it is.

use std::time::Duration;

use model_std::model::{
    Failure, Limits, Orderings, Outcome, Report, SecondLook, explore, held_locks, note,
    other_threads, replay, until_idle,
};
use model_std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use model_std::sync::mpsc;
use model_std::sync::{Arc, Condvar, LazyLock, Mutex, Once, OnceLock};
use model_std::{process, thread};

const LIMITS: Limits = Limits {
    deviations: 2,
    executions: 500_000,
    steps: u64::MAX,
    random: 1_000,
    second_look: Some(SecondLook {
        bound: Some(2),
        executions: 500_000,
    }),
    orderings: Orderings::Strongest,
    least_deviations: None,
    finest_steps: false,
    stall: Duration::from_secs(2),
};

fn failure(body: impl Fn() + Send + Sync + 'static) -> Report {
    match explore(LIMITS, body) {
        Outcome::Failed(_, report) => *report,
        other => panic!("nothing failed: {other:?}"),
    }
}

fn passes(body: impl Fn() + Send + Sync + 'static) {
    let outcome = explore(LIMITS, body);
    assert!(matches!(outcome, Outcome::Complete(_)), "{outcome:?}");
}

#[test]
fn a_deadlock_tells_who_holds_what() {
    let report = failure(|| {
        let locks = Arc::new((Mutex::new('a'), Mutex::new(1)));
        let other = Arc::clone(&locks);
        let thread = thread::spawn(move || {
            let _one = other.1.lock().unwrap();
            let _two = other.0.lock().unwrap();
        });
        let one = locks.0.lock().unwrap();
        let two = locks.1.lock().unwrap();
        drop((one, two));
        thread.join().unwrap();
    });
    assert!(matches!(report.failure, Failure::Deadlock));
    let [main, other] = report.standing.as_slice() else {
        panic!("{:?}", report.standing)
    };
    assert!(main.starts_with("main waits for Mutex<i32>"), "{main}");
    assert!(
        main.contains("held by thread 1 since failures.rs:"),
        "{main}"
    );
    assert!(
        other.starts_with("thread 1 waits for Mutex<char>"),
        "{other}"
    );
    assert_eq!(
        report.events.iter().filter(|event| event.preempted).count(),
        1
    );
}

#[test]
fn a_lock_taken_twice_is_a_deadlock() {
    let report = failure(|| {
        let lock = Mutex::new(0);
        let _first = lock.lock().unwrap();
        let _second = lock.lock().unwrap();
    });
    assert!(matches!(report.failure, Failure::Deadlock));
    assert!(
        report.standing[0].contains("which it holds itself"),
        "{:?}",
        report.standing
    );
}

#[test]
fn a_lost_wakeup_is_found() {
    let report = failure(|| {
        let shared = Arc::new((Mutex::new(false), Condvar::new()));
        let other = Arc::clone(&shared);
        thread::spawn(move || {
            // Notifies before it sets what the waiter looks at.
            other.1.notify_one();
            *other.0.lock().unwrap() = true;
        });
        let mut ready = shared.0.lock().unwrap();
        while !*ready {
            ready = shared.1.wait(ready).unwrap();
        }
    });
    assert!(matches!(report.failure, Failure::Deadlock));
    assert!(
        report.standing[0].contains("to be notified"),
        "{:?}",
        report.standing
    );
}

#[test]
fn threads_that_poll_for_nothing_are_a_livelock() {
    for pause in [
        thread::yield_now as fn(),
        || thread::sleep(Duration::from_millis(1)),
        || (),
    ] {
        let report = failure(move || {
            let never = Mutex::new(false);
            thread::scope(|scope| {
                for _ in 0..2 {
                    scope.spawn(|| {
                        while !*never.lock().unwrap() {
                            pause();
                        }
                    });
                }
            });
        });
        assert!(
            matches!(report.failure, Failure::Livelock),
            "{:?}",
            report.failure
        );
    }
}

#[test]
fn a_thread_that_polls_is_told_from_one_that_is_blocked() {
    type Wait = fn(&Mutex<bool>, &Condvar);
    let beside = |wait: Wait| {
        move || {
            let shared = Arc::new((Mutex::new(false), Condvar::new()));
            let sharing = Arc::clone(&shared);
            let waiter = thread::spawn(move || wait(&sharing.0, &sharing.1));
            assert_eq!(other_threads(), 1);
            until_idle();
            assert_eq!(other_threads(), 1);
            *shared.0.lock().unwrap() = true;
            shared.1.notify_one();
            waiter.join().unwrap();
            assert_eq!(other_threads(), 0);
            until_idle();
        }
    };
    passes(beside(|flag, changed| {
        drop(changed.wait_while(flag.lock().unwrap(), |flag| !*flag));
    }));
    let polls: [Wait; 4] = [
        |flag, _| while !*flag.lock().unwrap() {},
        |flag, _| {
            while !*flag.lock().unwrap() {
                thread::yield_now();
            }
        },
        |flag, _| {
            while !*flag.lock().unwrap() {
                thread::sleep(Duration::from_millis(1));
            }
        },
        |flag, changed| {
            let mut flag = flag.lock().unwrap();
            while !*flag {
                flag = changed
                    .wait_timeout(flag, Duration::from_secs(1))
                    .unwrap()
                    .0;
            }
        },
    ];
    for poll in polls {
        let report = failure(beside(poll));
        assert!(
            matches!(report.failure, Failure::Livelock | Failure::TooLong),
            "{:?}",
            report.failure
        );
    }
}

#[test]
fn whatever_depends_on_time_is_known_by_its_place() {
    fn place_of(call: fn()) -> Option<&'static str> {
        let Outcome::Complete(coverage) = explore(LIMITS, call) else {
            panic!("it failed");
        };
        coverage.asked_time.map(std::panic::Location::file)
    }
    const SHORT: Duration = Duration::from_millis(1);
    assert_eq!(place_of(|| drop(Mutex::new(()).lock())), None);
    let depend: [fn(); 5] = [
        || thread::sleep(SHORT),
        || thread::park_timeout(SHORT),
        || assert!(model_std::time::Instant::now().elapsed() < SHORT),
        || assert!(mpsc::channel::<()>().1.recv_timeout(SHORT).is_err()),
        || {
            let lock = Mutex::new(());
            drop(Condvar::new().wait_timeout(lock.lock().unwrap(), SHORT));
        },
    ];
    for call in depend {
        assert_eq!(place_of(call), Some(file!()));
    }
    // std's own function, which does not tell who has called it.
    let of_day = place_of(|| assert!(model_std::time::SystemTime::now().elapsed().is_ok()));
    assert!(of_day.is_some());
}

#[test]
fn a_loop_without_a_scheduling_point_is_a_hang() {
    let report = failure(|| {
        drop(Mutex::new(0).lock());
        loop {
            std::hint::spin_loop();
        }
    });
    let Failure::Hang { after: Some(after) } = report.failure else {
        panic!("{:?}", report.failure)
    };
    assert!(after.file().ends_with("failures.rs"));
}

#[test]
fn a_panic_that_nothing_catches_ends_the_check() {
    let report = failure(|| {
        let handle = thread::spawn(|| panic!("in a thread"));
        handle.join().expect("joins");
    });
    let Failure::Panic { message, .. } = &report.failure else {
        panic!("{:?}", report.failure)
    };
    assert!(message.starts_with("joins"), "{message}");
    assert!(
        report
            .events
            .iter()
            .any(|event| event.detail.as_deref() == Some("in a thread"))
    );
}

#[test]
fn six_threads_are_followed_and_a_hundred_only_in_turn() {
    // More than loom has room for, so that the other engine takes over.
    let report = failure(|| {
        let sum = Arc::new(AtomicUsize::new(0));
        let add = |sum: Arc<AtomicUsize>| move || sum.store(sum.load(SeqCst) + 1, SeqCst);
        let threads: Vec<_> = (0..6)
            .map(|_| thread::spawn(add(Arc::clone(&sum))))
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(sum.load(SeqCst), 6, "an update was lost");
    });
    assert!(matches!(report.failure, Failure::Panic { .. }));
    assert_eq!(report.threads.len(), 7);

    let report = failure(|| {
        for _ in 0..100 {
            thread::spawn(thread::park);
        }
    });
    assert!(matches!(
        report.failure,
        Failure::TooManyThreads { limit: 64, .. }
    ));
    passes(|| {
        for _ in 0..100 {
            thread::spawn(|| ()).join().unwrap();
        }
    });
}

#[test]
fn threads_left_behind_end_with_the_execution() {
    passes(|| {
        let lock = Arc::new(Mutex::new(0));
        for _ in 0..2 {
            let lock = Arc::clone(&lock);
            thread::spawn(move || {
                struct Last(Arc<Mutex<i32>>);
                impl Drop for Last {
                    fn drop(&mut self) {
                        *self
                            .0
                            .lock()
                            .unwrap_or_else(model_std::sync::PoisonError::into_inner) += 1;
                    }
                }
                let _last = Last(lock);
                loop {
                    thread::park();
                }
            });
        }
    });
}

#[test]
fn statics_start_anew_or_are_named() {
    passes(|| {
        static N: AtomicUsize = AtomicUsize::new(3);
        assert_eq!(N.fetch_add(1, SeqCst), 3);
        thread::spawn(|| assert_eq!(N.load(SeqCst), 4))
            .join()
            .unwrap();
    });
    passes(|| {
        static KEPT: Mutex<Vec<u8>> = Mutex::new(Vec::new());
        thread::scope(|scope| {
            scope.spawn(|| KEPT.lock().unwrap().push(1));
            KEPT.lock().unwrap().push(2);
        });
        assert_eq!(KEPT.lock().unwrap().len(), 2);
    });
    // Not a static, and yet it outlives an execution.
    let kept = Arc::new(Mutex::new(Vec::new()));
    let report = failure(move || {
        let other = Arc::clone(&kept);
        let thread = thread::spawn(move || other.lock().unwrap().push(1));
        thread.join().unwrap();
    });
    let Failure::StaticState { what, .. } = &report.failure else {
        panic!("{:?}", report.failure)
    };
    assert_eq!(what, "Mutex<Vec<i32>>");
}

#[test]
fn what_a_static_initialises_once_is_initialised_in_every_execution() {
    static CELL: OnceLock<usize> = OnceLock::new();
    static ONCE: Once = Once::new();
    passes(|| {
        let calls = AtomicUsize::new(0);
        ONCE.call_once(|| _ = calls.fetch_add(1, SeqCst));
        assert_eq!(calls.load(SeqCst), 1, "the execution before has called it");
        thread::scope(|scope| {
            scope.spawn(|| CELL.get_or_init(|| 1));
            scope.spawn(|| CELL.get_or_init(|| 2));
        });
        assert!(CELL.get().is_some());
    });
    // Both threads are the first in some execution.
    let report = failure(|| {
        thread::scope(|scope| {
            scope.spawn(|| CELL.get_or_init(|| 1));
            scope.spawn(|| CELL.get_or_init(|| 2));
        });
        assert_eq!(CELL.get(), Some(&1));
    });
    assert!(matches!(report.failure, Failure::Panic { .. }));

    static LAZY: LazyLock<Mutex<u8>> = LazyLock::new(|| Mutex::new(0));
    passes(|| {
        let thread = thread::spawn(|| *LAZY.lock().unwrap() += 1);
        *LAZY.lock().unwrap() += 1;
        thread.join().unwrap();
        assert_eq!(*LAZY.lock().unwrap(), 2);
    });
}

#[test]
fn ending_the_process_is_a_failure() {
    let report = failure(|| process::exit(0));
    let Failure::Exit { call, .. } = &report.failure else {
        panic!("{:?}", report.failure)
    };
    assert_eq!(call, "process::exit(0)");
}

#[test]
fn a_stack_overflow_is_a_failure() {
    fn deeper(n: u64) -> u64 {
        let frame = std::hint::black_box([n; 256]);
        if n == u64::MAX {
            0
        } else {
            deeper(n + 1) + frame[0]
        }
    }
    let report = failure(|| {
        thread::spawn(|| deeper(0)).join().unwrap();
    });
    assert!(
        matches!(report.failure, Failure::StackOverflow),
        "{:?}",
        report.failure
    );
}

#[test]
fn a_story_has_lines_notes_and_prints() {
    let report = failure(|| {
        note(|| "a note".to_owned());
        model_std::println!("printed {}", 1);
        model_std::panic!("over");
    });
    let told: Vec<_> = report
        .events
        .iter()
        .map(|e| (e.action, e.detail.clone()))
        .collect();
    let expected = [
        ("note", "a note"),
        ("print", "printed 1"),
        ("panic", "over"),
    ];
    assert_eq!(
        told,
        expected.map(|(action, detail)| (action, Some(detail.to_owned())))
    );
}

#[test]
fn a_hash_map_iterates_the_same_way_in_every_execution() {
    passes(|| {
        let locks: model_std::collections::HashMap<u32, Arc<Mutex<u32>>> =
            (0..4).map(|n| (n, Arc::new(Mutex::new(n)))).collect();
        let all = || {
            locks
                .values()
                .map(|lock| *lock.lock().unwrap())
                .sum::<u32>()
        };
        thread::scope(|scope| {
            scope.spawn(all);
            assert_eq!(all(), 6);
        });
    });
}

#[test]
fn what_the_current_thread_holds_can_be_asked_for() {
    fn names() -> Vec<String> {
        held_locks().into_iter().map(|held| held.lock).collect()
    }
    assert!(names().is_empty(), "outside a model nothing is known");
    passes(|| {
        let shared = Arc::new((Mutex::new(1_u8), Condvar::new(), Mutex::new('a')));
        let other = Arc::clone(&shared);
        let thread = thread::spawn(move || {
            // Held here, and nobody else's business.
            let _theirs = other.2.lock().unwrap();
            assert!(names()[0].starts_with("Mutex<char> (failures.rs:"));
            *other.0.lock().unwrap() = 2;
            other.1.notify_one();
            assert_eq!(names().len(), 1);
        });
        let mut mine = shared.0.lock().unwrap();
        while *mine == 1 {
            assert!(names()[0].starts_with("Mutex<u8> (failures.rs:"));
            mine = shared.1.wait(mine).unwrap();
        }
        assert_eq!(names().len(), 1);
        drop(mine);
        assert!(names().is_empty());
        thread.join().unwrap();
    });
}

#[test]
fn what_need_not_happen_but_may_is_explored() {
    // A wait without a loop, which only a spurious wake-up gives away.
    let report = failure(|| {
        let shared = Arc::new((Mutex::new(false), Condvar::new()));
        let other = Arc::clone(&shared);
        let setter = thread::spawn(move || {
            *other.0.lock().unwrap() = true;
            other.1.notify_one();
        });
        let mut set = shared.0.lock().unwrap();
        if !*set {
            set = shared.1.wait(set).unwrap();
        }
        assert!(*set, "woken too early");
        drop(set);
        setter.join().unwrap();
    });
    assert!(matches!(report.failure, Failure::Panic { .. }));
    let story: Vec<&str> = report.events.iter().map(|event| event.action).collect();
    assert!(story.contains(&"woken spuriously"), "{story:?}");

    // The same with a token, and with an exchange that is allowed to fail.
    failure(|| {
        let ready = Arc::new(AtomicUsize::new(0));
        let (main, other) = (thread::current(), Arc::clone(&ready));
        thread::spawn(move || {
            other.store(1, SeqCst);
            main.unpark();
        });
        thread::park();
        assert_eq!(ready.load(SeqCst), 1, "woken too early");
    });
    failure(|| {
        let value = AtomicUsize::new(0);
        let exchanged = value.compare_exchange_weak(0, 1, SeqCst, SeqCst);
        assert!(exchanged.is_ok(), "it failed without a reason");
    });
}

#[test]
fn a_failing_schedule_can_be_followed_again() {
    fn program(fixed: bool) {
        let sum = Arc::new(AtomicUsize::new(0));
        let other = Arc::clone(&sum);
        let thread = thread::spawn(move || other.fetch_add(1, SeqCst));
        if fixed {
            sum.fetch_add(1, SeqCst);
        } else {
            sum.store(sum.load(SeqCst) + 1, SeqCst);
        }
        thread.join().unwrap();
        assert_eq!(sum.load(SeqCst), 2, "an update was lost");
    }
    let report = failure(|| program(false));
    let text = report.schedule.to_string();
    let again = || text.parse().unwrap();
    match replay(again(), LIMITS, || program(false)) {
        Outcome::Failed(coverage, replayed) => {
            assert_eq!(replayed.schedule, report.schedule);
            assert_eq!(replayed.events.len(), report.events.len());
            assert_eq!(coverage.passes[0].executions, 1);
        }
        other => panic!("the replay did not fail: {other:?}"),
    }
    // The program has changed meanwhile: the schedule is followed as far as it goes.
    let outcome = replay(again(), LIMITS, || program(true));
    assert!(matches!(outcome, Outcome::Complete(_)), "{outcome:?}");
}
