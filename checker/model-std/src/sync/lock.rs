//! Who holds what: the part that `Mutex` and `RwLock` share inside a model.

use std::panic::Location;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{LockResult, PoisonError};

use crate::model::kernel::{self, Held, Kernel, ObjectId, Timed, Why};
use crate::model::object::Object;
use crate::model::trace::{Failure, short_type_name};

/// What a holder excludes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Shared,
    Exclusive,
}

/// What `Mutex` and `RwLock` know besides their value.
pub(super) struct Lockable {
    object: Object,
    /// Poison from inside models. The real lock knows about the rest, and cannot
    /// know about models, where `panicking` is not a matter of OS threads.
    poisoned: AtomicBool,
    /// Whether a model has written to the value.
    written: AtomicBool,
}

impl Lockable {
    #[track_caller]
    pub(super) const fn new() -> Self {
        Self {
            object: Object::new(),
            poisoned: AtomicBool::new(false),
            written: AtomicBool::new(false),
        }
    }

    /// Its id in the current execution. A static that an earlier execution wrote
    /// to cannot be checked: its value would leak between executions.
    pub(super) fn id<T: ?Sized>(&self, kind: &'static str) -> ObjectId {
        let content = std::any::type_name::<T>();
        let registered = self.object.register(kind, Some(content));
        if registered.carried_over && self.written.load(Relaxed) {
            kernel::fail(Failure::StaticState {
                what: format!("{kind}<{}>", short_type_name(content)),
                created: self.object.created(),
            });
        }
        registered.id
    }

    pub(super) fn note_write(&self) {
        self.written.store(true, Relaxed);
    }

    #[inline]
    pub(super) fn is_poisoned(&self) -> bool {
        self.poisoned.load(Relaxed)
    }

    pub(super) fn clear_poison(&self) {
        self.poisoned.store(false, Relaxed);
    }

    /// Gives back what a thread of a model held exclusively. As in std it poisons
    /// when the thread began to panic while it held the lock.
    pub(super) fn release_exclusive(&self, id: ObjectId, was_panicking: bool) {
        if !was_panicking && kernel::panicking() {
            self.poisoned.store(true, Relaxed);
        }
        release(id);
    }
}

/// `value` as std hands out what a lock protects.
#[inline]
pub(super) fn unless_poisoned<T>(poisoned: bool, value: T) -> LockResult<T> {
    if poisoned {
        Err(PoisonError::new(value))
    } else {
        Ok(value)
    }
}

/// The value of a real lock's result. Its poison is asked for separately.
pub(super) fn whatever<T>(result: LockResult<T>) -> T {
    result.unwrap_or_else(PoisonError::into_inner)
}

/// Blocks until the lock is free, then takes it.
pub(super) fn acquire(id: ObjectId, access: Access, at: &'static Location<'static>) {
    loop {
        if kernel::with(|kernel| is_free(kernel, id, access)) {
            kernel::step(id, at);
            if take(id, access, at) {
                return;
            }
        }
        kernel::with(|kernel| kernel.record("blocked", Some(id), Some(at), || None));
        kernel::block(Why::Lock(id), Timed::No);
    }
}

/// Takes the lock if it is free.
pub(super) fn try_acquire(id: ObjectId, access: Access, at: &'static Location<'static>) -> bool {
    kernel::need_finer_steps();
    kernel::step(id, at);
    let taken = take(id, access, at);
    if !taken {
        kernel::with(|kernel| kernel.record("try", Some(id), Some(at), || Some("held".into())));
    }
    taken
}

/// Gives the lock back and wakes whoever waits for it. As a rule not a scheduling
/// point: the next operation of this thread is one.
pub(super) fn release(id: ObjectId) {
    if kernel::steps_are_fine() {
        let taken = kernel::with(|kernel| {
            kernel
                .me()
                .held
                .iter()
                .rfind(|held| held.object == id)
                .map(|held| held.at)
        });
        if let Some(taken) = taken {
            kernel::step(id, taken);
        }
    }
    kernel::with(|kernel| {
        kernel.record("unlock", Some(id), None, || None);
        give_back(kernel, id);
    });
}

/// As [`release`], for a wait on a condvar, whose own step tells the story.
pub(super) fn release_silently(id: ObjectId) {
    kernel::with(|kernel| give_back(kernel, id));
}

fn give_back(kernel: &mut Kernel, id: ObjectId) {
    let me = kernel.current();
    let object = kernel.object(id);
    if let Some(mine) = object.owners.iter().position(|owner| *owner == me) {
        object.owners.swap_remove(mine);
    }
    object.exclusive = false;
    let held = &mut kernel.me().held;
    if let Some(mine) = held.iter().rposition(|held| held.object == id) {
        held.remove(mine);
    }
    kernel.wake_where(|why| why == Why::Lock(id));
}

fn is_free(kernel: &mut Kernel, id: ObjectId, access: Access) -> bool {
    let object = kernel.object(id);
    match access {
        Access::Exclusive => object.owners.is_empty(),
        Access::Shared => !object.exclusive,
    }
}

/// Takes the lock, unless it is held.
fn take(id: ObjectId, access: Access, at: &'static Location<'static>) -> bool {
    kernel::with(|kernel| {
        if !is_free(kernel, id, access) {
            return false;
        }
        let me = kernel.current();
        let object = kernel.object(id);
        object.owners.push(me);
        object.exclusive = access == Access::Exclusive;
        kernel.me().held.push(Held { object: id, at });
        let action = if access == Access::Exclusive {
            "lock"
        } else {
            "read lock"
        };
        kernel.record(action, Some(id), Some(at), || None);
        true
    })
}
