//! The stand-in beside the real std of the toolchain in use: what both offer, and what the same
//! textbook code sees of both.
//!
//! **What they offer** ([`surface`]): rustdoc writes the pages of a crate that re-exports the
//! modules of std, once with the real one and once with the stand-in, and every stable item,
//! method, implementation and auto trait on them is a line. `differences.txt` has the lines
//! that only one of them has, each with its reason.
//!
//! It cannot see: what code does; macros beyond their names, and those at std's root not at all;
//! `#[must_use]`, `#[deprecated]`, `#[track_caller]` and the lints that know std's types by name;
//! what belongs to one operating system (`std::os`); which of two types of the same name a
//! signature means; what an item can do that is a type here and an alias there. It leaves out
//! blanket implementations and the methods of implemented traits, which follow from the rest.
//!
//! **What they do** ([`behaviour`]): [`textbook`] goes through std chapter by chapter. It is a
//! module of this test, with the real std, and part of a program for which `std` is the
//! stand-in; that one also runs each section in a model. It shows what it shows and no more:
//! `std_semantics` and `kinds.rs` go into the corners.

mod behaviour;
mod list;
mod page;
mod signature;
mod surface;
mod textbook;
mod toolchain;

use list::List;
use surface::Std;

/// Of every kind of line one that std will always have. What is misread would be missing on both
/// sides, and nobody would see it.
const KNOWN: [&str; 10] = [
    "sync::mpsc: mod",
    "sync::mpsc::RecvTimeoutError: pub enum RecvTimeoutError { Timeout, Disconnected, }",
    "collections::HashMap: pub struct HashMap<K, V, S = ~RandomState>",
    "sync::Mutex: ~Mutex<T>: pub fn try_lock(&self) -> Result<~MutexGuard<'_, T>, ~TryLockError<~MutexGuard<'_, T>>> where T: ?Sized",
    "sync::mpsc::channel: pub fn channel<T>() -> (~Sender<T>, ~Receiver<T>)",
    "sync::Mutex: impl<T> Sync for ~Mutex<T> where T: ?Sized + Send",
    "sync::MutexGuard: impl<T> !Send for ~MutexGuard<'_, T>",
    "sync::MutexGuard: impl<T> Unpin for ~MutexGuard<'_, T> where T: ?Sized",
    "sync::MutexGuard: Deref for ~MutexGuard<'_, T>: type Target = T where T: ?Sized",
    "time::Duration: ~Duration: pub const ZERO: ~Duration",
];

#[test]
fn the_stand_in_offers_what_std_offers() {
    let list = List::checked_in();
    let minor = toolchain::minor_version();
    if minor < list.minor {
        // What std was given since would look like an invention of the stand-in's.
        println!(
            "not compared: differences.txt is about 1.{} and newer",
            list.minor
        );
        return;
    }
    let real = surface::of(Std::Real);
    let ours = surface::of(Std::StandIn);
    let found = list::differences(&real, &ours);

    for line in KNOWN {
        assert!(
            real.contains(line),
            "rustdoc's pages are no longer read as they were: {line}"
        );
    }

    let lines = |lines: Vec<&String>| {
        let lines = lines.iter().map(|line| format!("{line}\n"));
        lines.collect::<String>()
    };
    let new = lines(found.difference(&list.lines).collect());
    let over = lines(list.lines.difference(&found).collect());
    assert!(
        new.is_empty(),
        "the stand-in differs from the std of Rust 1.{minor} (`-`: only std has it, `+`: only the \
         stand-in has it).\nMend checker/model-std/src. What has to stay goes into \
         tests/beside_std/differences.txt with its reason;\nif a new toolchain brought it, set \
         `toolchain` there to 1.{minor} as well.\n\n{new}\nand no longer:\n\n{over}"
    );
    assert!(
        over.is_empty(),
        "no longer different from the std of Rust 1.{minor}; remove from \
         tests/beside_std/differences.txt:\n\n{over}"
    );
}
