//! `Mutex`, with std's poisoning.

use std::cell::UnsafeCell;
use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::sync::{LazyLock, LockResult, TryLockError, TryLockResult};

use super::lock::{self, Access, InModel, Lockable, unless_poisoned};
use crate::model::kernel::{self, ObjectId};

/// `std::sync::Mutex`, schedulable in a model.
pub struct Mutex<T: ?Sized> {
    model: Lockable,
    /// Who is in, and poison, outside of models.
    real: std::sync::Mutex<()>,
    value: UnsafeCell<T>,
}

/// `std::sync::MutexGuard`.
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct MutexGuard<'a, T: ?Sized> {
    lock: &'a Mutex<T>,
    hold: Hold<'a>,
}

/// What keeps others out.
enum Hold<'a> {
    /// Only ever dropped.
    Real {
        _guard: std::sync::MutexGuard<'a, ()>,
    },
    Model(InModel),
}

// SAFETY: as for std's. The value goes with the lock.
unsafe impl<T: ?Sized + Send> Send for Mutex<T> {}
// SAFETY: as for std's. One thread at a time has the value: the real mutex sees to that
// outside of a model, and the kernel inside, where all threads share one OS thread.
unsafe impl<T: ?Sized + Send> Sync for Mutex<T> {}
// SAFETY: as for std's. A shared guard gives shared references to the value only.
unsafe impl<T: ?Sized + Sync> Sync for MutexGuard<'_, T> {}
impl<T: ?Sized> UnwindSafe for Mutex<T> {}
impl<T: ?Sized> RefUnwindSafe for Mutex<T> {}

impl<T> Mutex<T> {
    /// As in std.
    #[track_caller]
    pub const fn new(value: T) -> Self {
        Self {
            model: Lockable::new(),
            real: std::sync::Mutex::new(()),
            value: UnsafeCell::new(value),
        }
    }

    /// As in std.
    ///
    /// # Errors
    /// If a holder panicked.
    pub fn into_inner(self) -> LockResult<T> {
        let poisoned = self.is_poisoned();
        unless_poisoned(poisoned, self.value.into_inner())
    }
}

impl<T: ?Sized> Mutex<T> {
    /// As in std.
    ///
    /// # Errors
    /// If a holder panicked; the error carries the guard.
    #[track_caller]
    #[inline]
    pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        if kernel::active() {
            self.acquire(Location::caller())
        } else {
            self.held_by_real(self.real.lock())
        }
    }

    /// Out of the way of the ordinary path, which has to be as quick as std's.
    #[cold]
    fn acquire(&self, at: &'static Location<'static>) -> LockResult<MutexGuard<'_, T>> {
        let id = self.register();
        lock::acquire(id, Access::Exclusive, at);
        self.held_in_model(id)
    }

    /// As in std.
    ///
    /// # Errors
    /// If it is held, or if a holder panicked.
    #[track_caller]
    pub fn try_lock(&self) -> TryLockResult<MutexGuard<'_, T>> {
        if !kernel::active() {
            return match self.real.try_lock() {
                Ok(guard) => Ok(self.held_by_real(Ok(guard))?),
                Err(TryLockError::Poisoned(poisoned)) => Ok(self.held_by_real(Err(poisoned))?),
                Err(TryLockError::WouldBlock) => Err(TryLockError::WouldBlock),
            };
        }
        let id = self.register();
        if lock::try_acquire(id, Access::Exclusive, Location::caller()) {
            Ok(self.held_in_model(id)?)
        } else {
            Err(TryLockError::WouldBlock)
        }
    }

    /// As in std.
    pub fn is_poisoned(&self) -> bool {
        self.model.is_poisoned() || self.real.is_poisoned()
    }

    /// As in std.
    pub fn clear_poison(&self) {
        self.model.clear_poison();
        self.real.clear_poison();
    }

    /// As in std.
    ///
    /// # Errors
    /// If a holder panicked.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        let poisoned = self.is_poisoned();
        unless_poisoned(poisoned, self.value.get_mut())
    }

    fn register(&self) -> ObjectId {
        self.model.id("Mutex", &self.value)
    }

    /// The guard of a thread outside of a model.
    #[inline]
    pub(super) fn held_by_real<'a>(
        &'a self,
        guard: LockResult<std::sync::MutexGuard<'a, ()>>,
    ) -> LockResult<MutexGuard<'a, T>> {
        let (guard, poisoned) = match guard {
            Ok(guard) => (guard, self.model.is_poisoned()),
            Err(poisoned) => (poisoned.into_inner(), true),
        };
        self.model.used_outside();
        let guard = MutexGuard {
            lock: self,
            hold: Hold::Real { _guard: guard },
        };
        unless_poisoned(poisoned, guard)
    }

    /// The guard of a thread that the kernel has given the lock to.
    fn held_in_model(&self, id: ObjectId) -> LockResult<MutexGuard<'_, T>> {
        let poisoned = self.is_poisoned();
        let guard = MutexGuard {
            lock: self,
            hold: Hold::Model(InModel::taken(id)),
        };
        unless_poisoned(poisoned, guard)
    }

    /// Takes the lock again after a wait inside a model.
    pub(super) fn resume_in_model(
        &self,
        id: ObjectId,
        at: &'static Location<'static>,
    ) -> LockResult<MutexGuard<'_, T>> {
        lock::acquire(id, Access::Exclusive, at);
        self.held_in_model(id)
    }
}

