//! `std::collections`. Hash maps and sets iterate in the same order in every
//! execution: their order may decide which lock is taken first.

pub mod hash_map;
pub mod hash_set;

pub use hash_map::HashMap;
pub use hash_set::HashSet;
pub use std::collections::*;
