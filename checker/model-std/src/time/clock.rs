//! `SystemTime::now()` in a model.
//!
//! `SystemTime` has to be std's own type, for `Metadata::modified` returns it and
//! `File::set_modified` takes it. Then `SystemTime::now` is std's own function too, which asks the
//! C library for the time by `clock_gettime`. So that is what is replaced: the linker takes the
//! function below for it, as it takes a program's own `malloc`. Where a thread of a model asks for
//! the time of day it is answered by its virtual clock, counted from a moment of the process;
//! everybody else is handed on to the C library.
//!
//! On other systems than these the real clock answers.

#[cfg(any(target_os = "linux", target_os = "macos"))]
mod replaced {
    use std::ffi::c_int;
    use std::panic::Location;
    use std::ptr;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicPtr, Ordering::Relaxed};
    use std::time::Duration;

    use crate::model::kernel;

    type ClockGettime = unsafe extern "C" fn(libc::clockid_t, *mut libc::timespec) -> c_int;

    /// The C library's `clock_gettime`, once it has been looked up.
    static REAL: AtomicPtr<libc::c_void> = AtomicPtr::new(ptr::null_mut());

    /// The real time when a model first asked for it, as a duration since 1970. One for all
    /// executions, which have to behave alike.
    static START: OnceLock<Option<Duration>> = OnceLock::new();

    /// The C library's function, for everybody but the threads of a model.
    ///
    /// What it does is safe wherever C's is, in a signal handler too: it allocates nothing, and
    /// takes no lock but those of the lookup, once. It does not call itself, since neither the
    /// lookup nor the kernel asks for the time of day.
    ///
    /// # Safety
    /// As in C: `time` may be written to.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn clock_gettime(clock: libc::clockid_t, time: *mut libc::timespec) -> c_int {
        if clock == libc::CLOCK_REALTIME
            && kernel::runs_the_program()
            && let Some(now) = time_of_day().and_then(as_timespec)
        {
            // SAFETY: promised by the caller.
            unsafe { time.write(now) };
            return 0;
        }
        // SAFETY: promised by the caller.
        unsafe { real(clock, time) }
    }

    /// The time of day for the current thread of a model.
    fn time_of_day() -> Option<Duration> {
        let start = (*START.get_or_init(real_time_of_day))?;
        start.checked_add(super::super::time_of_model(Location::caller()))
    }

    fn real_time_of_day() -> Option<Duration> {
        let mut time = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // SAFETY: it may be written to.
        let status = unsafe { real(libc::CLOCK_REALTIME, &raw mut time) };
        let seconds = u64::try_from(time.tv_sec).ok()?;
        let nanos = u32::try_from(time.tv_nsec).ok()?;
        (status == 0).then(|| Duration::new(seconds, nanos))
    }

    fn as_timespec(time: Duration) -> Option<libc::timespec> {
        Some(libc::timespec {
            tv_sec: time.as_secs().try_into().ok()?,
            tv_nsec: i32::try_from(time.subsec_nanos()).ok()?.into(),
        })
    }

    /// # Safety
    /// As in C: `time` may be written to.
    unsafe fn real(clock: libc::clockid_t, time: *mut libc::timespec) -> c_int {
        let mut known = REAL.load(Relaxed);
        if known.is_null() {
            // SAFETY: the name ends with a NUL.
            known = unsafe { libc::dlsym(libc::RTLD_NEXT, c"clock_gettime".as_ptr()) };
            REAL.store(known, Relaxed);
        }
        if known.is_null() {
            return without_the_library(clock, time);
        }
        // SAFETY: that is the type of the function of this name, in all C libraries. `time` is as
        // the caller promises.
        unsafe { std::mem::transmute::<*mut libc::c_void, ClockGettime>(known)(clock, time) }
    }

    /// Where the C library was linked into the program there is no next one to look in.
    #[cfg(target_os = "linux")]
    fn without_the_library(clock: libc::clockid_t, time: *mut libc::timespec) -> c_int {
        // SAFETY: the system checks what it is given.
        let status = unsafe { libc::syscall(libc::SYS_clock_gettime, clock, time) };
        if status == 0 { 0 } else { -1 }
    }

    /// It cannot be linked into the program there, and so is always found.
    #[cfg(target_os = "macos")]
    fn without_the_library(_clock: libc::clockid_t, _time: *mut libc::timespec) -> c_int {
        -1
    }
}
