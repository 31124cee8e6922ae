//! `scope`: threads that may borrow, because they end before it does.
//!
//! Outside a model the real scope spawns and waits. Inside, the real scope is
//! only the token whose lifetimes the borrow checker reasons about; the kernel
//! spawns, and [`scope`] waits before it returns.

use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, Location};

use super::spawn::{Builder, Running, wait_for_end};
use super::{Result, Thread};
use crate::model::kernel;

/// `std::thread::Scope`.
#[repr(transparent)]
pub struct Scope<'scope, 'env: 'scope>(std::thread::Scope<'scope, 'env>);

/// `std::thread::ScopedJoinHandle`.
pub struct ScopedJoinHandle<'scope, T>(Joining<'scope, T>);

enum Joining<'scope, T> {
    Real(std::thread::ScopedJoinHandle<'scope, T>, Thread),
    /// With the key of its scope.
    Model(Running<T>, usize),
}

/// The threads of one scope inside a model.
pub(crate) struct Members {
    /// Who has opened it.
    owner: kernel::ThreadId,
    threads: Vec<kernel::ThreadId>,
    /// Those that panicked and that nobody has joined.
    panicked: Vec<kernel::ThreadId>,
}

/// As in std.
///
/// # Panics
/// If a thread of it panicked and was not joined.
#[track_caller]
pub fn scope<'env, F, T>(f: F) -> T
where
    F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> T,
{
    let at = Location::caller();
    std::thread::scope(|real| {
        let scope = Scope::over(real);
        if kernel::active() {
            scope.run_in_model(f, at)
        } else {
            f(scope)
        }
    })
}

impl<'scope, 'env> Scope<'scope, 'env> {
    fn over(real: &'scope std::thread::Scope<'scope, 'env>) -> &'scope Self {
        let real: *const std::thread::Scope<'scope, 'env> = real;
        // SAFETY: `Scope` is a transparent wrapper of what `real` points to, with
        // the same lifetimes.
        unsafe { &*real.cast::<Self>() }
    }

    /// Runs the body of a scope, then waits for its threads, also when it panics:
    /// that wait is what makes [`Scope::start`] sound.
    fn run_in_model<F, T>(&'scope self, f: F, at: &'static Location<'static>) -> T
    where
        F: FnOnce(&'scope Self) -> T,
    {
        let key = self.key();
        kernel::with(|kernel| {
            let members = Members {
                owner: kernel.current(),
                threads: Vec::new(),
                panicked: Vec::new(),
            };
            kernel.scopes.push((key, members));
        });
        let panics = kernel::panics();
        let result = std::panic::catch_unwind(AssertUnwindSafe(|| f(self)));
        if result.is_err() {
            kernel::unwound(panics);
        }
        // A thread of the scope may still spawn another one, so look again.
        let mut joined = 0;
        while let Some(thread) = self.members(|members| members.threads.get(joined).copied()) {
            wait_for_end(thread, at);
            joined += 1;
        }
        let panicked = self.members(|members| !members.panicked.is_empty());
        kernel::with(|kernel| kernel.scopes.retain(|(other, _)| *other != key));
        match result {
            Err(payload) => {
                kernel::resuming(&*payload);
                std::panic::resume_unwind(payload)
            }
            Ok(_) if panicked => panic!("a scoped thread panicked"),
            Ok(value) => value,
        }
    }

    fn key(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    fn members<R>(&self, f: impl FnOnce(&mut Members) -> R) -> R {
        members_of(self.key(), f)
    }

    /// As in std.
    #[track_caller]
    pub fn spawn<F, T>(&'scope self, f: F) -> ScopedJoinHandle<'scope, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        self.start(Builder::new(), f, Location::caller())
            .expect("failed to spawn thread")
    }

    pub(super) fn start<F, T>(
        &'scope self,
        builder: Builder,
        f: F,
        at: &'static Location<'static>,
    ) -> io::Result<ScopedJoinHandle<'scope, T>>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        if !kernel::active() {
            let handle = builder.real().spawn_scoped(&self.0, f)?;
            let public = Thread::real(handle.thread());
            return Ok(ScopedJoinHandle(Joining::Real(handle, public)));
        }
        let key = self.key();
        let ended = move |panicked: bool| {
            if panicked {
                let me = kernel::with(|kernel| kernel.current());
                members_of(key, |members| members.panicked.push(me));
            }
        };
        // SAFETY: `run_in_model` does not let 'scope end before the thread has, or stops the OS
        // thread for ever.
        let running = unsafe { Running::start(builder, at, f, ended) }?;
        self.members(|members| members.threads.push(running.thread()));
        Ok(ScopedJoinHandle(Joining::Model(running, key)))
    }
}

fn members_of<R>(key: usize, f: impl FnOnce(&mut Members) -> R) -> R {
    kernel::with(|kernel| {
        let members = kernel.scopes.iter_mut().find(|(other, _)| *other == key);
        let (_, members) = members.expect("a scope is open while its threads run");
        f(members)
    })
}

impl<T> ScopedJoinHandle<'_, T> {
    /// As in std.
    ///
    /// # Errors
    /// The payload of the panic that ended the thread.
    #[track_caller]
    pub fn join(self) -> Result<T> {
        match self.0 {
            Joining::Real(handle, _) => handle.join(),
            Joining::Model(running, key) => {
                let thread = running.thread();
                let result = running.join(Location::caller());
                members_of(key, |members| {
                    members.panicked.retain(|other| *other != thread)
                });
                result
            }
        }
    }

    /// As in std.
    #[track_caller]
    pub fn is_finished(&self) -> bool {
        match &self.0 {
            Joining::Real(handle, _) => handle.is_finished(),
            Joining::Model(running, _) => running.is_finished(Location::caller()),
        }
    }

    /// As in std.
    #[must_use]
    pub fn thread(&self) -> &Thread {
        match &self.0 {
            Joining::Real(_, public) => public,
            Joining::Model(running, _) => running.public(),
        }
    }
}

impl fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !kernel::active() {
            return self.0.fmt(f);
        }
        let (owner, threads, panicked) = self.members(|members| {
            let panicked = !members.panicked.is_empty();
            (members.owner, members.threads.clone(), panicked)
        });
        let running = kernel::with(|kernel| {
            let still_runs = |thread: &&kernel::ThreadId| !kernel.threads[thread.0].is_finished();
            threads.iter().filter(still_runs).count()
        });
        f.debug_struct("Scope")
            .field("num_running_threads", &running)
            .field("a_thread_panicked", &panicked)
            .field("main_thread", &Thread::of_model(owner))
            .finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for ScopedJoinHandle<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopedJoinHandle").finish_non_exhaustive()
    }
}
