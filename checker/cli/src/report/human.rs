//! A report as a learner reads it: every check in a line, the first failure in
//! full, and what to do next. One failure at a time is as much as one can mend.

use std::path::PathBuf;

use verdict::Record;
use verdict::render::{self, Style};

use super::Report;
use crate::compile::Reason;

/// How much of it to show, and what comes after.
#[derive(Debug, Clone)]
pub struct Shown {
    /// How to print.
    pub style: Style,
    /// Every failure in full.
    pub all: bool,
    /// How long it took.
    pub timings: bool,
    /// Whether only one interleaving was followed.
    pub replayed: bool,
    /// What to type to grade it again.
    pub again: String,
    /// Where the failing interleaving is kept, if it can be replayed.
    pub replay: Option<PathBuf>,
    /// What to type when it has passed.
    pub onward: Option<String>,
}

impl Report {
    /// The report as text.
    pub fn human(&self, shown: &Shown) -> String {
        let style = shown.style;
        let mut text = self
            .refusal(style)
            .unwrap_or_else(|| self.verdicts_in_short(style) + &self.failures(shown));
        for problem in &self.problems {
            text.push_str(&format!(
                "\n{} {problem}\n",
                style.unsure("! the grader itself:")
            ));
        }
        text.push('\n');
        text.push_str(&self.closing(shown));
        if shown.timings {
            let seconds = |milliseconds: u64| milliseconds as f64 / 1000.0;
            let (build, check) = (
                seconds(self.timings_ms.build),
                seconds(self.timings_ms.check),
            );
            let line = format!("built {build:.1} s · checked {check:.1} s");
            text.push_str(&format!("{}\n", style.dim(&line)));
        }
        text
    }

    /// Why nothing could be run, if so.
    pub fn refusal(&self, style: Style) -> Option<String> {
        let rejection = self.rejection.as_ref()?;
        Some(refused(rejection.reason, &self.stage, style) + &rejection.compiler)
    }

    /// A line for each check.
    fn verdicts_in_short(&self, style: Style) -> String {
        self.checks
            .iter()
            .map(|record| render::summary(record, style))
            .collect()
    }

    fn failures(&self, shown: &Shown) -> String {
        let mut open = self.open();
        let mut text = String::new();
        let full = if shown.all { usize::MAX } else { 1 };
        for record in open.by_ref().take(full) {
            text.push('\n');
            text.push_str(&render::record(record, shown.style));
        }
        let rest: Vec<&Record> = open.collect();
        if !rest.is_empty() {
            text.push_str("\nAlso open (`--all` shows them in full):\n");
            text.extend(
                rest.into_iter()
                    .map(|record| in_a_line(record, shown.style)),
            );
        }
        text
    }

    /// How it stands, and what to do next.
    fn closing(&self, shown: &Shown) -> String {
        let style = shown.style;
        if shown.replayed && self.passed {
            return format!(
                "{} This interleaving does not fail any more. Whether another one does:\n  {}\n",
                style.good("✓"),
                style.strong(&shown.again)
            );
        }
        let mark = if self.passed {
            style.good("✓")
        } else {
            style.bad("✗")
        };
        let mut text = format!("{mark} {}: {}.\n", self.stage, self.state());
        if self.warnings > 0 {
            let plural = if self.warnings == 1 { "" } else { "s" };
            let line = format!(
                "  The compiler has {} warning{plural} about it.",
                self.warnings
            );
            text.push_str(&format!("{}\n", style.dim(&line)));
        }
        match (self.passed, &shown.onward) {
            (true, None) => {}
            (true, Some(onward)) => {
                text.push_str(&format!("  Next: {}\n", style.strong(onward)));
            }
            (false, _) => {
                text.push_str(&format!("  Next: edit {}, then\n", self.source));
                text.push_str(&format!("        {}\n", style.strong(&shown.again)));
                if let Some(file) = &shown.replay {
                    let replay = format!("{} --replay {}", shown.again, file.display());
                    let line = format!("  The same interleaving again:\n        {replay}");
                    text.push_str(&format!("{}\n", style.dim(&line)));
                }
            }
        }
        text
    }

    fn state(&self) -> String {
        let total = self.checks.len();
        match (&self.rejection, self.open().count()) {
            (Some(_), _) => "nothing was checked yet".to_owned(),
            (None, 0) if self.passed => format!("all {total} checks passed"),
            (None, 0) => "the grader needs mending, your code may be right".to_owned(),
            (None, open) => format!("{open} of {total} checks to go"),
        }
    }
}

/// What stands above the compiler's own message.
fn refused(reason: Reason, stage: &str, style: Style) -> String {
    match reason {
        // The compiler says it best.
        Reason::DoesNotCompile => String::new(),
        Reason::ContractDiffers => {
            let line = format!("The public API differs from the one in the brief of {stage}:");
            format!("{}\n\n", style.strong(&line))
        }
    }
}

/// A check that is not shown in full: its name, and what happened as far as it
/// fits.
fn in_a_line(record: &Record, style: Style) -> String {
    let message = record
        .finding
        .as_ref()
        .map_or("", |finding| finding.message.as_str());
    let room = style.width.saturating_sub(record.check.chars().count() + 6);
    let first = render::gist(message, room);
    format!("  {}   {}\n", record.check, style.dim(&first))
}
