//! What the search reaches: every outcome, and none that std does not allow.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use model_std::model::{Limits, Method, Orderings, Outcome, explore_by};
use model_std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use model_std::sync::{Arc, Condvar, Mutex, mpsc};
use model_std::thread;

fn limits(deviations: usize) -> Limits {
    Limits {
        deviations,
        executions: 500_000,
        steps: u64::MAX,
        random: 10_000,
        second_look: None,
        orderings: Orderings::Strongest,
        least_deviations: None,
        finest_steps: false,
        stall: Duration::from_secs(2),
    }
}

/// Every value that `program` can return: the programs below are too small for
/// more than five deviations to matter.
fn outcomes<T: Ord + Send + 'static>(program: fn() -> T) -> BTreeSet<T> {
    let seen = std::sync::Arc::new(std::sync::Mutex::new(BTreeSet::new()));
    let sink = std::sync::Arc::clone(&seen);
    let outcome = explore_by(Method::Deviations, limits(5), move || {
        let value = program();
        sink.lock().unwrap().insert(value);
    });
    assert!(matches!(outcome, Outcome::Complete(_)), "{outcome:?}");
    std::mem::take(&mut seen.lock().unwrap())
}

// Completeness: the search against a brute-force enumeration.

/// The order of all critical sections of two workers that empty a queue which
/// the main thread fills with one item and closes.
fn queue_program() -> String {
    let log = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let queue = Arc::new((Mutex::new((0, false)), Condvar::new()));
    let workers: Vec<_> = (0..2)
        .map(|worker| {
            let (queue, log) = (Arc::clone(&queue), std::sync::Arc::clone(&log));
            thread::spawn(move || {
                let say = |what: char| {
                    log.lock()
                        .unwrap()
                        .extend([what, char::from(b'0' + worker)])
                };
                loop {
                    let state = queue.0.lock().unwrap();
                    say('l');
                    let mut looks = 0;
                    // Spurious wake-ups, which `wait_while` hides, are not in the machine below.
                    let still_empty = |state: &mut (u32, bool)| {
                        looks += 1;
                        if looks > 1 {
                            say('k');
                        }
                        let waits = state.0 == 0 && !state.1;
                        if waits {
                            say('w');
                        }
                        waits
                    };
                    let mut state = queue.1.wait_while(state, still_empty).unwrap();
                    if state.0 == 0 {
                        return say('e');
                    }
                    state.0 -= 1;
                    say('t');
                }
            })
        })
        .collect();
    {
        let mut state = queue.0.lock().unwrap();
        log.lock().unwrap().push('P');
        state.0 += 1;
        queue.1.notify_one();
    }
    {
        let mut state = queue.0.lock().unwrap();
        log.lock().unwrap().push('C');
        state.1 = true;
    }
    queue.1.notify_all();
    for worker in workers {
        worker.join().unwrap();
    }
    log.lock().unwrap().clone()
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum At {
    Start,
    Waiting,
    Woken,
    End,
}

/// The same program as a state machine whose steps are critical sections.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Machine {
    workers: [At; 2],
    items: u32,
    closed: bool,
    main: u32,
    log: String,
}

impl Machine {
    fn explore(self, seen: &mut HashSet<Machine>, ends: &mut BTreeSet<String>) {
        if !seen.insert(self.clone()) {
            return;
        }
        let mut stuck = true;
        for worker in 0..2 {
            if matches!(self.workers[worker], At::Start | At::Woken) {
                stuck = false;
                self.clone().work(worker).explore(seen, ends);
            }
        }
        let waiting: Vec<usize> = (0..2).filter(|w| self.workers[*w] == At::Waiting).collect();
        let mut next = Machine {
            main: self.main + 1,
            ..self.clone()
        };
        match self.main {
            0 => {
                stuck = false;
                next.items += 1;
                next.log.push('P');
                if waiting.is_empty() {
                    next.explore(seen, ends);
                } else {
                    for woken in waiting {
                        let mut next = next.clone();
                        next.workers[woken] = At::Woken;
                        next.explore(seen, ends);
                    }
                }
            }
            1 => {
                stuck = false;
                next.closed = true;
                next.log.push('C');
                next.explore(seen, ends);
            }
            2 => {
                stuck = false;
                for woken in waiting {
                    next.workers[woken] = At::Woken;
                }
                next.explore(seen, ends);
            }
            _ => {}
        }
        if stuck {
            assert!(self.workers == [At::End; 2]);
            ends.insert(self.log);
        }
    }

