//! A report as a learner reads it: every check in a line, the first failure in
//! full, and what to do next. One failure at a time is as much as one can mend.

use std::path::PathBuf;

use verdict::Record;
use verdict::render::{self, Style, wrap};

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
        let spots = render::blind_spots(&self.checks, style);
        if !spots.is_empty() {
            text.push_str(&format!("{spots}\n"));
        }
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
            text.push_str(&in_short(&rest, shown.style));
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
            render::mark(self.mark(), style)
        } else {
            style.bad("✗")
        };
        let mut text = format!("{mark} {}: {}.\n", self.stage, self.state());
        if self.warnings > 0 {
            let plural = if self.warnings == 1 { "" } else { "s" };
            let line = format!(
                "  The compiler has {} warning{plural} about it{}",
                self.warnings,
                self.where_warnings_are()
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

    /// How to see the compiler's warnings, where cargo knows the code as a package.
    fn where_warnings_are(&self) -> String {
        if self.source.starts_with("exercises/") {
            format!(": cargo check -p {}-yours", self.stage)
        } else {
            ".".to_owned()
        }
    }

    fn state(&self) -> String {
        let total = self.checks.len();
        match (&self.rejection, self.open().count()) {
            (Some(_), _) => "nothing was checked".to_owned(),
            (None, 0) if self.passed && self.blind_spots.is_empty() => {
                format!("all {total} checks passed")
            }
            (None, 0) if self.passed => format!("all {total} checks passed, with blind spots"),
            (None, 0) => "the grader needs mending, your code may be right".to_owned(),
            (None, open) if self.grader_gave_up() => {
                format!("the grader gives up on {open} of {total} checks, your code may be right")
            }
            (None, open) => format!("{open} of {total} checks to go"),
        }
    }
}

/// What stands above the compiler's own message.
fn refused(reason: Reason, stage: &str, style: Style) -> String {
    match reason {
        // The compiler says it best.
        Reason::DoesNotCompile => String::new(),
        Reason::NotModelled => {
            let line = "The grader gives up: your code compiles, but it uses something of std that \
                        the grader cannot follow.";
            format!("{}\n\n", style.strong(line))
        }
        Reason::ContractDiffers => {
            let line = format!("The public API differs from the one in the brief of {stage}:");
            format!("{}\n\n", style.strong(&line))
        }
    }
}

/// Checks that are not shown in full: the names of those that say the same, and what
/// they say as far as it fits in a line.
fn in_short(records: &[&Record], style: Style) -> String {
    let mut told: Vec<(&str, Vec<&str>)> = Vec::new();
    for record in records {
        let finding = record.finding.as_ref();
        let message = finding.map_or("", |finding| &finding.message);
        match told.iter_mut().find(|(known, _)| *known == message) {
            Some((_, names)) => names.push(&record.check),
            None => told.push((message, vec![&record.check])),
        }
    }
    let mut text = String::new();
    for (message, names) in told {
        for line in wrap(&names.join(", "), style.width - 2) {
            text.push_str(&format!("  {line}\n"));
        }
        let gist = render::gist(message, style.width - 4);
        if !gist.is_empty() {
            text.push_str(&format!("    {}\n", style.dim(&gist)));
        }
    }
    text
}
