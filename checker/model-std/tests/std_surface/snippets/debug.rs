//! `Debug` of what carries numbers, names and times of its own.

use super::std;

use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::{Instant, SystemTime};

/// Every number as one sign, for they differ from run to run.
fn shape(text: impl std::fmt::Debug) -> String {
    let mut shape = String::new();
    for c in format!("{text:?}").chars() {
        let c = if c.is_ascii_digit() { '#' } else { c };
        if c != '#' || !shape.ends_with('#') {
            shape.push(c);
        }
    }
    shape
}

snippets! { EVERYWHERE:
    times => { (shape(Instant::now()), shape(SystemTime::now())) }
    threads => {
        let other = thread::Builder::new().name("other".to_owned()).spawn(|| shape(thread::current())).unwrap();
        let unnamed = thread::spawn(|| shape(thread::current()));
        (shape(other.thread().id()), other.join().unwrap(), unnamed.join().unwrap())
    }
    all_of_a_barrier => {
        let barrier = Arc::new(Barrier::new(2));
        let other = Arc::clone(&barrier);
        let handle = thread::spawn(move || format!("{:?}", other.wait()));
        let mut all = [format!("{:?}", barrier.wait()), handle.join().unwrap()];
        all.sort();
        all
    }
    nested => {
        #[derive(Debug, Default)]
        struct Shared { jobs: Mutex<Vec<u8>>, done: std::sync::Condvar, count: std::sync::atomic::AtomicUsize }
        let shared = Arc::new(Shared::default());
        let held = shared.jobs.lock().unwrap();
        (format!("{shared:?}"), drop(held), format!("{shared:#?}"))
    }
    what_is_taken_apart => {
        (shape(std::collections::hash_map::RandomState::new()), shape(std::thread::Builder::new().stack_size(5)))
    }
    an_open_scope => {
        let named = thread::Builder::new().name("opens it".to_owned()).spawn(|| {
            thread::scope(|scope| {
                scope.spawn(|| ()).join().unwrap();
                let panics = scope.spawn(|| panic!("for the text"));
                let panicked = panics.join().is_err();
                (panicked, shape(scope))
            })
        });
        let (panicked, text) = named.unwrap().join().unwrap();
        // A thread that has ended is counted a moment longer by std.
        (panicked, text.contains("Scope { num_running_threads: #, a_thread_panicked: "), text.ends_with("main_thread: Thread { id: ThreadId(#), name: Some(\"opens it\"), .. }, .. }"))
    }
}

snippets! { OUTSIDE:
    the_main_thread_of_a_scope => { thread::scope(|scope| shape(scope).replace("main_thread", "").len() > 50) }
    a_fresh_scope => {
        thread::Builder::new().name("x".to_owned()).spawn(|| thread::scope(|scope| shape(scope))).unwrap().join().unwrap()
    }
    the_current_thread => {
        thread::Builder::new().name("y".to_owned()).spawn(|| shape(thread::current())).unwrap().join().unwrap()
    }
}
