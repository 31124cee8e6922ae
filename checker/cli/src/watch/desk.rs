//! What is on the desk, and what a key press or the news of a job changes.

use std::path::PathBuf;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind};
use verdict::render::Style;
use verdict::{Mark, Record};

use super::job::News;
use super::keys::{Action, action};
use super::pages::{self, Page, StageList};
use crate::error::Result;
use crate::interview;
use crate::journal::{Event, History, Journal};
use crate::progress::Step;
use crate::report::Report;
use crate::workspace::{Stage, Workspace};

/// Everything that is shown.
pub struct Desk<'a> {
    workspace: &'a Workspace,
    pub stages: &'a [Stage],
    pub current: usize,
    pub history: History,
    pub grading: Grading,
    /// The last report of this stage, shown until there is a new one.
    pub report: Option<Report>,
    /// Which check is shown, if the learner chose one.
    chosen: Option<usize>,
    pub page: Page,
    /// Lines that have been scrolled past.
    pub scroll: u16,
    /// How far there is to scroll, and how much fits; known after drawing.
    pub extent: Extent,
    /// Something that went wrong beside the grading.
    pub notice: Option<String>,
    pub style: Style,
}

/// How long a text is, and how much of it fits.
#[derive(Debug, Clone, Copy, Default)]
pub struct Extent {
    pub lines: u16,
    pub height: u16,
}

/// What is going on with the stage's grading.
#[derive(Debug)]
pub enum Grading {
    Building {
        what: String,
        deep: bool,
    },
    Checking {
        marks: Vec<Option<Mark>>,
        deep: bool,
    },
    Done {
        deep: bool,
    },
    Failed(String),
}

/// What the desk needs others for.
#[derive(Debug, PartialEq, Eq)]
pub enum Wish {
    Quit,
    Grade { deep: bool },
    Open(PathBuf),
}

impl<'a> Desk<'a> {
    pub fn new(workspace: &'a Workspace, stages: &'a [Stage], current: usize) -> Result<Self> {
        let journal = Journal::of(&workspace.root);
        let history = journal.read()?;
        Ok(Self {
            workspace,
            stages,
            current,
            notice: journal.report_damage(&history),
            history,
            grading: Grading::Done { deep: false },
            report: None,
            chosen: None,
            page: Page::Checks,
            scroll: 0,
            extent: Extent::default(),
            style: Style::for_stdout(),
        })
    }

