//! What a program can do, by trying everything: a machine for each thread, whose steps are as
//! fine as they get. It knows nothing of the engines, and little of how std is built.

use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::product::{Seen, Steps};
use crate::program::{Op, Program};

/// Whether what need not happen is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unusual {
    Happens,
    NeverHappens,
}

/// Every outcome, with the fewest deviations that it takes.
pub fn outcomes(program: &Program, unusual: Unusual, steps: Steps) -> BTreeMap<Seen, usize> {
    let machine = Machine {
        program,
        unusual,
        steps,
    };
    let mut best: HashMap<Standing, usize> = HashMap::new();
    let mut ends: BTreeMap<Seen, usize> = BTreeMap::new();
    // Shortest paths, where a switch costs nothing or one.
    let mut queue = VecDeque::from([(0, machine.start())]);
    while let Some((cost, standing)) = queue.pop_front() {
        if best.get(&standing).is_some_and(|known| *known <= cost) {
            continue;
        }
        best.insert(standing.clone(), cost);
        if let Some(seen) = machine.end(&standing) {
            let known = ends.entry(seen).or_insert(cost);
            *known = (*known).min(cost);
            continue;
        }
        for (extra, next) in machine.steps(&standing) {
            if extra == 0 {
                queue.push_front((cost, next));
            } else {
                queue.push_back((cost + extra, next));
            }
        }
    }
    ends
}

struct Machine<'a> {
    program: &'a Program,
    unusual: Unusual,
    steps: Steps,
}

/// Everything there is to know at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Standing {
    threads: Vec<ThreadState>,
    /// Who ran last.
    last: Option<usize>,
    locks: [Lock; 2],
    rw: Rw,
    atomics: [u8; 2],
    items: VecDeque<u8>,
    senders: usize,
    receiver: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct ThreadState {
    next: usize,
    at: At,
    saw: Vec<u8>,
    holds: [bool; 2],
    /// What it holds of the lock for readers and writers; true where it writes.
    rw: Vec<bool>,
    token: bool,
    sender: bool,
    receiver: bool,
    /// Of those that it may join, the ones that it did not.
    joins: Vec<usize>,
}

