//! How a command ends, and what goes wrong outside of a learner's code.

use std::fmt;

/// How a command ended. What keeps it from its work is an [`Error`] instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// There is nothing to mend.
    Passed,
    /// Something that was graded is not right yet.
    NotPassed,
    /// The grader gave up, and says nothing against what it graded.
    GaveUp,
}

impl Outcome {
    /// `Passed` if all is well.
    pub fn of(passed: bool) -> Self {
        if passed {
            Self::Passed
        } else {
            Self::NotPassed
        }
    }
}

/// A usage or environment error: what is wrong, and the next step.
#[derive(Debug)]
pub struct Error {
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub next: Option<String>,
}

/// A result of this program.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Says what is wrong.
    pub fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            next: None,
        }
    }

    /// Says what to do about it.
    pub fn next(self, next: impl Into<String>) -> Self {
        Self {
            next: Some(next.into()),
            ..self
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.what.trim_end())?;
        match &self.next {
            Some(next) => write!(f, "\n\n{next}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

/// Says what was being done when something failed.
pub trait Context<T> {
    /// `what` reads as the beginning of a sentence: "Cannot read FILE".
    fn context(self, what: impl FnOnce() -> String) -> Result<T>;
}

impl<T, E: fmt::Display> Context<T> for std::result::Result<T, E> {
    fn context(self, what: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|error| Error::new(format!("{}: {error}", what())))
    }
}
