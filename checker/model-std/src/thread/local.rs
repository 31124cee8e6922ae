//! `thread_local!`: a value per OS thread, and in a model one per model thread.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

use super::AccessError;
use crate::model::kernel;

/// `std::thread::LocalKey`.
pub struct LocalKey<T: 'static> {
    real: &'static std::thread::LocalKey<T>,
    init: fn() -> T,
}

impl<T: 'static> LocalKey<T> {
    #[doc(hidden)]
    pub const fn new(real: &'static std::thread::LocalKey<T>, init: fn() -> T) -> Self {
        Self { real, init }
    }

    /// As in std.
    ///
    /// # Panics
    /// If the value has been destroyed.
    pub fn with<F, R>(&'static self, f: F) -> R
    where
        F: FnOnce(&T) -> R,
    {
        if kernel::active() {
            f(&self.in_model())
        } else {
            self.real.with(f)
        }
    }

    /// As in std.
    ///
    /// # Errors
    /// If the value has been destroyed.
    pub fn try_with<F, R>(&'static self, f: F) -> Result<R, AccessError>
    where
        F: FnOnce(&T) -> R,
    {
        if kernel::active() {
            Ok(f(&self.in_model()))
        } else {
            self.real.try_with(f)
        }
    }

    /// The current model thread's value.
    fn in_model(&'static self) -> Rc<T> {
        let key = std::ptr::from_ref(self).addr();
        let known = kernel::with(|kernel| {
            let value: Option<&Box<dyn Any>> = kernel.me().locals.get(&key);
            value
                .and_then(|value| value.downcast_ref::<Rc<T>>())
                .cloned()
        });
        known.unwrap_or_else(|| {
            // Not under the borrow: the initialiser may use the model itself.
            let value = Rc::new((self.init)());
            let stored: Box<dyn Any> = Box::new(Rc::clone(&value));
            kernel::with(|kernel| kernel.me().locals.insert(key, stored));
            value
        })
    }
}

impl<T: 'static> LocalKey<Cell<T>> {
    /// As in std.
    pub fn set(&'static self, value: T) {
        self.with(|cell| cell.set(value));
    }

    /// As in std.
    pub fn get(&'static self) -> T
    where
        T: Copy,
    {
        self.with(Cell::get)
    }

    /// As in std.
    pub fn take(&'static self) -> T
    where
        T: Default,
    {
        self.with(Cell::take)
    }

    /// As in std.
    pub fn replace(&'static self, value: T) -> T {
        self.with(|cell| cell.replace(value))
    }
}

impl<T: 'static> LocalKey<RefCell<T>> {
    /// As in std.
    pub fn with_borrow<F, R>(&'static self, f: F) -> R
    where
        F: FnOnce(&T) -> R,
    {
        self.with(|cell| f(&cell.borrow()))
    }

    /// As in std.
    pub fn with_borrow_mut<F, R>(&'static self, f: F) -> R
    where
        F: FnOnce(&mut T) -> R,
    {
        self.with(|cell| f(&mut cell.borrow_mut()))
    }

    /// As in std.
    pub fn set(&'static self, value: T) {
        self.with(|cell| *cell.borrow_mut() = value);
    }

    /// As in std.
    pub fn take(&'static self) -> T
    where
        T: Default,
    {
        self.with(RefCell::take)
    }

    /// As in std.
    pub fn replace(&'static self, value: T) -> T {
        self.with(|cell| cell.replace(value))
    }
}

impl<T: 'static> fmt::Debug for LocalKey<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalKey").finish_non_exhaustive()
    }
}

/// As in std.
#[macro_export]
macro_rules! thread_local {
    () => {};
    ($(#[$meta:meta])* $vis:vis static $name:ident: $type:ty = const $init:block $(; $($rest:tt)*)?) => {
        $crate::thread_local!($(#[$meta])* $vis static $name: $type = $init $(; $($rest)*)?);
    };
    ($(#[$meta:meta])* $vis:vis static $name:ident: $type:ty = $init:expr $(; $($rest:tt)*)?) => {
        $(#[$meta])*
        $vis const $name: &'static $crate::thread::LocalKey<$type> = {
            fn init() -> $type {
                $init
            }
            $crate::interleave::real_thread_local! {
                static REAL: $type = init();
            }
            static KEY: $crate::thread::LocalKey<$type> =
                $crate::thread::LocalKey::new(&REAL, init);
            &KEY
        };
        $($crate::thread_local!($($rest)*);)?
    };
}
