//! The public paths of the modules that are replaced. To compile is most of it.

#![allow(unused_imports)]

use super::std;

use std::collections::hash_map::{
    self as map, ExtractIf as _, IntoKeys, IntoValues, IterMut, Keys, OccupiedEntry, VacantEntry,
    Values, ValuesMut,
};
use std::collections::hash_set::{
    self as set, Difference, ExtractIf, Intersection, SymmetricDifference, Union,
};
use std::collections::{
    BinaryHeap, HashMap, HashSet, LinkedList, TryReserveError, VecDeque, binary_heap, linked_list,
    vec_deque,
};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash, Hasher, RandomState};
use std::hint::{assert_unchecked, black_box, spin_loop, unreachable_unchecked};
use std::panic::{
    AssertUnwindSafe, Location, PanicHookInfo, PanicInfo, RefUnwindSafe, UnwindSafe, catch_unwind,
    panic_any, resume_unwind, set_hook, take_hook,
};
use std::process::{
    Child, ChildStderr, ChildStdin, ChildStdout, Command, CommandArgs, CommandEnvs, ExitCode,
    ExitStatus, Output, Stdio, Termination, abort, exit, id,
};
use std::sync::atomic::{
    AtomicBool, AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicPtr, AtomicU8,
    AtomicU16, AtomicU32, AtomicU64, AtomicUsize,
};
use std::sync::{
    Arc, Barrier, BarrierWaitResult, Condvar, LazyLock, LockResult, Mutex, MutexGuard, Once,
    OnceLock, OnceState, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError,
    TryLockResult, WaitTimeoutResult, Weak, atomic, mpsc,
};
use std::thread::{
    AccessError, Builder, JoinHandle, LocalKey, Scope, ScopedJoinHandle, Thread, ThreadId,
    available_parallelism, current, panicking, park, park_timeout, scope, sleep, spawn, yield_now,
};
use std::time::{
    Duration, Instant, SystemTime, SystemTimeError, TryFromFloatSecsError, UNIX_EPOCH,
};
use std::{cell, env, fs, io, ops, thread_local};

const LOCK: Mutex<u8> = Mutex::new(1);
const SHARED: RwLock<u8> = RwLock::new(1);
const CELL: OnceLock<u8> = OnceLock::new();
static BARRIER: Barrier = Barrier::new(1);
static CONDVAR: Condvar = Condvar::new();
static LAZY: LazyLock<u8, fn() -> u8> = LazyLock::new(|| 1);
static POINTER: AtomicPtr<u8> = AtomicPtr::new(std::ptr::null_mut());
const TRUE: bool = AtomicBool::new(true).into_inner();
const ADDRESS: usize = {
    // `as_ptr` is a `const fn`.
    let value = AtomicU64::new(1);
    let _ = value.as_ptr();
    size_of::<AtomicU8>() / size_of::<AtomicU8>()
};

snippets! { EVERYWHERE:
    constants => {
        (LOCK.into_inner().unwrap(), SHARED.into_inner().unwrap(), CELL.into_inner(), *LAZY, TRUE, ADDRESS, POINTER.load(atomic::Ordering::SeqCst).is_null(),
         BARRIER.wait().is_leader(), format!("{CONDVAR:?}"))
    }
    cells => {
        let cells = (cell::Cell::new(1), cell::RefCell::new(2), cell::OnceCell::from(3), cell::LazyCell::new(|| 4), cell::UnsafeCell::new(5));
        (cells.0.get(), *cells.1.borrow(), cells.2.get().copied(), *cells.3, cells.4.into_inner())
    }
    hooks => {
        // Only the names: other tests have hooks too.
        let functions: (fn(Box<dyn Fn(&PanicHookInfo<'_>) + Sync + Send>), fn() -> Box<dyn Fn(&PanicHookInfo<'_>) + Sync + Send>) = (set_hook, take_hook);
        fn old(_: &PanicInfo<'_>) {}
        let _ = (functions, old);
    }
    processes => { (ExitCode::SUCCESS, id() == std::process::id(), exit as fn(i32) -> !, abort as fn() -> !).0 }
    functions => {
        let _: [fn(); 2] = [park, yield_now];
        let _: [fn(Duration); 2] = [park_timeout, sleep];
        let _: fn() -> Thread = current;
        (panicking(), available_parallelism().map(|n| n.get() > 0).ok(), spin_loop())
    }
    structures_of_ones_own => {
        struct Pool<'a> { handles: Vec<JoinHandle<u8>>, held: Option<MutexGuard<'a, Vec<u8>>>, readers: Vec<RwLockReadGuard<'a, u8>>, since: Instant, day: SystemTime }
        let lock = Mutex::new(vec![1]);
        let pool = Pool { handles: vec![spawn(|| 1)], held: lock.lock().ok(), readers: vec![], since: Instant::now(), day: UNIX_EPOCH };
        let sum: u8 = pool.handles.into_iter().map(|handle| handle.join().unwrap()).sum();
        (sum, pool.held.map(|held| held.len()), pool.readers.len(), pool.day <= SystemTime::now())
    }
}
