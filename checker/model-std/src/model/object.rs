//! The identity of a lock, condvar, channel or atomic inside a model.

use std::panic::Location;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use super::kernel::{self, ObjectId};
use super::statics::Part;

/// Carried by everything that schedules. Registered with the kernel at its first
/// use in each execution, so that constructors stay `const` and statics work.
#[derive(Debug)]
pub(crate) struct Object {
    /// The execution that knows it; 0 before the first.
    execution: AtomicU64,
    index: AtomicUsize,
    created: &'static Location<'static>,
}

/// An object as the current execution knows it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Registered {
    pub(crate) id: ObjectId,
    /// First use in this execution, after use in an earlier one.
    pub(crate) carried_over: bool,
    /// First use in any execution, as far as it knows.
    pub(crate) fresh: bool,
}

impl Object {
    #[track_caller]
    pub(crate) const fn new() -> Self {
        Self {
            execution: AtomicU64::new(0),
            index: AtomicUsize::new(0),
            created: Location::caller(),
        }
    }

    /// Its id in the current execution. `kind` and `content` name it in stories,
    /// as in `Mutex<State>`.
    pub(crate) fn register(&self, kind: &'static str, content: Option<&'static str>) -> Registered {
        let known = self.execution.load(Relaxed);
        kernel::with(|kernel| {
            if known == kernel.execution {
                let id = ObjectId(self.index.load(Relaxed));
                return Registered {
                    id,
                    carried_over: false,
                    fresh: false,
                };
            }
            let id = kernel.register_object(kind, content, self.created);
            self.execution.store(kernel.execution, Relaxed);
            self.index.store(id.0, Relaxed);
            Registered {
                id,
                carried_over: known != 0,
                fresh: known == 0,
            }
        })
    }

    pub(crate) fn id(&self, kind: &'static str, content: Option<&'static str>) -> ObjectId {
        self.register(kind, content).id
    }

    /// What it knows of executions, where it is in a static that starts anew as a whole.
    pub(crate) fn parts(&self) -> [Part; 2] {
        [
            Part::of_atomic(&self.execution),
            Part::of_atomic(&self.index),
        ]
    }

    pub(crate) fn created(&self) -> &'static Location<'static> {
        self.created
    }
}
