//! The core library, as a graded submission sees it.
//!
//! A grading package depends on this crate under the name `core`, as it depends on
//! `model-std` under the name `std`: `core::sync::atomic` is the same module by another
//! path, so it has to be scheduled alike. Nothing else in `core` orders threads, and `alloc`
//! has nothing of the kind at all: its `Arc` is std's own in a grade too.
#![no_std]

pub use ::core::*;

/// `core::sync`.
pub mod sync {
    pub use ::core::sync::*;
    pub use model_std::sync::atomic;
}

/// `core::hint`.
pub mod hint {
    pub use model_std::hint::*;
}