/// A lock that its holder gives up while it waits on a condvar.
pub(super) enum Suspended<'a, T: ?Sized> {
    Real(&'a Mutex<T>, std::sync::MutexGuard<'a, ()>),
    Model(&'a Mutex<T>, ObjectId),
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    /// Gives up the guard as [`crate::sync::Condvar`] does it, to take the lock again later.
    pub(super) fn suspend(self) -> Suspended<'a, T> {
        let guard = ManuallyDrop::new(self);
        // SAFETY: the guard that it is taken out of is never used or dropped again.
        let hold = unsafe { std::ptr::read(&raw const guard.hold) };
        match hold {
            Hold::Real { _guard: real } => Suspended::Real(guard.lock, real),
            Hold::Model(model) => {
                model.has_written(&guard.lock.value);
                Suspended::Model(guard.lock, model.id())
            }
        }
    }
}

impl<T: ?Sized> Drop for MutexGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if let Hold::Model(model) = self.hold {
            model.release(&self.lock.model, &self.lock.value);
        }
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: who has a guard holds the lock, and only guards give access to the value.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        if let Hold::Model(model) = &mut self.hold {
            model.writes(&self.lock.model, &self.lock.value);
        }
        // SAFETY: as above, and the guard is borrowed exclusively.
        unsafe { &mut *self.lock.value.get() }
    }
}

/// What is told instead of a value that cannot be looked at: with quotes in newer releases of
/// std, and without in older ones.
static LOCKED: LazyLock<&'static str> = LazyLock::new(|| {
    let locked = std::sync::Mutex::new(());
    let _guard = locked.lock();
    if format!("{locked:?}").contains("\"<locked>\"") {
        "\"<locked>\""
    } else {
        "<locked>"
    }
});

impl<T: ?Sized + fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Mutex");
        // No scheduling point: printing a lock is not an operation on it.
        let held_in_model = kernel::active() && {
            let id = self.register();
            kernel::with(|kernel| !kernel.object(id).owners.is_empty())
        };
        let real = self.real.try_lock();
        if held_in_model || matches!(real, Err(TryLockError::WouldBlock)) {
            debug.field("data", &format_args!("{}", *LOCKED));
        } else {
            // SAFETY: nobody holds it, and nobody can take it before this has been printed:
            // outside of a model `real` keeps others out, and inside no other thread runs
            // before a step.
            let value = unsafe { &*self.value.get() };
            debug.field("data", &value);
        }
        debug.field("poisoned", &self.is_poisoned());
        debug.finish_non_exhaustive()
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: Default> Default for Mutex<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> From<T> for Mutex<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        Self::new(value)
    }
}
