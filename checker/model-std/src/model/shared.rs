//! What a search and its executions tell each other while they run.

use std::panic::Location;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use super::statics::Statics;
use super::trace::Place;

/// Shared by all passes of one search.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// Steps taken, for the watchdog.
    steps: AtomicU64,
    /// The place of the last step, for the watchdog.
    last_place: PlaceCell,
    /// The first call whose result depends on time.
    asked_time: PlaceCell,
    /// The place that an execution came to most often.
    busiest: PlaceCell,
    /// A loop that was made to let others go on, although it may have ended by itself.
    cut: PlaceCell,
    /// Whether giving back a lock and ending a thread are steps: somebody looks at these
    /// without waiting for them.
    pub(super) steps_are_fine: AtomicBool,
    /// Whether somebody asks when each thread did something last.
    pub(super) deeds_matter: AtomicBool,
    /// What statics start every execution with.
    pub(super) statics: Statics,
    /// Whether the pass is to end, and to begin again.
    pub(super) begins_again: AtomicBool,
    /// Whether [`Shared::not_judged`] has entries.
    some_not_judged: AtomicBool,
    /// Loops that go by something that the model does not see.
    not_judged: Mutex<Vec<Place>>,
}

/// A place that may not be known yet.
#[derive(Debug, Default)]
struct PlaceCell(AtomicPtr<Location<'static>>);

impl PlaceCell {
    fn set(&self, place: Place) {
        self.0.store(ptr::from_ref(place).cast_mut(), Relaxed);
    }

    /// Only the first counts.
    fn set_first(&self, place: Place) {
        let place = ptr::from_ref(place).cast_mut();
        let _ = (self.0).compare_exchange(ptr::null_mut(), place, Relaxed, Relaxed);
    }

    fn get(&self) -> Option<Place> {
        let place = NonNull::new(self.0.load(Relaxed))?;
        // SAFETY: only ever stored from a `&'static Location`, by the two above.
        Some(unsafe { place.as_ref() })
    }
}

impl Shared {
    pub(super) fn new(steps_are_fine: bool) -> Self {
        Self {
            steps_are_fine: AtomicBool::new(steps_are_fine),
            ..Self::default()
        }
    }

    pub(super) fn count_step(&self) {
        // Nobody else counts, so this need not be one operation.
        self.steps.store(self.steps.load(Relaxed) + 1, Relaxed);
    }

    pub(super) fn steps(&self) -> u64 {
        self.steps.load(Relaxed)
    }

    pub(super) fn visit(&self, place: Place) {
        self.last_place.set(place);
    }

    pub(super) fn last_place(&self) -> Option<Place> {
        self.last_place.get()
    }

    pub(super) fn asks_time(&self, place: Place) {
        self.asked_time.set_first(place);
    }

    pub(super) fn asked_time(&self) -> Option<Place> {
        self.asked_time.get()
    }

    pub(super) fn is_busy(&self, place: Place) {
        self.busiest.set(place);
    }

    pub(super) fn busiest(&self) -> Option<Place> {
        self.busiest.get()
    }

    pub(super) fn cut(&self, place: Place) {
        self.cut.set_first(place);
    }

    pub(super) fn cut_loop(&self) -> Option<Place> {
        self.cut.get()
    }

    /// Whether repetitions say nothing about a loop there.
    pub(super) fn is_not_judged(&self, place: Place) -> bool {
        self.some_not_judged.load(Relaxed) && {
            let places = self
                .not_judged
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            places.iter().any(|known| ptr::eq(*known, place))
        }
    }

    /// From now on they say nothing there; false if that was known.
    pub(super) fn do_not_judge(&self, place: Place) -> bool {
        if self.is_not_judged(place) {
            return false;
        }
        let mut places = self
            .not_judged
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        places.push(place);
        self.some_not_judged.store(true, Relaxed);
        true
    }
}
