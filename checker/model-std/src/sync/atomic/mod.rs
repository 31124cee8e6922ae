//! Atomics. Every operation is a scheduling point.
//!
//! As a rule they are sequentially consistent in a model, whatever ordering is named:
//! `docs/engines.md` says what follows from that. Where a search asks for orderings as
//! written, the engine's memory answers instead.

mod orderings;
mod over;
#[cfg(since_1_91)]
#[clippy::msrv = "1.91"]
mod pointer;
mod updates;

use std::fmt;
use std::panic::Location;
use std::ptr::NonNull;
use std::sync::atomic::AtomicU64 as ModelWord;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};

pub use std::sync::atomic::{Ordering, compiler_fence};

use crate::model::kernel::{self, ObjectId};
use crate::model::object::Object;

/// As in std.
#[track_caller]
pub fn fence(order: Ordering) {
    if kernel::active() {
        orderings::of_a_fence(order);
        kernel::on_memory(Location::caller(), order, |memory| memory.fence(order));
    } else {
        std::sync::atomic::fence(order);
    }
}

/// As in std; in a model, a moment like any other.
#[track_caller]
#[deprecated(since = "1.51.0", note = "use hint::spin_loop instead")]
pub fn spin_loop_hint() {
    crate::hint::spin_loop();
}

macro_rules! init {
    ($($name:ident: $atomic:ident = $value:expr;)*) => {
        $(
            /// As in std.
            #[deprecated(since = "1.34.0", note = "the `new` function is now preferred")]
            #[allow(
                clippy::declare_interior_mutable_const,
                reason = "std has it, so a learner may use it"
            )]
            pub const $name: $atomic = $atomic::new($value);
        )*
    };
}

init! {
    ATOMIC_BOOL_INIT: AtomicBool = false;
    ATOMIC_ISIZE_INIT: AtomicIsize = 0;
    ATOMIC_USIZE_INIT: AtomicUsize = 0;
}

/// The line of the story that says what an operation did.
fn tell(
    object: &Object,
    kind: &'static str,
    at: &'static Location<'static>,
    action: &'static str,
    detail: impl FnOnce() -> String,
) {
    let id = object.id(kind, None);
    kernel::with(|kernel| kernel.record(action, Some(id), Some(at), || Some(detail())));
}

