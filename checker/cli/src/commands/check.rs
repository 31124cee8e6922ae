//! `check STAGE`: grade the learner's files, or any other solution.

use std::path::{Path, PathBuf};
use std::time::Instant;

use picture::Extent;
use verdict::render::Style;

use crate::args::{CheckArguments, VerdictFormat};
use crate::compile::Kit;
use crate::error::{Context, Error, Outcome, Result};
use crate::grading::{Request, Source, grade, last_report, remember, since};
use crate::output::{print, print_json, style, tell};
use crate::progress::Progress;
use crate::replay::Replay;
use crate::report::{Report, Shown};
use crate::workspace::{Stage, Workspace};

pub fn run(workspace: &Workspace, arguments: &CheckArguments) -> Result<Outcome> {
    let stage = workspace.stage(&arguments.stage)?;
    let for_a_person = arguments.format == VerdictFormat::Human;
    let style = Style {
        full: arguments.full,
        ..style()
    };
    let replay = match &arguments.replay {
        Some(file) => Some(Replay::read(file, stage.name())?),
        None => None,
    };
    let mut request = Request {
        only: replay.as_ref().map(|replay| replay.check.as_str()),
        schedule: replay.as_ref().map(|replay| replay.schedule.as_str()),
        deep: arguments.deep,
        ..Request::of_learner(workspace, &stage, for_a_person && style.color)
    };

    let mut progress = Progress::new(for_a_person);
    let report = match &arguments.path {
        Some(path) => {
            let file = root_file(path)?;
            let started = Instant::now();
            let kit = Kit::of(workspace, &stage, &mut progress)?;
            let kit_ms = since(started);
            request.source = Source::File(&kit, &file);
            let mut report = grade(&request, &mut progress)?;
            report.timings_ms.build += kit_ms;
            report
        }
        None => {
            let report = grade(&request, &mut progress)?;
            if replay.is_none()
                && let Some(problem) = remember(&request, &report)
            {
                tell(&format!("{problem}\n\n"));
            }
            report
        }
    };
    drop(progress);

    match arguments.format {
        VerdictFormat::Json => print_json(&report)?,
        VerdictFormat::Html => print(&page(&report)?),
        VerdictFormat::Svg => print(&drawing(&report, arguments.full)?),
        VerdictFormat::Human => print(&report.human(&Shown {
            style,
            all: arguments.all,
            timings: arguments.timings,
            replayed: replay.is_some(),
            again: again(arguments),
            replay: replayable(arguments, &report).then(|| last_report(stage.name())),
            onward: onward(workspace, &stage, arguments)?,
        })),
    }
    Ok(report.outcome())
}

/// The file that is the root of the crate to grade.
fn root_file(path: &Path) -> Result<PathBuf> {
    let full = path
        .canonicalize()
        .context(|| format!("Cannot find {}", path.display()))?;
    if full.is_file() {
        return Ok(full);
    }
    let root = full.join("src/lib.rs");
    if root.is_file() {
        return Ok(root);
    }
    Err(Error::new(format!("{} has no src/lib.rs", path.display()))
        .next("Give a single `.rs` file, or the folder of a crate."))
}

/// What to type to have the same graded again.
fn again(arguments: &CheckArguments) -> String {
    let mut line = format!("cargo kata check {}", arguments.stage);
    if let Some(path) = &arguments.path {
        line.push_str(&format!(" --path {}", path.display()));
    }
    if arguments.deep {
        line.push_str(" --deep");
    }
    line
}

/// The first failing check as a page, or else the last one.
fn page(report: &Report) -> Result<String> {
    let record = report.open().next().or(report.checks.last());
    record.map(picture::page).ok_or_else(|| {
        Error::new("there is no verdict to draw: nothing was checked")
            .next("Without `--format` it says why.")
    })
}

/// The interleaving of the first check that has one.
fn drawing(report: &Report, full: bool) -> Result<String> {
    let mut findings = report
        .checks
        .iter()
        .filter_map(|record| record.finding.as_ref());
    let story = findings.find_map(|finding| finding.counterexample.as_ref());
    let extent = if full { Extent::Full } else { Extent::Short };
    story
        .map(|story| picture::svg(story, extent))
        .ok_or_else(|| {
            Error::new("there is no interleaving to draw")
                .next("Only a check that explores interleavings and fails has one.")
        })
}

/// Whether the kept report has an interleaving worth a replay.
fn replayable(arguments: &CheckArguments, report: &Report) -> bool {
    arguments.path.is_none()
        && arguments.replay.is_none()
        && report.checks.iter().any(|record| {
            let finding = record.finding.as_ref();
            finding.is_some_and(|finding| finding.counterexample.is_some())
        })
}

/// What to type after a pass: the brief of the stage that follows.
fn onward(
    workspace: &Workspace,
    stage: &Stage,
    arguments: &CheckArguments,
) -> Result<Option<String>> {
    if arguments.path.is_some() {
        return Ok(None);
    }
    let stages = workspace.ladder()?.stages;
    let mut later = stages
        .iter()
        .filter(|other| other.manifest.position > stage.manifest.position);
    Ok(later
        .next()
        .map(|next| format!("cargo kata brief {}", next.name())))
}