    fn work(mut self, worker: usize) -> Self {
        let entry = if self.workers[worker] == At::Start {
            'l'
        } else {
            'k'
        };
        let (what, next) = match (self.items, self.closed) {
            (0, false) => ('w', At::Waiting),
            (0, true) => ('e', At::End),
            _ => ('t', At::Start),
        };
        self.items -= u32::from(what == 't');
        self.workers[worker] = next;
        let digit = char::from(b'0' + u8::try_from(worker).unwrap());
        self.log.extend([entry, digit, what, digit]);
        self
    }
}

#[test]
fn every_outcome_of_a_condvar_queue_is_reached() {
    let start = Machine {
        workers: [At::Start; 2],
        items: 0,
        closed: false,
        main: 0,
        log: String::new(),
    };
    let mut expected = BTreeSet::new();
    start.explore(&mut HashSet::new(), &mut expected);
    assert_eq!(expected.len(), 96);
    assert_eq!(outcomes(queue_program), expected);
}

#[test]
fn any_waiter_may_be_the_one_that_is_woken() {
    let woken_first = outcomes(|| {
        let shared = Arc::new((Mutex::new((0, 0)), Condvar::new()));
        let waiters: Vec<_> = (1..=2)
            .map(|me| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || {
                    let mut state = shared.0.lock().unwrap();
                    state.0 += 1;
                    state = shared.1.wait(state).unwrap();
                    if state.1 == 0 {
                        state.1 = me;
                    }
                })
            })
            .collect();
        while shared.0.lock().unwrap().0 < 2 {
            thread::yield_now();
        }
        shared.1.notify_one();
        shared.1.notify_one();
        for waiter in waiters {
            waiter.join().unwrap();
        }
        shared.0.lock().unwrap().1
    });
    assert_eq!(woken_first, BTreeSet::from([1, 2]));
}

#[test]
fn a_lost_update_between_atomics_is_seen() {
    let totals = outcomes(|| {
        let n = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| n.store(n.load(SeqCst) + 1, SeqCst));
            }
        });
        n.load(SeqCst)
    });
    assert_eq!(totals, BTreeSet::from([1, 2]));
}

#[test]
fn store_buffering_is_sequentially_consistent() {
    let seen = outcomes(|| {
        let (x, y) = (AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|scope| {
            let one = scope.spawn(|| {
                x.store(1, SeqCst);
                y.load(SeqCst)
            });
            y.store(1, SeqCst);
            let two = x.load(SeqCst);
            (one.join().unwrap(), two)
        })
    });
    assert_eq!(seen, BTreeSet::from([(0, 1), (1, 0), (1, 1)]));
}

#[test]
fn try_lock_meets_a_held_and_a_free_lock() {
    let seen = outcomes(|| {
        let lock = Mutex::new(0);
        thread::scope(|scope| {
            scope.spawn(|| *lock.lock().unwrap() += 1);
            lock.try_lock().is_ok()
        })
    });
    assert_eq!(seen, BTreeSet::from([false, true]));
}

#[test]
fn try_recv_meets_every_state_of_a_channel() {
    let seen = outcomes(|| {
        let (tx, rx) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(move || tx.send(1).unwrap());
            format!("{:?} {:?}", rx.try_recv(), rx.try_recv())
        })
    });
    let expected = [
        "Err(Empty) Err(Empty)",
        "Err(Empty) Ok(1)",
        "Ok(1) Err(Empty)",
        "Ok(1) Err(Disconnected)",
    ];
    assert_eq!(seen, expected.map(str::to_owned).into());
}

#[test]
fn a_timeout_strikes_or_does_not() {
    let seen = outcomes(|| {
        let shared = (Mutex::new(false), Condvar::new());
        thread::scope(|scope| {
            scope.spawn(|| {
                *shared.0.lock().unwrap() = true;
                shared.1.notify_one();
            });
            let guard = shared.0.lock().unwrap();
            if *guard {
                return "already";
            }
            let (_guard, result) = shared
                .1
                .wait_timeout(guard, Duration::from_secs(1))
                .unwrap();
            if result.timed_out() {
                "timed out"
            } else {
                "notified"
            }
        })
    });
    assert_eq!(seen, BTreeSet::from(["already", "notified", "timed out"]));
}
