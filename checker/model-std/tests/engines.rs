//! Two engines, one answer: each reaches exactly the outcomes that the other does.

use std::collections::BTreeSet;
use std::time::Duration;

use model_std::model::{Limits, Method, Orderings, Outcome, SecondLook, explore_by};
use model_std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use model_std::sync::mpsc::{self, TryRecvError};
use model_std::sync::{Arc, Barrier, Condvar, Mutex, Once, OnceLock, RwLock};
use model_std::thread;

/// The programs are too small for more preemptions to matter.
const LIMITS: Limits = Limits {
    deviations: 4,
    executions: 2_000_000,
    steps: u64::MAX,
    random: 0,
    second_look: Some(SecondLook {
        bound: None,
        executions: 2_000_000,
    }),
    orderings: Orderings::Strongest,
    least_deviations: None,
    finest_steps: false,
    stall: Duration::from_secs(20),
};

fn outcomes(method: Method, program: fn() -> String) -> BTreeSet<String> {
    let seen = std::sync::Arc::new(std::sync::Mutex::new(BTreeSet::new()));
    let sink = std::sync::Arc::clone(&seen);
    let outcome = explore_by(method, LIMITS, move || {
        let value = program();
        sink.lock().unwrap().insert(value);
    });
    assert!(
        matches!(outcome, Outcome::Complete(_)),
        "{method:?}: {outcome:?}"
    );
    std::mem::take(&mut seen.lock().unwrap())
}

/// What the threads did, in order. Writing to it is a step of its own.
#[derive(Clone, Default)]
struct Diary(Arc<Mutex<String>>);

impl Diary {
    fn add(&self, what: char) {
        self.0.lock().unwrap().push(what);
    }

    fn text(&self) -> String {
        self.0.lock().unwrap().clone()
    }
}

/// Runs two threads to their end and says in which order they did what.
fn two(
    left: impl FnOnce(&Diary) + Send + 'static,
    right: impl FnOnce(&Diary) + Send + 'static,
) -> String {
    let diary = Diary::default();
    let (mine, other) = (diary.clone(), diary.clone());
    let left = thread::spawn(move || left(&mine));
    let right = thread::spawn(move || right(&other));
    left.join().unwrap();
    right.join().unwrap();
    diary.text()
}

macro_rules! programs {
    ($($name:ident: $outcomes:literal => $body:block)*) => {
        $(
            #[test]
            fn $name() {
                fn program() -> String $body
                let ours = outcomes(Method::Deviations, program);
                let looms = outcomes(Method::Loom, program);
                assert_eq!(ours, looms);
                assert_eq!(ours.len(), $outcomes, "{ours:?}");
            }
        )*
    };
}

