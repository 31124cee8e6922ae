//! The reference: one lock, one step.

use std::sync::Mutex;

/// Counts what several threads add.
#[derive(Debug, Default)]
pub struct Counter {
    value: Mutex<u64>,
}

impl Counter {
    /// A counter that has counted nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds to it, in one critical section: nobody can come between the reading
    /// and the writing.
    ///
    /// # Panics
    /// When the sum does not fit.
    pub fn add(&self, amount: u64) {
        *self.value.lock().unwrap() += amount;
    }

    /// What it has counted.
    ///
    /// # Panics
    /// After an `add` that has panicked.
    #[must_use]
    pub fn get(&self) -> u64 {
        *self.value.lock().unwrap()
    }
}
