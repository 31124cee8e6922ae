//! The checks of this stage. What a failure teaches is in `stage.toml`.

use std::sync::Arc;
use std::thread;

use CRATE::Counter;
use grader::{Stage, expect_eq};

const STAGE: Stage = grader::stage!("../stage.toml");

#[test]
fn a_new_counter_is_zero() {
    STAGE.run(|| {
        expect_eq!(Counter::new().get(), 0, "a new counter is not zero");
        expect_eq!(Counter::default().get(), 0, "a default counter is not zero");
    });
}

#[test]
fn no_update_is_lost() {
    STAGE.model(|| {
        let counter = Arc::new(Counter::new());
        let other = Arc::clone(&counter);
        let helper = thread::spawn(move || other.add(1));
        counter.add(1);
        helper.join().expect("a helper that ends");
        expect_eq!(counter.get(), 2, "two threads added 1 each");
    });
}
