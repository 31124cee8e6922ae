//! reject: two-step-counter
//! by: no_update_is_lost
//!
//! A read and a write, each of them atomic, and the sum of a moment ago.

use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug, Default)]
pub struct Counter {
    value: AtomicU64,
}

impl Counter {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn add(&self, amount: u64) {
        let before = self.get();
        self.value.store(before + amount, Ordering::SeqCst);
    }

    pub fn get(&self) -> u64 {
        self.value.load(Ordering::SeqCst)
    }
}
