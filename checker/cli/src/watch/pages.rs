//! The pages that can lie on the desk besides the checks.

use ratatui::crossterm::event::KeyCode;
use verdict::Record;
use verdict::render::Style;

use super::keys::BINDINGS;
use crate::commands::{Explanation, Shown, brief_text};
use crate::compare::{Comparison, Layout};
use crate::error::{Error, Result};
use crate::journal::History;
use crate::markdown;
use crate::workspace::{Stage, Workspace};

/// What is being looked at.
#[derive(Debug, PartialEq, Eq)]
pub enum Page {
    /// The checks, and the one that is selected in full.
    Checks,
    /// A text to read.
    Text { title: String, text: String },
    /// A question, to be answered with y or anything else.
    Confirm(String),
    /// The stages.
    List(StageList),
}

impl Page {
    pub fn text(title: &str, text: String) -> Self {
        let title = title.to_owned();
        Self::Text { title, text }
    }
}

/// The stages to choose from.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct StageList {
    pub selected: usize,
    pub filter: Filter,
    /// What was typed to search for.
    pub search: String,
    /// Whether keys go into the search.
    pub typing: bool,
}

/// Which stages to show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Filter {
    #[default]
    All,
    Open,
    Passed,
}

impl Filter {
    pub fn next(self) -> Self {
        match self {
            Self::All => Self::Open,
            Self::Open => Self::Passed,
            Self::Passed => Self::All,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Open => "not passed yet",
            Self::Passed => "passed",
        }
    }
}

impl StageList {
    pub fn at(selected: usize) -> Self {
        Self {
            selected,
            ..Self::default()
        }
    }

    /// The stages that are shown, as places on the ladder.
    pub fn stages(&self, stages: &[Stage], history: &History) -> Vec<usize> {
        let search = self.search.to_lowercase();
        let wanted = |stage: &Stage| {
            let solved = history.solved(stage.name());
            let manifest = &stage.manifest;
            let text = format!("{} {} {}", manifest.name, manifest.title, manifest.summary);
            let found = text.to_lowercase().contains(&search);
            found
                && match self.filter {
                    Filter::All => true,
                    Filter::Open => !solved,
                    Filter::Passed => solved,
                }
        };
        (0..stages.len())
            .filter(|index| wanted(&stages[*index]))
            .collect()
    }

    pub fn chosen(&self, stages: &[Stage], history: &History) -> Option<usize> {
        self.stages(stages, history).get(self.selected).copied()
    }

    /// Takes a key as part of the search; false if it is none of its business.
    pub fn type_in(&mut self, key: KeyCode) -> bool {
        match key {
            KeyCode::Char(typed) => self.search.push(typed),
            KeyCode::Backspace => drop(self.search.pop()),
            KeyCode::Enter => self.typing = false,
            KeyCode::Esc => {
                self.typing = false;
                self.search.clear();
            }
            _ => return false,
        }
        self.selected = 0;
        true
    }
}

pub fn brief(workspace: &Workspace, stage: &Stage, style: Style) -> Result<Page> {
    let text = markdown::filled(&brief_text(workspace, stage)?, style.width);
    let text = markdown::styled(&text, style);
    Ok(Page::text("Brief", text))
}

pub fn hint(workspace: &Workspace, stage: &Stage, history: &History, style: Style) -> Result<Page> {
    let shown = Shown::one_more(workspace, stage, history)?;
    Ok(Page::text("Hints", shown.text(style)))
}

/// The defect that the record shows or, failing that, what its check is for.
pub fn explain(
    workspace: &Workspace,
    stage: &Stage,
    record: Option<&Record>,
    style: Style,
) -> Result<Page> {
    let record = record.ok_or_else(|| Error::new("choose a check with ↑ and ↓ first"))?;
    let shown = record
        .finding
        .as_ref()
        .and_then(|finding| finding.defect.as_deref());
    let of_check = stage.manifest.check(&record.check);
    let defect = shown.or(of_check.map(|check| check.defect.as_str()));
    let name = defect.unwrap_or(&record.check);
    let explanation =
        Explanation::of(workspace, name).or_else(|_| Explanation::of(workspace, &record.check))?;
    Ok(Page::text(name, explanation.text(style)))
}

pub fn compare(workspace: &Workspace, stage: &Stage, style: Style) -> Result<Page> {
    let comparison = Comparison::of(workspace, stage)?;
    Ok(Page::text(
        "Yours and the reference",
        comparison.text(Layout::Auto, style),
    ))
}

pub fn spoiler(stage: &Stage) -> String {
    format!(
        "{} has not passed yet.\n\nThe reference gives it away, and looking is noted.\n\n\
         y shows it, any other key goes back",
        stage.name()
    )
}

pub fn help(style: Style) -> String {
    let line =
        |key: &str, long: &str| format!("  {}  {long}\n", style.strong(&format!("{key:>4}")));
    let mut text: String = BINDINGS
        .iter()
        .map(|binding| line(binding.key, binding.long))
        .collect();
    text.push_str(
        "\nSaving a file of the stage checks it anew, and calls off a check in progress.\n",
    );
    text.push_str("Every check is noted in .kata/journal.jsonl, as `cargo kata check` does.\n");
    text
}
