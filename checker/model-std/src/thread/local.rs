//! `thread_local!`: a value per OS thread, and in a model one per model thread.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::error::Error;
use std::fmt;
use std::rc::Rc;

use crate::model::kernel;

/// What tells one key from another: that each has one of these, in a place of its own.
#[doc(hidden)]
#[derive(Debug)]
pub struct Identity {
    /// What takes up no room has no place.
    _room: u8,
}

impl Identity {
    #[doc(hidden)]
    #[must_use]
    pub const fn new() -> Self {
        Self { _room: 0 }
    }
}

/// `std::thread::LocalKey`.
pub struct LocalKey<T: 'static> {
    real: &'static std::thread::LocalKey<T>,
    init: fn() -> T,
    identity: &'static Identity,
}

/// `std::thread::AccessError`, of which only std itself can make one.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AccessError;

impl fmt::Debug for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessError").finish()
    }
}

impl fmt::Display for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        "already destroyed".fmt(f)
    }
}

impl Error for AccessError {}

/// The values of one model thread.
#[derive(Default)]
pub(crate) struct Locals {
    values: Vec<Local>,
    /// Those that have a destructor, in the order in which they were made.
    to_drop: Vec<usize>,
}

struct Local {
    key: usize,
    /// `None` once it has been destroyed.
    value: Option<Rc<dyn Any>>,
}

impl Locals {
    fn find(&self, key: usize) -> Option<&Local> {
        self.values.iter().find(|local| local.key == key)
    }

    /// Keeps the value, and returns one that the initialiser itself has made under this key: as
    /// in std the later one counts.
    fn insert(
        &mut self,
        key: usize,
        value: Rc<dyn Any>,
        has_destructor: bool,
    ) -> Option<Rc<dyn Any>> {
        if let Some(known) = self.values.iter_mut().find(|local| local.key == key) {
            return known.value.replace(value);
        }
        if has_destructor {
            self.to_drop.push(self.values.len());
        }
        let value = Some(value);
        self.values.push(Local { key, value });
        None
    }

    /// The value whose turn it is to be dropped. Its key is of no use from now on.
    fn next_to_drop(&mut self) -> Option<Rc<dyn Any>> {
        let index = self.to_drop.pop()?;
        self.values[index].value.take()
    }
}

/// Drops the values of the current thread, which has come to its end: the youngest first, as std
/// does on Linux, and those last that destructors make. Values without a destructor can be used
/// up to the very end.
pub(crate) fn drop_locals() {
    // Not under the borrow: a destructor may use the model itself.
    while let Some(value) = kernel::with(|kernel| kernel.me().locals.next_to_drop()) {
        drop(value);
    }
    drop(kernel::with(|kernel| {
        std::mem::take(&mut kernel.me().locals)
    }));
}

impl<T: 'static> LocalKey<T> {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(
        real: &'static std::thread::LocalKey<T>,
        init: fn() -> T,
        identity: &'static Identity,
    ) -> Self {
        Self {
            real,
            init,
            identity,
        }
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
            self.try_with(f).unwrap_or_else(|error| destroyed(error))
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
            Ok(f(&*self.in_model(self.init)?))
        } else {
            self.real.try_with(f).map_err(|_| AccessError)
        }
    }

    /// The current model thread's value, which `init` makes if there is none yet.
    fn in_model(&'static self, init: impl FnOnce() -> T) -> Result<Rc<T>, AccessError> {
        let key = std::ptr::from_ref(self.identity).addr();
        let known = kernel::with(|kernel| {
            let local = kernel.me().locals.find(key);
            local.map(|local| local.value.clone().ok_or(AccessError))
        });
        if let Some(known) = known {
            let value = known?.downcast::<T>();
            return Ok(value.unwrap_or_else(|_| unreachable!("a key has values of one type")));
        }
        // Not under the borrow: the initialiser may use the model itself, and so may the
        // destructor of what it leaves behind.
        let value = Rc::new(init());
        let stored: Rc<dyn Any> = Rc::<T>::clone(&value);
        let has_destructor = std::mem::needs_drop::<T>();
        let before = kernel::with(|kernel| kernel.me().locals.insert(key, stored, has_destructor));
        drop(before);
        Ok(value)
    }

    /// In a model the first value of a thread is `value`, if there is none yet; otherwise it is
    /// handed to `put`. As in std the initialiser is not called.
    fn set_in_model(&'static self, value: T, put: impl FnOnce(&T, T)) {
        let mut value = Some(value);
        let current = self
            .in_model(|| value.take().expect("called once"))
            .unwrap_or_else(|error| destroyed(error));
        if let Some(value) = value {
            put(&current, value);
        }
    }
}

#[cold]
fn destroyed(error: AccessError) -> ! {
    panic!("cannot access a Thread Local Storage value during or after destruction: {error:?}")
}

impl<T: 'static> LocalKey<Cell<T>> {
    /// As in std.
    pub fn set(&'static self, value: T) {
        if kernel::active() {
            self.set_in_model(Cell::new(value), |cell, value| cell.set(value.into_inner()));
        } else {
            self.real.set(value);
        }
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
        if kernel::active() {
            self.set_in_model(RefCell::new(value), |cell, value| {
                *cell.borrow_mut() = value.into_inner();
            });
        } else {
            self.real.set(value);
        }
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

/// As in std. Items are not hygienic, so those below have names that no initialiser of a program
/// can mean.
///
/// What is marked `const` has to be one:
///
/// ```
/// model_std::thread_local!(static LIST: Vec<u8> = const { Vec::new() });
/// assert!(LIST.with(Vec::is_empty));
/// ```
///
/// ```compile_fail,E0010
/// model_std::thread_local!(static LIST: Vec<u8> = const { vec![1] });
/// ```
#[macro_export]
macro_rules! thread_local {
    () => {};
    ($(#[$meta:meta])* $vis:vis static $name:ident: $type:ty = const $init:block $(; $($rest:tt)*)?) => {
        $crate::thread_local!(@key [$(#[$meta])* $vis] $name, $type, [const $init], [const $init]);
        $($crate::thread_local!($($rest)*);)?
    };
    ($(#[$meta:meta])* $vis:vis static $name:ident: $type:ty = $init:expr $(; $($rest:tt)*)?) => {
        $crate::thread_local!(@key [$(#[$meta])* $vis] $name, $type, [__interleave_init()], [$init]);
        $($crate::thread_local!($($rest)*);)?
    };
    (@key [$($outside:tt)*] $name:ident, $type:ty, [$($real:tt)*], [$($init:tt)*]) => {
        $($outside)* const $name: $crate::thread::LocalKey<$type> = {
            fn __interleave_init() -> $type {
                $($init)*
            }
            $crate::interleave::real_thread_local! {
                static __INTERLEAVE_REAL: $type = $($real)*;
            }
            static __INTERLEAVE_IDENTITY: $crate::thread::Identity = $crate::thread::Identity::new();
            $crate::thread::LocalKey::new(&__INTERLEAVE_REAL, __interleave_init, &__INTERLEAVE_IDENTITY)
        };
    };
}
