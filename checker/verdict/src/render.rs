//! Records as text for a terminal: what went wrong, how it happens, why it
//! matters and what to try, readable without colour and in 80 columns.

mod blind_spots;
mod lanes;
pub mod names;
mod style;
mod text;

pub use blind_spots::blind_spots;
pub use style::Style;
pub use text::{clean, count, cut, gist, grouped, wrap};

use std::slice;

use crate::{
    Counterexample, FailureKind, Finding, Mark, Method, Record, Search, Verdict, environment,
};

/// Everything below the headline is set in by this much.
const INDENT: usize = 2;
/// Lines of the submission's own output that are worth showing.
const OUTPUT: usize = 10;
/// What to say where our own search missed what loom found.
const MISSED: &str = "What is shown here happens, but the search that proves had missed it; loom, \
                      which looks over its shoulder, did not. Please report that, with what \
                      `--format json` prints.";
/// Lines of an input that are shown, unless everything is asked for.
const INPUT: usize = 40;

/// A record as a learner reads it, ending in a newline.
#[must_use]
pub fn record(record: &Record, style: Style) -> String {
    let Some(finding) = &record.finding else {
        return blind_spots(slice::from_ref(record), style) + &summary(record, style);
    };
    let inner = Style {
        width: style.width - INDENT,
        ..style
    };
    let mut page = Page {
        style: inner,
        lines: Vec::new(),
    };
    page.prose(&finding.message);
    page.place(finding);
    if let Some(story) = &finding.counterexample {
        page.story(story, finding.kind, record.search.as_ref());
    }
    if let Some(input) = &finding.input {
        page.input(input);
    }
    if let Some(seed) = record.seed {
        page.lines.extend([
            String::new(),
            inner.dim(&format!(
                "Inputs of {}={seed}, the same in every run",
                environment::SEED
            )),
        ]);
    }
    let skipped = finding.output.len().saturating_sub(OUTPUT);
    page.section(
        "It printed",
        finding.output[skipped..].iter().map(String::as_str),
    );
    page.advice("Why it matters", finding.why.as_deref());
    page.advice("Try", finding.try_next.as_deref());
    if record
        .search
        .as_ref()
        .is_some_and(|search| search.missed_by_the_proof)
    {
        page.advice("A bug of the grader, besides", Some(MISSED));
    }

    let mut text = headline(record, finding, style) + "\n\n";
    for line in page.lines {
        if !line.is_empty() {
            text.push_str(&" ".repeat(INDENT));
            text.push_str(&line);
        }
        text.push('\n');
    }
    text
}

/// A record in one line, ending in a newline.
#[must_use]
pub fn summary(record: &Record, style: Style) -> String {
    let line = format!("{} {}", mark(record.mark(), style), record.check);
    let aside = match (&record.search, &record.finding) {
        (Some(search), None) => coverage(search),
        (_, Some(finding)) => return format!("{line}   {}\n", label(record, finding, style)),
        (None, None) => return format!("{line}\n"),
    };
    format!("{line}   {}\n", style.dim(&aside))
}

/// What a search covered: `1,338 executions, deviation bound 2, and 1,726 besides`.
#[must_use]
pub fn coverage(search: &Search) -> String {
    let Some((first, besides)) = search.passes.split_first() else {
        return String::new();
    };
    let plural = if first.executions == 1 { "" } else { "s" };
    let bound = first.covered.or(first.bound).unwrap_or_default();
    let how = match first.method {
        Method::Preemptions | Method::SecondLook => format!("loom's bound {bound}"),
        Method::Deviations => format!("deviation bound {bound}"),
        Method::Random => "at random".to_owned(),
        Method::Replay => "replayed".to_owned(),
    };
    let nothing_covered = !first.complete && first.covered.is_none();
    let cut = if nothing_covered {
        ", not complete"
    } else {
        ""
    };
    let executions = grouped(first.executions);
    let proof = format!("{executions} execution{plural}, {how}{cut}");
    match besides.iter().map(|pass| pass.executions).sum() {
        0 => proof,
        besides => format!("{proof}, and {} besides", grouped(besides)),
    }
}

fn headline(record: &Record, finding: &Finding, style: Style) -> String {
    let check = style.strong(&record.check);
    format!(
        "{} {check}   {}",
        mark(record.mark(), style),
        label(record, finding, style)
    )
}

/// A mark in its colour.
#[must_use]
pub fn mark(mark: Mark, style: Style) -> String {
    match mark {
        Mark::Passed => style.good(mark.sign()),
        Mark::Failed => style.bad(mark.sign()),
        Mark::PassedBlind | Mark::Inconclusive | Mark::Error => style.unsure(mark.sign()),
    }
}

