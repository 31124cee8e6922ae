//! Time inside a model: each thread has a clock, which moves when it sleeps or waits in
//! vain. Whoever learns of another learns of its time too, so that whatever happened before
//! lies in the past, and the order of what did not makes no difference to any clock.

use std::time::Duration;

use super::{Kernel, Status, ThreadId, with};
use crate::model::trace::Place;

/// How often time may pass while nobody can go on, without anything changing.
const MAX_JUMPS: usize = 5_000;
/// The same once the body is over: whoever still does something then does it soon.
const MAX_JUMPS_AFTERWARDS: usize = 2;

/// The first pause of a thread that polls a clock; each further one is twice as long, so
/// that a loop that polls a deadline ends.
pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// The program depends on time at `at`.
pub(crate) fn asks_time(at: Place) {
    with(|kernel| kernel.shared.asks_time(at));
}

/// The current thread's clock.
pub(crate) fn now() -> Duration {
    with(|kernel| kernel.me().time)
}

/// Lets time pass for the current thread.
pub(crate) fn passes(duration: Duration) {
    with(|kernel| {
        let me = kernel.me();
        me.time = later(me.time, duration);
    });
}

/// Time never stands still: what took as long as it was given took longer.
pub(super) fn later(time: Duration, by: Duration) -> Duration {
    time.saturating_add(by.saturating_add(Duration::from_nanos(1)))
}

/// How often time has passed, and when anything changed last.
#[derive(Debug, Default)]
pub(super) struct Jumps {
    count: usize,
    afterwards: usize,
    standing: u64,
}

impl Kernel {
    /// Lets time pass until the first of those who wait for that may go on; false if none
    /// does, or if it has been done in vain for too long.
    pub(super) fn let_time_pass(&mut self) -> bool {
        let until = |thread: &super::Thread| match thread.status {
            Status::Waiting { until, .. } => until,
            Status::Ready | Status::Finished => None,
        };
        let Some(first) = self.threads.iter().filter_map(until).min() else {
            return false;
        };
        let afterwards = self.is_afterwards();
        if !self.fairness.another_jump(afterwards) {
            return false;
        }
        for thread in 0..self.threads.len() {
            if until(&self.threads[thread]) == Some(first) {
                let state = &mut self.threads[thread];
                state.time = state.time.max(first);
                state.timed_out = true;
                self.wake(ThreadId(thread));
            }
        }
        true
    }
}

impl Jumps {
    /// Counts one; false if there were too many since `standing` changed, or since the body
    /// was over.
    pub(super) fn another(&mut self, standing: u64, afterwards: bool) -> bool {
        if self.standing != standing {
            self.standing = standing;
            self.count = 0;
        }
        self.count += 1;
        self.afterwards += usize::from(afterwards);
        self.count <= MAX_JUMPS && self.afterwards <= MAX_JUMPS_AFTERWARDS
    }
}

/// The pause after one of this length.
pub(super) fn longer(pause: Duration) -> Duration {
    pause.saturating_mul(2).min(LONGEST_PAUSE)
}
