//! `compare STAGE`: the learner's code beside the reference.

use std::io::{IsTerminal, Write, stdin, stdout};

use super::history;
use crate::args::{CompareArguments, Format};
use crate::compare::Comparison;
use crate::error::{Context, Error, Outcome, Result};
use crate::interview;
use crate::journal::{Event, Journal};
use crate::output::{print, print_json, style};
use crate::workspace::{Stage, Workspace};

pub fn run(workspace: &Workspace, arguments: &CompareArguments) -> Result<Outcome> {
    let stage = workspace.stage(&arguments.stage)?;
    let solved = history(workspace)?.solved(stage.name());
    if !arguments.spoil {
        interview::keep_closed(workspace, stage.name())?;
    }
    if !solved && !arguments.spoil && !may_spoil(&stage)? {
        return Ok(Outcome::NotPassed);
    }
    let comparison = Comparison::of(workspace, &stage)?;
    Journal::of(&workspace.root).append(Event::Compared {
        stage: stage.name().to_owned(),
        solved,
    })?;
    interview::reference_opened(workspace, stage.name())?;
    match arguments.format {
        Format::Human => print(&comparison.text(arguments.layout, style())),
        Format::Json => print_json(&comparison)?,
    }
    Ok(Outcome::Passed)
}

/// Asks whether the reference may be shown although the stage is not solved.
fn may_spoil(stage: &Stage) -> Result<bool> {
    let name = stage.name();
    if !stdin().is_terminal() || !stdout().is_terminal() {
        let error = Error::new(format!(
            "{name} has not passed yet, and the reference gives it away"
        ));
        return Err(error.next(format!(
            "`cargo kata hint {name}` gives less away. To see the reference all the same, add \
             `--spoil`."
        )));
    }
    print(&format!(
        "{name} has not passed yet. Showing the reference gives it away, and is noted.\n\
         Show it? [y/N] "
    ));
    stdout().flush().context(|| "Cannot ask".into())?;
    let mut answer = String::new();
    stdin()
        .read_line(&mut answer)
        .context(|| "Cannot read the answer".into())?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
