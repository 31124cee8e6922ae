//! `RwLock`, with std's poisoning: only a writer that panics poisons.

use std::cell::UnsafeCell;
use std::fmt;
use std::marker::PhantomData;
#[cfg(since_1_92)]
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::ptr::NonNull;
use std::sync::{LockResult, TryLockError, TryLockResult};

use super::lock::{self, Access, InModel, Lockable, unless_poisoned, whatever};
use crate::model::kernel::{self, ObjectId};

/// `std::sync::RwLock`, schedulable in a model.
pub struct RwLock<T: ?Sized> {
    model: Lockable,
    /// Who is in, and poison, outside of models.
    real: std::sync::RwLock<()>,
    value: UnsafeCell<T>,
}

/// `std::sync::RwLockReadGuard`.
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockReadGuard<'a, T: ?Sized> {
    /// Not the lock: who reads a `&'static str` may pass for one who reads a shorter one.
    value: NonNull<T>,
    hold: ReadHold<'a>,
    borrow: PhantomData<&'a T>,
}

/// `std::sync::RwLockWriteGuard`.
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockWriteGuard<'a, T: ?Sized> {
    lock: &'a RwLock<T>,
    hold: WriteHold<'a>,
}

/// What keeps writers out.
enum ReadHold<'a> {
    /// Only ever dropped.
    Real {
        _guard: std::sync::RwLockReadGuard<'a, ()>,
    },
    Model(ObjectId),
}

/// What keeps everybody out.
enum WriteHold<'a> {
    /// Only ever dropped.
    Real {
        _guard: std::sync::RwLockWriteGuard<'a, ()>,
    },
    Model(InModel),
}

// SAFETY: as for std's. The value goes with the lock.
unsafe impl<T: ?Sized + Send> Send for RwLock<T> {}
// SAFETY: as for std's. One writer or many readers have the value: the real lock sees to that
// outside of a model, and the kernel inside, where all threads share one OS thread.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLock<T> {}
// SAFETY: as for std's. It gives shared references to the value only.
unsafe impl<T: ?Sized + Sync> Sync for RwLockReadGuard<'_, T> {}
// SAFETY: as for std's. A shared guard gives shared references to the value only.
unsafe impl<T: ?Sized + Sync> Sync for RwLockWriteGuard<'_, T> {}
impl<T: ?Sized> UnwindSafe for RwLock<T> {}
impl<T: ?Sized> RefUnwindSafe for RwLock<T> {}

impl<T> RwLock<T> {
    /// As in std.
    #[track_caller]
    pub const fn new(value: T) -> Self {
        Self {
            model: Lockable::new(),
            real: std::sync::RwLock::new(()),
            value: UnsafeCell::new(value),
        }
    }

    /// As in std.
    ///
    /// # Errors
    /// If a writer panicked.
    pub fn into_inner(self) -> LockResult<T> {
        let poisoned = self.is_poisoned();
        unless_poisoned(poisoned, self.value.into_inner())
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
            return self.read_by_real(self.real.read());
        }
        let id = self.register();
        lock::acquire(id, Access::Shared, Location::caller());
        self.read_in_model(id)
    }

    /// As in std.
    ///
    /// # Errors
    /// If it is being written, or if a writer panicked.
    #[track_caller]
    pub fn try_read(&self) -> TryLockResult<RwLockReadGuard<'_, T>> {
        if !kernel::active() {
            return match self.real.try_read() {
                Ok(guard) => Ok(self.read_by_real(Ok(guard))?),
                Err(TryLockError::Poisoned(poisoned)) => Ok(self.read_by_real(Err(poisoned))?),
                Err(TryLockError::WouldBlock) => Err(TryLockError::WouldBlock),
            };
        }
        let id = self.register();
        if lock::try_acquire(id, Access::Shared, Location::caller()) {
            Ok(self.read_in_model(id)?)
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
            return self.written_by_real(self.real.write());
        }
        let id = self.register();
        lock::acquire(id, Access::Exclusive, Location::caller());
        self.written_in_model(id)
    }

    /// As in std.
    ///
    /// # Errors
    /// If it is held, or if a writer panicked.
    #[track_caller]
    pub fn try_write(&self) -> TryLockResult<RwLockWriteGuard<'_, T>> {
        if !kernel::active() {
            return match self.real.try_write() {
                Ok(guard) => Ok(self.written_by_real(Ok(guard))?),
                Err(TryLockError::Poisoned(poisoned)) => Ok(self.written_by_real(Err(poisoned))?),
                Err(TryLockError::WouldBlock) => Err(TryLockError::WouldBlock),
            };
        }
        let id = self.register();
        if lock::try_acquire(id, Access::Exclusive, Location::caller()) {
            Ok(self.written_in_model(id)?)
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
    /// If a writer panicked.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        let poisoned = self.is_poisoned();
        unless_poisoned(poisoned, self.value.get_mut())
    }

    fn register(&self) -> ObjectId {
        self.model.id("RwLock", &self.value)
    }

    fn read_by_real<'a>(
        &'a self,
        guard: LockResult<std::sync::RwLockReadGuard<'a, ()>>,
    ) -> LockResult<RwLockReadGuard<'a, T>> {
        let poisoned = guard.is_err() || self.model.is_poisoned();
        let hold = ReadHold::Real {
            _guard: whatever(guard),
        };
        unless_poisoned(poisoned, RwLockReadGuard::new(self, hold))
    }

    fn written_by_real<'a>(
        &'a self,
        guard: LockResult<std::sync::RwLockWriteGuard<'a, ()>>,
    ) -> LockResult<RwLockWriteGuard<'a, T>> {
        let poisoned = guard.is_err() || self.model.is_poisoned();
        self.model.used_outside();
        let hold = WriteHold::Real {
            _guard: whatever(guard),
        };
        unless_poisoned(poisoned, RwLockWriteGuard { lock: self, hold })
    }

    /// The guard of a thread that the kernel has let in with other readers.
    fn read_in_model(&self, id: ObjectId) -> LockResult<RwLockReadGuard<'_, T>> {
        let guard = RwLockReadGuard::new(self, ReadHold::Model(id));
        unless_poisoned(self.is_poisoned(), guard)
    }

    /// The guard of a thread that the kernel has let in alone.
    fn written_in_model(&self, id: ObjectId) -> LockResult<RwLockWriteGuard<'_, T>> {
        let hold = WriteHold::Model(InModel::taken(id));
        unless_poisoned(self.is_poisoned(), RwLockWriteGuard { lock: self, hold })
    }
}

