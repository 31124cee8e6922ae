//! Who holds what: the part that `Mutex` and `RwLock` share inside a model.

use std::cell::UnsafeCell;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{LockResult, PoisonError};

use crate::model::kernel::{self, Held, Kernel, ObjectId, Timed, Why, digest_of_bits};
use crate::model::object::Object;
use crate::model::statics::{self, Part};
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
    /// Whether somebody outside of a model may have.
    used_outside: AtomicBool,
}

impl Lockable {
    #[track_caller]
    pub(super) const fn new() -> Self {
        Self {
            object: Object::new(),
            poisoned: AtomicBool::new(false),
            written: AtomicBool::new(false),
            used_outside: AtomicBool::new(false),
        }
    }

    /// The id in the current execution of the lock around `value`. In a static it starts
    /// anew; one that an earlier execution wrote to and that cannot is not checked, for its
    /// value would leak between executions.
    pub(super) fn id<T: ?Sized>(&self, kind: &'static str, value: &UnsafeCell<T>) -> ObjectId {
        let content = std::any::type_name::<T>();
        let registered = self.object.register(kind, Some(content));
        let cannot_start_anew = if registered.fresh && statics::is_static(self) {
            self.keep(value);
            self.used_outside.load(Relaxed)
        } else {
            registered.carried_over && self.written.load(Relaxed)
        };
        if cannot_start_anew {
            kernel::fail(Failure::StaticState {
                what: format!("{kind}<{}>", short_type_name(content)),
                created: self.object.created(),
            });
        }
        registered.id
    }

    fn keep<T: ?Sized>(&self, value: &UnsafeCell<T>) {
        let [execution, index] = self.object.parts();
        let flags = [&self.poisoned, &self.written].map(Part::of_atomic);
        statics::keep(&[execution, index, flags[0], flags[1], Part::of(value)]);
    }

    #[inline]
    pub(super) fn used_outside(&self) {
        self.used_outside.store(true, Relaxed);
    }

    #[inline]
    pub(super) fn is_poisoned(&self) -> bool {
        self.poisoned.load(Relaxed)
    }

    pub(super) fn clear_poison(&self) {
        self.poisoned.store(false, Relaxed);
    }
}

/// What a guard knows of its lock in the current execution. Small, since guards are moved
/// about a lot.
#[derive(Clone, Copy)]
pub(super) struct InModel {
    object: u32,
    /// Whether its owner was already panicking when it took it.
    was_panicking: bool,
    writes: Writes,
}

/// Whether the owner of a lock has written to its value.
#[derive(Clone, Copy)]
enum Writes {
    NotYet,
    /// With the digest of what was there before, unless that is large.
    Perhaps(Option<u64>),
}

impl InModel {
    /// The current thread has just taken this lock.
    pub(super) fn taken(id: ObjectId) -> Self {
        Self {
            object: u32::try_from(id.0).expect("an execution has few objects"),
            was_panicking: kernel::panicking(),
            writes: Writes::NotYet,
        }
    }

    pub(super) fn id(self) -> ObjectId {
        ObjectId(self.object as usize)
    }

    /// Its owner is about to have `value` in its hands to write to.
    pub(super) fn writes<T: ?Sized>(&mut self, lock: &Lockable, value: &UnsafeCell<T>) {
        if matches!(self.writes, Writes::NotYet) {
            lock.written.store(true, Relaxed);
            self.writes = Writes::Perhaps(digest_of_bits(value));
        }
    }

    /// The kernel learns what its owner has written.
    pub(super) fn has_written<T: ?Sized>(self, value: &UnsafeCell<T>) {
        let Writes::Perhaps(before) = self.writes else {
            return;
        };
        let after = digest_of_bits(value);
        kernel::with(|kernel| match (before, after) {
            (Some(before), Some(after)) if before != after => {
                kernel.value_changed(self.id(), before, after);
            }
            (Some(_), Some(_)) => kernel.may_have_changed(),
            _ => kernel.progressed(),
        });
    }

