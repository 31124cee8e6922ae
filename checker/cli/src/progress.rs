//! What is going on while a solution is graded, and for whom.

use std::fmt;
use std::io::{self, IsTerminal, Write, stderr};
use std::process::{Child, Command};

use verdict::{Manifest, Mark};

use crate::stop::Stop;

/// Columns of the bar itself.
const BAR: usize = 20;

/// What is going on.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// The compiler is at work, on this.
    Building(String),
    /// The checks run. Of each, in the order of the manifest, how it ended.
    Checking(Vec<Option<Mark>>),
}

/// Whoever is told about it, and may call it off.
#[derive(Debug)]
pub struct Progress {
    audience: Audience,
    stop: Option<Stop>,
}

enum Audience {
    /// Nobody.
    Nobody,
    /// One line on the terminal, with what it says now. Gone at the end.
    Line(String),
    /// Another part of this program, and what it was told last.
    Listener(Box<dyn FnMut(Step) + Send>, Option<Step>),
}

impl fmt::Debug for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nobody => "Nobody",
            Self::Line(_) => "Line",
            Self::Listener(..) => "Listener",
        })
    }
}

impl Progress {
    /// A line on standard error, if that is a terminal and a person is reading.
    pub fn new(wanted: bool) -> Self {
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        let audience = if wanted && stderr().is_terminal() && !dumb {
            Audience::Line(String::new())
        } else {
            Audience::Nobody
        };
        Self {
            audience,
            stop: None,
        }
    }

    /// Every step for this listener, until it is called off.
    pub fn told_to(listener: impl FnMut(Step) + Send + 'static, stop: Stop) -> Self {
        Self {
            audience: Audience::Listener(Box::new(listener), None),
            stop: Some(stop),
        }
    }

    /// The compiler is at work, on `what` if that is known.
    pub fn building(&mut self, what: &str) {
        if !self.tell(|| Step::Building(what.to_owned())) {
            self.say(format!("building… {what}").trim_end());
        }
    }

    /// Some of the checks have ended.
    pub fn checking(&mut self, manifest: &Manifest, ended: &[Option<Mark>]) {
        if self.tell(|| Step::Checking(ended.to_vec())) {
            return;
        }
        let done = ended.iter().flatten().count();
        let mut names = manifest.checks.iter().zip(ended);
        let open = names.find(|(_, ended)| ended.is_none());
        let open = open.map_or("", |(check, _)| &check.name);
        self.bar("checking", done, ended.len(), open);
    }

    /// Says how much of it is done.
    pub fn bar(&mut self, verb: &str, done: usize, of: usize, what: &str) {
        self.say(&format!("{verb} {} {done}/{of} {what}", bar(done, of, BAR)));
    }

    /// Tells a listener, if there is one, what it was not told yet.
    fn tell(&mut self, step: impl FnOnce() -> Step) -> bool {
        let Audience::Listener(listener, told) = &mut self.audience else {
            return false;
        };
        let step = step();
        if told.as_ref() != Some(&step) {
            *told = Some(step.clone());
            listener(step);
        }
        true
    }

    fn say(&mut self, what: &str) {
        let Audience::Line(last) = &mut self.audience else {
            return;
        };
        if last == what {
            return;
        }
        let width = verdict::render::Style::for_stderr().width;
        let line: String = what.chars().take(width - 1).collect();
        // Failing to draw must not fail the work.
        let _ = write!(stderr(), "\r\x1b[2K{line}").and_then(|()| stderr().flush());
        what.clone_into(last);
    }

    /// Starts a program that ends when the work is called off.
    pub fn spawn(&self, command: &mut Command) -> io::Result<Child> {
        match &self.stop {
            Some(stop) => stop.spawn(command),
            None => command.spawn(),
        }
    }

    /// The program that was started last has ended.
    pub fn ended(&self) {
        if let Some(stop) = &self.stop {
            stop.forget();
        }
    }

    /// Whether the work was called off.
    pub fn is_called_off(&self) -> bool {
        self.stop.as_ref().is_some_and(Stop::is_called)
    }
}

/// A bar of `width` columns.
pub fn bar(done: usize, of: usize, width: usize) -> String {
    let full = (width * done.min(of)).checked_div(of).unwrap_or(width);
    "█".repeat(full) + &"░".repeat(width - full)
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Audience::Line(last) = &self.audience
            && !last.is_empty()
        {
            let _ = write!(stderr(), "\r\x1b[2K").and_then(|()| stderr().flush());
        }
    }
}
