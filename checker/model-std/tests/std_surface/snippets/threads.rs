//! `std::thread`.

use super::std;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::{self, Builder, JoinHandle, Scope, ScopedJoinHandle, Thread, ThreadId};
use std::time::{Duration, Instant};

/// What a panic says, up to what it says of the bytes.
fn says<R>(f: impl FnOnce() -> R) -> String {
    let payload = catch_unwind(AssertUnwindSafe(f)).err();
    payload.map_or_else(String::new, |payload| match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => payload.downcast_ref::<&str>().unwrap_or(&"?").to_string(),
    })
}

snippets! { EVERYWHERE:
    a_nul_in_the_name_of_a_spawned_thread => { says(|| Builder::new().name("a\0b".to_owned()).spawn(|| ())) }
    a_nul_in_the_name_of_a_scoped_thread => {
        says(|| thread::scope(|scope| { Builder::new().name("\0".to_owned()).spawn_scoped(scope, || ()).map(drop) }))
    }
    a_nul_in_a_name_that_nobody_uses => { format!("{:?}", Builder::new().name("a\0".to_owned())) }
    names => {
        let named = Builder::new().name("wörker".to_owned()).stack_size(1 << 18);
        let text = format!("{named:?} {:?}", Builder::new());
        let empty = Builder::new().name(String::new()).spawn(|| thread::current().name().map(str::to_owned)).unwrap();
        (text, named.spawn(|| thread::current().name().map(str::to_owned)).unwrap().join().unwrap(), empty.join().unwrap())
    }
    threads_that_borrow_and_promise => {
        let mut numbers = vec![1];
        // SAFETY: it is joined below.
        let handle = unsafe { Builder::new().spawn_unchecked(|| { numbers.push(2); numbers.len() }) };
        let length = handle.unwrap().join().unwrap();
        (length, numbers)
    }
    threads_that_borrow_return_a_borrow => {
        let text = "a b".to_owned();
        // SAFETY: as above.
        let handle: JoinHandle<&str> = unsafe { Builder::new().name("n".into()).spawn_unchecked(|| text.split(' ').next().unwrap()) }.unwrap();
        (handle.thread().name().map(str::to_owned), handle.join().unwrap().to_owned())
    }
    threads_that_borrow_and_panic => {
        let text = "a b".to_owned();
        // SAFETY: as above.
        let handle = unsafe { Builder::new().spawn_unchecked(|| if text.len() > 1 { panic!("{text}") }) }.unwrap();
        handle.join().unwrap_err().downcast_ref::<String>().cloned()
    }
    handles_printed => {
        let handle = thread::spawn(|| ());
        let text = format!("{handle:?}");
        handle.join().unwrap();
        let scoped = thread::scope(|scope| format!("{:?}", scope.spawn(|| ())));
        (text, scoped)
    }
    handles_are_shared => {
        let handle = thread::spawn(|| std::cell::Cell::new(1));
        thread::scope(|scope| {
            scope.spawn(|| handle.thread().unpark());
        });
        let other = thread::spawn(move || handle.join().unwrap().get());
        other.join().unwrap()
    }
    a_scope_keeps_its_lifetimes => {
        fn start<'scope, 'env>(scope: &'scope Scope<'scope, 'env>, text: &'env str) -> ScopedJoinHandle<'scope, usize> {
            scope.spawn(move || text.len())
        }
        let text = "abc".to_owned();
        thread::scope(|scope| {
            let nested = scope.spawn(|| start(scope, &text).join().unwrap());
            (nested.join().unwrap(), start(scope, &text).join().unwrap())
        })
    }
    ids => {
        let here: ThreadId = thread::current().id();
        let there = thread::spawn(move || { let me: Thread = thread::current(); (me.id() == here, me.clone().id() == me.id()) }).join().unwrap();
        (there, here == thread::current().id())
    }
    sleeping_by_the_millisecond => {
        let start = Instant::now();
        thread::sleep_ms(2);
        start.elapsed() >= Duration::from_millis(2)
    }
    parking_by_the_millisecond => {
        thread::park_timeout_ms(1);
        thread::current().unpark();
        thread::park_timeout_ms(60_000);
    }
    parking_by_the_millisecond_until_woken => {
        let ready = std::sync::atomic::AtomicBool::new(false);
        let me = thread::current();
        thread::scope(|scope| {
            scope.spawn(|| { ready.store(true, std::sync::atomic::Ordering::SeqCst); me.unpark(); });
            while !ready.load(std::sync::atomic::Ordering::SeqCst) { thread::park_timeout_ms(10_000); }
        });
        ready
    }
    #[cfg(unix)]
    handles_of_the_system => {
        use std::os::unix::thread::{JoinHandleExt, RawPthread};
        let handle = thread::spawn(|| 1);
        let id: RawPthread = handle.as_pthread_t();
        (id != 0, handle.join().unwrap(), thread::spawn(|| ()).into_pthread_t() != 0)
    }
    results => {
        let result: thread::Result<u8> = thread::spawn(|| 1).join();
        (result.is_ok(), thread::panicking(), thread::available_parallelism().is_ok())
    }
    panics_are_caught => {
        let result = std::panic::catch_unwind(|| std::panic::panic_any(5_u8));
        let again = catch_unwind(AssertUnwindSafe(|| std::panic::resume_unwind(Box::new(6_u8))));
        (result.unwrap_err().downcast_ref::<u8>().copied(), again.unwrap_err().downcast_ref::<u8>().copied())
    }
    places_are_known => {
        #[track_caller]
        fn line() -> u32 { std::panic::Location::caller().line() }
        line() == line()
    }
}