macro_rules! atomic {
    ($name:ident $(<$generic:ident>)?, $value:ty, $to:expr, $from:expr) => {
        #[doc = concat!("`std::sync::atomic::", stringify!($name), "`, schedulable in a model.")]
        // One layout for every `AtomicPtr`, for the sake of `over`.
        #[repr(C)]
        pub struct $name $(<$generic>)? {
            object: Object,
            /// The value before its first execution, to which a static returns
            /// at the start of every other one.
            initial: ModelWord,
            /// The value, unless it is [`Self::elsewhere`].
            inner: std::sync::atomic::$name $(<$generic>)?,
            /// Where the value is that this stands for; see [`over`].
            elsewhere: Option<NonNull<$value>>,
        }

        // SAFETY: as for std's. What is elsewhere is only used as an atomic, and whoever had it
        // used as one has promised that this may be.
        unsafe impl $(<$generic>)? Send for $name $(<$generic>)? {}
        // SAFETY: as above.
        unsafe impl $(<$generic>)? Sync for $name $(<$generic>)? {}
        impl $(<$generic>)? std::panic::RefUnwindSafe for $name $(<$generic>)? {}

        impl $(<$generic>)? $name $(<$generic>)? {
            /// As in std.
            #[track_caller]
            #[must_use]
            pub const fn new(value: $value) -> Self {
                Self {
                    object: Object::new(),
                    initial: ModelWord::new(0),
                    inner: std::sync::atomic::$name::new(value),
                    elsewhere: None,
                }
            }

            /// As in std, but no `const fn`: what stands for the value is looked up.
            ///
            /// # Safety
            /// As in std.
            #[track_caller]
            pub unsafe fn from_ptr<'a>(ptr: *mut $value) -> &'a Self {
                let value = NonNull::new(ptr).expect("a caller promises that it is valid");
                let new = Self {
                    elsewhere: Some(value),
                    ..Self::new($from(0))
                };
                // SAFETY: one type has this name, or for `AtomicPtr` one layout, and what its
                // pointers point to means nothing to it.
                unsafe { over::stand_in(stringify!($name), value, new) }
            }

            /// The value as std's.
            #[inline]
            fn real(&self) -> &std::sync::atomic::$name $(<$generic>)? {
                match self.elsewhere {
                    None => &self.inner,
                    // SAFETY: promised by the caller of `from_ptr` for as long as this is
                    // borrowed.
                    Some(value) => unsafe {
                        std::sync::atomic::$name::from_ptr(value.as_ptr())
                    },
                }
            }

            /// As in std.
            pub fn get_mut(&mut self) -> &mut $value {
                self.inner.get_mut()
            }

            /// As in std.
            pub const fn into_inner(self) -> $value {
                self.inner.into_inner()
            }

            /// As in std.
            pub const fn as_ptr(&self) -> *mut $value {
                match self.elsewhere {
                    None => self.inner.as_ptr(),
                    Some(value) => value.as_ptr(),
                }
            }

            /// Its id in the current execution. A static starts each one anew.
            fn register(&self) -> ObjectId {
                let registered = self.object.register(stringify!($name), None);
                if self.elsewhere.is_some() {
                    if registered.fresh || registered.carried_over {
                        over::enters_an_execution(self.real());
                        self.initial.store($to(self.real().load(Relaxed)), Relaxed);
                    }
                } else if registered.fresh {
                    self.initial.store($to(self.inner.load(Relaxed)), Relaxed);
                } else if registered.carried_over {
                    self.inner.store($from(self.initial.load(Relaxed)), Relaxed);
                }
                registered.id
            }

            fn tell(
                &self,
                at: &'static Location<'static>,
                action: &'static str,
                detail: impl FnOnce() -> String,
            ) {
                tell(&self.object, stringify!($name), at, action, detail);
            }

            /// As the engine's memory has it, whose cells are 0 at first.
            fn cell_of(&self, value: $value) -> u64 {
                $to(value) ^ self.initial.load(Relaxed)
            }

            fn value_of(&self, word: u64) -> $value {
                $from(word ^ self.initial.load(Relaxed))
            }

            /// Replaces the value by what `change` makes of it, in one step, or leaves it
            /// where that is `None`. Returns the value before.
            fn replace(
                &self,
                at: &'static Location<'static>,
                order: Ordering,
                change: impl Fn($value) -> Option<$value>,
            ) -> $value {
                let id = self.register();
                let change_cell =
                    |word| change(self.value_of(word)).map(|value| self.cell_of(value));
                let seen =
                    kernel::on_memory(at, order, |memory| memory.exchange(id.0, order, &change_cell));
                if let Some(word) = seen {
                    return self.value_of(word);
                }
                kernel::step(id, at);
                // All threads of a model share one OS thread, so nothing comes between.
                let before = self.real().load(SeqCst);
                if let Some(after) = change(before) {
                    self.write(id, before, after);
                }
                before
            }

            fn write(&self, id: ObjectId, before: $value, after: $value) {
                self.real().store(after, SeqCst);
                kernel::with(|kernel| kernel.value_changed(id, $to(before), $to(after)));
            }

            fn modify(
                &self,
                at: &'static Location<'static>,
                order: Ordering,
                change: impl Fn($value) -> $value,
            ) -> $value {
                let before = self.replace(at, order, |value| Some(change(value)));
                self.tell(at, "update", || format!("{before:?} -> {:?}", change(before)));
                before
            }

            /// As in std.
            #[track_caller]
            pub fn load(&self, order: Ordering) -> $value {
                if !kernel::active() {
                    return self.real().load(order);
                }
                orderings::of_a_load(order);
                let (id, at) = (self.register(), Location::caller());
                let value = match kernel::on_memory(at, order, |memory| memory.load(id.0, order)) {
                    Some(word) => self.value_of(word),
                    None => {
                        kernel::step(id, at);
                        self.real().load(SeqCst)
                    }
                };
                self.tell(at, "load", || format!("{value:?}"));
                value
            }

            /// As in std.
            #[track_caller]
            pub fn store(&self, value: $value, order: Ordering) {
                if !kernel::active() {
                    return self.real().store(value, order);
                }
                orderings::of_a_store(order);
                let (id, at) = (self.register(), Location::caller());
                let word = self.cell_of(value);
                if kernel::on_memory(at, order, |memory| memory.store(id.0, word, order)).is_none() {
                    kernel::step(id, at);
                    self.write(id, self.real().load(SeqCst), value);
                }
                self.tell(at, "store", || format!("{value:?}"));
            }

            /// As in std.
            #[track_caller]
            pub fn swap(&self, value: $value, order: Ordering) -> $value {
                if !kernel::active() {
                    return self.real().swap(value, order);
                }
                self.modify(Location::caller(), order, |_| value)
            }

            /// As in std.
            ///
            /// # Errors
            /// The value that was there, if it was not `current`.
            #[track_caller]
            pub fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                if !kernel::active() {
                    return self.real().compare_exchange(current, new, success, failure);
                }
                orderings::of_a_failure(failure);
                self.exchange(current, new, success, || false, Location::caller())
            }

            /// As in std.
            ///
            /// # Errors
            /// The value that was there, which may be `current` itself.
            #[track_caller]
            pub fn compare_exchange_weak(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                if !kernel::active() {
                    return self.real().compare_exchange_weak(current, new, success, failure);
                }
                orderings::of_a_failure(failure);
                let fails = || kernel::choose(2) == 1;
                self.exchange(current, new, success, fails, Location::caller())
            }

            /// Exchanges, unless another value is there or the exchange `fails` without
            /// a reason.
            fn exchange(
                &self,
                current: $value,
                new: $value,
                order: Ordering,
                fails: impl Fn() -> bool,
                at: &'static Location<'static>,
            ) -> Result<$value, $value> {
                let exchanged = std::cell::Cell::new(false);
                let found = self.replace(at, order, |value| {
                    exchanged.set(value == current && !fails());
                    exchanged.get().then_some(new)
                });
                let exchanged = exchanged.get();
                self.tell(at, "exchange", || match (exchanged, found == current) {
                    (true, _) => format!("{found:?} -> {new:?}"),
                    (false, true) => format!("failed spuriously at {found:?}"),
                    (false, false) => format!("failed, found {found:?}"),
                });
                if exchanged { Ok(found) } else { Err(found) }
            }

        }

        impl $(<$generic>)? From<$value> for $name $(<$generic>)? {
            #[track_caller]
            fn from(value: $value) -> Self {
                Self::new(value)
            }
        }

        impl $(<$generic>)? fmt::Debug for $name $(<$generic>)? {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                // No scheduling point: printing is not an operation on it.
                fmt::Debug::fmt(self.real(), f)
            }
        }
    };
}

