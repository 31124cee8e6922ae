//! `spawn`, `Builder` and `JoinHandle`.

use std::ffi::CString;
use std::fmt;
use std::io;
#[cfg(unix)]
use std::os::unix::thread::{JoinHandleExt, RawPthread};
use std::panic::{AssertUnwindSafe, Location};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Result, Thread};
use crate::fiber::THREAD_STACK;
use crate::model::kernel::{self, Timed, Why};

/// Where a thread leaves its result for whoever joins it.
type Packet<T> = Arc<Mutex<Option<Result<T>>>>;

/// As in std.
#[track_caller]
pub fn spawn<F, T>(f: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    Builder::new().spawn(f).expect("failed to spawn thread")
}

/// `std::thread::Builder`.
#[must_use = "must eventually spawn the thread"]
pub struct Builder {
    name: Option<String>,
    stack_size: Option<usize>,
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // std's has a field more or less from one release to the next.
        self.real().fmt(f)
    }
}

// std's `Builder` has no `Default`, so a program that uses one must not compile here.
#[allow(clippy::new_without_default)]
impl Builder {
    /// As in std.
    pub fn new() -> Self {
        Self {
            name: None,
            stack_size: None,
        }
    }

    /// As in std.
    pub fn name(mut self, name: String) -> Self {
        self.name = Some(name);
        self
    }

    /// As in std.
    pub fn stack_size(mut self, size: usize) -> Self {
        self.stack_size = Some(size);
        self
    }

    /// As in std.
    ///
    /// # Errors
    /// As in std.
    #[track_caller]
    pub fn spawn<F, T>(self, f: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        // SAFETY: what it runs and returns may live for ever.
        unsafe { self.spawn_unchecked(f) }
    }

    /// As in std.
    ///
    /// # Errors
    /// As in std.
    ///
    /// # Safety
    /// As in std: the thread is joined before anything dies that it borrows.
    #[track_caller]
    pub unsafe fn spawn_unchecked<F, T>(self, f: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send,
        T: Send,
    {
        if kernel::active() {
            // SAFETY: promised by the caller.
            let running = unsafe { Running::start(self, Location::caller(), f, |_panicked| ()) }?;
            Ok(JoinHandle(Joining::Model(running)))
        } else {
            // SAFETY: promised by the caller.
            let handle = unsafe { self.real().spawn_unchecked(f) }?;
            let public = Thread::real(handle.thread());
            Ok(JoinHandle(Joining::Real(handle, public)))
        }
    }

    /// As in std.
    ///
    /// # Errors
    /// As in std.
    #[track_caller]
    pub fn spawn_scoped<'scope, 'env, F, T>(
        self,
        scope: &'scope super::Scope<'scope, 'env>,
        f: F,
    ) -> io::Result<super::ScopedJoinHandle<'scope, T>>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        scope.start(self, f, Location::caller())
    }

    pub(super) fn real(&self) -> std::thread::Builder {
        let builder = std::thread::Builder::new();
        let builder = match &self.name {
            Some(name) => builder.name(name.clone()),
            None => builder,
        };
        match self.stack_size {
            Some(size) => builder.stack_size(size),
            None => builder,
        }
    }

    /// The name, and the size of the stack.
    ///
    /// # Panics
    /// As in std, if the name has a NUL in it.
    #[track_caller]
    fn into_parts(self) -> (Option<String>, usize) {
        if let Some(name) = &self.name {
            CString::new(name.as_str()).expect("thread name may not contain interior null bytes");
        }
        (self.name, self.stack_size.unwrap_or(THREAD_STACK))
    }
}

/// A thread of a model, seen from the outside.
pub(super) struct Running<T> {
    thread: kernel::ThreadId,
    public: Thread,
    packet: Packet<T>,
}

impl<T: Send> Running<T> {
    /// Starts a thread of the model that runs `f`, and then `ended` with whether that panicked.
    ///
    /// # Safety
    /// It ends before anything dies that `f`, `T` or `ended` borrows, or the OS thread of the
    /// model stops for ever, which ends nothing.
    #[track_caller]
    pub(super) unsafe fn start<'a, F>(
        builder: Builder,
        at: &'static Location<'static>,
        f: F,
        ended: impl FnOnce(bool) + 'a,
    ) -> io::Result<Self>
    where
        F: FnOnce() -> T + Send + 'a,
        T: 'a,
    {
        let packet = Packet::<T>::default();
        let body: Box<dyn FnOnce() + 'a> = Box::new(deliver(Arc::clone(&packet), f, ended));
        // SAFETY: only the lifetime changes, and the caller promises that it is long enough.
        let body = unsafe {
            std::mem::transmute::<Box<dyn FnOnce() + 'a>, Box<dyn FnOnce() + 'static>>(body)
        };
        let (name, stack) = builder.into_parts();
        let thread = kernel::spawn(name, stack, at, body)?;
        Ok(Self {
            thread,
            public: Thread::of_model(thread),
            packet,
        })
    }
}

