//! `Mutex`, with std's poisoning.

use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::sync::{LockResult, TryLockError, TryLockResult};

use super::lock::{self, Access, Lockable, unless_poisoned, whatever};
use crate::model::kernel::{self, ObjectId};

/// `std::sync::Mutex`, schedulable in a model.
pub struct Mutex<T: ?Sized> {
    model: Lockable,
    inner: std::sync::Mutex<T>,
}

/// `std::sync::MutexGuard`.
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct MutexGuard<'a, T: ?Sized> {
    lock: &'a Mutex<T>,
    inner: ManuallyDrop<std::sync::MutexGuard<'a, T>>,
    /// `None` outside a model.
    model: Option<InModel>,
}

/// What a guard knows of its lock in the current execution. Small, since guards are moved
/// about a lot.
#[derive(Clone, Copy)]
struct InModel {
    object: u32,
    /// Whether its owner was already panicking when it took it.
    was_panicking: bool,
}

impl InModel {
    fn taken(id: ObjectId) -> Self {
        Self {
            object: u32::try_from(id.0).expect("an execution has few objects"),
            was_panicking: kernel::panicking(),
        }
    }

    fn id(self) -> ObjectId {
        ObjectId(self.object as usize)
    }
}

impl<T: ?Sized> UnwindSafe for Mutex<T> {}
impl<T: ?Sized> RefUnwindSafe for Mutex<T> {}

impl<T> Mutex<T> {
    /// As in std.
    #[track_caller]
    pub const fn new(value: T) -> Self {
        Self {
            model: Lockable::new(),
            inner: std::sync::Mutex::new(value),
        }
    }

    /// As in std.
    ///
    /// # Errors
    /// If a holder panicked.
    pub fn into_inner(self) -> LockResult<T> {
        let poisoned = self.is_poisoned();
        unless_poisoned(poisoned, whatever(self.inner.into_inner()))
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
        let model = if kernel::active() {
            Some(self.acquire(Location::caller()))
        } else {
            None
        };
        // In a model never contended: the kernel lets one thread in at a time.
        self.guard(model, self.inner.lock())
    }

    /// Out of the way of the ordinary path, which has to be as quick as std's.
    #[cold]
    fn acquire(&self, at: &'static Location<'static>) -> InModel {
        let id = self.register();
        lock::acquire(id, Access::Exclusive, at);
        InModel::taken(id)
    }

    /// As in std.
    ///
    /// # Errors
    /// If it is held, or if a holder panicked.
    #[track_caller]
    pub fn try_lock(&self) -> TryLockResult<MutexGuard<'_, T>> {
        if !kernel::active() {
            return match self.inner.try_lock() {
                Ok(inner) => Ok(self.guard(None, Ok(inner))?),
                Err(TryLockError::Poisoned(poisoned)) => Ok(self.guard(None, Err(poisoned))?),
                Err(TryLockError::WouldBlock) => Err(TryLockError::WouldBlock),
            };
        }
        let id = self.register();
        if lock::try_acquire(id, Access::Exclusive, Location::caller()) {
            Ok(self.taken(id)?)
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
    /// If a holder panicked.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        let poisoned = self.is_poisoned();
        unless_poisoned(poisoned, whatever(self.inner.get_mut()))
    }

    fn register(&self) -> ObjectId {
        self.model.id::<T>("Mutex")
    }

    #[cold]
    fn released_in_model(&self, model: InModel) {
        // The real mutex saw the OS thread's panics, which may be those of another
        // thread of the model.
        self.inner.clear_poison();
        self.model
            .release_exclusive(model.id(), model.was_panicking);
    }

    /// The guard of a thread that the kernel has given the lock to.
    fn taken(&self, id: ObjectId) -> LockResult<MutexGuard<'_, T>> {
        self.guard(Some(InModel::taken(id)), self.inner.lock())
    }

    #[inline]
    fn guard<'a>(
        &'a self,
        model: Option<InModel>,
        inner: LockResult<std::sync::MutexGuard<'a, T>>,
    ) -> LockResult<MutexGuard<'a, T>> {
        let (inner, poisoned) = match inner {
            Ok(inner) => (inner, self.model.is_poisoned()),
            Err(poisoned) => (poisoned.into_inner(), true),
        };
        let guard = MutexGuard {
            lock: self,
            inner: ManuallyDrop::new(inner),
            model,
        };
        unless_poisoned(poisoned, guard)
    }
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    /// Gives up the lock as [`crate::sync::Condvar`] does it, to take it again later.
    pub(super) fn suspend(mut self) -> Suspended<'a, T> {
        let (lock, model) = (self.lock, self.model.take());
        let id = model.map(InModel::id);
        // SAFETY: `self` is forgotten next, so nothing uses the inner guard again.
        let inner = unsafe { ManuallyDrop::take(&mut self.inner) };
        std::mem::forget(self);
        match id {
            Some(id) => {
                drop(inner);
                Suspended::Model(lock, id)
            }
            None => Suspended::Real(lock, inner),
        }
    }
}

/// A lock that its holder gave up while it waits on a condvar.
pub(super) enum Suspended<'a, T: ?Sized> {
    Real(&'a Mutex<T>, std::sync::MutexGuard<'a, T>),
    Model(&'a Mutex<T>, ObjectId),
}

impl<'a, T: ?Sized> Mutex<T> {
    /// A guard over a real one that a real condvar gave back.
    pub(super) fn resume_real(
        &'a self,
        inner: LockResult<std::sync::MutexGuard<'a, T>>,
    ) -> LockResult<MutexGuard<'a, T>> {
        self.guard(None, inner)
    }

    /// Takes the lock again after a wait inside a model.
    pub(super) fn resume_model(
        &'a self,
        id: ObjectId,
        at: &'static Location<'static>,
    ) -> LockResult<MutexGuard<'a, T>> {
        lock::acquire(id, Access::Exclusive, at);
        self.taken(id)
    }
}

impl<T: ?Sized> Drop for MutexGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: a guard is dropped once, and `suspend` forgets the guard it empties.
        unsafe { ManuallyDrop::drop(&mut self.inner) };
        if let Some(model) = self.model {
            self.lock.released_in_model(model);
        }
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.inner
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        if self.model.is_some() {
            self.lock.model.note_write();
        }
        &mut self.inner
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // No scheduling point: printing a lock is not an operation on it.
        self.inner.fmt(f)
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
