//! Which traits the types have. What std refuses has to be refused too: a program that sends a
//! guard to another thread must not compile.

use super::std;

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::hash::RandomState;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64};
use std::sync::mpsc::{IntoIter, Iter, Receiver, Sender, SyncSender, TryIter};
use std::sync::{
    Barrier, BarrierWaitResult, Condvar, LazyLock, Mutex, MutexGuard, Once, OnceLock, OnceState,
    RwLock, RwLockReadGuard, RwLockWriteGuard, WaitTimeoutResult,
};
use std::thread::{
    AccessError, Builder, JoinHandle, LocalKey, Scope, ScopedJoinHandle, Thread, ThreadId,
};
use std::time::{Instant, SystemTime};

/// May be shared, but not sent.
type Stays = MutexGuard<'static, u8>;
type Init<T> = fn() -> T;

macro_rules! asks {
    ($($type:ty)*) => {
        vec![$((
            stringify!($type),
            [
                ("Send", implements!($type: Send)),
                ("Sync", implements!($type: Sync)),
                ("Unpin", implements!($type: Unpin)),
                ("UnwindSafe", implements!($type: std::panic::UnwindSafe)),
                ("RefUnwindSafe", implements!($type: std::panic::RefUnwindSafe)),
                ("Clone", implements!($type: Clone)),
                ("Copy", implements!($type: Copy)),
                ("Default", implements!($type: Default)),
                ("Debug", implements!($type: std::fmt::Debug)),
                ("Display", implements!($type: std::fmt::Display)),
                ("PartialEq", implements!($type: PartialEq)),
                ("Eq", implements!($type: Eq)),
                ("PartialOrd", implements!($type: PartialOrd)),
                ("Hash", implements!($type: std::hash::Hash)),
                ("Iterator", implements!($type: Iterator)),
                ("IntoIterator", implements!($type: IntoIterator)),
                ("Deref", implements!($type: std::ops::Deref)),
                ("Error", implements!($type: std::error::Error)),
            ]
            .into_iter()
            .filter(|(_, does)| *does)
            .map(|(name, _)| name)
            .collect::<Vec<_>>(),
        )),*]
    };
}

/// The same of a type with a parameter, for parameters of all sorts.
macro_rules! asks_all {
    ($($name:ident $(<$life:lifetime>)?)*) => {
        [$(
            asks!($name<$($life,)? u8> $name<$($life,)? Cell<u8>> $name<$($life,)? Rc<u8>>),
            asks!($name<$($life,)? Stays> $name<$($life,)? &'static Cell<u8>> $name<$($life,)? String>),
        )*]
    };
}

snippets! { EVERYWHERE:
    locks => { asks_all!(Mutex RwLock) }
    guards => { asks_all!(MutexGuard<'static> RwLockReadGuard<'static> RwLockWriteGuard<'static>) }
    unsized_locks => { asks!(Mutex<[u8]> Mutex<dyn Send> Mutex<dyn Sync> RwLock<dyn Send> RwLock<dyn Sync> RwLock<dyn Send + Sync> RwLock<str>) }
    unsized_guards => { asks!(MutexGuard<'static, [u8]> RwLockReadGuard<'static, dyn Sync> RwLockReadGuard<'static, dyn Send> RwLockWriteGuard<'static, dyn Sync> RwLockWriteGuard<'static, str>) }
    cells => { asks_all!(OnceLock LazyLock) }
    lazies => { asks!(LazyLock<u8, Init<u8>> LazyLock<u8, Cell<u8>> LazyLock<u8, Rc<u8>> LazyLock<Cell<u8>, Init<u8>> LazyLock<Rc<u8>, Init<u8>>) }
    signals => { asks!(Once OnceState Condvar WaitTimeoutResult Barrier BarrierWaitResult) }
    atomics => { asks!(AtomicBool AtomicU64 AtomicPtr<u8> AtomicPtr<Cell<u8>> AtomicPtr<Rc<u8>>) }
    senders => { asks_all!(Sender SyncSender) }
    receivers => { asks_all!(Receiver IntoIter Iter<'static> TryIter<'static>) }
    handles => { asks_all!(JoinHandle ScopedJoinHandle<'static>) }
    threads => { asks!(Thread ThreadId Builder Scope<'static, 'static> AccessError Instant SystemTime) }
    keys => { asks_all!(LocalKey) }
    maps => { asks!(HashMap<u8, u8> HashMap<u8, Cell<u8>> HashMap<Rc<u8>, u8> HashMap<u8, u8, Cell<u8>> HashMap<f32, f32> HashMap<u8, f32> HashMap<u8, Stays>) }
    sets => { asks!(HashSet<u8> HashSet<Cell<u8>> HashSet<Rc<u8>> HashSet<u8, Cell<u8>> HashSet<f32> HashSet<&'static Cell<u8>>) }
    hashers => { asks!(RandomState std::collections::hash_map::Iter<'static, u8, Rc<u8>> std::collections::hash_set::IntoIter<u8>) }
}
