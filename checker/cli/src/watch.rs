//! `watch`: the learner's desk. It grades on every save and shows how it went.
//!
//! One loop owns everything that is shown (`desk.rs`) and draws it
//! (`screen.rs`). Grading happens on a thread of its own (`job.rs`), which only
//! sends what it finds; the learner's files are looked at between two key
//! presses (`files.rs`).

mod desk;
mod files;
mod job;
mod keys;
mod pages;
mod plain;
mod screen;

use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use ratatui::crossterm::event::{self, Event};

use crate::error::{Context, Outcome, Result};
use crate::terminal::{self, Terminal, ending};
use crate::workspace::{Stage, Workspace};

use desk::{Desk, Wish};
use files::Files;
use job::{Jobs, Message};

/// How often to look at the files, and at what else may have happened.
const TICK: Duration = Duration::from_millis(40);

/// Watches from the stage at `first` on, until the learner has had enough.
pub fn run(workspace: &Workspace, stages: &[Stage], first: usize) -> Result<Outcome> {
    let ended = ending::on_signals()?;
    if !terminal::is_there() {
        return plain::run(workspace, &stages[first], &ended);
    }
    ending::with_terminal(&ended);
    let (sender, messages) = channel();
    thread::scope(|scope| {
        let mut session = Session {
            desk: Desk::new(workspace, stages, first)?,
            jobs: Jobs::new(scope, workspace, sender),
            messages,
            files: Files::of(workspace, &stages[first]),
            terminal: Terminal::open()?,
            is_drawn: false,
        };
        session.grade(false);
        while !ended.load(Ordering::Relaxed) && session.turn()? {}
        Ok(Outcome::Passed)
    })
}

/// Everything that is there while the learner watches.
struct Session<'scope, 'env> {
    desk: Desk<'env>,
    jobs: Jobs<'scope, 'env>,
    messages: Receiver<Message>,
    files: Files,
    terminal: Terminal,
    /// Whether the screen shows how matters stand.
    is_drawn: bool,
}

impl Session<'_, '_> {
    /// Shows what there is, and takes in what happens next; false at the end.
    fn turn(&mut self) -> Result<bool> {
        let context = || "Cannot use the terminal".to_owned();
        if !self.is_drawn {
            let desk = &mut self.desk;
            self.terminal
                .draw(|frame| screen::draw(frame, desk))
                .context(context)?;
            self.is_drawn = true;
        }
        let mut pressed = event::poll(TICK).context(context)?;
        while pressed {
            self.is_drawn = false;
            if let Event::Key(key) = event::read().context(context)?
                && let Some(wish) = self.desk.press(key)
                && !self.fulfil(wish)?
            {
                return Ok(false);
            }
            pressed = event::poll(Duration::ZERO).context(context)?;
        }
        while let Ok(message) = self.messages.try_recv() {
            if self.jobs.is_current(&message) {
                self.is_drawn = false;
                self.desk.take(message.news);
            }
        }
        if self.files.were_saved() {
            self.grade(false);
        }
        Ok(true)
    }

    /// Does what the desk cannot do by itself; false to end.
    fn fulfil(&mut self, wish: Wish) -> Result<bool> {
        match wish {
            Wish::Quit => return Ok(false),
            Wish::Grade { deep } => self.grade(deep),
            Wish::Open(file) => {
                let problem = self.terminal.lend(|| terminal::edit(&file))?;
                self.desk.note(problem);
            }
        }
        Ok(true)
    }

    /// Grades the stage that is shown, and forgets what was going on.
    fn grade(&mut self, deep: bool) {
        let stage = self.desk.stage();
        self.files = Files::of(self.desk.workspace(), stage);
        self.desk.begin(deep);
        self.is_drawn = false;
        self.jobs.start(stage, deep);
    }
}
