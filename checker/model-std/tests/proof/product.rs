//! What the search finds: the program run for real, over every execution that it tries.

use std::collections::BTreeSet;
use std::sync::{Arc as RealArc, Mutex as RealMutex, OnceLock as RealOnceLock};
use std::time::Duration;

use model_std::model::{Limits, Method, Orderings, Outcome, SecondLook, explore_by, until_idle};
use model_std::sync::atomic::{AtomicU8, Ordering::SeqCst};
use model_std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use model_std::sync::{Arc, Condvar, Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};
use model_std::thread::{self, JoinHandle, Thread};

use crate::program::{Op, Program};

/// What the threads saw, in the order in which each saw it.
pub type Seen = Vec<Vec<u8>>;

/// How fine steps are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Steps {
    Coarse,
    Fine,
}

/// The outcomes that a search came by.
#[derive(Debug)]
pub enum Found {
    /// It came to its end.
    All(BTreeSet<Seen>),
    /// It was cut short.
    Some(BTreeSet<Seen>),
}

/// The outcomes that our search finds within a bound on deviations.
pub fn outcomes(program: &Program, steps: Steps, bound: usize) -> Found {
    let limits = Limits {
        deviations: bound,
        executions: 2_000_000,
        steps: u64::MAX,
        random: 0,
        second_look: None,
        orderings: Orderings::Strongest,
        least_deviations: None,
        finest_steps: matches!(steps, Steps::Fine),
        stall: Duration::from_secs(60),
    };
    explore(program, Method::Deviations, limits)
}

/// The outcomes that loom finds without a bound.
pub fn outcomes_on_loom(program: &Program) -> Found {
    let limits = Limits {
        deviations: 0,
        executions: 0,
        steps: u64::MAX,
        random: 0,
        second_look: Some(SecondLook {
            bound: None,
            executions: 3_000,
        }),
        orderings: Orderings::Strongest,
        least_deviations: None,
        finest_steps: false,
        stall: Duration::from_secs(60),
    };
    explore(program, Method::Loom, limits)
}

fn explore(program: &Program, method: Method, limits: Limits) -> Found {
    let found = RealArc::new(RealMutex::new(BTreeSet::new()));
    let sink = RealArc::clone(&found);
    let program = program.clone();
    let outcome = explore_by(method, limits, move || {
        let seen = run(&program);
        sink.lock().unwrap().insert(seen);
    });
    let found = std::mem::take(&mut *found.lock().unwrap());
    match outcome {
        Outcome::Complete(_) => Found::All(found),
        Outcome::BudgetSpent(_) => Found::Some(found),
        Outcome::Failed(_, report) => panic!("{report:#?}"),
    }
}

/// What the threads share.
struct Shared {
    locks: [Mutex<u8>; 2],
    rw: RwLock<u8>,
    condvar: Condvar,
    atomics: [AtomicU8; 2],
    handles: RealOnceLock<Vec<Thread>>,
    seen: RealMutex<Seen>,
}

#[derive(Clone)]
enum Sending {
    Free(Sender<u8>),
    Bounded(SyncSender<u8>),
}

/// One execution.
fn run(program: &Program) -> Seen {
    let shared = Arc::new(Shared {
        locks: [Mutex::new(0), Mutex::new(0)],
        rw: RwLock::new(0),
        condvar: Condvar::new(),
        atomics: [AtomicU8::new(0), AtomicU8::new(0)],
        handles: RealOnceLock::new(),
        seen: RealMutex::new(vec![Vec::new(); program.threads.len()]),
    });
    let uses_channel = program.uses_a_channel();
    let (sender, receiver) = if program.bounded {
        let (sender, receiver) = sync_channel(1);
        (Sending::Bounded(sender), receiver)
    } else {
        let (sender, receiver) = channel();
        (Sending::Free(sender), receiver)
    };
    let mut receiver = Some(receiver);
    // Exactly one for each thread: the body has none to drop, which would be a step.
    let mut senders = vec![None; program.threads.len()];
    if uses_channel {
        senders = vec![Some(sender); program.threads.len()];
    } else {
        std::mem::forget((sender, receiver.take()));
    }
    let mut handles: Vec<Option<JoinHandle<()>>> = Vec::new();
    let mut public = Vec::new();
    for (me, ops) in program.threads.iter().enumerate() {
        // Who joins a thread has its handle; the first that does takes it.
        let mine = ops.iter().filter_map(|op| match op {
            Op::Join(other) | Op::IsFinished(other) if *other < me => Some(*other),
            _ => None,
        });
        let joins: Vec<_> = mine
            .map(|other| (other, handles[other].take()))
            .filter_map(|(other, handle)| Some((other, handle?)))
            .collect();
        let worker = Worker {
            me,
            shared: Arc::clone(&shared),
            sender: senders.pop().flatten(),
            receiver: receiver.take(),
            joins,
        };
        let ops = ops.clone();
        let handle = thread::spawn(move || worker.work(&ops));
        public.push(handle.thread().clone());
        handles.push(Some(handle));
    }
    assert!(shared.handles.set(public).is_ok(), "set once");
    match &program.body {
        None => {
            until_idle();
            shared.seen.lock().unwrap().clone()
        }
        Some(ops) => {
            let worker = Worker {
                me: usize::MAX,
                shared: Arc::clone(&shared),
                sender: None,
                receiver: None,
                joins: Vec::new(),
            };
            vec![worker.by_itself(ops)]
        }
    }
}

struct Worker {
    me: usize,
    shared: Arc<Shared>,
    sender: Option<Sending>,
    receiver: Option<Receiver<u8>>,
    joins: Vec<(usize, JoinHandle<()>)>,
}

