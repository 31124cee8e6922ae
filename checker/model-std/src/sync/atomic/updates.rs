//! What every atomic offers on top of loads and exchanges.

use super::{
    AtomicBool, AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicPtr, AtomicU8,
    AtomicU16, AtomicU32, AtomicU64, AtomicUsize, Ordering, orderings,
};

macro_rules! updates {
    ($($name:ident $(<$generic:ident>)?: $value:ty;)*) => {
        $(
        impl $(<$generic>)? $name $(<$generic>)? {
            /// As in std.
            #[track_caller]
            #[deprecated(
                since = "1.50.0",
                note = "Use `compare_exchange` or `compare_exchange_weak` instead"
            )]
            pub fn compare_and_swap(
                &self,
                current: $value,
                new: $value,
                order: Ordering,
            ) -> $value {
                let failure = orderings::where_nothing_is_stored(order);
                match self.compare_exchange(current, new, order, failure) {
                    Ok(found) | Err(found) => found,
                }
            }

            /// As in std.
            ///
            /// # Errors
            /// The value that was there, if `change` refused it.
            #[track_caller]
            pub fn fetch_update<F>(
                &self,
                set: Ordering,
                fetch: Ordering,
                mut change: F,
            ) -> Result<$value, $value>
            where
                F: FnMut($value) -> Option<$value>,
            {
                let mut before = self.load(fetch);
                while let Some(next) = change(before) {
                    // Not the weak one: a spurious failure would only come round again.
                    match self.compare_exchange(before, next, set, fetch) {
                        Ok(value) => return Ok(value),
                        Err(found) => before = found,
                    }
                }
                Err(before)
            }

            /// As in std.
            ///
            /// # Errors
            /// The value that was there, if `f` refused it.
            #[cfg(since_1_95)]
            #[track_caller]
            pub fn try_update(
                &self,
                set_order: Ordering,
                fetch_order: Ordering,
                f: impl FnMut($value) -> Option<$value>,
            ) -> Result<$value, $value> {
                self.fetch_update(set_order, fetch_order, f)
            }

            /// As in std.
            #[cfg(since_1_95)]
            #[track_caller]
            pub fn update(
                &self,
                set_order: Ordering,
                fetch_order: Ordering,
                mut f: impl FnMut($value) -> $value,
            ) -> $value {
                match self.fetch_update(set_order, fetch_order, |value| Some(f(value))) {
                    Ok(before) | Err(before) => before,
                }
            }
        }
        )*
    };
}

updates! {
    AtomicBool: bool;
    AtomicU8: u8;
    AtomicU16: u16;
    AtomicU32: u32;
    AtomicU64: u64;
    AtomicUsize: usize;
    AtomicI8: i8;
    AtomicI16: i16;
    AtomicI32: i32;
    AtomicI64: i64;
    AtomicIsize: isize;
    AtomicPtr<T>: *mut T;
}
