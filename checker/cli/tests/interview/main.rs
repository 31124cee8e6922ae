//! Mock interviews from outside, with the clock in the test's hands.

mod bad_input;
#[cfg(feature = "browser")]
mod browser;
mod kills;
mod real;
mod samples;
mod screen;
#[expect(dead_code, reason = "shared with the other black-box tests")]
#[path = "../black_box/support.rs"]
mod support;
#[expect(dead_code, reason = "shared with the other black-box tests")]
#[path = "../black_box/terminal.rs"]
mod terminal;
mod timed;
