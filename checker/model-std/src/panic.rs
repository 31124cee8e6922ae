//! `std::panic`. In a model a panic belongs to the model thread that raised it.

use std::any::Any;
use std::panic::PanicHookInfo as Info;

pub use std::panic::*;

use crate::model::kernel;

/// As in std.
///
/// # Errors
/// The payload of the panic.
pub fn catch_unwind<F: FnOnce() -> R + UnwindSafe, R>(f: F) -> std::thread::Result<R> {
    if !kernel::active() {
        return std::panic::catch_unwind(f);
    }
    let panics = kernel::catching();
    let result = std::panic::catch_unwind(f);
    kernel::caught(panics);
    result
}

/// As in std.
pub fn resume_unwind(payload: Box<dyn Any + Send>) -> ! {
    if kernel::active() {
        kernel::resuming(&*payload);
    }
    std::panic::resume_unwind(payload)
}

/// As in std; in a model the hook is the grader's, and this does nothing.
pub fn set_hook(hook: Box<dyn Fn(&Info<'_>) + Sync + Send + 'static>) {
    if !kernel::active() {
        std::panic::set_hook(hook);
    }
}

/// As in std; in a model the hook is the grader's, and this takes nothing.
#[must_use]
pub fn take_hook() -> Box<dyn Fn(&Info<'_>) + Sync + Send + 'static> {
    if kernel::active() {
        Box::new(|_| {})
    } else {
        std::panic::take_hook()
    }
}