/// Where a thread is in its operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum At {
    /// Before it.
    Before,
    /// It has tried, in vain, and waits until it can try again.
    Blocked,
    /// It is among the waiters of the condvar, and still has the lock.
    Enqueued,
    /// It has been notified before it has given the lock up.
    NotifiedEarly,
    /// It waits for a notification.
    Waiting,
    /// It wants its lock back.
    Woken,
    /// The same, having tried.
    WokenAndBlocked,
    /// It was woken for no reason, and gives up the lock to take it again.
    WokenForNothing,
    Parked,
    /// It has been unparked, and takes note.
    Unparked,
    /// It gives back one after another what it has when it ends.
    Ending,
    Ended,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct Lock {
    held: bool,
    count: u8,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct Rw {
    readers: usize,
    written: bool,
    writers_waiting: usize,
    count: u8,
}

impl Machine<'_> {
    /// The number of the body among the threads, where it is one.
    fn body(&self) -> usize {
        self.program.threads.len()
    }

    fn ops(&self, thread: usize) -> &[Op] {
        match &self.program.body {
            Some(ops) if thread == self.body() => ops,
            _ => &self.program.threads[thread],
        }
    }

    fn start(&self) -> Standing {
        let channel = self.program.uses_a_channel();
        let count = self.program.threads.len();
        let mut joined = vec![false; count];
        let mut threads: Vec<ThreadState> = Vec::new();
        for (me, ops) in self.program.threads.iter().enumerate() {
            let mut joins = Vec::new();
            for op in ops {
                if let Op::Join(other) | Op::IsFinished(other) = *op
                    && other < me
                    && !std::mem::replace(&mut joined[other], true)
                {
                    joins.push(other);
                }
            }
            threads.push(ThreadState {
                sender: channel,
                receiver: channel && me == 0,
                joins,
                ..ThreadState::new()
            });
        }
        if self.program.body.is_some() {
            threads.push(ThreadState::new());
        }
        Standing {
            threads,
            // The body runs first; without operations of its own it lets the others.
            last: self.program.body.is_some().then(|| self.body()),
            locks: Default::default(),
            rw: Rw::default(),
            atomics: [0; 2],
            items: VecDeque::new(),
            senders: if channel { count } else { 0 },
            receiver: channel,
        }
    }

    /// What has been seen, if nothing more is looked at.
    fn end(&self, standing: &Standing) -> Option<Seen> {
        if self.program.body.is_some() {
            let body = &standing.threads[self.body()];
            let over = body.next == self.ops(self.body()).len() && body.at == At::Before;
            // What it holds it gives back first, for all that anybody sees.
            return over.then(|| vec![body.saw.clone()]);
        }
        let stands_still =
            (0..standing.threads.len()).all(|thread| !standing.can_go_on(thread, self));
        stands_still.then(|| {
            standing
                .threads
                .iter()
                .map(|thread| thread.saw.clone())
                .collect()
        })
    }

    /// What may happen next, and what it costs.
    fn steps(&self, standing: &Standing) -> Vec<(usize, Standing)> {
        let mut all = Vec::new();
        for thread in 0..standing.threads.len() {
            if !standing.can_go_on(thread, self) {
                continue;
            }
            let stops = standing
                .last
                .is_some_and(|last| last != thread && standing.can_go_on(last, self));
            for (unusual, mut next) in self.step(standing, thread) {
                if unusual && self.unusual == Unusual::NeverHappens {
                    continue;
                }
                next.last = Some(thread);
                if self.steps == Steps::Coarse {
                    self.give_back_at_once(&mut next, thread);
                }
                all.push((usize::from(stops) + usize::from(unusual), next));
            }
        }
        all
    }

    /// One step of a thread that can go on: what it may come to, and whether that is unusual.
    fn step(&self, standing: &Standing, thread: usize) -> Vec<(bool, Standing)> {
        let mut next = standing.clone();
        let state = &standing.threads[thread];
        let Some(op) = self.ops(thread).get(state.next).copied() else {
            next.end_a_bit(thread);
            return vec![(false, next)];
        };
        match op {
            Op::Lock(lock) => {
                if next.take(thread, lock) {
                    next.past(thread);
                } else {
                    next.threads[thread].at = At::Blocked;
                }
            }
            Op::TryLock(lock) => {
                if !next.take(thread, lock) {
                    next.saw(thread, 100);
                }
                next.past(thread);
            }
            Op::Unlock(lock) => {
                next.give_back(thread, lock);
                next.past(thread);
            }
            Op::Read | Op::Write => {
                let writes = op == Op::Write;
                let tried = state.at == At::Blocked;
                let lets_in = writes || next.rw.writers_waiting == 0;
                if lets_in && next.take_rw(thread, writes) {
                    next.rw.writers_waiting -= usize::from(writes && tried);
                    next.past(thread);
                } else {
                    next.rw.writers_waiting += usize::from(writes && !tried);
                    next.threads[thread].at = At::Blocked;
                }
            }
            Op::TryRead | Op::TryWrite => {
                if !next.take_rw(thread, op == Op::TryWrite) {
                    next.saw(thread, 100);
                }
                next.past(thread);
            }
            Op::UnlockRw => {
                next.give_back_rw(thread);
                next.past(thread);
            }
            #[cfg(since_1_92)]
            Op::Downgrade => {
                if let Some(writes @ true) = next.threads[thread].rw.last_mut() {
                    *writes = false;
                    next.rw.written = false;
                    next.rw.readers += 1;
                }
                next.past(thread);
            }
            Op::Wait => return self.wait(next, thread),
            Op::NotifyOne => {
                let waiters = next.waiters();
                if !waiters.is_empty() {
                    let notified = waiters.into_iter().map(|waiter| {
                        let mut next = next.clone();
                        next.notify(waiter);
                        next.past(thread);
                        (false, next)
                    });
                    return notified.collect();
                }
                next.past(thread);
            }
            Op::NotifyAll => {
                for waiter in next.waiters() {
                    next.notify(waiter);
                }
                next.past(thread);
            }
            Op::Send => {
                if !state.sender {
                    next.past(thread);
                } else if !next.receiver {
                    next.saw(thread, 0);
                    next.past(thread);
                } else if self.program.bounded && !next.items.is_empty() {
                    next.threads[thread].at = At::Blocked;
                } else {
                    next.items.push_back(u8::try_from(thread).unwrap());
                    next.saw(thread, 1);
                    next.past(thread);
                }
            }
            Op::Recv | Op::TryRecv => {
                if !state.receiver {
                    next.past(thread);
                } else if let Some(item) = next.items.pop_front() {
                    next.saw(thread, item);
                    next.past(thread);
                } else if next.senders == 0 {
                    next.saw(thread, 100);
                    next.past(thread);
                } else if op == Op::TryRecv {
                    next.saw(thread, 101);
                    next.past(thread);
                } else {
                    next.threads[thread].at = At::Blocked;
                }
            }
            Op::HangUp => {
                next.hang_up(thread);
                next.past(thread);
            }
            Op::Load(x) => {
                next.saw(thread, next.atomics[x]);
                next.past(thread);
            }
            Op::Store(x, value) => {
                next.atomics[x] = value;
                next.past(thread);
            }
            Op::FetchAdd(x) => {
                next.saw(thread, next.atomics[x]);
                next.atomics[x] += 1;
                next.past(thread);
            }
            Op::Exchange(x) | Op::ExchangeWeakly(x) => {
                let found = next.atomics[x];
                let mut fails = next.clone();
                fails.saw(thread, found);
                fails.past(thread);
                if found != 0 {
                    return vec![(false, fails)];
                }
                next.atomics[x] = 7;
                next.saw(thread, 90);
                next.past(thread);
                if matches!(op, Op::ExchangeWeakly(_)) {
                    return vec![(false, next), (true, fails)];
                }
            }
            Op::Park => {
                let mut spurious = next.clone();
                let state = &mut next.threads[thread];
                if state.at == At::Unparked {
                    state.token = false;
                    next.past(thread);
                } else if std::mem::take(&mut state.token) {
                    next.past(thread);
                } else {
                    state.at = At::Parked;
                    spurious.past(thread);
                    return vec![(false, next), (true, spurious)];
                }
            }
            Op::Unpark(other) => {
                if let Some(other) = next.threads[..self.body()].get_mut(other) {
                    other.token = true;
                    if other.at == At::Parked {
                        other.at = At::Unparked;
                    }
                }
                next.past(thread);
            }
            Op::Yield | Op::Sleep => next.past(thread),
            Op::Join(other) => {
                if state.joins.contains(&other) {
                    if next.threads[other].at == At::Ended {
                        next.threads[thread].joins.retain(|known| *known != other);
                        next.past(thread);
                    } else {
                        next.threads[thread].at = At::Blocked;
                    }
                } else {
                    next.past(thread);
                }
            }
            Op::IsFinished(other) => {
                if state.joins.contains(&other) {
                    let finished = next.threads[other].at == At::Ended;
                    next.saw(thread, u8::from(finished));
                }
                next.past(thread);
            }
        }
        vec![(false, next)]
    }

    /// Where steps are coarse nobody is stopped between what he did last and giving back a lock.
    fn give_back_at_once(&self, next: &mut Standing, thread: usize) {
        // What the body holds at its end is of no interest.
        let ends = thread != self.body();
        loop {
            let state = &next.threads[thread];
            let op = self.ops(thread).get(state.next).copied();
            match (state.at, op) {
                (At::Before, Some(Op::Unlock(lock))) => {
                    next.give_back(thread, lock);
                    next.past(thread);
                }
                (At::Before, Some(Op::UnlockRw)) => {
                    next.give_back_rw(thread);
                    next.past(thread);
                }
                (At::Enqueued, _) => {
                    next.give_back(thread, 0);
                    next.threads[thread].at = At::Waiting;
                }
                (At::WokenForNothing, _) => {
                    next.give_back(thread, 0);
                    next.threads[thread].at = At::Woken;
                }
                (At::Before | At::Ending, None) if ends && state.has_locks() => {
                    next.end_a_bit(thread);
                }
                _ => return,
            }
        }
    }

    /// One step of a wait on the condvar.
    fn wait(&self, mut next: Standing, thread: usize) -> Vec<(bool, Standing)> {
        if !next.threads[thread].holds[0] && next.threads[thread].at == At::Before {
            next.past(thread);
            return vec![(false, next)];
        }
        match next.threads[thread].at {
            At::Before => {
                let mut spurious = next.clone();
                spurious.threads[thread].at = At::WokenForNothing;
                next.threads[thread].at = At::Enqueued;
                return vec![(false, next), (true, spurious)];
            }
            At::Enqueued => {
                next.give_back(thread, 0);
                next.threads[thread].at = At::Waiting;
            }
            At::NotifiedEarly | At::WokenForNothing => {
                next.give_back(thread, 0);
                next.threads[thread].at = At::Woken;
            }
            At::Woken | At::WokenAndBlocked => {
                if next.locks[0].held {
                    next.threads[thread].at = At::WokenAndBlocked;
                } else {
                    next.locks[0].held = true;
                    next.threads[thread].holds[0] = true;
                    let count = next.locks[0].count;
                    next.saw(thread, 50 + count);
                    next.past(thread);
                }
            }
            at => unreachable!("{at:?} in a wait"),
        }
        vec![(false, next)]
    }
}

