//! reject: default-differs
//! by: a_new_counter_is_zero
//!
//! `Default` is written by hand, for callers who count from one.

use std::sync::Mutex;

#[derive(Debug)]
pub struct Counter {
    value: Mutex<u64>,
}

impl Default for Counter {
    fn default() -> Self {
        Self {
            value: Mutex::new(1),
        }
    }
}

impl Counter {
    pub fn new() -> Self {
        Self {
            value: Mutex::new(0),
        }
    }

    pub fn add(&self, amount: u64) {
        *self.value.lock().unwrap() += amount;
    }

    pub fn get(&self) -> u64 {
        *self.value.lock().unwrap()
    }
}
