//! A colleague's counter.

use std::sync::Mutex;

/// Counts.
#[derive(Debug, Default)]
pub struct Counter {
    value: Mutex<u64>,
}

impl Counter {
    /// A counter that has counted nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds to it.
    pub fn add(&self, amount: u64) {
        let before = self.get();
        *self.value.lock().unwrap() = before + amount;
    }

    /// What it has counted.
    pub fn get(&self) -> u64 {
        *self.value.lock().unwrap()
    }
}
