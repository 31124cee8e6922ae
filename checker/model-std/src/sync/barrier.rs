//! `Barrier`.

use std::fmt;
use std::panic::Location;
use std::sync::{Mutex, PoisonError};

use crate::model::kernel::{self, Timed, Why};
use crate::model::object::Object;

/// `std::sync::Barrier`, schedulable in a model.
pub struct Barrier {
    object: Object,
    size: usize,
    /// Inside models: how many have come, and how often all have.
    arrivals: Mutex<(usize, usize)>,
    inner: std::sync::Barrier,
}

/// `std::sync::BarrierWaitResult`.
pub struct BarrierWaitResult(bool);

impl fmt::Debug for BarrierWaitResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BarrierWaitResult")
            .field("is_leader", &self.is_leader())
            .finish()
    }
}

impl BarrierWaitResult {
    /// As in std.
    #[must_use]
    pub fn is_leader(&self) -> bool {
        self.0
    }
}

impl Barrier {
    /// As in std.
    #[track_caller]
    #[must_use]
    pub const fn new(size: usize) -> Self {
        Self {
            object: Object::new(),
            size,
            arrivals: Mutex::new((0, 0)),
            inner: std::sync::Barrier::new(size),
        }
    }

    /// As in std.
    #[track_caller]
    pub fn wait(&self) -> BarrierWaitResult {
        if !kernel::active() {
            return BarrierWaitResult(self.inner.wait().is_leader());
        }
        let at = Location::caller();
        let registered = self.object.register("Barrier", None);
        if registered.carried_over {
            // Nobody of an earlier execution waits here any more.
            *self.arrivals() = (0, 0);
        }
        let id = registered.id;
        kernel::step(id, at);
        kernel::with(kernel::Kernel::progressed);
        let (leader, round) = {
            let mut arrivals = self.arrivals();
            arrivals.0 += 1;
            let leader = arrivals.0 >= self.size;
            let round = arrivals.1;
            if leader {
                *arrivals = (0, round + 1);
            }
            (leader, round)
        };
        if leader {
            kernel::with(|kernel| {
                kernel.record("barrier opens", Some(id), Some(at), || None);
                kernel.wake_where(|why| why == Why::Barrier(id));
            });
        } else {
            kernel::with(|kernel| kernel.record("barrier", Some(id), Some(at), || None));
            while self.arrivals().1 == round {
                kernel::block(Why::Barrier(id), Timed::No);
            }
        }
        BarrierWaitResult(leader)
    }

    fn arrivals(&self) -> std::sync::MutexGuard<'_, (usize, usize)> {
        self.arrivals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Barrier").finish_non_exhaustive()
    }
}
