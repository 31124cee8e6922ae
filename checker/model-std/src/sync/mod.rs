//! `std::sync`. What shares or counts without blocking is std's own; what blocks
//! or orders can be scheduled. What is missing here is not modelled, and so does
//! not compile in a stage.

pub mod atomic;
mod barrier;
mod condvar;
mod lock;
pub mod mpsc;
mod mutex;
mod once;
mod rwlock;

pub use std::sync::{Arc, LockResult, PoisonError, TryLockError, TryLockResult, Weak};

pub use barrier::{Barrier, BarrierWaitResult};
pub use condvar::{Condvar, WaitTimeoutResult};
pub use mutex::{Mutex, MutexGuard};
#[expect(deprecated, reason = "std has it, so a learner may use it")]
pub use once::ONCE_INIT;
pub use once::{LazyLock, Once, OnceLock, OnceState};
pub use rwlock::{RwLock, RwLockReadGuard, RwLockWriteGuard};
