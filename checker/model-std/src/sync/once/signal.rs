//! `Once`.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

use super::{Gate, Place};
use crate::model::kernel;

const NEW: u8 = 0;
const POISONED: u8 = 1;
const DONE: u8 = 2;

/// `std::sync::Once`, schedulable in a model.
pub struct Once {
    gate: Gate,
    /// Its state inside models.
    state: AtomicU8,
    inner: std::sync::Once,
}

impl UnwindSafe for Once {}
impl RefUnwindSafe for Once {}

// std's `Once` has no `Default`, so a program that uses one must not compile here.
#[allow(clippy::new_without_default)]
impl Once {
    const KIND: &'static str = "Once";

    /// As in std.
    #[track_caller]
    #[must_use]
    pub const fn new() -> Self {
        Self {
            gate: Gate::new(),
            state: AtomicU8::new(NEW),
            inner: std::sync::Once::new(),
        }
    }

    /// As in std.
    ///
    /// # Panics
    /// If an earlier call panicked.
    #[track_caller]
    pub fn call_once<F: FnOnce()>(&self, f: F) {
        if !kernel::active() {
            return self.inner.call_once(f);
        }
        self.call(Location::caller(), false, |_state| f());
    }

    /// As in std.
    #[track_caller]
    pub fn call_once_force<F: FnOnce(&OnceState)>(&self, f: F) {
        if !kernel::active() {
            let state = |inner: &std::sync::OnceState| OnceState::new(inner.is_poisoned());
            return self.inner.call_once_force(|inner| f(&state(inner)));
        }
        self.call(Location::caller(), true, f);
    }

    fn call(&self, at: Place, also_poisoned: bool, f: impl FnOnce(&OnceState)) {
        self.register();
        let is_poisoned = || self.state.load(Relaxed) == POISONED;
        let done = || {
            // Asked only while nobody is inside, where POISONED means a panic.
            assert!(
                also_poisoned || !is_poisoned(),
                "Once instance has previously been poisoned"
            );
            self.is_done()
        };
        let called = self.gate.run(Self::KIND, at, done, || {
            let state = OnceState::new(is_poisoned());
            self.state.store(POISONED, Relaxed);
            f(&state);
        });
        if called.is_some() {
            self.state.store(DONE, Relaxed);
        }
    }

    /// As in std.
    ///
    /// # Panics
    /// If the initialisation panicked.
    #[track_caller]
    pub fn wait(&self) {
        if !kernel::active() {
            return self.inner.wait();
        }
        self.register();
        let id = self.gate.register(Self::KIND).id;
        let nobody_inside = || kernel::with(|kernel| kernel.object(id).owners.is_empty());
        self.gate.wait(Self::KIND, Location::caller(), || {
            let panicked = self.state.load(Relaxed) == POISONED && nobody_inside();
            assert!(!panicked, "Once instance has previously been poisoned");
            self.is_done()
        });
    }

    /// As in std.
    #[track_caller]
    pub fn wait_force(&self) {
        if !kernel::active() {
            return self.inner.wait_force();
        }
        self.register();
        self.gate
            .wait(Self::KIND, Location::caller(), || self.is_done());
    }

    /// A static starts each execution anew.
    fn register(&self) {
        if self.gate.register(Self::KIND).carried_over {
            self.state.store(NEW, Relaxed);
        }
    }

    fn is_done(&self) -> bool {
        self.state.load(Relaxed) == DONE || self.inner.is_completed()
    }

    /// As in std.
    #[track_caller]
    pub fn is_completed(&self) -> bool {
        if !kernel::active() {
            return self.inner.is_completed();
        }
        self.register();
        self.gate.pass(Self::KIND, Location::caller());
        self.is_done()
    }
}

/// As in std.
#[deprecated(since = "1.38.0", note = "the `Once::new()` function is now preferred")]
#[expect(
    clippy::declare_interior_mutable_const,
    reason = "std has it, so a learner may use it"
)]
pub const ONCE_INIT: Once = Once::new();

/// `std::sync::OnceState`.
pub struct OnceState {
    poisoned: bool,
    /// Other threads may not share it, as they may not share std's.
    not_sync: PhantomData<Cell<()>>,
}

impl OnceState {
    fn new(poisoned: bool) -> Self {
        Self {
            poisoned,
            not_sync: PhantomData,
        }
    }

    /// As in std.
    pub fn is_poisoned(&self) -> bool {
        self.poisoned
    }
}

impl fmt::Debug for OnceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnceState")
            .field("poisoned", &self.is_poisoned())
            .finish()
    }
}

impl fmt::Debug for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Once").finish_non_exhaustive()
    }
}
