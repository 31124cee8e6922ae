//! The real program, seen from outside: what it prints, how it exits, and that
//! nothing a submission does earns it a pass.
//!
//! A small workspace of its own (`fixtures/workspace`) keeps these tests apart
//! from the state of a learner's files. The pages in `golden/` are rewritten by
//! `SNAPSHOTS=overwrite cargo test -p checker`.

mod bad_input;
mod blind_spots;
mod book;
mod catalogue;
mod check;
mod counterexamples;
mod desk;
#[cfg(feature = "kills")]
mod kills;
mod pages;
mod picture;
mod real_std;
mod specimens;
mod support;
mod terminal;
mod upkeep;
mod watch;
