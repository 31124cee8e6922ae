//! Ordinary programs over `std::sync` and `std::thread`, each run in four ways:
//! on real std, on this std outside a model, and in a model over every
//! interleaving that either engine can make. The outcome has to be the same.
//!
//! A program returns what it saw; it is written so that std promises that value
//! whatever the schedule.

// What clippy would shorten is what these programs are about.
#![allow(clippy::all)]

use std::time::Duration;

use model_std::model::{Limits, Method, Orderings, Outcome, SecondLook, explore_by};

const LIMITS: Limits = Limits {
    deviations: 2,
    executions: 200_000,
    steps: u64::MAX,
    random: 500,
    second_look: Some(SecondLook {
        bound: Some(2),
        executions: 2_000,
    }),
    orderings: Orderings::Strongest,
    least_deviations: None,
    finest_steps: false,
    stall: Duration::from_secs(20),
};

/// A program's result in a model, which must be `expected` in every execution of both
/// engines.
fn same_in_model(expected: &'static str, program: fn() -> String) {
    for method in [Method::Deviations, Method::Random, Method::Loom] {
        let outcome = explore_by(method, LIMITS, move || assert_eq!(program(), expected));
        // loom does not come to an end where threads poll.
        let enough = method == Method::Loom && matches!(outcome, Outcome::BudgetSpent(_));
        assert!(
            enough || matches!(outcome, Outcome::Complete(_)),
            "{outcome:#?}"
        );
    }
}

macro_rules! programs {
    ($($name:ident: $expected:expr => $body:block)*) => {
        mod on_std {
            #![allow(unused_imports)]
            use std::{
                cell, collections, eprint, hint, panic, println, sync, thread, thread_local, time,
            };
            programs!(@functions $($name $body)*);
        }

        mod on_model_std {
            #![allow(unused_imports)]
            use model_std::{
                cell, collections, eprint, hint, panic, println, sync, thread, thread_local, time,
            };
            programs!(@functions $($name $body)*);
        }

        $(
            #[test]
            fn $name() {
                assert_eq!(on_std::$name(), $expected, "on std");
                assert_eq!(on_model_std::$name(), $expected, "outside a model");
                crate::same_in_model($expected, on_model_std::$name);
            }
        )*
    };
    (@functions $($name:ident $body:block)*) => {
        $(
            #[allow(unused_imports)]
            pub(super) fn $name() -> String {
                use cell::{Cell, RefCell};
                use collections::{HashMap, HashSet, VecDeque};
                use sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering::*};
                use sync::mpsc::{self, RecvTimeoutError, TryRecvError, TrySendError};
                use sync::{
                    Arc, Barrier, Condvar, LazyLock, Mutex, Once, OnceLock, RwLock, TryLockError,
                    Weak,
                };
                use time::{Duration, Instant};
                let value = $body;
                format!("{value:?}")
            }
        )*
    };
}

mod corners;
mod everyday;
