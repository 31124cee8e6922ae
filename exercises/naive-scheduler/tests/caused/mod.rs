//! An error with a cause, for every scheduler that keeps the texts of errors.

use std::error::Error;
use std::fmt;

/// An error that has another one behind it, which `to_string()` does not tell.
#[derive(Debug)]
pub struct Caused(pub String);

impl fmt::Display for Caused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Caused {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&fmt::Error)
    }
}