programs! {
    two_threads_lock_twice_each: 6 => {
        let lock = Arc::new(Mutex::new(()));
        let twice = |name: char, lock: Arc<Mutex<()>>| move |diary: &Diary| {
            for _ in 0..2 {
                let _held = lock.lock().unwrap();
                diary.add(name);
            }
        };
        two(twice('a', Arc::clone(&lock)), twice('b', lock))
    }

    a_counter_read_and_written_in_two_steps: 2 => {
        let sum = Arc::new(Mutex::new(0));
        let add = |sum: Arc<Mutex<u32>>| move |_: &Diary| {
            let value = *sum.lock().unwrap();
            *sum.lock().unwrap() = value + 1;
        };
        two(add(Arc::clone(&sum)), add(Arc::clone(&sum)));
        let sum = *sum.lock().unwrap();
        sum.to_string()
    }

    try_lock_against_lock: 2 => {
        let lock = Arc::new(Mutex::new(()));
        let other = Arc::clone(&lock);
        two(
            move |_| drop(lock.lock().unwrap()),
            move |diary| diary.add(if other.try_lock().is_ok() { 'y' } else { 'n' }),
        )
    }

    readers_share_and_writers_do_not: 3 => {
        let lock = Arc::new(RwLock::new(0));
        let other = Arc::clone(&lock);
        two(
            move |_| {
                *lock.write().unwrap() += 1;
                *lock.write().unwrap() += 1;
            },
            move |diary| diary.add(char::from(b'0' + *other.read().unwrap())),
        )
    }

    either_waiter_takes_the_one_notification: 2 => {
        let shared = Arc::new((Mutex::new(0), Condvar::new()));
        let diary = Diary::default();
        let waiters: Vec<_> = ['a', 'b']
            .map(|name| {
                let (shared, diary) = (Arc::clone(&shared), diary.clone());
                thread::spawn(move || {
                    let state = shared.0.lock().unwrap();
                    let mut state = shared.1.wait_while(state, |ready| *ready == 0).unwrap();
                    *state -= 1;
                    diary.add(name);
                    shared.1.notify_one();
                })
            })
            .into();
        *shared.0.lock().unwrap() = 2;
        shared.1.notify_one();
        for waiter in waiters {
            waiter.join().unwrap();
        }
        diary.text()
    }

    a_notification_that_nobody_waits_for_is_gone: 2 => {
        let shared = Arc::new((Mutex::new(false), Condvar::new()));
        let other = Arc::clone(&shared);
        two(
            move |diary| {
                let mut ready = shared.0.lock().unwrap();
                if *ready {
                    diary.add('n');
                }
                while !*ready {
                    ready = shared.1.wait(ready).unwrap();
                }
            },
            move |_| {
                *other.0.lock().unwrap() = true;
                other.1.notify_all();
            },
        )
    }

    two_senders_one_channel: 6 => {
        let (sender, receiver) = mpsc::channel();
        let other = sender.clone();
        let left = thread::spawn(move || {
            sender.send('a').unwrap();
            sender.send('A').unwrap();
        });
        let right = thread::spawn(move || {
            other.send('b').unwrap();
            other.send('B').unwrap();
        });
        left.join().unwrap();
        right.join().unwrap();
        receiver.iter().collect()
    }

    a_channel_is_looked_into: 3 => {
        let (sender, receiver) = mpsc::channel();
        let thread = thread::spawn(move || sender.send(()).unwrap());
        let look = || match receiver.try_recv() {
            Ok(()) => 'm',
            Err(TryRecvError::Empty) => 'e',
            Err(TryRecvError::Disconnected) => 'd',
        };
        let looks = [look(), look()];
        thread.join().unwrap();
        // Empty twice, or the message first, or the message second.
        looks.map(|look| if look == 'd' { 'e' } else { look }).iter().collect()
    }

    a_full_channel_makes_the_sender_wait: 3 => {
        let (sender, receiver) = mpsc::sync_channel(1);
        two(
            move |diary| {
                for name in ['a', 'b'] {
                    sender.send(()).unwrap();
                    diary.add(name);
                }
            },
            move |diary| {
                receiver.recv().unwrap();
                diary.add('1');
                receiver.recv().unwrap();
            },
        )
    }

    a_rendezvous: 2 => {
        let (sender, receiver) = mpsc::sync_channel(0);
        two(
            move |diary| {
                sender.send(()).unwrap();
                diary.add('s');
            },
            move |diary| {
                receiver.recv().unwrap();
                diary.add('r');
            },
        )
    }

    a_hang_up_is_noticed: 2 => {
        let (sender, receiver) = mpsc::channel();
        two(
            move |diary| diary.add(if sender.send(()).is_ok() { 'y' } else { 'n' }),
            move |_| drop(receiver),
        )
    }

    a_token_is_kept_for_the_next_park: 2 => {
        let main = thread::current();
        let diary = Diary::default();
        let mine = diary.clone();
        let done = Arc::new(AtomicBool::new(false));
        let other = Arc::clone(&done);
        let thread = thread::spawn(move || {
            mine.add('u');
            other.store(true, SeqCst);
            main.unpark();
        });
        diary.add('p');
        while !done.load(SeqCst) {
            thread::park();
        }
        thread.join().unwrap();
        diary.text()
    }

    a_barrier_has_one_leader: 2 => {
        let barrier = Arc::new(Barrier::new(2));
        let pass = |name: char, barrier: Arc<Barrier>| move |diary: &Diary| {
            if barrier.wait().is_leader() {
                diary.add(name);
            }
        };
        two(pass('a', Arc::clone(&barrier)), pass('b', barrier))
    }

    only_one_initialises: 2 => {
        let cell = Arc::new(OnceLock::new());
        let once = Arc::new(Once::new());
        let set = |name: char, cell: Arc<OnceLock<char>>, once: Arc<Once>| move |diary: &Diary| {
            once.call_once(|| diary.add(name));
            cell.get_or_init(|| name);
        };
        let text = two(
            set('a', Arc::clone(&cell), Arc::clone(&once)),
            set('b', Arc::clone(&cell), once),
        );
        assert!(cell.get().is_some());
        text
    }

    exchanges_have_one_winner: 2 => {
        let flag = Arc::new(AtomicBool::new(false));
        let win = |name: char, flag: Arc<AtomicBool>| move |diary: &Diary| {
            if !flag.swap(true, SeqCst) {
                diary.add(name);
            }
        };
        two(win('a', Arc::clone(&flag)), win('b', flag))
    }

    store_buffering: 3 => {
        let cells = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
        let other = Arc::clone(&cells);
        let left = thread::spawn(move || {
            cells.0.store(1, SeqCst);
            cells.1.load(SeqCst)
        });
        let right = thread::spawn(move || {
            other.1.store(1, SeqCst);
            other.0.load(SeqCst)
        });
        format!("{}{}", left.join().unwrap(), right.join().unwrap())
    }

    an_end_is_seen_or_not: 2 => {
        let thread = thread::spawn(|| ());
        let seen = thread.is_finished();
        thread.join().unwrap();
        seen.to_string()
    }

    a_panic_poisons_for_whoever_comes_later: 2 => {
        let lock = Arc::new(Mutex::new(()));
        let other = Arc::clone(&lock);
        let panics = thread::spawn(move || {
            let _held = other.lock().unwrap();
            panic!("on purpose");
        });
        let poisoned = lock.lock().is_err();
        assert!(panics.join().is_err());
        poisoned.to_string()
    }
}
