//! `watch [STAGE]`: grade on every save.

use super::history;
use crate::args::WatchArguments;
use crate::error::{Error, Outcome, Result};
use crate::watch;
use crate::workspace::Workspace;

pub fn run(workspace: &Workspace, arguments: &WatchArguments) -> Result<Outcome> {
    let history = history(workspace)?;
    if let Some(name) = &arguments.stage {
        // For its error, with the name that was probably meant.
        workspace.stage(name)?;
    }
    let stages = workspace.ladder()?.stages;
    let first = match &arguments.stage {
        Some(name) => stages.iter().position(|stage| stage.name() == name),
        None => stages
            .iter()
            .position(|stage| !history.solved(stage.name())),
    };
    if stages.is_empty() {
        return Err(Error::new("there is no stage to watch").next("`cargo kata doctor` says why."));
    }
    watch::run(workspace, &stages, first.unwrap_or(0))
}