macro_rules! fetch {
    ($name:ident, $value:ty: $($method:ident)*) => {
        impl $name {
            $(
                /// As in std.
                #[track_caller]
                pub fn $method(&self, value: $value, order: Ordering) -> $value {
                    if !kernel::active() {
                        return self.real().$method(value, order);
                    }
                    self.modify(Location::caller(), order, |before| {
                        let changed = std::sync::atomic::$name::new(before);
                        changed.$method(value, Relaxed);
                        changed.into_inner()
                    })
                }
            )*
        }
    };
}

macro_rules! integers {
    ($($name:ident $value:ty;)*) => {
        $(
            atomic!($name, $value, |value: $value| value as u64, |word: u64| word as $value);
            fetch!($name, $value: fetch_add fetch_sub fetch_and fetch_nand fetch_or fetch_xor fetch_max fetch_min);

            impl Default for $name {
                #[track_caller]
                fn default() -> Self {
                    Self::new(0)
                }
            }
        )*
    };
}

integers! {
    AtomicU8 u8;
    AtomicU16 u16;
    AtomicU32 u32;
    AtomicU64 u64;
    AtomicUsize usize;
    AtomicI8 i8;
    AtomicI16 i16;
    AtomicI32 i32;
    AtomicI64 i64;
    AtomicIsize isize;
}

atomic!(AtomicBool, bool, u64::from, |word: u64| word != 0);
fetch!(AtomicBool, bool: fetch_and fetch_nand fetch_or fetch_xor);

impl AtomicBool {
    /// As in std.
    #[track_caller]
    pub fn fetch_not(&self, order: Ordering) -> bool {
        self.fetch_xor(true, order)
    }
}

impl Default for AtomicBool {
    #[track_caller]
    fn default() -> Self {
        Self::new(false)
    }
}

atomic!(
    AtomicPtr<T>,
    *mut T,
    |pointer: *mut T| pointer.expose_provenance() as u64,
    |word: u64| std::ptr::with_exposed_provenance_mut(usize::try_from(word).unwrap_or_default())
);

impl<T> fmt::Pointer for AtomicPtr<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // No scheduling point, as for `Debug`.
        fmt::Pointer::fmt(self.real(), f)
    }
}

impl<T> Default for AtomicPtr<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(std::ptr::null_mut())
    }
}
