//! Programs: a few threads, each with a few operations on a few objects.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// One program.
#[derive(Debug, Clone)]
pub struct Program {
    /// The operations of each thread.
    pub threads: Vec<Vec<Op>>,
    /// Those of the body, which then ends whatever the threads are doing; without any it
    /// waits until nobody can go on.
    pub body: Option<Vec<Op>>,
    /// Whether the channel has room for one item only.
    pub bounded: bool,
}

impl Program {
    /// Whether any thread does something to the channel: without, none has an end of it.
    pub fn uses_a_channel(&self) -> bool {
        let channel = |op: &Op| matches!(op, Op::Send | Op::Recv | Op::TryRecv | Op::HangUp);
        self.threads.iter().flatten().any(channel)
    }
}

/// One operation. What cannot be done where it stands is left out: to give back a lock that
/// the thread does not hold, say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Op {
    /// Takes a lock, looks at its counter and adds one.
    Lock(usize),
    TryLock(usize),
    Unlock(usize),
    Read,
    TryRead,
    Write,
    TryWrite,
    /// Gives back what it took last of the lock for readers and writers.
    UnlockRw,
    /// Goes on as a reader, if it is the writer.
    #[cfg(since_1_92)]
    Downgrade,
    /// On the one condvar, with lock 0.
    Wait,
    NotifyOne,
    NotifyAll,
    Send,
    /// By thread 0, which has the receiver.
    Recv,
    TryRecv,
    HangUp,
    Load(usize),
    Store(usize, u8),
    FetchAdd(usize),
    /// From 0 to 7.
    Exchange(usize),
    /// The same, where it may fail for no reason.
    ExchangeWeakly(usize),
    Park,
    Unpark(usize),
    Yield,
    Sleep,
    /// Waits for a thread that was spawned before.
    Join(usize),
    IsFinished(usize),
}

/// What programs are made of.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    Locks,
    Tries,
    ReadersAndWriters,
    #[cfg(since_1_92)]
    Downgrades,
    Condvars,
    Channels,
    Atomics,
    Parking,
    Everything,
    Detached,
}

fn ops(kind: Kind) -> Vec<Op> {
    use Op::*;
    let locks = [Lock(0), Lock(1), Unlock(0), Unlock(1), Lock(0), Unlock(0)];
    let atomics = [
        Load(0),
        Store(0, 1),
        FetchAdd(0),
        Load(1),
        Store(1, 2),
        FetchAdd(1),
    ];
    let pauses = [Yield, Sleep];
    match kind {
        Kind::Locks => [&locks[..], &[Load(0), FetchAdd(0), Join(0)]].concat(),
        Kind::Tries => [
            &locks[..],
            &[TryLock(0), TryLock(1), Load(0), IsFinished(0)],
        ]
        .concat(),
        Kind::ReadersAndWriters => vec![
            Read,
            Read,
            Write,
            UnlockRw,
            UnlockRw,
            TryRead,
            TryWrite,
            Load(0),
            FetchAdd(0),
        ],
        #[cfg(since_1_92)]
        Kind::Downgrades => vec![
            Read,
            Write,
            Write,
            Downgrade,
            Downgrade,
            UnlockRw,
            TryRead,
            Load(0),
            FetchAdd(0),
        ],
        Kind::Condvars => vec![
            Lock(0),
            Unlock(0),
            Wait,
            Wait,
            NotifyOne,
            NotifyAll,
            Lock(0),
            FetchAdd(0),
            Load(0),
        ],
        Kind::Channels => vec![
            Send,
            Send,
            Recv,
            Recv,
            TryRecv,
            HangUp,
            Load(0),
            FetchAdd(0),
        ],
        Kind::Atomics => {
            let exchanges = [Exchange(0), ExchangeWeakly(0), ExchangeWeakly(1)];
            [&atomics[..], &exchanges, &pauses].concat()
        }
        Kind::Parking => vec![
            Park,
            Park,
            Unpark(0),
            Unpark(1),
            Load(0),
            Store(0, 1),
            Yield,
            Join(0),
            IsFinished(1),
        ],
        Kind::Everything => [
            &locks[..],
            &atomics,
            &pauses,
            &[
                TryLock(0),
                Read,
                Write,
                UnlockRw,
                Wait,
                NotifyOne,
                NotifyAll,
                Send,
                Recv,
            ],
            &[
                Exchange(0),
                Park,
                Unpark(0),
                Unpark(1),
                Join(0),
                Join(1),
                HangUp,
            ],
        ]
        .concat(),
        Kind::Detached => [&locks[..], &atomics, &pauses, &[TryLock(0), Send, Park]].concat(),
    }
}

/// Small programs of a kind: two threads with up to four operations, or three with up to
/// three.
pub fn programs(kind: Kind) -> impl Strategy<Value = Program> {
    let op = select(ops(kind));
    let two = vec(vec(op.clone(), 1..=4), 2);
    let three = vec(vec(op, 1..=3), 3);
    let body = vec(
        select(vec![
            Op::Load(0),
            Op::Store(0, 3),
            Op::FetchAdd(1),
            Op::TryLock(0),
            Op::Yield,
            Op::Sleep,
        ]),
        1..=3,
    );
    (prop_oneof![two, three], body, any::<bool>()).prop_map(move |(threads, body, bounded)| {
        Program {
            threads,
            body: matches!(kind, Kind::Detached).then_some(body),
            bounded,
        }
    })
}
