//! `brief STAGE`: what the stage asks for.

use serde::Serialize;

use crate::args::{Format, StageArguments};
use crate::error::{Context, Outcome, Result};
use crate::markdown;
use crate::output::{print, print_json, style};
use crate::workspace::{Stage, Workspace};

pub fn run(workspace: &Workspace, arguments: &StageArguments) -> Result<Outcome> {
    let stage = workspace.stage(&arguments.stage)?;
    let text = text(workspace, &stage)?;
    match arguments.format {
        Format::Human => print(&markdown::styled(&text, style())),
        Format::Json => print_json(&Brief {
            stage: stage.name(),
            title: &stage.manifest.title,
            minutes: stage.manifest.minutes,
            source: stage.source().display().to_string(),
            markdown: &text,
        })?,
    }
    Ok(Outcome::Passed)
}

/// A brief, for a program.
#[derive(Debug, Serialize)]
struct Brief<'a> {
    stage: &'a str,
    title: &'a str,
    minutes: u32,
    source: String,
    markdown: &'a str,
}

/// The brief, in markdown.
pub fn text(workspace: &Workspace, stage: &Stage) -> Result<String> {
    let file = stage.folder.join("README.md");
    std::fs::read_to_string(workspace.root.join(&file))
        .context(|| format!("Cannot read {}", file.display()))
}
