//! `std::thread`.

use std::cell::{Cell, RefCell};
use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use super::{MOMENT, say};

pub fn threads() -> Vec<String> {
    let numbers = Vec::from([1, 2, 3]);
    let sum = thread::spawn(move || numbers.iter().sum::<i32>());
    let failed = thread::spawn(|| {
        if thread::panicking() {
            1
        } else {
            panic!("no sum")
        }
    });
    let payload = failed.join().unwrap_err();
    let other = thread::spawn(|| thread::current().id());
    while !other.is_finished() {
        thread::yield_now();
    }
    let handle_knows = other.thread().id();
    let id = other.join().unwrap();
    vec![
        say(sum.join().unwrap()),
        say(payload.downcast_ref::<&str>()),
        say(id == handle_knows && id != thread::current().id()),
        say(thread::available_parallelism().is_ok()),
    ]
}

pub fn scoped_threads() -> Vec<String> {
    let mut words = vec!["a", "bc"];
    let length = AtomicUsize::new(0);
    let longest = thread::scope(|scope| {
        scope.spawn(|| length.fetch_add(words[0].len(), Ordering::Relaxed));
        let handle = scope.spawn(|| words.iter().map(|word| word.len()).max());
        handle.join().unwrap()
    });
    words.push("d");
    let passed_on = panic::catch_unwind(|| {
        thread::scope(|scope| {
            scope.spawn(|| panic!("nobody joins"));
        });
    });
    vec![
        say((longest, length.into_inner(), words)),
        say(passed_on.is_err()),
    ]
}

pub fn builders() -> Vec<String> {
    let builder = thread::Builder::new()
        .name("worker".to_owned())
        .stack_size(256 * 1024);
    let named = builder
        .spawn(|| thread::current().name().map(str::to_owned))
        .unwrap();
    let handle_knows = named.thread().name().map(str::to_owned);
    let unnamed = thread::spawn(|| thread::current().name().map(str::to_owned));
    let scoped = thread::scope(|scope| {
        let builder = thread::Builder::new().name("scoped".to_owned());
        let handle = builder.spawn_scoped(scope, || thread::current().name() == Some("scoped"));
        handle.unwrap().join().unwrap()
    });
    vec![
        say((named.join().unwrap(), handle_knows)),
        say(unnamed.join().unwrap()),
        say(scoped),
    ]
}

pub fn parking() -> Vec<String> {
    let ready = Arc::new(AtomicBool::new(false));
    let waiter = thread::spawn({
        let ready = Arc::clone(&ready);
        move || {
            // It may return for no reason.
            while !ready.load(Ordering::Acquire) {
                thread::park();
            }
            "woken"
        }
    });
    ready.store(true, Ordering::Release);
    waiter.thread().unpark();
    let woken = waiter.join().unwrap();
    thread::current().unpark();
    thread::park();
    thread::park_timeout(MOMENT);
    vec![say(woken)]
}

thread_local! {
    static COUNT: Cell<u32> = const { Cell::new(1) };
    static NAMES: RefCell<Vec<&'static str>> = RefCell::new(vec!["first"]);
    static LEAVES: RefCell<Option<TellsAtTheEnd>> = const { RefCell::new(None) };
}

struct TellsAtTheEnd(mpsc::Sender<&'static str>);

impl Drop for TellsAtTheEnd {
    fn drop(&mut self) {
        let _ = self.0.send("dropped with its thread");
    }
}

pub fn thread_locals() -> Vec<String> {
    COUNT.set(COUNT.get() + 1);
    NAMES.with_borrow_mut(|names| names.push("second"));
    let (end, ends) = mpsc::channel();
    let of_other = thread::spawn(move || {
        LEAVES.set(Some(TellsAtTheEnd(end)));
        (
            COUNT.replace(7),
            COUNT.take(),
            NAMES.with(|names| names.borrow().len()),
        )
    });
    let seen = vec![
        say(of_other.join().unwrap()),
        say(ends.recv()),
        say(COUNT.try_with(Cell::get)),
        say(NAMES.take()),
    ];
    // Later calls on this thread are to see the same.
    COUNT.set(1);
    NAMES.set(vec!["first"]);
    seen
}
