//! What a command prints, and what it says beside that.

use std::io::{Write, stderr, stdout};

use serde::Serialize;
use verdict::render::Style;

use crate::error::{Context, Result};

/// Prints to standard output. A reader that has gone away (`| head`) has read
/// enough: that is no error.
pub fn print(text: &str) {
    let mut out = stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Says something beside the output. Where nobody can read it, that is no error either.
pub fn tell(text: &str) {
    let _ = stderr().write_all(text.as_bytes());
}

/// Prints one JSON value.
pub fn print_json(value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value).context(|| "Cannot write JSON".into())?;
    print(&(text + "\n"));
    Ok(())
}

/// What can be shown where it is printed.
pub fn style() -> Style {
    Style::for_stdout()
}
