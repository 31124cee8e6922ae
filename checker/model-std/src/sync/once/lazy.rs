//! `LazyLock`.

use std::cell::UnsafeCell;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::panic::{RefUnwindSafe, UnwindSafe};

use super::OnceLock;
use crate::model::kernel;
use crate::model::statics::{self, Part};
use crate::model::trace::{Failure, short_type_name};

/// `std::sync::LazyLock`, schedulable in a model.
pub struct LazyLock<T, F = fn() -> T> {
    cell: OnceLock<T>,
    /// Taken by whoever initialises the cell.
    init: UnsafeCell<Option<F>>,
}

// SAFETY: as for std's. `init` is only touched in the initialisation of `cell`, which one
// thread at a time is in, and which calls it there.
unsafe impl<T: Send + Sync, F: Send> Sync for LazyLock<T, F> {}
impl<T: RefUnwindSafe + UnwindSafe, F: UnwindSafe> RefUnwindSafe for LazyLock<T, F> {}
impl<T: UnwindSafe, F: UnwindSafe> UnwindSafe for LazyLock<T, F> {}

impl<T, F: FnOnce() -> T> LazyLock<T, F> {
    /// As in std.
    #[track_caller]
    pub const fn new(init: F) -> Self {
        Self {
            cell: OnceLock::new(),
            init: UnsafeCell::new(Some(init)),
        }
    }

    /// As in std.
    ///
    /// # Panics
    /// If the initialisation panicked before.
    #[track_caller]
    pub fn force(this: &Self) -> &T {
        this.start_anew();
        this.cell.get_or_init(|| {
            // SAFETY: nobody else is in here, and the reference ends with this line.
            let init = unsafe { (*this.init.get()).take() };
            match init {
                Some(init) => init(),
                None => poisoned(),
            }
        })
    }

    /// As in std.
    ///
    /// # Panics
    /// If the initialisation panicked before.
    #[cfg(since_1_94)]
    pub fn force_mut(this: &mut Self) -> &mut T {
        this.forced_mut()
    }

    fn forced_mut(&mut self) -> &mut T {
        self.start_anew();
        if self.cell.get_mut().is_none() {
            match self.init.get_mut().take() {
                Some(init) => self.cell.fill(init()),
                None => poisoned(),
            }
        }
        self.cell.get_mut().expect("filled above")
    }
}

#[cold]
fn poisoned() -> ! {
    panic!("LazyLock instance has previously been poisoned")
}

impl<T, F> LazyLock<T, F> {
    /// As in std.
    #[cfg(since_1_94)]
    #[track_caller]
    pub fn get(this: &Self) -> Option<&T> {
        this.start_anew();
        this.cell.get()
    }

    /// As in std.
    #[cfg(since_1_94)]
    pub fn get_mut(this: &mut Self) -> Option<&mut T> {
        this.start_anew();
        this.cell.get_mut()
    }

    /// In a static it starts each execution anew: its cell is empty, and it can be called
    /// again. Elsewhere what has been called once cannot be.
    fn start_anew(&self) {
        if !kernel::active() {
            return;
        }
        let is_static = statics::is_static(self);
        let registered = self.cell.gate.register("LazyLock");
        if registered.fresh && is_static {
            statics::keep(&[Part::of(&self.init)]);
        }
        if !registered.carried_over {
            return;
        }
        if self.cell.slot.get().is_some() && !is_static {
            kernel::fail(Failure::StaticState {
                what: format!("LazyLock<{}>", short_type_name(std::any::type_name::<T>())),
                created: self.cell.gate.object.created(),
            });
        }
        self.cell.slot.start_anew();
    }
}

impl<T, F: FnOnce() -> T> Deref for LazyLock<T, F> {
    type Target = T;

    #[track_caller]
    fn deref(&self) -> &T {
        Self::force(self)
    }
}

impl<T, F: FnOnce() -> T> DerefMut for LazyLock<T, F> {
    fn deref_mut(&mut self) -> &mut T {
        self.forced_mut()
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
        let mut tuple = f.debug_tuple("LazyLock");
        match self.cell.value() {
            Some(value) => tuple.field(value),
            None => tuple.field(&format_args!("<uninit>")),
        };
        tuple.finish()
    }
}
