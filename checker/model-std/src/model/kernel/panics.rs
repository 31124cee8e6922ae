//! Panics: whose they are, and which of them end the check.

use std::any::Any;

use super::{KERNEL, MAIN, Phase, fail, with};
use crate::model::trace::{Failure, message_of};

/// What the panic hook does inside a model: a panic that nothing will catch is
/// the end of the check, told before anything is unwound.
pub(in crate::model) fn on_panic(message: &str, at: Option<&std::panic::Location<'_>>) {
    KERNEL.with(|kernel| {
        let Ok(mut kernel) = kernel.try_borrow_mut() else {
            eprintln!("the model itself panicked: {message}");
            return;
        };
        let Some(kernel) = kernel.as_mut() else {
            return;
        };
        let file = at.map_or("", std::panic::Location::file);
        if let Some(failure) = engine_failure(message, file) {
            return kernel.doom(failure);
        }
        let me = kernel.current;
        kernel.threads[me.0].panics += 1;
        kernel.record("panic", None, None, || Some(message.to_owned()));
        if me == MAIN && kernel.threads[MAIN.0].catching == 0 && kernel.phase == Phase::Body {
            kernel.doom(Failure::Panic {
                message: message.to_owned(),
                at: at.map(|at| at.file().to_owned()),
                line: at.map_or(0, std::panic::Location::line),
            });
        }
    });
}

/// A panic of the engine rather than of the submission.
fn engine_failure(message: &str, file: &str) -> Option<Failure> {
    if !file.contains("loom-0.") && !file.contains("generator-0.") {
        None
    } else if message.contains("maximum number of branches") {
        Some(Failure::TooLong)
    } else if message.contains("deadlock") {
        Some(Failure::Internal(message.to_owned()))
    } else {
        // The engine repeats a prefix of the last schedule and finds something
        // else than it left there.
        Some(Failure::Nondeterminism)
    }
}

/// Whether the current thread is unwinding. `std::thread::panicking` cannot
/// tell, since all threads of a model share one OS thread.
pub(crate) fn panicking() -> bool {
    with(|kernel| kernel.threads[kernel.current.0].panics > 0)
}

/// Enters a `catch_unwind`; pass the result to [`caught`].
pub(crate) fn catching() -> usize {
    with(|kernel| {
        let thread = &mut kernel.threads[kernel.current.0];
        thread.catching += 1;
        thread.panics
    })
}

/// Leaves a `catch_unwind` with the panics that were there before it.
pub(crate) fn caught(panics: usize) {
    with(|kernel| {
        let thread = &mut kernel.threads[kernel.current.0];
        thread.catching -= 1;
        thread.panics = panics;
    });
}

/// How many panics are unwinding the current thread's stack.
pub(crate) fn panics() -> usize {
    with(|kernel| kernel.me().panics)
}

/// A panic was caught where std itself would catch it.
pub(crate) fn unwound(panics: usize) {
    with(|kernel| kernel.me().panics = panics);
}

/// A panic that starts without the hook, by `resume_unwind`.
pub(crate) fn resuming(payload: &(dyn Any + Send)) {
    let nothing_catches = with(|kernel| {
        kernel.me().panics += 1;
        kernel.current == MAIN && kernel.me().catching == 0 && kernel.phase == Phase::Body
    });
    if nothing_catches {
        fail(Failure::Panic {
            message: message_of(payload),
            at: None,
            line: 0,
        });
    }
}