impl ThreadState {
    fn new() -> Self {
        Self {
            next: 0,
            at: At::Before,
            saw: Vec::new(),
            holds: [false; 2],
            rw: Vec::new(),
            token: false,
            sender: false,
            receiver: false,
            joins: Vec::new(),
        }
    }

    fn has_locks(&self) -> bool {
        self.holds.contains(&true) || !self.rw.is_empty()
    }
}

impl Standing {
    fn can_go_on(&self, thread: usize, machine: &Machine<'_>) -> bool {
        let state = &self.threads[thread];
        match state.at {
            At::Before | At::Enqueued | At::NotifiedEarly | At::Woken => true,
            At::WokenForNothing | At::Unparked | At::Ending => true,
            At::Waiting | At::Parked | At::Ended => false,
            At::WokenAndBlocked => !self.locks[0].held,
            At::Blocked => match machine.ops(thread)[state.next] {
                Op::Lock(lock) => !self.locks[lock].held,
                Op::Read => !self.rw.written && self.rw.writers_waiting == 0,
                Op::Write => !self.rw.written && self.rw.readers == 0,
                Op::Send => self.items.is_empty() || !self.receiver,
                Op::Recv => !self.items.is_empty() || self.senders == 0,
                Op::Join(other) => self.threads[other].at == At::Ended,
                op => unreachable!("{op:?} does not block"),
            },
        }
    }