    pub fn workspace(&self) -> &'a Workspace {
        self.workspace
    }

    pub fn stage(&self) -> &'a Stage {
        &self.stages[self.current]
    }

    /// A grading begins.
    pub fn begin(&mut self, deep: bool) {
        let what = String::new();
        self.grading = Grading::Building { what, deep };
        self.notice = None;
    }

    /// Says something beside the grading, if there is something to say.
    pub fn note(&mut self, problem: Option<String>) {
        self.notice = problem;
    }

    /// Takes in what a job found.
    pub fn take(&mut self, news: News) {
        let deep = self.is_deep();
        match news {
            News::Step(Step::Building(what)) => self.grading = Grading::Building { what, deep },
            News::Step(Step::Checking(marks)) => {
                self.grading = Grading::Checking { marks, deep };
            }
            News::Graded(report, unremembered) => {
                self.grading = Grading::Done { deep };
                self.report = Some(*report);
                self.chosen = None;
                self.notice = unremembered.map(|problem| problem.replace('\n', " "));
                // One that cannot be read has just been told of.
                if let Ok(history) = Journal::of(&self.workspace.root).read() {
                    self.history = history;
                }
                if self.page == Page::Checks {
                    self.scroll = 0;
                }
            }
            News::Failed(problem) => {
                self.grading = Grading::Failed(problem);
                self.show(Page::Checks);
            }
        }
    }

    fn is_deep(&self) -> bool {
        match self.grading {
            Grading::Building { deep, .. }
            | Grading::Checking { deep, .. }
            | Grading::Done { deep } => deep,
            Grading::Failed(_) => false,
        }
    }

    /// The check that is shown: the chosen one, or the first to read of those that did
    /// not pass.
    pub fn selected(&self) -> Option<usize> {
        let report = self.report.as_ref()?;
        let first = report.open().next();
        let is_first = |record: &Record| first.is_some_and(|first| first.check == record.check);
        self.chosen
            .or_else(|| report.checks.iter().position(is_first))
            .filter(|index| *index < report.checks.len())
    }

    /// Its record.
    pub fn record(&self) -> Option<&Record> {
        self.report.as_ref()?.checks.get(self.selected()?)
    }

    /// Reacts to a key.
    pub fn press(&mut self, key: KeyEvent) -> Option<Wish> {
        if let Page::List(list) = &mut self.page
            && list.typing
            && key.kind != KeyEventKind::Release
            && list.type_in(key.code)
        {
            return None;
        }
        let action = action(key);
        if matches!(self.page, Page::Confirm(_))
            && key.kind != KeyEventKind::Release
            && action != Some(Action::Quit)
        {
            self.answer(key.code);
            return None;
        }
        self.notice = None;
        match action? {
            Action::Quit => return Some(Wish::Quit),
            Action::Brief => self.turn_to(Self::brief),
            Action::Hint => self.turn_to(Self::hint),
            Action::Explain => self.turn_to(Self::explain),
            Action::Compare => self.compare(),
            Action::Help => self.show(Page::text("Keys", pages::help(self.style))),
            Action::List => self.show(Page::List(StageList::at(self.current))),
            Action::Open => {
                let file = self.workspace.root.join(self.stage().source());
                return Some(Wish::Open(file));
            }
            Action::Deep => return Some(Wish::Grade { deep: true }),
            Action::Again => return Some(Wish::Grade { deep: false }),
            Action::Next => return self.go_to(self.current + 1),
            Action::Previous => return self.go_to(self.current.wrapping_sub(1)),
            Action::Back => self.show(Page::Checks),
            Action::Up => self.step(-1),
            Action::Down => self.step(1),
            Action::PageUp => self.scroll_by(-i32::from(self.extent.height)),
            Action::PageDown => self.scroll_by(i32::from(self.extent.height)),
            Action::Top => self.scroll = 0,
            Action::Filter => {
                if let Page::List(list) = &mut self.page {
                    list.filter = list.filter.next();
                    list.selected = 0;
                }
            }
            Action::Search => {
                if let Page::List(list) = &mut self.page {
                    list.typing = true;
                }
            }
            Action::Choose => {
                if let Page::List(list) = &self.page
                    && let Some(stage) = list.chosen(self.stages, &self.history)
                {
                    return self.go_to(stage);
                }
            }
        }
        None
    }

    fn show(&mut self, page: Page) {
        self.page = page;
        self.scroll = 0;
    }

    /// Shows a page, or says why it cannot be shown.
    fn turn_to(&mut self, page: impl FnOnce(&mut Self) -> Result<Page>) {
        match page(self) {
            Ok(page) => self.show(page),
            Err(error) => self.notice = Some(error.to_string().replace('\n', " ")),
        }
    }

    fn brief(&mut self) -> Result<Page> {
        pages::brief(self.workspace, self.stage(), self.style)
    }

    fn hint(&mut self) -> Result<Page> {
        let page = pages::hint(self.workspace, self.stage(), &self.history, self.style)?;
        self.history = Journal::of(&self.workspace.root).read()?;
        Ok(page)
    }

    fn explain(&mut self) -> Result<Page> {
        pages::explain(self.workspace, self.stage(), self.record(), self.style)
    }

    fn compare(&mut self) {
        if let Err(error) = interview::keep_closed(self.workspace, self.stage().name()) {
            self.notice = Some(error.to_string().replace('\n', " "));
        } else if self.history.solved(self.stage().name()) {
            self.turn_to(Self::comparison);
        } else {
            self.show(Page::Confirm(pages::spoiler(self.stage())));
        }
    }

    fn comparison(&mut self) -> Result<Page> {
        let solved = self.history.solved(self.stage().name());
        let stage = self.stage().name().to_owned();
        let page = pages::compare(self.workspace, self.stage(), self.style)?;
        interview::reference_opened(self.workspace, &stage)?;
        Journal::of(&self.workspace.root).append(Event::Compared { stage, solved })?;
        Ok(page)
    }

    /// The answer to the question on the page.
    fn answer(&mut self, key: KeyCode) {
        match key {
            KeyCode::Char('y' | 'Y') => self.turn_to(Self::comparison),
            _ => self.show(Page::Checks),
        }
    }

    fn go_to(&mut self, stage: usize) -> Option<Wish> {
        if stage >= self.stages.len() {
            self.notice = Some("There is no further stage in this direction.".to_owned());
            return None;
        }
        self.current = stage;
        self.report = None;
        self.chosen = None;
        self.show(Page::Checks);
        Some(Wish::Grade { deep: false })
    }

    /// One up or down: in a list, in the checks, or in a text.
    fn step(&mut self, by: i32) {
        match &mut self.page {
            Page::List(list) => {
                let last = list
                    .stages(self.stages, &self.history)
                    .len()
                    .saturating_sub(1);
                list.selected = list.selected.saturating_add_signed(by as isize).min(last);
            }
            Page::Checks => {
                let checks = self.report.as_ref().map_or(0, |report| report.checks.len());
                if let Some(last) = checks.checked_sub(1) {
                    let from = self.selected().unwrap_or(0);
                    self.chosen = Some(from.saturating_add_signed(by as isize).min(last));
                    self.scroll = 0;
                } else {
                    self.scroll_by(by);
                }
            }
            _ => self.scroll_by(by),
        }
    }

    fn scroll_by(&mut self, lines: i32) {
        let last = self.extent.lines.saturating_sub(self.extent.height);
        let to = i32::from(self.scroll).saturating_add(lines);
        self.scroll = u16::try_from(to.max(0)).unwrap_or(u16::MAX).min(last);
    }
}
