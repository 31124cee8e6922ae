//! Arithmetic on the address in an `AtomicPtr`.

use std::panic::Location;

use super::{AtomicPtr, Ordering, kernel};

macro_rules! fetch {
    ($($method:ident |$pointer:ident, $by:ident| $change:expr;)*) => {
        impl<T> AtomicPtr<T> {
            $(
                /// As in std.
                #[track_caller]
                pub fn $method(&self, val: usize, order: Ordering) -> *mut T {
                    if !kernel::active() {
                        return self.real().$method(val, order);
                    }
                    self.modify(Location::caller(), order, |$pointer| {
                        let $by = val;
                        $change
                    })
                }
            )*
        }
    };
}

fetch! {
    fetch_ptr_add |pointer, by| pointer.wrapping_add(by);
    fetch_ptr_sub |pointer, by| pointer.wrapping_sub(by);
    fetch_byte_add |pointer, by| pointer.wrapping_byte_add(by);
    fetch_byte_sub |pointer, by| pointer.wrapping_byte_sub(by);
    fetch_or |pointer, by| pointer.map_addr(|address| address | by);
    fetch_and |pointer, by| pointer.map_addr(|address| address & by);
    fetch_xor |pointer, by| pointer.map_addr(|address| address ^ by);
}