    fn saw(&mut self, thread: usize, what: u8) {
        self.threads[thread].saw.push(what);
    }

    /// The operation is over.
    fn past(&mut self, thread: usize) {
        self.saw(thread, 200);
        let state = &mut self.threads[thread];
        state.next += 1;
        state.at = At::Before;
    }

    fn take(&mut self, thread: usize, lock: usize) -> bool {
        if self.locks[lock].held {
            return false;
        }
        self.locks[lock].held = true;
        self.threads[thread].holds[lock] = true;
        self.saw(thread, self.locks[lock].count);
        self.locks[lock].count += 1;
        true
    }

    fn give_back(&mut self, thread: usize, lock: usize) {
        if std::mem::take(&mut self.threads[thread].holds[lock]) {
            self.locks[lock].held = false;
        }
    }

    fn take_rw(&mut self, thread: usize, writes: bool) -> bool {
        if self.rw.written || (writes && self.rw.readers > 0) {
            return false;
        }
        self.saw(thread, self.rw.count);
        if writes {
            self.rw.written = true;
            self.rw.count += 1;
        } else {
            self.rw.readers += 1;
        }
        self.threads[thread].rw.push(writes);
        true
    }

    fn give_back_rw(&mut self, thread: usize) {
        match self.threads[thread].rw.pop() {
            Some(true) => self.rw.written = false,
            Some(false) => self.rw.readers -= 1,
            None => {}
        }
    }

    fn waiters(&self) -> Vec<usize> {
        let waits = |thread: &usize| matches!(self.threads[*thread].at, At::Enqueued | At::Waiting);
        (0..self.threads.len()).filter(waits).collect()
    }

    fn notify(&mut self, waiter: usize) {
        let at = &mut self.threads[waiter].at;
        *at = if *at == At::Enqueued {
            At::NotifiedEarly
        } else {
            At::Woken
        };
    }

    fn hang_up(&mut self, thread: usize) {
        if std::mem::take(&mut self.threads[thread].sender) {
            self.senders -= 1;
        }
    }

    /// Gives back one thing that the thread has, as its variables go out of scope; the last
    /// step is its end.
    fn end_a_bit(&mut self, thread: usize) {
        self.threads[thread].at = At::Ending;
        let holds = self.threads[thread].holds;
        if let Some(lock) = holds.iter().position(|holds| *holds) {
            self.give_back(thread, lock);
        } else if !self.threads[thread].rw.is_empty() {
            // A `Vec` drops what is in it from the front.
            if self.threads[thread].rw.remove(0) {
                self.rw.written = false;
            } else {
                self.rw.readers -= 1;
            }
        } else if self.threads[thread].sender {
            self.hang_up(thread);
        } else if std::mem::take(&mut self.threads[thread].receiver) {
            self.receiver = false;
            self.items.clear();
        } else {
            self.threads[thread].at = At::Ended;
        }
    }
}
