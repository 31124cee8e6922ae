//! The one way through: source → build → run checks → records → verdict.

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::compile::{self, Build, Kit};
use crate::error::{Context, Result};
use crate::files;
use crate::journal::{Event, Journal};
use crate::progress::Progress;
use crate::records;
use crate::report::{Report, Timings};
use crate::run;
use crate::starter;
use crate::workspace::{Stage, Workspace};

/// What to grade, and how.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The workspace.
    pub workspace: &'a Workspace,
    /// The stage that it is a solution of.
    pub stage: &'a Stage,
    /// The solution.
    pub source: Source<'a>,
    /// Run only this check.
    pub only: Option<&'a str>,
    /// Follow only this interleaving of it.
    pub schedule: Option<&'a str>,
    /// Search deeper.
    pub deep: bool,
    /// Let loom look over the shoulder of the search that proves.
    pub second_look: bool,
    /// Whether the compiler's messages may have colour.
    pub color: bool,
}

/// A solution.
#[derive(Debug, Clone, Copy)]
pub enum Source<'a> {
    /// The learner's own files.
    Learner,
    /// The crate whose root is this file.
    File(&'a Kit, &'a Path),
}

/// Grades one solution.
pub fn grade(request: &Request<'_>, progress: &mut Progress) -> Result<Report> {
    let mut reports = grade_times(request, 1, progress)?;
    Ok(reports.swap_remove(0))
}

/// Grades one solution at least once and at most so many times, and builds it only once.
pub fn grade_times(
    request: &Request<'_>,
    times: usize,
    progress: &mut Progress,
) -> Result<Vec<Report>> {
    let Request {
        workspace,
        stage,
        color,
        ..
    } = *request;
    let started = Instant::now();
    let build = match request.source {
        Source::Learner => compile::learner(workspace, stage, color, progress)?,
        Source::File(kit, file) => compile::file(kit, file, color)?,
    };
    let timings_ms = Timings {
        build: since(started),
        check: 0,
    };
    let empty = || {
        let mut report = Report::new(stage.name(), &request.source_name());
        report.timings_ms = timings_ms;
        report
    };

    let grade = match build {
        Build::Rejected(rejection) => {
            let mut report = empty();
            report.rejection = Some(rejection);
            return Ok(vec![report]);
        }
        Build::Ready(grade) => grade,
    };
    (0..times.max(1))
        .map(|_| {
            let mut report = empty();
            report.warnings = grade.warnings;
            let started = Instant::now();
            let run = run::checks(&grade, request, progress)?;
            report.timings_ms.check = since(started);
            let (checks, problems) = records::collect(&stage.manifest, request.only, &run)?;
            report.settle(checks, problems);
            Ok(report)
        })
        .collect()
}

/// Notes in the journal how the learner's own files did, and keeps the report
/// until the stage is checked again, so that its interleaving can be replayed. A journal
/// that cannot be written costs the memory of this run, not its verdict: what went wrong
/// is returned to be said beside it.
pub fn remember(request: &Request<'_>, report: &Report) -> Option<String> {
    let error = note(request, report).err()?;
    Some(format!("{error}\n\nThis run will not be remembered."))
}

fn note(request: &Request<'_>, report: &Report) -> Result<()> {
    let starter = starter::is_untouched(request.workspace, request.stage);
    let event = Event::Checked(report.to_remember(starter));
    Journal::of(&request.workspace.root).append(event)?;
    let file = request.workspace.root.join(last_report(&report.stage));
    let text = serde_json::to_vec(report).context(|| "Cannot write the report".into())?;
    files::replace(&file, &text)
}

/// Where the last report on the learner's own files is kept, seen from the root.
pub fn last_report(stage: &str) -> PathBuf {
    Path::new(".kata/last").join(format!("{stage}.json"))
}

impl<'a> Request<'a> {
    /// All checks of the stage, on the learner's own files.
    pub fn of_learner(workspace: &'a Workspace, stage: &'a Stage, color: bool) -> Self {
        Self {
            workspace,
            stage,
            source: Source::Learner,
            only: None,
            schedule: None,
            deep: false,
            second_look: true,
            color,
        }
    }

    /// The solution's root.
    pub fn root_file(&self) -> PathBuf {
        match self.source {
            Source::Learner => self.workspace.root.join(self.stage.source()),
            Source::File(_, file) => file.to_owned(),
        }
    }

    /// The same, as a person writes it.
    fn source_name(&self) -> PathBuf {
        match self.source {
            Source::Learner => self.stage.source(),
            Source::File(_, file) => self.workspace.relative(file).to_owned(),
        }
    }
}

/// Milliseconds since then.
pub fn since(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)
}
