//! `report` and `interview list`: what came of sessions.

use std::collections::BTreeMap;
use std::fs;

use assessment::report::{self, Input};
use assessment::{Context as Earlier, Journal, Mode, Rubric, Session, Standing, assess};
use serde::Serialize;

use super::arguments::{ReportArguments, ReportFormat};
use super::clock::MachineClock;
use super::desk::Desk;
use super::store::{Handle, Sessions};
use crate::args::Format;
use crate::error::{Context, Error, Outcome, Result};
use crate::markdown;
use crate::output::{print, print_json, style};
use crate::workspace::Workspace;

/// `report`.
pub fn report(workspace: &Workspace, arguments: &ReportArguments) -> Result<Outcome> {
    let handle = Sessions::of(&workspace.root).find(arguments.session.as_deref())?;
    let desk = Desk::at(workspace, &MachineClock, handle);
    let text = written(&desk, arguments.format)?;
    match &arguments.out {
        Some(file) => {
            fs::write(file, text).context(|| format!("Cannot write {}", file.display()))?;
            print(&format!("Written to {}.\n", file.display()));
        }
        None if arguments.format == ReportFormat::Md => print(&markdown::styled(&text, style())),
        None => print(&text),
    }
    Ok(Outcome::Passed)
}

/// Shows the report of a session that has just been rated, and writes it down.
pub fn unseal(desk: &Desk<'_>) -> Result<Outcome> {
    for (format, name) in [
        (ReportFormat::Html, "report.html"),
        (ReportFormat::Md, "report.md"),
    ] {
        let file = desk.handle.folder.join(name);
        let context = || format!("Cannot write {}", file.display());
        fs::create_dir_all(&desk.handle.folder).context(context)?;
        fs::write(&file, written(desk, format)?).context(context)?;
    }
    let journal = desk.journal()?;
    let (rubric, earlier) = (Rubric::published(), earlier(desk, &journal)?);
    let assessment = assess(rubric, &journal, earlier);
    let style = style();
    print(&markdown::styled(&report::summary(&assessment), style));
    let html = desk.handle.folder.join("report.html");
    print(&format!(
        "\nThe whole report, with its evidence and playback: {}\n",
        style.strong(&desk.workspace.relative(&html).display().to_string())
    ));
    Ok(Outcome::Passed)
}

/// The report in that form.
fn written(desk: &Desk<'_>, format: ReportFormat) -> Result<String> {
    let journal = desk.journal()?;
    let session = Session::of(&journal);
    if session.finished.is_none() {
        return Err(Error::new(format!(
            "{} is not finished, and its report is sealed",
            desk.handle.id
        ))
        .next("`cargo kata interview finish` ends it."));
    }
    if session.rated.is_none() {
        return Err(Error::new(format!(
            "the report of {} is sealed until you rate yourself",
            desk.handle.id
        ))
        .next("`cargo kata interview rate`, or `rate --skip` if you would rather not."));
    }
    let mut references = BTreeMap::new();
    for run in &session.stages {
        if let Ok(text) = reference(desk.workspace, &run.facts.name) {
            references.insert(run.facts.name.clone(), text);
        }
    }
    let rubric = Rubric::published();
    let assessment = assess(rubric, &journal, earlier(desk, &journal)?);
    let input = Input {
        id: &desk.handle.id,
        journal: &journal,
        session: &session,
        assessment: &assessment,
        references: &references,
    };
    match format {
        ReportFormat::Md => Ok(report::markdown(&input)),
        ReportFormat::Html => Ok(report::html(&input)),
        ReportFormat::Json => report::json(&input).context(|| "Cannot write JSON".into()),
    }
}

fn reference(workspace: &Workspace, stage: &str) -> Result<String> {
    let file = workspace
        .root
        .join("solutions")
        .join(stage)
        .join("src/lib.rs");
    fs::read_to_string(&file).context(|| format!("Cannot read {}", file.display()))
}

/// What came before a session: finished mocks of the same loop.
fn earlier(desk: &Desk<'_>, journal: &Journal) -> Result<Earlier> {
    let name = Session::of(journal).name;
    let mut earlier = 0;
    for handle in Sessions::of(&desk.workspace.root).all()? {
        if handle.id == desk.handle.id {
            break;
        }
        let Ok(journal) = handle.read() else { continue };
        let session = Session::of(&journal);
        let finished = session.finished.is_some() && session.mode == Mode::Mock;
        earlier += usize::from(finished && session.name == name);
    }
    Ok(Earlier { earlier })
}

/// A session, for a program.
#[derive(Debug, Serialize)]
struct Entry {
    id: String,
    began: String,
    finished: bool,
    standing: String,
    problem: Option<String>,
}

/// `interview list`.
pub fn list(workspace: &Workspace, format: Format) -> Result<Outcome> {
    let mut entries = Vec::new();
    for handle in Sessions::of(&workspace.root).all()? {
        entries.push(entry(&handle));
    }
    match format {
        Format::Json => print_json(&entries)?,
        Format::Human if entries.is_empty() => {
            print("No session yet. `cargo kata interview` shows the loops.\n");
        }
        Format::Human => print(&table(&entries)),
    }
    Ok(Outcome::Passed)
}

fn entry(handle: &Handle) -> Entry {
    let mut entry = Entry {
        id: handle.id.clone(),
        began: String::new(),
        finished: false,
        standing: String::new(),
        problem: None,
    };
    match handle.read() {
        Err(error) => entry.problem = Some(error.to_string()),
        Ok(journal) => {
            let session = Session::of(&journal);
            session.events[0].wall.clone_into(&mut entry.began);
            entry.finished = session.finished.is_some();
            entry.standing = match (entry.finished, session.rated.is_some()) {
                (false, _) => "open".to_owned(),
                (true, false) => "sealed".to_owned(),
                (true, true) => {
                    match assess(Rubric::published(), &journal, Earlier::default()).standing {
                        Standing::Level(level) => level.to_string(),
                        Standing::NotScored(_) => "not scored".to_owned(),
                    }
                }
            };
        }
    }
    entry
}

fn table(entries: &[Entry]) -> String {
    let style = style();
    let width = entries
        .iter()
        .map(|entry| entry.id.len())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for entry in entries {
        let standing = entry
            .problem
            .as_deref()
            .map_or(entry.standing.as_str(), |problem| {
                problem.lines().next().unwrap_or_default()
            });
        text.push_str(&format!(
            "  {}  {}  {standing}\n",
            style.strong(&format!("{:width$}", entry.id)),
            style.dim(&format!("{:20}", entry.began))
        ));
    }
    text
}