    /// Gives back what was held exclusively. As in std it poisons
    /// when the thread began to panic while it held the lock.
    pub(super) fn release<T: ?Sized>(self, lock: &Lockable, value: &UnsafeCell<T>) {
        if !self.was_panicking && kernel::panicking() {
            lock.poisoned.store(true, Relaxed);
        }
        self.has_written(value);
        release(self.id());
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

/// Blocks until the lock is free, then takes it. Every attempt is a step, for who tries
/// first matters; and a writer that has tried keeps out readers that come later.
pub(super) fn acquire(id: ObjectId, access: Access, at: &'static Location<'static>) {
    let mut waits = false;
    loop {
        kernel::step(id, at);
        let taken = kernel::with(|kernel| {
            let readers_wait = kernel.object(id).writers_waiting > 0 && access == Access::Shared;
            let taken = !readers_wait && take(kernel, id, access, at);
            if access == Access::Exclusive && taken == waits {
                let waiting = &mut kernel.object(id).writers_waiting;
                *waiting = if taken { *waiting - 1 } else { *waiting + 1 };
            }
            if !taken {
                kernel.record("blocked", Some(id), Some(at), || None);
            }
            taken
        });
        if taken {
            return;
        }
        waits = true;
        kernel::block(Why::Lock(id), Timed::No);
    }
}

/// Takes the lock if it is free.
pub(super) fn try_acquire(id: ObjectId, access: Access, at: &'static Location<'static>) -> bool {
    kernel::need_finer_steps();
    kernel::step(id, at);
    kernel::with(|kernel| {
        let taken = take(kernel, id, access, at);
        if !taken {
            kernel.record("try", Some(id), Some(at), || Some("held".into()));
        }
        taken
    })
}

/// Gives the lock back and wakes whoever waits for it. As a rule not a scheduling
/// point: the next operation of this thread is one.
pub(super) fn release(id: ObjectId) {
    if kernel::steps_are_fine() {
        release_in_a_step(id);
    }
    kernel::with(|kernel| {
        kernel.record("unlock", Some(id), None, || None);
        give_back(kernel, id);
    });
}

/// The only owner lets readers in beside it, and goes on as one of them. As with a release it
/// is a step only where somebody looks at locks without waiting for them.
#[cfg(since_1_92)]
pub(super) fn downgrade(id: ObjectId, at: &'static Location<'static>) {
    if kernel::steps_are_fine() {
        kernel::step(id, at);
    }
    kernel::with(|kernel| {
        kernel.object(id).exclusive = false;
        // Readers that come in now see what it has written.
        kernel.publish(id);
        kernel.progressed();
        kernel.record("downgrade", Some(id), Some(at), || None);
        kernel.wake_where(|why| why == Why::Lock(id));
    });
}

/// As [`release`], for a wait on a condvar, whose own step tells the story.
pub(super) fn release_silently(id: ObjectId) {
    if kernel::steps_are_fine() {
        release_in_a_step(id);
    }
    kernel::with(|kernel| give_back(kernel, id));
}

/// Others may see that the lock is held, and then that it is not.
fn release_in_a_step(id: ObjectId) {
    let held = kernel::with(|kernel| {
        let held = &kernel.me().held;
        held.iter().rfind(|held| held.object == id).copied()
    });
    if let Some(held) = held {
        kernel::last_step(id, held.at);
    }
}

fn give_back(kernel: &mut Kernel, id: ObjectId) {
    let me = kernel.current();
    let object = kernel.object(id);
    if let Some(mine) = object.owners.iter().position(|owner| *owner == me) {
        object.owners.swap_remove(mine);
    }
    let was_exclusive = std::mem::replace(&mut object.exclusive, false);
    let held = &mut kernel.me().held;
    if let Some(mine) = held.iter().rposition(|held| held.object == id) {
        held.remove(mine);
    }
    if was_exclusive {
        kernel.publish(id);
    } else {
        kernel.publish_as_reader(id);
    }
    kernel.ownership_changed(id, me);
    kernel.wake_where(|why| why == Why::Lock(id));
}

/// Takes the lock, unless it is held.
fn take(kernel: &mut Kernel, id: ObjectId, access: Access, at: &'static Location<'static>) -> bool {
    let me = kernel.current();
    let object = kernel.object(id);
    let free = match access {
        Access::Exclusive => object.owners.is_empty(),
        Access::Shared => !object.exclusive,
    };
    if !free {
        return false;
    }
    object.owners.push(me);
    object.exclusive = access == Access::Exclusive;
    let since = kernel.steps();
    kernel.me().held.push(Held {
        object: id,
        at,
        since,
    });
    kernel.ownership_changed(id, me);
    let action = match access {
        Access::Exclusive => {
            kernel.follow_readers(id);
            "lock"
        }
        Access::Shared => "read lock",
    };
    kernel.record(action, Some(id), Some(at), || None);
    true
}
