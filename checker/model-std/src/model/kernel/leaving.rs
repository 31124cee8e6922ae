//! Threads that may only end: whether somebody is left when a call has returned.

use std::sync::atomic::Ordering::Relaxed;

use super::ending::end_here;
use super::{Kernel, MAIN, ObjectId, Phase, ThreadId, can_look, fail, looks_aside, with};
use crate::model::trace::{Failure, Place, short_place};

/// From a moment on these threads may only end.
pub(super) struct Leaving {
    threads: Vec<ThreadId>,
    /// The beginning of a sentence.
    when: String,
    at: Place,
}

/// The current thread does something that an ending thread does not do.
pub(super) fn does_more_than_end(at: Place) {
    let (broken, deeds) = with(|kernel| (kernel.breaks_off_its_end(at), kernel.deeds()));
    if let Some(broken) = broken {
        fail(broken);
    }
    if let Some(deeds) = deeds {
        // Only who asks for the last of them looks there too: threads have no order by this.
        looks_aside(deeds);
    }
}

/// From now on these threads may only end, but for the current one and the body's.
pub(in crate::model) fn threads_only_end(threads: Vec<ThreadId>, when: String, at: Place) {
    if can_look() && !with(|kernel| kernel.shared.deeds_matter.swap(true, Relaxed)) {
        // So far nobody has kept them.
        end_here(Kernel::begin_again);
    }
    let deeds = with(|kernel| {
        let mut threads = threads;
        threads.retain(|thread| ![kernel.current, MAIN].contains(thread));
        let deeds = threads.iter().map(|thread| kernel.threads[thread.0].deeds);
        let deeds: Vec<_> = deeds.collect();
        kernel.leaving = Some(Leaving { threads, when, at });
        deeds
    });
    // The search tries this moment before each of them as well.
    deeds.into_iter().flatten().for_each(looks_aside);
}

impl Kernel {
    fn breaks_off_its_end(&self, at: Place) -> Option<Failure> {
        let leaving = self.leaving.as_ref()?;
        if self.phase != Phase::Body || !leaving.threads.contains(&self.current) {
            return None;
        }
        let label = self.threads[self.current.0].info.label(self.current.0);
        let (when, place) = (&leaving.when, short_place(at));
        let message = format!("{when}, and {label} was not done: it went on in {place}");
        let at = leaving.at;
        Some(Failure::Expectation { message, at })
    }

    /// What stands for the deeds of the current thread, where anybody asks for them.
    fn deeds(&mut self) -> Option<ObjectId> {
        if !self.shared.deeds_matter.load(Relaxed) {
            return None;
        }
        let me = self.current.0;
        if self.threads[me].deeds.is_none() {
            let created = std::panic::Location::caller();
            self.threads[me].deeds = Some(self.register_object("Aside", None, created));
        }
        self.threads[me].deeds
    }
}
