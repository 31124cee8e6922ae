//! `Condvar`. Any waiter may be the one that `notify_one` wakes.

use std::fmt;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::sync::{LockResult, PoisonError};
use std::time::Duration;

use super::lock;
use super::mutex::{MutexGuard, Suspended};
use crate::model::kernel::{self, ObjectId, ThreadId, Timed, Why};
use crate::model::object::Object;

/// `std::sync::Condvar`, schedulable in a model.
pub struct Condvar {
    object: Object,
    inner: std::sync::Condvar,
}

impl UnwindSafe for Condvar {}
impl RefUnwindSafe for Condvar {}

/// `std::sync::WaitTimeoutResult`.
#[derive(Debug, PartialEq, Eq, Copy, Clone)]
pub struct WaitTimeoutResult(bool);

impl WaitTimeoutResult {
    /// As in std.
    #[must_use]
    pub fn timed_out(&self) -> bool {
        self.0
    }
}

impl Condvar {
    /// As in std.
    #[track_caller]
    #[must_use]
    pub const fn new() -> Self {
        Self {
            object: Object::new(),
            inner: std::sync::Condvar::new(),
        }
    }

    /// As in std.
    ///
    /// # Errors
    /// If a holder of the mutex panicked.
    #[track_caller]
    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        // Nothing keeps a wait from ending without a notification.
        let spurious = || kernel::choose(2) == 1;
        self.wait_until_woken(guard, spurious, Location::caller())
    }

    /// As in std.
    ///
    /// # Errors
    /// If a holder of the mutex panicked.
    #[track_caller]
    pub fn wait_while<'a, T, F>(
        &self,
        mut guard: MutexGuard<'a, T>,
        mut condition: F,
    ) -> LockResult<MutexGuard<'a, T>>
    where
        F: FnMut(&mut T) -> bool,
    {
        while condition(&mut *guard) {
            // A spurious wake-up would only come round to here again.
            guard = self.wait_until_woken(guard, || false, Location::caller())?;
        }
        Ok(guard)
    }

    /// Waits for a notification, or not at all where the wake-up is to be spurious.
    fn wait_until_woken<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        spurious: impl FnOnce() -> bool,
        at: &'static Location<'static>,
    ) -> LockResult<MutexGuard<'a, T>> {
        match self.before_wait(guard, at) {
            Suspended::Real(mutex, real) => mutex.held_by_real(self.inner.wait(real)),
            Suspended::Model(mutex, id) => {
                // Decided while nobody can have seen it wait.
                let spurious = spurious();
                if spurious {
                    self.woken_spuriously();
                }
                lock::release_silently(id);
                if !spurious {
                    self.wait_in_model(Timed::No, at);
                }
                mutex.resume_in_model(id, at)
            }
        }
    }

    /// As in std. In a model the timeout may strike at any moment at which other
    /// threads have had a chance to run.
    ///
    /// # Errors
    /// If a holder of the mutex panicked.
    #[track_caller]
    pub fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        duration: Duration,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        let at = Location::caller();
        let (timed_out, guard) = match self.before_wait(guard, at) {
            Suspended::Real(mutex, real) => match self.inner.wait_timeout(real, duration) {
                Ok((real, result)) => (result.timed_out(), mutex.held_by_real(Ok(real))),
                Err(poisoned) => {
                    let (real, result) = poisoned.into_inner();
                    let real = Err(PoisonError::new(real));
                    (result.timed_out(), mutex.held_by_real(real))
                }
            },
            Suspended::Model(mutex, id) => {
                kernel::asks_time(at);
                lock::release_silently(id);
                let timed_out = self.wait_in_model(Timed::After(duration), at);
                (timed_out, mutex.resume_in_model(id, at))
            }
        };
        let result = WaitTimeoutResult(timed_out);
        match guard {
            Ok(guard) => Ok((guard, result)),
            Err(poisoned) => Err(PoisonError::new((poisoned.into_inner(), result))),
        }
    }

    /// As in std: false where the time ran out.
    ///
    /// # Errors
    /// If a holder of the mutex panicked.
    #[track_caller]
    #[deprecated(
        since = "1.6.0",
        note = "replaced by `std::sync::Condvar::wait_timeout`"
    )]
    pub fn wait_timeout_ms<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        ms: u32,
    ) -> LockResult<(MutexGuard<'a, T>, bool)> {
        let in_time =
            |(guard, result): (MutexGuard<'a, T>, WaitTimeoutResult)| (guard, !result.timed_out());
        match self.wait_timeout(guard, Duration::from_millis(u64::from(ms))) {
            Ok(waited) => Ok(in_time(waited)),
            Err(poisoned) => Err(PoisonError::new(in_time(poisoned.into_inner()))),
        }
    }

    /// As in std.
    ///
    /// # Errors
    /// If a holder of the mutex panicked.
    #[track_caller]
    pub fn wait_timeout_while<'a, T, F>(
        &self,
        mut guard: MutexGuard<'a, T>,
        duration: Duration,
        mut condition: F,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)>
    where
        F: FnMut(&mut T) -> bool,
    {
        let start = crate::time::Instant::now();
        loop {
            if !condition(&mut *guard) {
                return Ok((guard, WaitTimeoutResult(false)));
            }
            let Some(left) = duration.checked_sub(start.elapsed()) else {
                return Ok((guard, WaitTimeoutResult(true)));
            };
            guard = self.wait_timeout(guard, left)?.0;
        }
    }

    /// As in std.
    #[track_caller]
    pub fn notify_one(&self) {
        if !kernel::active() {
            return self.inner.notify_one();
        }
        let (id, at) = (self.id(), Location::caller());
        kernel::last_step(id, at);
        kernel::with(|kernel| {
            kernel.record("notify one", Some(id), Some(at), || None);
            let waiters = waiting(kernel, id);
            if !waiters.is_empty() {
                kernel.progressed();
            }
            match waiters.as_slice() {
                [] => {}
                [only] => notify(kernel, *only),
                // Which of them it is, is decided by who comes first: a race that
                // the engine explores like any other.
                _ => {
                    for waiter in &waiters {
                        if kernel.threads[waiter.0].waits_for() == Some(Why::Condvar(id)) {
                            kernel.wake(*waiter);
                        }
                    }
                    kernel.object(id).tickets.push(waiters);
                }
            }
        });
    }

    /// As in std.
    #[track_caller]
    pub fn notify_all(&self) {
        if !kernel::active() {
            return self.inner.notify_all();
        }
        let (id, at) = (self.id(), Location::caller());
        kernel::last_step(id, at);
        kernel::with(|kernel| {
            kernel.record("notify all", Some(id), Some(at), || None);
            let waiters = waiting(kernel, id);
            if !waiters.is_empty() {
                kernel.progressed();
            }
            for waiter in waiters {
                notify(kernel, waiter);
            }
            // Everyone who raced for these has just been notified anyway.
            kernel.object(id).tickets.clear();
        });
    }

    fn id(&self) -> ObjectId {
        self.object.id("Condvar", None)
    }

    /// Takes a place among the waiters before the mutex is given up: that is what
    /// makes a wait atomic.
    fn before_wait<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        at: &'static Location<'static>,
    ) -> Suspended<'a, T> {
        if kernel::active() {
            let id = self.id();
            kernel::step(id, at);
            kernel::with(|kernel| {
                kernel.record("wait", Some(id), Some(at), || None);
                // Here, since a spurious wake-up blocks nobody.
                kernel.me().waits += 1;
                kernel.me().condvar = Some((id, false));
            });
        }
        guard.suspend()
    }

    fn woken_spuriously(&self) {
        let id = self.id();
        kernel::with(|kernel| {
            kernel.me().condvar = None;
            kernel.record("woken spuriously", Some(id), None, || None);
        });
    }

    /// Waits, with the mutex given up; true when the time ran out.
    fn wait_in_model(&self, timed: Timed, at: &'static Location<'static>) -> bool {
        let id = self.id();
        // It may run out at any moment, also while others could still notify.
        let mut out_of_time = timed != Timed::No && kernel::choose(2) == 1;
        if let (true, Timed::After(duration)) = (out_of_time, timed) {
            kernel::passes(duration);
        }
        loop {
            if !out_of_time && !kernel::with(may_go_on) {
                out_of_time = kernel::block(Why::Condvar(id), timed);
            }
            if !kernel::with(is_notified) {
                // A race with the other waiters, or with a late notification.
                kernel::step(id, at);
            }
            let timed_out = kernel::with(|kernel| {
                let notified = is_notified(kernel) || take_ticket(kernel, id);
                if !notified && !out_of_time {
                    return None;
                }
                kernel.me().condvar = None;
                let how = if notified { "woken" } else { "timed out" };
                kernel.record(how, Some(id), None, || None);
                Some(!notified)
            });
            if let Some(timed_out) = timed_out {
                return timed_out;
            }
        }
    }
}

