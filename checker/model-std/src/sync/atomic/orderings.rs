//! Orderings that an operation refuses, and those that it does not get as written. A model
//! stores no ordering, so std would not see them.

use std::panic::Location;
use std::sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed, Release, SeqCst};

use crate::model::kernel;

/// std's panic for an ordering that a load cannot have.
#[track_caller]
pub(super) fn of_a_load(order: Ordering) {
    match order {
        Release => panic!("there is no such thing as a release load"),
        AcqRel => panic!("there is no such thing as an acquire-release load"),
        _ => {}
    }
}

/// std's panic for an ordering that an exchange which stores nothing cannot have.
#[track_caller]
pub(super) fn of_a_failure(order: Ordering) {
    match order {
        Release => panic!("there is no such thing as a release failure ordering"),
        AcqRel => panic!("there is no such thing as an acquire-release failure ordering"),
        SeqCst => {}
        _ => kernel::strengthens(Location::caller()),
    }
}

/// std's panic for an ordering that a store cannot have.
#[track_caller]
pub(super) fn of_a_store(order: Ordering) {
    match order {
        Acquire => panic!("there is no such thing as an acquire store"),
        AcqRel => panic!("there is no such thing as an acquire-release store"),
        _ => {}
    }
}

/// std's panic for an ordering that a fence cannot have.
#[track_caller]
pub(super) fn of_a_fence(order: Ordering) {
    assert!(
        order != Relaxed,
        "there is no such thing as a relaxed fence"
    );
}

/// That of the load of an exchange of this ordering which finds something else.
pub(super) fn where_nothing_is_stored(order: Ordering) -> Ordering {
    match order {
        Release => Relaxed,
        AcqRel => Acquire,
        Relaxed | Acquire | SeqCst => order,
        other => other,
    }
}
