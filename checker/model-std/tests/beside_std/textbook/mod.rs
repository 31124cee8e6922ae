//! What a textbook on concurrency with std shows, chapter by chapter of std's documentation.
//! Each section returns what it saw, which std promises whatever the schedule is.
//!
//! It is compiled twice, with the real std and with the stand-in as `std`: so it names nothing
//! else, and nothing newer than the oldest supported toolchain.

mod atomics;
mod channels;
mod corners;
mod locks;
mod once;
mod threads;
mod values;

use std::fmt::Debug;
use std::time::Duration;

type Section = fn() -> Vec<String>;

/// The sections in the order of the book.
pub const SECTIONS: &[(&str, Section)] = &[
    ("threads", threads::threads),
    ("scoped threads", threads::scoped_threads),
    ("builders", threads::builders),
    ("parking", threads::parking),
    ("thread locals", threads::thread_locals),
    ("mutexes", locks::mutexes),
    ("poisoning", locks::poisoning),
    ("locks for readers and writers", locks::rwlocks),
    ("condition variables", locks::condvars),
    ("waits with timeouts", locks::timed_waits),
    ("a bounded buffer", locks::bounded_buffer),
    ("barriers", locks::barriers),
    ("once", once::once),
    ("once locks", once::once_locks),
    ("lazy locks", once::lazy_locks),
    ("shared ownership", once::shared_ownership),
    ("atomic numbers", atomics::atomic_numbers),
    ("compare and exchange", atomics::compare_and_exchange),
    ("a spin lock", atomics::spin_lock),
    ("atomic pointers", atomics::atomic_pointers),
    ("release and acquire", atomics::release_and_acquire),
    ("channels", channels::channels),
    ("channels that end", channels::channels_that_end),
    ("bounded channels", channels::bounded_channels),
    ("time", values::time),
    ("calendar time", values::calendar_time),
    ("cells", values::cells),
    ("panics", values::panics),
    ("maps", values::maps),
    ("sets", values::sets),
    ("what is printed", corners::what_is_printed),
    ("paths to methods", corners::paths_to_methods),
    ("what may cross threads", corners::what_may_cross_threads),
    ("files have times", corners::files_have_times),
    ("names and last words", corners::names_and_last_words),
    (
        "waiting for what unwinds",
        corners::waiting_for_what_unwinds,
    ),
    ("long and large", corners::long_and_large),
    ("deprecated", corners::deprecated),
];

/// What every section saw, with its name before each line.
pub fn all() -> Vec<String> {
    let sections = SECTIONS.iter();
    let lines = sections.flat_map(|(name, section)| {
        section()
            .into_iter()
            .map(move |line| format!("{name}: {line}"))
    });
    lines.collect()
}

fn say(value: impl Debug) -> String {
    format!("{value:?}")
}

const MOMENT: Duration = Duration::from_millis(2);
