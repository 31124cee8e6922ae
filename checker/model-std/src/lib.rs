//! The standard library, with a scheduler underneath.
//!
//! The package that grades a stage depends on this crate under the name `std`, so the learner's
//! `use std::sync::Mutex` is the one below. Outside a model every item is std's.
//! Inside one, std's semantics decide what an operation does and an engine
//! decides which thread runs next:
//!
//! - [`fiber`]: stacks of their own for a model's threads;
//! - [`engine`]: who runs next;
//! - [`model`]: threads, blocking, fairness, the search and its stories;
//! - [`sync`], [`thread`], [`time`], [`panic`], [`process`], [`collections`]:
//!   std's modules over them.
//!
//! Whatever is stable in the std of the toolchain can be written here, and what std refuses is
//! refused: `tests/std_surface/` compiles the same snippets with both. What remains:
//!
//! - rustc knows some of std's types by name, and has lints for them that are errors:
//!   `let _ = lock.lock()` and `atomic.load(Release)` compile here, and are told where the same
//!   file is compiled with the real std. Inside a model an ordering that makes no sense panics,
//!   as it does in std where it is a variable.
//! - `from_ptr` of an atomic is no `const fn`, and atomics are larger than their value.
//! - `SystemTime::now` is std's own, so a model does not learn where it was called.

mod engine;
mod fiber;
#[doc(hidden)]
pub mod model;
mod print;

pub mod collections;
pub mod panic;
pub mod process;
pub mod sync;
pub mod thread;
pub mod time;

/// `std::hint`.
pub mod hint {
    pub use std::hint::*;

    /// As in std; in a model, a moment like any other.
    #[track_caller]
    pub fn spin_loop() {
        if crate::model::active() {
            crate::thread::yield_now();
        } else {
            std::hint::spin_loop();
        }
    }
}

/// `std::hash`.
pub mod hash {
    pub use crate::collections::hash_map::RandomState;
    pub use std::hash::*;
}

pub use std::*;

/// `std::prelude`. Newer compilers take the print macros from here, older ones
/// from the crate's root.
pub mod prelude {
    macro_rules! preludes {
        ($($name:ident)*) => {
            $(
                /// As in std.
                pub mod $name {
                    pub use crate::{dbg, eprint, eprintln, print, println, thread_local};
                    pub use std::prelude::$name::*;
                }
            )*
        };
    }

    preludes!(v1 rust_2015 rust_2018 rust_2021 rust_2024);
}

/// For the grader and for the macros above; not part of std.
#[doc(hidden)]
pub mod interleave {
    pub use crate::print::captured;
    pub use std::{
        eprint as real_eprint, eprintln as real_eprintln, print as real_print,
        println as real_println, thread_local as real_thread_local,
    };

    /// The folder of this crate's sources, as the compiler was told it.
    #[must_use]
    pub fn source_folder() -> &'static std::path::Path {
        let this_file = std::path::Path::new(file!());
        this_file.parent().unwrap_or(this_file)
    }

    /// Calls `instead` where a submission would end the process.
    pub fn on_process_end(instead: fn(&str, &'static std::panic::Location<'static>)) {
        // A second grader in one process would want the same.
        let _ = crate::process::INSTEAD.set(instead);
    }
}
