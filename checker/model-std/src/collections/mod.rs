//! `std::collections`. Hash maps and sets iterate in the same order in every
//! execution: their order may decide which lock is taken first.

/// Methods that are the wrapped collection's own. Each signature is written out, for with
/// `Deref` in their place `m.insert(k, m.len())` would not compile, nor `.map(HashMap::len)`.
macro_rules! forward {
    ($(
        fn $name:ident $([$($generic:tt)+])? ($self:ident: $receiver:ty $(, $arg:ident: $type:ty)*)
            $(-> $result:ty)? $(where [$($bounds:tt)+])?;
    )*) => {
        $(
            /// As in std.
            #[inline]
            pub fn $name $(<$($generic)+>)? ($self: $receiver $(, $arg: $type)*) $(-> $result)?
            $(where $($bounds)+)?
            {
                $self.0.$name($($arg),*)
            }
        )*
    };
}

pub mod hash_map;
pub mod hash_set;

pub use hash_map::HashMap;
pub use hash_set::HashSet;
pub use std::collections::*;
