//! The print macros: in a model a line goes into the story instead.

use std::fmt::Arguments;
use std::panic::Location;

use crate::model::kernel;

#[doc(hidden)]
#[track_caller]
pub fn captured(text: Arguments<'_>) -> bool {
    if !kernel::active() {
        return false;
    }
    let at = Location::caller();
    // Not under the borrow: what is printed may use the model itself.
    let text = kernel::with(|kernel| kernel.is_recording()).then(|| text.to_string());
    kernel::counts_a_step();
    kernel::with(|kernel| {
        kernel.record("print", None, Some(at), || text);
    });
    true
}

/// As in std.
#[macro_export]
macro_rules! print {
    ($($arg:tt)*) => {{
        // The arguments are evaluated once, as in std.
        match $crate::format_args!($($arg)*) {
            text => {
                if !$crate::interleave::captured(text) {
                    $crate::interleave::real_print!("{text}");
                }
            }
        }
    }};
}

/// As in std.
#[macro_export]
macro_rules! println {
    () => { $crate::print!("\n") };
    ($($arg:tt)*) => {{
        // The arguments are evaluated once, as in std.
        match $crate::format_args!($($arg)*) {
            text => {
                if !$crate::interleave::captured(text) {
                    $crate::interleave::real_println!("{text}");
                }
            }
        }
    }};
}

/// As in std.
#[macro_export]
macro_rules! eprint {
    ($($arg:tt)*) => {{
        // The arguments are evaluated once, as in std.
        match $crate::format_args!($($arg)*) {
            text => {
                if !$crate::interleave::captured(text) {
                    $crate::interleave::real_eprint!("{text}");
                }
            }
        }
    }};
}

/// As in std.
#[macro_export]
macro_rules! eprintln {
    () => { $crate::eprint!("\n") };
    ($($arg:tt)*) => {{
        // The arguments are evaluated once, as in std.
        match $crate::format_args!($($arg)*) {
            text => {
                if !$crate::interleave::captured(text) {
                    $crate::interleave::real_eprintln!("{text}");
                }
            }
        }
    }};
}

/// As in std.
#[macro_export]
macro_rules! dbg {
    () => { $crate::eprintln!("[{}:{}:{}]", $crate::file!(), $crate::line!(), $crate::column!()) };
    ($value:expr $(,)?) => {
        match $value {
            value => {
                $crate::eprintln!(
                    "[{}:{}:{}] {} = {:#?}",
                    $crate::file!(),
                    $crate::line!(),
                    $crate::column!(),
                    $crate::stringify!($value),
                    &value
                );
                value
            }
        }
    };
    ($($value:expr),+ $(,)?) => { ($($crate::dbg!($value)),+,) };
}