/// Whether the current thread has been notified, or may take the notification of another:
/// where steps are fine, one may come before it sleeps.
fn may_go_on(kernel: &mut kernel::Kernel) -> bool {
    let me = kernel.current();
    let Some((condvar, notified)) = kernel.me().condvar else {
        return true;
    };
    let tickets = &kernel.object(condvar).tickets;
    notified || tickets.iter().any(|candidates| candidates.contains(&me))
}

fn is_notified(kernel: &mut kernel::Kernel) -> bool {
    kernel.me().condvar.is_some_and(|(_, notified)| notified)
}

/// The threads that wait on `condvar` and have not been notified, also those
/// that race for the notification of another.
fn waiting(kernel: &kernel::Kernel, condvar: ObjectId) -> Vec<ThreadId> {
    (0..kernel.threads.len())
        .map(ThreadId)
        .filter(|thread| kernel.threads[thread.0].condvar == Some((condvar, false)))
        .collect()
}

fn notify(kernel: &mut kernel::Kernel, waiter: ThreadId) {
    let thread = &mut kernel.threads[waiter.0];
    if let Some((_, notified)) = &mut thread.condvar {
        *notified = true;
    }
    if matches!(thread.waits_for(), Some(Why::Condvar(_))) {
        kernel.wake(waiter);
    }
}

/// Takes the oldest notification that the current thread is a candidate for.
fn take_ticket(kernel: &mut kernel::Kernel, condvar: ObjectId) -> bool {
    let me = kernel.current();
    let tickets = &mut kernel.object(condvar).tickets;
    let mine = tickets
        .iter()
        .position(|candidates| candidates.contains(&me));
    if let Some(mine) = mine {
        tickets.remove(mine);
    }
    mine.is_some()
}

impl Default for Condvar {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Condvar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Condvar").finish_non_exhaustive()
    }
}
