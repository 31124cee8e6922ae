//! `LazyLock`.

use std::fmt;
use std::ops::Deref;

use super::OnceLock;
use crate::model::kernel;
use crate::model::trace::{Failure, short_type_name};

/// `std::sync::LazyLock`, schedulable in a model.
pub struct LazyLock<T, F = fn() -> T> {
    cell: OnceLock<T>,
    init: std::sync::Mutex<Option<F>>,
}

impl<T, F: FnOnce() -> T> LazyLock<T, F> {
    /// As in std.
    #[track_caller]
    pub const fn new(init: F) -> Self {
        Self {
            cell: OnceLock::new(),
            init: std::sync::Mutex::new(Some(init)),
        }
    }

    /// As in std.
    ///
    /// # Panics
    /// If the initialisation panicked before.
    #[track_caller]
    pub fn force(this: &Self) -> &T {
        this.refuse_a_value_of_another_execution();
        this.cell.get_or_init(|| {
            let init = this.init.lock().ok().and_then(|mut init| init.take());
            match init {
                Some(init) => init(),
                None => panic!("LazyLock instance has previously been poisoned"),
            }
        })
    }
}

impl<T, F> LazyLock<T, F> {
    /// What has been called once cannot be called again, so a static that was forced in
    /// an earlier execution cannot start anew.
    fn refuse_a_value_of_another_execution(&self) {
        if !kernel::active() || !self.cell.gate.register("LazyLock").carried_over {
            return;
        }
        if self.cell.slot.get().is_some() {
            kernel::fail(Failure::StaticState {
                what: format!("LazyLock<{}>", short_type_name(std::any::type_name::<T>())),
                created: self.cell.gate.object.created(),
            });
        }
    }
}

impl<T, F: FnOnce() -> T> Deref for LazyLock<T, F> {
    type Target = T;

    #[track_caller]
    fn deref(&self) -> &T {
        Self::force(self)
    }
}

impl<T: Default> Default for LazyLock<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default)
    }
}

impl<T: fmt::Debug, F> fmt::Debug for LazyLock<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cell.fmt(f)
    }
}
