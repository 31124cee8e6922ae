//! What a search and its executions tell each other while they run.

use std::panic::Location;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering::Relaxed};

/// Shared by all passes of one search.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// Steps taken, for the watchdog.
    steps: AtomicU64,
    /// The place of the last step, for the watchdog.
    last_place: AtomicPtr<Location<'static>>,
    /// The first call whose result depends on time.
    asked_time: AtomicPtr<Location<'static>>,
    /// Whether giving back a lock and ending a thread are steps: somebody looks at these
    /// without waiting for them.
    pub(super) steps_are_fine: AtomicBool,
    /// Whether an execution could have chosen what happens.
    pub(super) choices_met: AtomicBool,
}

impl Shared {
    pub(super) fn new(steps_are_fine: bool) -> Self {
        Self {
            steps_are_fine: AtomicBool::new(steps_are_fine),
            ..Self::default()
        }
    }

    pub(super) fn count_step(&self) {
        self.steps.fetch_add(1, Relaxed);
    }

    pub(super) fn steps(&self) -> u64 {
        self.steps.load(Relaxed)
    }

    pub(super) fn visit(&self, place: &'static Location<'static>) {
        self.last_place
            .store(ptr::from_ref(place).cast_mut(), Relaxed);
    }

    pub(super) fn asks_time(&self, place: &'static Location<'static>) {
        let place = ptr::from_ref(place).cast_mut();
        // Only the first counts, so it does not matter when this fails.
        let _ = (self.asked_time).compare_exchange(ptr::null_mut(), place, Relaxed, Relaxed);
    }

    pub(super) fn asked_time(&self) -> Option<&'static Location<'static>> {
        let place = NonNull::new(self.asked_time.load(Relaxed))?;
        // SAFETY: only ever stored from a `&'static Location`, by `asks_time`.
        Some(unsafe { place.as_ref() })
    }

    pub(super) fn last_place(&self) -> Option<&'static Location<'static>> {
        let place = NonNull::new(self.last_place.load(Relaxed))?;
        // SAFETY: only ever stored from a `&'static Location`, by `visit`.
        Some(unsafe { place.as_ref() })
    }
}