/// A guard of the lock for readers and writers, which only has to be there.
#[allow(dead_code)]
enum Rw<'a> {
    Read(RwLockReadGuard<'a, u8>),
    Write(RwLockWriteGuard<'a, u8>),
}

impl Worker {
    fn work(self, ops: &[Op]) {
        let shared = Arc::clone(&self.shared);
        let me = self.me;
        self.all(ops, |saw| shared.seen.lock().unwrap()[me].push(saw));
    }

    fn by_itself(self, ops: &[Op]) -> Vec<u8> {
        let mut seen = Vec::new();
        self.all(ops, |saw| seen.push(saw));
        seen
    }

    fn all(mut self, ops: &[Op], mut saw: impl FnMut(u8)) {
        let shared = Arc::clone(&self.shared);
        let mut held: [Option<MutexGuard<'_, u8>>; 2] = [None, None];
        let mut rw: Vec<Rw<'_>> = Vec::new();
        for op in ops {
            match *op {
                Op::Lock(lock) => {
                    let mut guard = shared.locks[lock].lock().unwrap();
                    saw(*guard);
                    *guard += 1;
                    held[lock] = Some(guard);
                }
                Op::TryLock(lock) => match shared.locks[lock].try_lock() {
                    Ok(mut guard) => {
                        saw(*guard);
                        *guard += 1;
                        held[lock] = Some(guard);
                    }
                    Err(_) => saw(100),
                },
                Op::Unlock(lock) => held[lock] = None,
                Op::Read => {
                    let guard = shared.rw.read().unwrap();
                    saw(*guard);
                    rw.push(Rw::Read(guard));
                }
                Op::TryRead => match shared.rw.try_read() {
                    Ok(guard) => {
                        saw(*guard);
                        rw.push(Rw::Read(guard));
                    }
                    Err(_) => saw(100),
                },
                Op::Write => {
                    let mut guard = shared.rw.write().unwrap();
                    saw(*guard);
                    *guard += 1;
                    rw.push(Rw::Write(guard));
                }
                Op::TryWrite => match shared.rw.try_write() {
                    Ok(mut guard) => {
                        saw(*guard);
                        *guard += 1;
                        rw.push(Rw::Write(guard));
                    }
                    Err(_) => saw(100),
                },
                Op::UnlockRw => drop(rw.pop()),
                #[cfg(since_1_92)]
                Op::Downgrade => {
                    if let Some(last) = rw.pop() {
                        rw.push(match last {
                            Rw::Write(guard) => Rw::Read(RwLockWriteGuard::downgrade(guard)),
                            Rw::Read(guard) => Rw::Read(guard),
                        });
                    }
                }
                Op::Wait => {
                    if let Some(guard) = held[0].take() {
                        let guard = shared.condvar.wait(guard).unwrap();
                        saw(50 + *guard);
                        held[0] = Some(guard);
                    }
                }
                Op::NotifyOne => shared.condvar.notify_one(),
                Op::NotifyAll => shared.condvar.notify_all(),
                Op::Send => {
                    let item = u8::try_from(self.me).unwrap();
                    match &self.sender {
                        Some(Sending::Free(sender)) => saw(u8::from(sender.send(item).is_ok())),
                        Some(Sending::Bounded(sender)) => {
                            saw(u8::from(sender.send(item).is_ok()));
                        }
                        None => {}
                    }
                }
                Op::Recv => {
                    if let Some(receiver) = &self.receiver {
                        saw(receiver.recv().unwrap_or(100));
                    }
                }
                Op::TryRecv => {
                    if let Some(receiver) = &self.receiver {
                        use model_std::sync::mpsc::TryRecvError;
                        saw(receiver.try_recv().unwrap_or_else(|error| match error {
                            TryRecvError::Empty => 101,
                            TryRecvError::Disconnected => 100,
                        }));
                    }
                }
                Op::HangUp => self.sender = None,
                Op::Load(x) => saw(shared.atomics[x].load(SeqCst)),
                Op::Store(x, value) => shared.atomics[x].store(value, SeqCst),
                Op::FetchAdd(x) => saw(shared.atomics[x].fetch_add(1, SeqCst)),
                Op::Exchange(x) => {
                    let result = shared.atomics[x].compare_exchange(0, 7, SeqCst, SeqCst);
                    saw(result.map_or_else(|found| found, |_| 90));
                }
                Op::ExchangeWeakly(x) => {
                    let result = shared.atomics[x].compare_exchange_weak(0, 7, SeqCst, SeqCst);
                    saw(result.map_or_else(|found| found, |_| 90));
                }
                Op::Park => thread::park(),
                Op::Unpark(other) => {
                    if let Some(other) = shared.handles.get().unwrap().get(other) {
                        other.unpark();
                    }
                }
                Op::Yield => thread::yield_now(),
                Op::Sleep => thread::sleep(Duration::from_millis(1)),
                Op::Join(other) => {
                    if let Some(place) = self.joins.iter().position(|(known, _)| *known == other) {
                        self.joins.remove(place).1.join().unwrap();
                    }
                }
                Op::IsFinished(other) => {
                    if let Some((_, handle)) = self.joins.iter().find(|(known, _)| *known == other)
                    {
                        saw(u8::from(handle.is_finished()));
                    }
                }
            }
            // That it came past it is an outcome too.
            saw(200);
        }
        drop(held);
        drop(rw);
        // As the enumerator has it: first the sender, then the receiver.
        self.sender = None;
        self.receiver = None;
    }
}
