//! `hint STAGE`: one more hint, and a note that it was taken.

use serde::Serialize;
use verdict::render::{Style, wrap};

use super::history;
use crate::args::{Format, HintArguments};
use crate::error::{Outcome, Result};
use crate::interview;
use crate::journal::{Event, History, Journal};
use crate::output::{print, print_json, style};
use crate::workspace::{Stage, Workspace};

/// The hints that the learner has seen, for a program.
#[derive(Debug, Serialize)]
pub struct Shown<'a> {
    stage: &'a str,
    hints: &'a [String],
    left: usize,
}

pub fn run(workspace: &Workspace, arguments: &HintArguments) -> Result<Outcome> {
    let stage = workspace.stage(&arguments.stage)?;
    let history = history(workspace)?;
    let shown = if arguments.again {
        Shown::so_far(&stage, &history)
    } else {
        Shown::one_more(workspace, &stage, &history)?
    };
    match arguments.format {
        Format::Human => print(&shown.text(style())),
        Format::Json => print_json(&shown)?,
    }
    Ok(Outcome::Passed)
}

impl<'a> Shown<'a> {
    /// What was shown since the stage was last begun.
    pub fn so_far(stage: &'a Stage, history: &History) -> Self {
        Self::up_to(stage, history.hints_shown(stage.name()))
    }

    /// The same and one more, if there is one. It is noted before it is shown.
    pub fn one_more(workspace: &Workspace, stage: &'a Stage, history: &History) -> Result<Self> {
        interview::hints_cost(workspace, stage.name())?;
        let tier = history.hints_shown(stage.name()) + 1;
        if tier <= stage.manifest.hints.len() {
            Journal::of(&workspace.root).append(Event::Hinted {
                stage: stage.name().to_owned(),
                tier,
            })?;
        }
        Ok(Self::up_to(stage, tier))
    }

    fn up_to(stage: &'a Stage, tier: usize) -> Self {
        let hints = &stage.manifest.hints;
        let shown = tier.min(hints.len());
        Self {
            stage: stage.name(),
            hints: &hints[..shown],
            left: hints.len() - shown,
        }
    }

    /// The hints as a person reads them, the newest last and brightest.
    pub fn text(&self, style: Style) -> String {
        let mut text = String::new();
        let of = self.hints.len() + self.left;
        for (tier, hint) in (1..).zip(self.hints) {
            let heading = format!("Hint {tier} of {of}");
            let newest = tier == self.hints.len();
            text.push_str(&format!("{}\n\n", style.strong(&heading)));
            for line in wrap(hint, style.width - 2) {
                let line = if newest { line } else { style.dim(&line) };
                text.push_str(&format!("  {line}\n"));
            }
            text.push('\n');
        }
        let (again, compare) = (
            format!("cargo kata hint {}", self.stage),
            format!("cargo kata compare {}", self.stage),
        );
        text + &match (self.hints.len(), self.left) {
            (0, _) => format!(
                "No hint was shown yet: {} shows the first.\n",
                style.strong(&again)
            ),
            (_, 0) => format!(
                "That was the last one. {} shows the reference beside your code.\n",
                style.strong(&compare)
            ),
            _ => "Try it before you ask again; each hint gives more away.\n".to_owned(),
        }
    }
}
