//! `RwLock`, with std's poisoning: only a writer that panics poisons.

use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::sync::{LockResult, TryLockError, TryLockResult};

use super::lock::{self, Access, Lockable, unless_poisoned, whatever};
use crate::model::kernel::{self, ObjectId};

/// `std::sync::RwLock`, schedulable in a model.
pub struct RwLock<T: ?Sized> {
    model: Lockable,
    inner: std::sync::RwLock<T>,
}

/// `std::sync::RwLockReadGuard`.
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockReadGuard<'a, T: ?Sized> {
    inner: ManuallyDrop<std::sync::RwLockReadGuard<'a, T>>,
    model: Option<ObjectId>,
}

/// `std::sync::RwLockWriteGuard`.
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockWriteGuard<'a, T: ?Sized> {
    lock: &'a RwLock<T>,
    inner: ManuallyDrop<std::sync::RwLockWriteGuard<'a, T>>,
    /// As in [`super::MutexGuard`].
    model: Option<(ObjectId, bool)>,
}

impl<T: ?Sized> UnwindSafe for RwLock<T> {}
impl<T: ?Sized> RefUnwindSafe for RwLock<T> {}

impl<T> RwLock<T> {
    /// As in std.
    #[track_caller]
    pub const fn new(value: T) -> Self {
        Self {
            model: Lockable::new(),
            inner: std::sync::RwLock::new(value),
        }
    }

    /// As in std.
    ///
    /// # Errors
    /// If a writer panicked.
    pub fn into_inner(self) -> LockResult<T> {
        let poisoned = self.is_poisoned();
        unless_poisoned(poisoned, whatever(self.inner.into_inner()))
    }
}

impl<T: ?Sized> RwLock<T> {
    /// As in std.
    ///
    /// # Errors
    /// If a writer panicked; the error carries the guard.
    #[track_caller]
    pub fn read(&self) -> LockResult<RwLockReadGuard<'_, T>> {
        if !kernel::active() {
            return self.read_guard(None, self.inner.read());
        }
        let id = self.register();
        lock::acquire(id, Access::Shared, Location::caller());
        self.read_taken(id)
    }

    /// As in std.
    ///
    /// # Errors
    /// If it is being written, or if a writer panicked.
    #[track_caller]
    pub fn try_read(&self) -> TryLockResult<RwLockReadGuard<'_, T>> {
        if !kernel::active() {
            return match self.inner.try_read() {
                Ok(inner) => Ok(self.read_guard(None, Ok(inner))?),
                Err(TryLockError::Poisoned(poisoned)) => Ok(self.read_guard(None, Err(poisoned))?),
                Err(TryLockError::WouldBlock) => Err(TryLockError::WouldBlock),
            };
        }
        let id = self.register();
        if lock::try_acquire(id, Access::Shared, Location::caller()) {
            Ok(self.read_taken(id)?)
        } else {
            Err(TryLockError::WouldBlock)
        }
    }

    /// As in std.
    ///
    /// # Errors
    /// If a writer panicked; the error carries the guard.
    #[track_caller]
    pub fn write(&self) -> LockResult<RwLockWriteGuard<'_, T>> {
        if !kernel::active() {
            return self.write_guard(None, self.inner.write());
        }
        let id = self.register();
        lock::acquire(id, Access::Exclusive, Location::caller());
        self.write_taken(id)
    }

    /// As in std.
    ///
    /// # Errors
    /// If it is held, or if a writer panicked.
    #[track_caller]
    pub fn try_write(&self) -> TryLockResult<RwLockWriteGuard<'_, T>> {
        if !kernel::active() {
            return match self.inner.try_write() {
                Ok(inner) => Ok(self.write_guard(None, Ok(inner))?),
                Err(TryLockError::Poisoned(poisoned)) => Ok(self.write_guard(None, Err(poisoned))?),
                Err(TryLockError::WouldBlock) => Err(TryLockError::WouldBlock),
            };
        }
        let id = self.register();
        if lock::try_acquire(id, Access::Exclusive, Location::caller()) {
            Ok(self.write_taken(id)?)
        } else {
            Err(TryLockError::WouldBlock)
        }
    }

    /// As in std.
    pub fn is_poisoned(&self) -> bool {
        self.model.is_poisoned() || self.inner.is_poisoned()
    }

    /// As in std.
    pub fn clear_poison(&self) {
        self.model.clear_poison();
        self.inner.clear_poison();
    }

    /// As in std.
    ///
    /// # Errors
    /// If a writer panicked.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        let poisoned = self.is_poisoned();
        unless_poisoned(poisoned, whatever(self.inner.get_mut()))
    }

    fn register(&self) -> ObjectId {
        self.model.id::<T>("RwLock")
    }

    fn read_taken(&self, id: ObjectId) -> LockResult<RwLockReadGuard<'_, T>> {
        // Never contended: the kernel keeps writers out.
        let inner = whatever(self.inner.read());
        self.read_guard(Some(id), Ok(inner))
    }

    fn write_taken(&self, id: ObjectId) -> LockResult<RwLockWriteGuard<'_, T>> {
        // Never contended: the kernel keeps everyone else out.
        let inner = whatever(self.inner.write());
        self.write_guard(Some((id, kernel::panicking())), Ok(inner))
    }

    fn read_guard<'a>(
        &'a self,
        model: Option<ObjectId>,
        inner: LockResult<std::sync::RwLockReadGuard<'a, T>>,
    ) -> LockResult<RwLockReadGuard<'a, T>> {
        let poisoned = inner.is_err() || self.model.is_poisoned();
        let inner = ManuallyDrop::new(whatever(inner));
        let guard = RwLockReadGuard { inner, model };
        unless_poisoned(poisoned, guard)
    }

    fn write_guard<'a>(
        &'a self,
        model: Option<(ObjectId, bool)>,
        inner: LockResult<std::sync::RwLockWriteGuard<'a, T>>,
    ) -> LockResult<RwLockWriteGuard<'a, T>> {
        let poisoned = inner.is_err() || self.model.is_poisoned();
        let inner = ManuallyDrop::new(whatever(inner));
        let guard = RwLockWriteGuard {
            lock: self,
            inner,
            model,
        };
        unless_poisoned(poisoned, guard)
    }
}

impl<T: ?Sized> Drop for RwLockReadGuard<'_, T> {
    fn drop(&mut self) {
        // SAFETY: a guard is dropped once and nothing else takes its inner guard.
        unsafe { ManuallyDrop::drop(&mut self.inner) };
        if let Some(id) = self.model {
            lock::release(id);
        }
    }
}

impl<T: ?Sized> Drop for RwLockWriteGuard<'_, T> {
    fn drop(&mut self) {
        // SAFETY: a guard is dropped once and nothing else takes its inner guard.
        unsafe { ManuallyDrop::drop(&mut self.inner) };
        if let Some((id, was_panicking)) = self.model {
            // As for a mutex: the real lock may have seen another thread's panic.
            self.lock.inner.clear_poison();
            self.lock.model.release_exclusive(id, was_panicking);
        }
    }
}

impl<T: ?Sized> Deref for RwLockReadGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.inner
    }
}

impl<T: ?Sized> Deref for RwLockWriteGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.inner
    }
}

impl<T: ?Sized> DerefMut for RwLockWriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        if self.model.is_some() {
            self.lock.model.note_write();
        }
        &mut self.inner
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLockReadGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLockWriteGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: Default> Default for RwLock<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> From<T> for RwLock<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        Self::new(value)
    }
}