/// The body of a thread: runs `f` and leaves its result, or its panic.
fn deliver<F, T>(packet: Packet<T>, f: F, ended: impl FnOnce(bool)) -> impl FnOnce()
where
    F: FnOnce() -> T,
{
    move || {
        let result = std::panic::catch_unwind(AssertUnwindSafe(f));
        let panicked = result.is_err();
        if panicked {
            kernel::unwound(0);
        }
        *packet.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        drop(packet);
        ended(panicked);
    }
}

impl<T> Running<T> {
    pub(super) fn thread(&self) -> kernel::ThreadId {
        self.thread
    }

    pub(super) fn public(&self) -> &Thread {
        &self.public
    }

    pub(super) fn join(self, at: &'static Location<'static>) -> Result<T> {
        wait_for_end(self.thread, at);
        let result = self
            .packet
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        result.expect("a thread leaves its result before it ends, and is joined once")
    }

    pub(super) fn is_finished(&self, at: &'static Location<'static>) -> bool {
        kernel::need_finer_steps();
        let object = kernel::with(|kernel| kernel.thread_object(self.thread));
        kernel::step(object, at);
        kernel::with(|kernel| kernel.threads[self.thread.0].is_finished())
    }
}

/// Blocks until `thread` has ended. The attempt is a step, as that end is one: who has to wait
/// gives way to others at no cost, so whether it comes before that end matters.
pub(super) fn wait_for_end(thread: kernel::ThreadId, at: &'static Location<'static>) {
    let object = kernel::with(|kernel| kernel.thread_object(thread));
    kernel::step(object, at);
    if kernel::with(|kernel| !kernel.threads[thread.0].is_finished()) {
        kernel::with(|kernel| {
            let other = kernel.threads[thread.0].info.label(thread.0);
            kernel.record("join", None, Some(at), || {
                Some(format!("waits for {other}"))
            });
        });
        kernel::block(Why::Join(thread), Timed::No);
    }
    kernel::with(|kernel| kernel.follow(thread));
}

/// `std::thread::JoinHandle`.
pub struct JoinHandle<T>(Joining<T>);

enum Joining<T> {
    Real(std::thread::JoinHandle<T>, Thread),
    Model(Running<T>),
}

// SAFETY: as for std's. Whoever spawned the thread had a `T` that may be sent, and only `join`,
// which takes the handle, gives access to it.
unsafe impl<T> Send for JoinHandle<T> {}
// SAFETY: as above. A shared handle tells about the thread only.
unsafe impl<T> Sync for JoinHandle<T> {}

impl<T> JoinHandle<T> {
    /// As in std.
    ///
    /// # Errors
    /// The payload of the panic that ended the thread.
    #[track_caller]
    pub fn join(self) -> Result<T> {
        match self.0 {
            Joining::Real(handle, _) => handle.join(),
            Joining::Model(running) => running.join(Location::caller()),
        }
    }

    /// As in std.
    #[track_caller]
    pub fn is_finished(&self) -> bool {
        match &self.0 {
            Joining::Real(handle, _) => handle.is_finished(),
            Joining::Model(running) => running.is_finished(Location::caller()),
        }
    }

    /// As in std.
    #[must_use]
    pub fn thread(&self) -> &Thread {
        match &self.0 {
            Joining::Real(_, public) => public,
            Joining::Model(running) => running.public(),
        }
    }
}

/// In a model all threads are the same one of the system.
#[cfg(unix)]
impl<T> JoinHandleExt for JoinHandle<T> {
    fn as_pthread_t(&self) -> RawPthread {
        match &self.0 {
            Joining::Real(handle, _) => handle.as_pthread_t(),
            // SAFETY: it always succeeds.
            Joining::Model(_) => unsafe { libc::pthread_self() },
        }
    }

    fn into_pthread_t(self) -> RawPthread {
        match self.0 {
            Joining::Real(handle, _) => handle.into_pthread_t(),
            // SAFETY: as above.
            Joining::Model(_) => unsafe { libc::pthread_self() },
        }
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").finish_non_exhaustive()
    }
}
