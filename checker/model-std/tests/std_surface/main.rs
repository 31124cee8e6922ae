//! What a program may write of std, and what it is answered: everything that is stable has to
//! compile here and behave the same, and what std refuses has to be refused.
//!
//! The snippets are compiled twice, once with this std under the name `std` and once with the
//! real one. What the real one answers is what is expected.

// What clippy and rustc would have written differently is what the snippets are about.
#![allow(clippy::all, deprecated, unused_must_use, dead_code)]
#![allow(const_item_interior_mutations, unknown_lints)]

use std::time::Duration;

use model_std::model::{Limits, Orderings, Outcome, explore};

/// A snippet and its name; its value is compared as text.
type Snippet = (&'static str, fn() -> String);

/// The snippets of a file.
macro_rules! snippets {
    ($list:ident: $($(#[$meta:meta])* $name:ident => $body:block)*) => {
        pub(crate) const $list: &[crate::Snippet] = &[
            $($(#[$meta])* (stringify!($name), || {
                let value = $body;
                format!("{value:?}")
            }),)*
        ];
    };
}

/// Whether a type implements a trait. Where it does not, the constant of the trait is found.
macro_rules! implements {
    ($type:ty: $($bound:tt)+) => {{
        trait Otherwise {
            const IT_DOES: bool = false;
        }
        impl<T: ?Sized> Otherwise for T {}
        struct Asked<T: ?Sized>(std::marker::PhantomData<T>);
        impl<T: ?Sized + $($bound)+> Asked<T> {
            const IT_DOES: bool = true;
        }
        <Asked<$type>>::IT_DOES
    }};
}

#[path = "snippets"]
mod on_std {
    use ::std;

    pub(crate) mod atomics;
    pub(crate) mod channels;
    pub(crate) mod collections;
    pub(crate) mod debug;
    pub(crate) mod locals;
    pub(crate) mod locks;
    pub(crate) mod once;
    pub(crate) mod paths;
    pub(crate) mod threads;
    pub(crate) mod time;
    pub(crate) mod traits;
}

#[path = "snippets"]
mod on_model_std {
    use model_std as std;

    pub(crate) mod atomics;
    pub(crate) mod channels;
    pub(crate) mod collections;
    pub(crate) mod debug;
    pub(crate) mod locals;
    pub(crate) mod locks;
    pub(crate) mod once;
    pub(crate) mod paths;
    pub(crate) mod threads;
    pub(crate) mod time;
    pub(crate) mod traits;
}

const LIMITS: Limits = Limits {
    deviations: 1,
    executions: 50_000,
    steps: u64::MAX,
    random: 50,
    second_look: None,
    orderings: Orderings::Strongest,
    least_deviations: None,
    finest_steps: false,
    stall: Duration::from_secs(20),
};

fn same_outside(expected: &[Snippet], ours: &[Snippet]) {
    for ((name, expected), (_, ours)) in expected.iter().zip(ours) {
        assert_eq!(ours(), expected(), "{name}, outside a model");
    }
}

fn same_in_a_model(expected: &[Snippet], ours: &[Snippet]) {
    for ((name, expected), (_, ours)) in expected.iter().zip(ours) {
        let (expected, ours) = (expected(), *ours);
        let outcome = explore(LIMITS, move || assert_eq!(ours(), expected));
        assert!(
            matches!(outcome, Outcome::Complete(_)),
            "{name}, in a model: {outcome:#?}"
        );
    }
}

macro_rules! topics {
    ($($topic:ident)*) => {
        $(
            #[test]
            fn $topic() {
                // A static that has been used outside of a model cannot start anew in one.
                same_in_a_model(on_std::$topic::EVERYWHERE, on_model_std::$topic::EVERYWHERE);
                same_outside(on_std::$topic::EVERYWHERE, on_model_std::$topic::EVERYWHERE);
            }
        )*
    };
}

topics!(atomics channels collections debug locals locks once paths threads time traits);

#[test]
fn debug_outside_a_model() {
    same_outside(on_std::debug::OUTSIDE, on_model_std::debug::OUTSIDE);
}

mod in_a_model;