/// The defect and, where that says more, the kind of the failure:
/// `lock-order-inversion (deadlock)`.
fn label(record: &Record, finding: &Finding, style: Style) -> String {
    let kind = match record.verdict {
        Verdict::TimedOut => "timed out",
        Verdict::Inconclusive => "inconclusive: the grader gives up",
        Verdict::Error => "error: the check could not do its work",
        Verdict::Passed | Verdict::Failed => kind(finding.kind),
    };
    match finding.defect.as_deref() {
        Some(defect) if kind.is_empty() || kind == defect => style.name(defect),
        Some(defect) => format!("{} {}", style.name(defect), style.dim(&format!("({kind})"))),
        None => style.name(kind),
    }
}

/// What to call a failure; a broken promise needs no name besides its defect.
fn kind(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Expectation => "",
        FailureKind::Unwritten => "not written yet",
        FailureKind::Panic => "panic",
        FailureKind::Deadlock | FailureKind::Asleep => "deadlock",
        FailureKind::SelfDeadlock => "deadlock with itself",
        FailureKind::Livelock => "livelock",
        FailureKind::TooLong => "too long to follow",
        FailureKind::Hang => "hang",
        FailureKind::ProcessEnded => "the process ended",
        FailureKind::OutOfMemory => "out of memory",
        FailureKind::TooManyThreads => "too many threads",
        FailureKind::SingleThreaded => "never concurrent",
        FailureKind::Budget => "out of budget",
        FailureKind::StaticState => "state in a static",
        FailureKind::Nondeterminism => "not deterministic",
        FailureKind::Internal => "internal error",
    }
}

/// The lines below the headline, before they are set in.
struct Page {
    style: Style,
    lines: Vec<String>,
}

impl Page {
    fn prose(&mut self, text: &str) {
        self.lines.extend(wrap(text, self.style.width));
    }

    /// The line where it was noticed, unless the story shows it anyway.
    fn place(&mut self, finding: &Finding) {
        let Some(place) = &finding.place else { return };
        let told = finding.counterexample.as_ref().is_some_and(|story| {
            let same = |told: &crate::Place| told.file == place.file && told.line == place.line;
            story
                .events
                .iter()
                .filter_map(|event| event.place.as_ref())
                .any(same)
        });
        if told {
            return;
        }
        let at = format!("{}:{}:{}", place.file, place.line, place.column);
        self.lines
            .extend([String::new(), format!("at {}", self.style.name(&at))]);
        if !place.source.is_empty() {
            let line = place.line.to_string();
            let source = text::cut(&place.source, self.style.width - line.len() - 3);
            self.lines
                .push(format!("{} {source}", self.style.dim(&format!("{line} │"))));
        }
    }

    fn story(&mut self, story: &Counterexample, kind: FailureKind, search: Option<&Search>) {
        let picture = lanes::lines(story, self.style);
        if !picture.is_empty() {
            let heading = match (kind, story.preemptions) {
                (FailureKind::Livelock, _) => "How it goes round".to_owned(),
                (_, 0) => "How it happens, without any preemption".to_owned(),
                (_, some) => format!("How it happens, with {}", text::count(some, "preemption")),
            };
            let found = search
                .map(|search| format!(" (found in execution {})", grouped(search.executions())));
            self.heading(&heading, &found.unwrap_or_default());
            self.lines.push(String::new());
            self.lines.extend(picture);
        }
        if !story.standing.is_empty() {
            self.heading("At the end", "");
            for line in &story.standing {
                self.prose(line);
            }
        }
    }

    fn section<'a>(&mut self, heading: &str, content: impl Iterator<Item = &'a str>) {
        let mut content = content.peekable();
        if content.peek().is_none() {
            return;
        }
        self.heading(heading, "");
        for line in content {
            self.lines
                .extend(wrap(&format!("  {line}"), self.style.width));
        }
    }

    fn input(&mut self, input: &str) {
        let lines = Vec::from_iter(input.lines());
        let shown = match lines.len() {
            some if some > INPUT && !self.style.full => INPUT - 1,
            all => all,
        };
        let heading = "The smallest input that shows it";
        self.section(heading, lines[..shown].iter().copied());
        if shown < lines.len() {
            let left = text::count(lines.len() - shown, "more line");
            let note = format!("  … and {left}, which `--full` and `--format json` show");
            self.lines.push(self.style.dim(&note));
        }
    }

    fn advice(&mut self, heading: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.heading(heading, "");
            self.prose(text);
        }
    }

    fn heading(&mut self, heading: &str, aside: &str) {
        let line = self.style.strong(heading) + &self.style.dim(aside);
        self.lines.extend([String::new(), line]);
    }
}
