//! What stays closed while a mock is open: its references, and the free hints.

use assessment::{Kind, Mode, Session};

use super::clock::{Clock, MachineClock};
use super::store::{Handle, Sessions};
use crate::error::{Error, Result};
use crate::workspace::Workspace;

/// The mock that is open and asks this stage.
fn mock(workspace: &Workspace, stage: &str) -> Result<Option<Handle>> {
    let Some(handle) = Sessions::of(&workspace.root).open()? else {
        return Ok(None);
    };
    let journal = handle.read()?;
    let session = Session::of(&journal);
    let asks = session.rounds.iter().any(|round| round.stage == stage);
    Ok((session.mode == Mode::Mock && asks).then_some(handle))
}

/// Fails while a mock is open that asks this stage.
pub fn keep_closed(workspace: &Workspace, stage: &str) -> Result<()> {
    match mock(workspace, stage)? {
        None => Ok(()),
        Some(handle) => Err(Error::new(format!(
            "the mock {} is open, and the reference of {stage} stays closed until its end",
            handle.id
        ))
        .next("`--spoil` shows it all the same; the session is not scored then.")),
    }
}

/// Notes in an open mock that the reference of one of its stages was shown.
pub fn reference_opened(workspace: &Workspace, stage: &str) -> Result<()> {
    match mock(workspace, stage)? {
        None => Ok(()),
        Some(handle) => handle.append(
            &MachineClock.now(),
            vec![Kind::Peeked {
                stage: stage.to_owned(),
            }],
        ),
    }
}

/// Fails while a mock is open that asks this stage: its own hints are recorded.
pub fn hints_cost(workspace: &Workspace, stage: &str) -> Result<()> {
    match mock(workspace, stage)? {
        None => Ok(()),
        Some(handle) => Err(Error::new(format!("the mock {} is open", handle.id))
            .next("`cargo kata interview hint` gives its hints, and records them.")),
    }
}
