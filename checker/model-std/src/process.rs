//! `std::process`. A submission that ends the process ends its check as failed.

use std::panic::Location;
use std::sync::OnceLock;

pub use std::process::*;

use crate::model::kernel;
use crate::model::trace::Failure;

/// What to do instead of ending the process, set by the grader: it is told the
/// call and where it was made.
pub(crate) static INSTEAD: OnceLock<fn(&str, &'static Location<'static>)> = OnceLock::new();

/// As in std, outside a check.
#[track_caller]
pub fn exit(code: i32) -> ! {
    ending(format!("process::exit({code})"), Location::caller());
    std::process::exit(code)
}

/// As in std, outside a check.
#[track_caller]
pub fn abort() -> ! {
    ending("process::abort()".to_owned(), Location::caller());
    std::process::abort()
}

fn ending(call: String, at: &'static Location<'static>) {
    if kernel::active() {
        kernel::fail(Failure::Exit { call, at });
    }
    if let Some(instead) = INSTEAD.get() {
        instead(&call, at);
    }
}
