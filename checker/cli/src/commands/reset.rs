//! `reset STAGE`: back to the starter, with the learner's files kept.

use std::path::Path;

use serde::Serialize;

use crate::args::{Format, StageArguments};
use crate::error::{Outcome, Result};
use crate::journal::{Event, Journal};
use crate::output::{print, print_json, style};
use crate::starter;
use crate::workspace::Workspace;

/// What was done, for a program.
#[derive(Debug, Serialize)]
struct Done<'a> {
    stage: &'a str,
    /// Where the learner's files are; null if they were the starter already.
    kept: Option<&'a Path>,
}

pub fn run(workspace: &Workspace, arguments: &StageArguments) -> Result<Outcome> {
    let stage = workspace.stage(&arguments.stage)?;
    let kept = starter::restore(workspace, &stage)?;
    if let Some(kept) = &kept {
        Journal::of(&workspace.root).append(Event::Reset {
            stage: stage.name().to_owned(),
            kept: kept.display().to_string(),
        })?;
    }
    match (arguments.format, &kept) {
        (Format::Json, kept) => print_json(&Done {
            stage: stage.name(),
            kept: kept.as_deref(),
        })?,
        (Format::Human, None) => print(&format!(
            "{} is the starter already; there is nothing to do.\n",
            stage.source().display()
        )),
        (Format::Human, Some(kept)) => {
            let brief = format!("cargo kata brief {}", stage.name());
            print(&format!(
                "{} is back to its starter. Your files are kept in\n  {}\n\nNext: {}\n",
                stage.name(),
                style().name(&kept.display().to_string()),
                style().strong(&brief)
            ));
        }
    }
    Ok(Outcome::Passed)
}