impl<'a, T: ?Sized> RwLockReadGuard<'a, T> {
    fn new(lock: &'a RwLock<T>, hold: ReadHold<'a>) -> Self {
        Self {
            value: NonNull::new(lock.value.get()).expect("the inside of a cell"),
            hold,
            borrow: PhantomData,
        }
    }
}

#[cfg(since_1_92)]
#[clippy::msrv = "1.92"]
impl<'a, T: ?Sized> RwLockWriteGuard<'a, T> {
    /// As in std. Nobody writes in between.
    #[track_caller]
    pub fn downgrade(s: Self) -> RwLockReadGuard<'a, T> {
        let guard = ManuallyDrop::new(s);
        // SAFETY: the guard that it is taken out of is never used or dropped again.
        let hold = unsafe { std::ptr::read(&raw const guard.hold) };
        let hold = match hold {
            WriteHold::Real { _guard: real } => ReadHold::Real {
                _guard: std::sync::RwLockWriteGuard::downgrade(real),
            },
            WriteHold::Model(model) => {
                model.has_written(&guard.lock.value);
                lock::downgrade(model.id(), Location::caller());
                ReadHold::Model(model.id())
            }
        };
        RwLockReadGuard::new(guard.lock, hold)
    }
}

impl<T: ?Sized> Drop for RwLockReadGuard<'_, T> {
    fn drop(&mut self) {
        if let ReadHold::Model(id) = self.hold {
            lock::release(id);
        }
    }
}

impl<T: ?Sized> Drop for RwLockWriteGuard<'_, T> {
    fn drop(&mut self) {
        if let WriteHold::Model(model) = self.hold {
            model.release(&self.lock.model, &self.lock.value);
        }
    }
}

impl<T: ?Sized> Deref for RwLockReadGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: it points into the lock, which is borrowed for as long as the guard is there,
        // and who has a guard to read keeps writers out.
        unsafe { self.value.as_ref() }
    }
}

impl<T: ?Sized> Deref for RwLockWriteGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: who has a guard to write keeps everybody out.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T: ?Sized> DerefMut for RwLockWriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        if let WriteHold::Model(model) = &mut self.hold {
            model.writes(&self.lock.model, &self.lock.value);
        }
        // SAFETY: as above, and the guard is borrowed exclusively.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("RwLock");
        // No scheduling point: printing a lock is not an operation on it.
        let held_in_model = kernel::active() && {
            let id = self.register();
            kernel::with(|kernel| kernel.object(id).exclusive)
        };
        let real = self.real.try_read();
        if held_in_model || matches!(real, Err(TryLockError::WouldBlock)) {
            debug.field("data", &format_args!("<locked>"));
        } else {
            // SAFETY: nobody writes, and nobody can before this has been printed: outside of a
            // model `real` keeps writers out, and inside no other thread runs before a step.
            let value = unsafe { &*self.value.get() };
            debug.field("data", &value);
        }
        debug.field("poisoned", &self.is_poisoned());
        debug.finish_non_exhaustive()
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

impl<T: ?Sized + fmt::Display> fmt::Display for RwLockReadGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for RwLockWriteGuard<'_, T> {
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
