//! `Once`, `OnceLock` and `LazyLock`: someone initialises, the others wait.

mod cell;
mod lazy;
mod signal;

use std::panic::Location;

pub use cell::OnceLock;
pub use lazy::LazyLock;
#[expect(deprecated, reason = "std has it, so a learner may use it")]
pub use signal::ONCE_INIT;
pub use signal::{Once, OnceState};

use crate::model::kernel::{self, ObjectId, Timed, Why};
use crate::model::object::{Object, Registered};

type Place = &'static Location<'static>;

/// The gate in front of an initialisation inside a model.
struct Gate {
    object: Object,
}

impl Gate {
    #[track_caller]
    const fn new() -> Self {
        Self {
            object: Object::new(),
        }
    }

    fn register(&self, kind: &'static str) -> Registered {
        self.object.register(kind, None)
    }

    /// A scheduling point.
    fn pass(&self, kind: &'static str, at: Place) -> ObjectId {
        let id = self.register(kind).id;
        kernel::step(id, at);
        id
    }

    /// Waits until it is `done`.
    fn wait(&self, kind: &'static str, at: Place, done: impl Fn() -> bool) {
        let id = self.pass(kind, at);
        while !done() {
            kernel::block(Why::Once(id), Timed::No);
            kernel::step(id, at);
        }
    }

    /// Waits until nobody initialises; then, unless `done`, initialises. A panic
    /// opens the gate again for the next.
    fn run<R>(
        &self,
        kind: &'static str,
        at: Place,
        done: impl Fn() -> bool,
        init: impl FnOnce() -> R,
    ) -> Option<R> {
        let id = self.pass(kind, at);
        while kernel::with(|kernel| !kernel.object(id).owners.is_empty()) {
            kernel::block(Why::Once(id), Timed::No);
            kernel::step(id, at);
        }
        if done() {
            return None;
        }
        kernel::with(|kernel| {
            let me = kernel.current();
            kernel.object(id).owners.push(me);
            kernel.record("initialise", Some(id), Some(at), || None);
        });
        let open = Open(id, at);
        let value = init();
        drop(open);
        Some(value)
    }
}

/// Opens the gate, for others to see that what is behind it is there, or is not.
struct Open(ObjectId, Place);

impl Drop for Open {
    fn drop(&mut self) {
        let Self(id, at) = *self;
        // Others may see that it is not done yet, and then that it is.
        kernel::step(id, at);
        kernel::with(|kernel| {
            kernel.object(id).owners.clear();
            kernel.progressed();
            kernel.wake_where(|why| why == Why::Once(id));
        });
    }
}
