//! `OnceLock`.

use std::cell::UnsafeCell;
use std::fmt;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::ptr::{self, NonNull};
use std::sync::atomic::AtomicPtr;
use std::sync::atomic::Ordering::{Acquire, Release};

use super::Gate;
use crate::model::kernel;

/// A value set inside a model, on the heap so that it stays where it is when the cell
/// starts anew: what a reference to it was handed to may still be around.
pub(super) struct Slot<T> {
    value: AtomicPtr<T>,
    /// Where it lies: empty, or one value. A vector and no `Drop` of ours, which would keep
    /// the cell from holding what borrows from something that is dropped before it.
    owner: UnsafeCell<Vec<T>>,
}

impl<T> Slot<T> {
    const fn empty() -> Self {
        Self {
            value: AtomicPtr::new(ptr::null_mut()),
            owner: UnsafeCell::new(Vec::new()),
        }
    }

    pub(super) fn get(&self) -> Option<&T> {
        let value = NonNull::new(self.value.load(Acquire))?;
        // SAFETY: it points into the vector that owns it. That gives its value up only in
        // `take`, which nobody calls while the cell is borrowed, or is forgotten.
        Some(unsafe { value.as_ref() })
    }

    /// Only while it is empty, and by the one thread that the gate lets in.
    fn set(&self, value: T) {
        let mut owner = vec![value];
        let value = owner.as_mut_ptr();
        // SAFETY: all threads of a model share one OS thread, and it is never in here twice:
        // nothing below calls code of the program. No reference into the vector is kept.
        std::mem::forget(unsafe { self.owner.get().replace(owner) });
        self.value.store(value, Release);
    }

    /// Forgets the value, which goes on living.
    pub(super) fn start_anew(&self) {
        self.value.store(ptr::null_mut(), Release);
        // SAFETY: as in `set`.
        std::mem::forget(unsafe { self.owner.get().replace(Vec::new()) });
    }

    fn get_mut(&mut self) -> Option<&mut T> {
        self.owner.get_mut().first_mut()
    }

    fn take(&mut self) -> Option<T> {
        *self.value.get_mut() = ptr::null_mut();
        self.owner.get_mut().pop()
    }
}

/// `std::sync::OnceLock`, schedulable in a model.
pub struct OnceLock<T> {
    pub(super) gate: Gate,
    /// What was set inside a model.
    pub(super) slot: Slot<T>,
    /// What was set outside.
    inner: std::sync::OnceLock<T>,
}

// SAFETY: as for std's. The slot shares `&T` between threads and lets one thread drop what
// another has put in, like `inner`, which has the bounds.
unsafe impl<T: Send> Send for OnceLock<T> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync> Sync for OnceLock<T> {}
impl<T: UnwindSafe> UnwindSafe for OnceLock<T> {}
impl<T: UnwindSafe + RefUnwindSafe> RefUnwindSafe for OnceLock<T> {}

impl<T> OnceLock<T> {
    const KIND: &'static str = "OnceLock";

    /// As in std.
    #[track_caller]
    #[must_use]
    pub const fn new() -> Self {
        Self {
            gate: Gate::new(),
            slot: Slot::empty(),
            inner: std::sync::OnceLock::new(),
        }
    }

    /// The value, without a step.
    pub(super) fn value(&self) -> Option<&T> {
        self.slot.get().or_else(|| self.inner.get())
    }

    /// A static starts each execution empty.
    fn register(&self) {
        if self.gate.register(Self::KIND).carried_over {
            self.slot.start_anew();
        }
    }

    /// As in std.
    #[track_caller]
    pub fn get(&self) -> Option<&T> {
        if kernel::active() {
            self.register();
            self.gate.pass(Self::KIND, Location::caller());
        }
        self.value()
    }

    /// As in std.
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.slot.get_mut().or_else(|| self.inner.get_mut())
    }

    /// As in std.
    ///
    /// # Errors
    /// The value, if there is one already.
    #[track_caller]
    pub fn set(&self, value: T) -> Result<(), T> {
        let mut value = Some(value);
        self.get_or_init(|| value.take().expect("called once"));
        value.map_or(Ok(()), Err)
    }

    /// As in std.
    #[track_caller]
    pub fn get_or_init<F: FnOnce() -> T>(&self, init: F) -> &T {
        if !kernel::active() {
            return match self.slot.get() {
                Some(value) => value,
                None => self.inner.get_or_init(init),
            };
        }
        self.register();
        let done = || self.value().is_some();
        if let Some(value) = self.gate.run(Self::KIND, Location::caller(), done, init) {
            self.slot.set(value);
        }
        self.value().expect("initialised by the gate")
    }

    /// As in std.
    #[track_caller]
    pub fn wait(&self) -> &T {
        if !kernel::active() {
            return match self.slot.get() {
                Some(value) => value,
                None => self.inner.wait(),
            };
        }
        self.register();
        let done = || self.value().is_some();
        self.gate.wait(Self::KIND, Location::caller(), done);
        self.value().expect("waited for")
    }

    /// Fills it where nobody else can see it.
    pub(super) fn fill(&mut self, value: T) {
        if kernel::active() {
            self.slot.set(value);
        } else if self.inner.set(value).is_err() {
            unreachable!("asked before, and borrowed exclusively since");
        }
    }

    /// As in std.
    pub fn into_inner(mut self) -> Option<T> {
        self.take()
    }

    /// As in std.
    pub fn take(&mut self) -> Option<T> {
        self.slot.take().or_else(|| self.inner.take())
    }
}

impl<T> Default for OnceLock<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl<T: fmt::Debug> fmt::Debug for OnceLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tuple = f.debug_tuple("OnceLock");
        match self.value() {
            Some(value) => tuple.field(value),
            None => tuple.field(&format_args!("<uninit>")),
        };
        tuple.finish()
    }
}

impl<T: Clone> Clone for OnceLock<T> {
    #[track_caller]
    fn clone(&self) -> Self {
        self.value().cloned().map_or_else(Self::new, Self::from)
    }
}

impl<T> From<T> for OnceLock<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        Self {
            gate: Gate::new(),
            slot: Slot::empty(),
            inner: std::sync::OnceLock::from(value),
        }
    }
}

impl<T: PartialEq> PartialEq for OnceLock<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value() == other.value()
    }
}

impl<T: Eq> Eq for OnceLock<T> {}
