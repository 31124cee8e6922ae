//! Threads that may only end from a moment on: whoever does more is found, whenever it does it,
//! and whoever only ends is left alone.

use std::time::Duration;

use model_std::model::{
    Failure, Limits, Method, Orderings, Outcome, SecondLook, explore, explore_by, threads_only_end,
    until_idle,
};
use model_std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use model_std::sync::mpsc::{Sender, channel, sync_channel};
use model_std::sync::{Arc, Barrier, Condvar, Mutex, RwLock};
use model_std::thread::{self, JoinHandle, ThreadId, current, sleep, spawn, yield_now};
use model_std::time::Instant;

const LIMITS: Limits = Limits {
    deviations: 2,
    executions: 100_000,
    steps: u64::MAX,
    random: 100,
    second_look: Some(SecondLook {
        bound: Some(2),
        executions: 100_000,
    }),
    orderings: Orderings::Strongest,
    least_deviations: None,
    finest_steps: false,
    stall: Duration::from_secs(10),
};

/// What is said of the first thread that does more than end.
fn told(body: impl Fn() + Send + Sync + 'static) -> String {
    match explore_by(Method::Deviations, LIMITS, body) {
        Outcome::Failed(_, report) => match report.failure {
            Failure::Expectation { message, .. } => message,
            other => panic!("{other:?}"),
        },
        other => panic!("nothing failed: {other:?}"),
    }
}

fn passes(body: impl Fn() + Send + Sync + 'static) {
    let outcome = explore(LIMITS, body);
    assert!(matches!(outcome, Outcome::Complete(_)), "{outcome:?}");
}

fn id<T>(thread: &JoinHandle<T>) -> ThreadId {
    thread.thread().id()
}

/// A count of workers, and who waits for it to be 0.
#[derive(Default)]
struct Latch {
    left: Mutex<usize>,
    changed: Condvar,
}

impl Latch {
    fn sign_off(&self) {
        *self.left.lock().unwrap() -= 1;
        self.changed.notify_all();
    }

    fn wait(&self) {
        let left = self.left.lock().unwrap();
        drop(self.changed.wait_while(left, |left| *left > 0));
    }
}

/// Two threads sign off and then do `after`, while the body waits for them to have signed off.
fn signed_off_and(after: impl Fn() + Send + Sync + 'static) -> impl Fn() + Send + Sync + 'static {
    let after = Arc::new(after);
    move || {
        let latch = Arc::new(Latch::default());
        *latch.left.lock().unwrap() = 2;
        let workers = [(); 2].map(|()| {
            let (latch, after) = (Arc::clone(&latch), Arc::clone(&after));
            id(&spawn(move || {
                latch.sign_off();
                after();
            }))
        });
        latch.wait();
        threads_only_end(&workers, "the wait was over".to_owned());
        until_idle();
    }
}

#[test]
fn whatever_is_done_after_the_sign_off_is_found() {
    static LOCK: Mutex<()> = Mutex::new(());
    static GATE: RwLock<()> = RwLock::new(());
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let deeds: [fn(); 10] = [
        || drop(LOCK.lock()),
        || drop(GATE.read()),
        || drop(LOCK.try_lock()),
        || {
            COUNT.fetch_add(1, SeqCst);
        },
        || {
            COUNT.load(SeqCst);
        },
        || {
            let _ = channel().0.send(());
        },
        || drop(spawn(|| {})),
        || {
            yield_now();
        },
        || sleep(Duration::from_millis(1)),
        || {
            let _ = Instant::now();
        },
    ];
    for deed in deeds {
        let message = told(signed_off_and(deed));
        assert!(
            message.starts_with("the wait was over, and thread "),
            "{message}"
        );
        assert!(
            message.contains(" was not done: it went on in leaving.rs:"),
            "{message}"
        );
    }
}

#[test]
fn who_only_ends_is_left_alone() {
    passes(signed_off_and(|| {}));
}

#[test]
fn to_sleep_on_is_not_to_end() {
    let message = told(|| {
        let (send, wait) = channel::<()>();
        let thread = spawn(move || {
            let _ = wait.recv();
        });
        threads_only_end(&[id(&thread)], "nobody was told".to_owned());
        send.send(()).unwrap();
        until_idle();
    });
    assert!(message.starts_with("nobody was told"), "{message}");
}

#[test]
fn to_wake_others_goes_with_ending() {
    passes(|| {
        let (over, main) = (Arc::new(AtomicBool::new(false)), current());
        let (theirs, pair) = (Arc::clone(&over), Arc::new(Condvar::new()));
        let changed = Arc::clone(&pair);
        let thread = spawn(move || {
            theirs.store(true, SeqCst);
            main.unpark();
            changed.notify_all();
            changed.notify_one();
        });
        while !over.load(SeqCst) {
            thread::park();
        }
        threads_only_end(&[id(&thread)], "the wait was over".to_owned());
        until_idle();
    });
}

#[test]
fn so_does_what_a_thread_drops() {
    passes(|| {
        let (hold, gone) = channel::<()>();
        let (_other, unread) = channel::<()>();
        let thread = spawn(move || drop((hold, unread)));
        assert!(gone.recv().is_err());
        threads_only_end(&[id(&thread)], "the wait was over".to_owned());
        until_idle();
    });
}

#[test]
fn and_to_come_out_of_a_call_that_has_had_its_effect() {
    passes(|| {
        let barrier = Arc::new(Barrier::new(2));
        let theirs = Arc::clone(&barrier);
        let thread = spawn(move || {
            theirs.wait();
        });
        barrier.wait();
        threads_only_end(&[id(&thread)], "both were at the barrier".to_owned());
        until_idle();
    });
    passes(|| {
        let (hand_over, taken) = sync_channel(0);
        let thread = spawn(move || {
            let _ = hand_over.send(());
        });
        taken.recv().unwrap();
        threads_only_end(&[id(&thread)], "it was handed over".to_owned());
        until_idle();
    });
}

#[test]
fn where_steps_are_fine_giving_back_a_lock_goes_with_ending_too() {
    passes(|| {
        let (lock, gate) = (Arc::new(Mutex::new(())), Arc::new(RwLock::new(())));
        let (one, other) = (Arc::clone(&lock), Arc::clone(&gate));
        let (tell, told): (Sender<()>, _) = channel();
        let thread = spawn(move || {
            let _held = (one.lock(), other.read());
            tell.send(()).unwrap();
        });
        told.recv().unwrap();
        threads_only_end(&[id(&thread)], "it was told".to_owned());
        drop(lock.try_lock());
        until_idle();
    });
}

#[test]
fn who_was_not_asked_for_may_go_on() {
    passes(|| {
        let (hand_over, taken) = channel();
        let ends = spawn(move || {
            let _ = hand_over.send(());
        });
        let goes_on = spawn(|| drop(Mutex::new(()).lock()));
        taken.recv().unwrap();
        threads_only_end(&[id(&ends)], "it was handed over".to_owned());
        goes_on.join().unwrap();
        until_idle();
    });
}

#[test]
fn who_asks_and_the_body_may_go_on() {
    passes(|| {
        let (latch, main) = (Arc::new(Latch::default()), current().id());
        let asks = spawn(move || {
            latch.wait();
            threads_only_end(&[current().id(), main], "the wait was over".to_owned());
            drop(Mutex::new(()).lock());
        });
        asks.join().unwrap();
        drop(Mutex::new(()).lock());
    });
}
