//! How wide and how colourful the text may be.

use std::io::{IsTerminal, stderr, stdout};

use anstyle::{AnsiColor, Style as Ansi};

/// Prose is hard to read on wider lines than this.
const WIDEST: usize = 120;
/// Below this the columns of a counterexample do not fit.
const NARROWEST: usize = 60;
/// Where nobody says: the width that mail, logs and reviews are made for.
const USUAL: usize = 80;

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Columns to fill, at least 60.
    pub width: usize,
    /// Whether to use ANSI colour.
    pub color: bool,
    /// Whether to show a counterexample step by step, with nothing folded away.
    pub full: bool,
}

impl Style {
    /// What standard output can show.
    #[must_use]
    pub fn for_stdout() -> Self {
        let columns = stdout()
            .is_terminal()
            .then(|| terminal_size::terminal_size_of(stdout()));
        Self::detect(columns.flatten(), stdout().is_terminal())
    }

    /// What standard error can show.
    #[must_use]
    pub fn for_stderr() -> Self {
        let columns = stderr()
            .is_terminal()
            .then(|| terminal_size::terminal_size_of(stderr()));
        Self::detect(columns.flatten(), stderr().is_terminal())
    }

    fn detect(
        size: Option<(terminal_size::Width, terminal_size::Height)>,
        is_terminal: bool,
    ) -> Self {
        let columns = variable("COLUMNS").and_then(|columns| columns.parse().ok());
        let width = columns
            .or(size.map(|(width, _)| usize::from(width.0)))
            .unwrap_or(USUAL);
        Self {
            width: width.clamp(NARROWEST, WIDEST),
            color: wants_color(is_terminal),
            full: false,
        }
    }

    /// For what passed.
    #[must_use]
    pub fn good(self, text: &str) -> String {
        self.paint(AnsiColor::Green.on_default().bold(), text)
    }

    /// For what failed.
    #[must_use]
    pub fn bad(self, text: &str) -> String {
        self.paint(AnsiColor::Red.on_default().bold(), text)
    }

    /// For what is neither, and for switches between threads.
    #[must_use]
    pub fn unsure(self, text: &str) -> String {
        self.paint(AnsiColor::Yellow.on_default(), text)
    }

    /// For headings and for what to type.
    #[must_use]
    pub fn strong(self, text: &str) -> String {
        self.paint(Ansi::new().bold(), text)
    }

    /// For names: defects, threads, files.
    #[must_use]
    pub fn name(self, text: &str) -> String {
        self.paint(AnsiColor::Cyan.on_default(), text)
    }

    /// For what may be skipped when reading.
    #[must_use]
    pub fn dim(self, text: &str) -> String {
        self.paint(Ansi::new().dimmed(), text)
    }

    /// For the steps of one thread, so that the eye can follow it.
    pub(super) fn lane(self, index: usize, text: &str) -> String {
        const THREADS: [AnsiColor; 4] = [
            AnsiColor::Cyan,
            AnsiColor::Magenta,
            AnsiColor::Blue,
            AnsiColor::Green,
        ];
        self.paint(THREADS[index % THREADS.len()].on_default(), text)
    }

    fn paint(self, ansi: Ansi, text: &str) -> String {
        if self.color && !text.is_empty() {
            format!("{ansi}{text}{ansi:#}")
        } else {
            text.to_owned()
        }
    }
}

/// The conventions of <https://no-color.org> and <https://bixense.com/clicolors>.
fn wants_color(is_terminal: bool) -> bool {
    if variable("NO_COLOR").is_some() {
        return false;
    }
    if variable("CLICOLOR_FORCE").is_some_and(|force| force != "0") {
        return true;
    }
    let refused = variable("CLICOLOR").is_some_and(|color| color == "0");
    let dumb = variable("TERM").is_some_and(|term| term == "dumb");
    is_terminal && !refused && !dumb
}

/// A variable of the environment that is set and not empty.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
