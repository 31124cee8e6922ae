//! The full screen of a session: the clock, one page at a time, a line to type in.
//!
//! One loop owns what is shown. A check runs on a thread of its own and sends what
//! it found. Everything else is done by [`Desk`], as the plain commands do it.

mod draw;

use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, Scope};
use std::time::{Duration, Instant};

use assessment::{Journal, Kind, Session};
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use verdict::render::Style;

use super::desk::{Desk, Time, current};
use super::{pages, rating};
use crate::error::{Context, Outcome, Result};
use crate::markdown;
use crate::output::print;
use crate::progress::{Progress, Step};
use crate::report::Shown;
use crate::stop::Stop;
use crate::terminal::{self, Terminal, ending};

/// How often to look at keys and at the clock.
const TURN: Duration = Duration::from_millis(100);
/// How often to look at the files.
const LOOK: Duration = Duration::from_secs(1);
/// A kill costs the clock no more than this.
const TICK: Duration = Duration::from_secs(15);

/// What is shown in the middle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Page {
    Prompt,
    Talk,
    Checks,
    Notes,
}

/// What a typed line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asking {
    /// A question to the interviewer.
    Question,
    /// Whether to finish.
    Finish,
    /// Whether to take the hint that caps the stage.
    LastHint,
}

/// Everything that is shown.
struct Screen<'a> {
    desk: &'a Desk<'a>,
    journal: Journal,
    page: Page,
    scroll: u16,
    /// Lines of the page, and of the place for it.
    extent: (u16, u16),
    asking: Option<Asking>,
    line: String,
    remark: String,
    /// How the check goes, while one runs.
    checking: Option<String>,
    /// What the last check said.
    checked: String,
    style: Style,
}

/// What a check has to say.
enum News {
    Step(String),
    Done {
        text: String,
        ended: bool,
        opened: bool,
    },
    Failed(String),
}

/// Shows a session until the candidate leaves it or it ends.
pub fn run(desk: &Desk<'_>) -> Result<Outcome> {
    let ended = ending::on_signals()?;
    ending::with_terminal(&ended);
    let (sender, news) = channel();
    let finished = thread::scope(|scope| {
        let stop = Stop::default();
        let mut terminal = Terminal::open()?;
        let mut screen = Screen::new(desk)?;
        let mut looked = Instant::now();
        let mut ticked = Instant::now();
        let result = loop {
            if ended.load(Ordering::Relaxed) {
                break Ok(false);
            }
            if let Err(error) = terminal
                .draw(|frame| draw::draw(frame, &mut screen))
                .context(|| "Cannot draw".into())
            {
                break Err(error);
            }
            match screen.turn(scope, &mut terminal, &sender, &stop) {
                Ok(Turn::On) => {}
                Ok(Turn::Leave) => break Ok(false),
                Ok(Turn::Finished) => break Ok(true),
                Err(error) => break Err(error),
            }
            match screen.hear(&news) {
                Ok(true) => break Ok(true),
                Ok(false) => {}
                Err(error) => break Err(error),
            }
            if looked.elapsed() > LOOK {
                looked = Instant::now();
                match screen.look(&mut ticked) {
                    Ok(true) => break Ok(true),
                    Ok(false) => {}
                    Err(error) => break Err(error),
                }
            }
        };
        stop.call();
        result
    })?;
    if finished {
        return rating::after(desk);
    }
    print(
        "The session goes on, and so does its clock.\n\n  cargo kata interview --resume   \
         if you were interrupted: the clock is where it was\n  cargo kata interview screen     \
         back to the full screen\n",
    );
    Ok(Outcome::Passed)
}

/// What a turn of the loop came to.
enum Turn {
    On,
    Leave,
    Finished,
}

impl<'a> Screen<'a> {
    fn new(desk: &'a Desk<'a>) -> Result<Self> {
        let journal = desk.journal()?;
        let kept = pages::kept(desk, &Session::of(&journal))?;
        Ok(Self {
            desk,
            journal,
            page: Page::Prompt,
            scroll: 0,
            extent: (0, 0),
            asking: None,
            line: String::new(),
            remark: kept.unwrap_or_default(),
            checking: None,
            checked: "Not checked yet: c grades the current stage.\n".to_owned(),
            style: Style {
                color: true,
                ..Style::for_stdout()
            },
        })
    }

    fn refresh(&mut self) -> Result<()> {
        self.journal = self.desk.journal()?;
        Ok(())
    }

    /// Looks at the files and at the clock; true when the session is over.
    fn look(&mut self, ticked: &mut Instant) -> Result<bool> {
        let before = self.journal.events.len();
        let remarks = self.desk.observe()?;
        if let Some(remark) = remarks.into_iter().next() {
            self.remark = remark;
        }
        self.refresh()?;
        if self.journal.events.len() > before {
            *ticked = Instant::now();
        } else if ticked.elapsed() > TICK {
            self.desk.tick()?;
            self.refresh()?;
            *ticked = Instant::now();
        }
        let session = Session::of(&self.journal);
        let over = self.desk.time(&session, &self.journal) == Time::Over;
        if over && self.checking.is_none() {
            self.desk.finish()?;
        }
        Ok(session.finished.is_some() || (over && self.checking.is_none()))
    }

    /// Takes in what a check says; true when that ended the session.
    fn hear(&mut self, news: &Receiver<News>) -> Result<bool> {
        while let Ok(news) = news.try_recv() {
            match news {
                News::Step(step) => self.checking = Some(step),
                News::Failed(error) => {
                    self.checking = None;
                    self.remark = error;
                }
                News::Done {
                    text,
                    ended,
                    opened,
                } => {
                    self.checking = None;
                    self.checked = text;
                    self.show(Page::Checks);
                    self.refresh()?;
                    if opened {
                        self.remark = "Green. The next stage is open: p shows its prompt. Questions about this \
                                       one are in the notes: n shows them, N answers them."
                            .to_owned();
                    }
                    if ended {
                        return Ok(true);
                    }
                }
            }
        }
        Ok(false)
    }

    fn show(&mut self, page: Page) {
        self.page = page;
        self.scroll = 0;
    }

    /// Waits for keys a moment, and does what they say.
    fn turn<'scope>(
        &mut self,
        scope: &'scope Scope<'scope, '_>,
        terminal: &mut Terminal,
        sender: &Sender<News>,
        stop: &Stop,
    ) -> Result<Turn>
    where
        'a: 'scope,
    {
        let context = || "Cannot use the terminal".to_owned();
        if !event::poll(TURN).context(context)? {
            return Ok(Turn::On);
        }
        let Event::Key(key) = event::read().context(context)? else {
            return Ok(Turn::On);
        };
        if key.kind == KeyEventKind::Release {
            return Ok(Turn::On);
        }
        if key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c') {
            return Ok(Turn::Leave);
        }
        if self.asking.is_some() {
            return self.type_in(key);
        }
        self.remark.clear();
        match key.code {
            KeyCode::Char('q') => return Ok(Turn::Leave),
            KeyCode::Char('p') => self.show(Page::Prompt),
            KeyCode::Char('t') => self.show(Page::Talk),
            KeyCode::Char('r') => self.show(Page::Checks),
            KeyCode::Char('n') => self.show(Page::Notes),
            KeyCode::Char('a') => self.asking = Some(Asking::Question),
            KeyCode::Char('f') => self.asking = Some(Asking::Finish),
            KeyCode::Char('b') => {
                self.remark = match self.desk.begin() {
                    Ok(()) => "Coding has begun.".to_owned(),
                    Err(error) => error.to_string(),
                };
            }
            KeyCode::Char('h') => self.hint(),
            KeyCode::Char('c') if self.checking.is_none() => self.check(scope, sender, stop),
            KeyCode::Char('e') => self.edit(terminal, false)?,
            KeyCode::Char('N') => self.edit(terminal, true)?,
            KeyCode::Down | KeyCode::Char('j') => self.move_by(1),
            KeyCode::Up | KeyCode::Char('k') => self.move_by(-1),
            KeyCode::PageDown | KeyCode::Char(' ') => self.move_by(i32::from(self.extent.1) - 2),
            KeyCode::PageUp => self.move_by(2 - i32::from(self.extent.1)),
            KeyCode::Home => self.scroll = 0,
            KeyCode::End => self.move_by(i32::from(u16::MAX)),
            _ => {}
        }
        self.refresh()?;
        Ok(Turn::On)
    }

    fn move_by(&mut self, lines: i32) {
        let last = i32::from(self.extent.0.saturating_sub(self.extent.1));
        let to = (i32::from(self.scroll) + lines).clamp(0, last);
        self.scroll = u16::try_from(to).unwrap_or_default();
    }

    /// A key of a line that is being typed.
    fn type_in(&mut self, key: KeyEvent) -> Result<Turn> {
        match (self.asking, key.code) {
            (_, KeyCode::Esc) => self.done_typing(),
            (Some(Asking::Question), KeyCode::Enter) => {
                let question = std::mem::take(&mut self.line);
                self.done_typing();
                if !question.trim().is_empty() {
                    match self.desk.ask(question.trim()) {
                        Err(error) => self.remark = error.to_string(),
                        Ok(_) => {
                            self.show(Page::Talk);
                            self.scroll = u16::MAX;
                        }
                    }
                    self.refresh()?;
                }
            }
            (Some(Asking::Question), KeyCode::Char(char)) => self.line.push(char),
            (Some(Asking::Question), KeyCode::Backspace) => {
                self.line.pop();
            }
            (Some(Asking::Finish), KeyCode::Char('y')) => {
                self.done_typing();
                self.desk.finish()?;
                return Ok(Turn::Finished);
            }
            (Some(Asking::LastHint), KeyCode::Char('y')) => {
                self.done_typing();
                self.take_hint();
            }
            (Some(Asking::Finish | Asking::LastHint), KeyCode::Char(_)) => self.done_typing(),
            _ => {}
        }
        Ok(Turn::On)
    }

    fn done_typing(&mut self) {
        self.asking = None;
        self.line.clear();
    }

    fn hint(&mut self) {
        let session = Session::of(&self.journal);
        let taken = current(&session).ok().and_then(|run| run.strongest_hint());
        if taken.is_some_and(|(_, tier)| tier == 2) {
            self.asking = Some(Asking::LastHint);
        } else {
            self.take_hint();
        }
    }

    fn take_hint(&mut self) {
        match self.desk.hint() {
            Err(error) => self.remark = error.to_string(),
            Ok(_) => {
                self.show(Page::Talk);
                self.scroll = u16::MAX;
            }
        }
    }

    fn edit(&mut self, terminal: &mut Terminal, notes: bool) -> Result<()> {
        let file = if notes {
            self.desk.notes()
        } else {
            let session = Session::of(&self.journal);
            let stage = self.desk.workspace.stage(&current(&session)?.facts.name)?;
            self.desk.workspace.root.join(stage.source())
        };
        if let Some(problem) = terminal.lend(|| terminal::edit(&file))? {
            self.remark = problem;
        }
        Ok(())
    }

    fn check<'scope>(
        &mut self,
        scope: &'scope Scope<'scope, '_>,
        sender: &Sender<News>,
        stop: &Stop,
    ) where
        'a: 'scope,
    {
        self.checking = Some("building…".to_owned());
        let (desk, sender, stop, style) = (self.desk, sender.clone(), stop.clone(), self.style);
        scope.spawn(move || {
            let steps = sender.clone();
            let tell = move |step: Step| {
                let text = match step {
                    Step::Building(what) => format!("building… {what}"),
                    Step::Checking(ended) => {
                        format!(
                            "checking {}/{}",
                            ended.iter().flatten().count(),
                            ended.len()
                        )
                    }
                };
                // At the end nobody listens any more.
                let _ = steps.send(News::Step(text));
            };
            let mut progress = Progress::told_to(tell, stop);
            let news = match desk.check(true, &mut progress) {
                Err(error) => News::Failed(error.to_string()),
                Ok(checked) => {
                    let shown = Shown {
                        style,
                        all: true,
                        timings: false,
                        replayed: false,
                        replay: None,
                        again: "press c".to_owned(),
                        onward: None,
                    };
                    let reports = checked.reports.iter().map(|report| report.human(&shown));
                    News::Done {
                        text: reports.collect(),
                        ended: checked.ended,
                        opened: checked.opened.is_some(),
                    }
                }
            };
            let _ = sender.send(news);
        });
    }

    /// The text of the page that is shown.
    fn text(&self) -> String {
        let session = Session::of(&self.journal);
        match self.page {
            Page::Prompt => {
                pages::prompt(self.desk, self.style).unwrap_or_else(|error| error.to_string())
            }
            Page::Checks => self.checked.clone(),
            Page::Talk => self.talk(&session),
            Page::Notes => {
                let notes = std::fs::read_to_string(self.desk.notes()).unwrap_or_default();
                markdown::styled(&notes, self.style)
            }
        }
    }

    /// Questions, answers and hints, stage by stage: what was said of an earlier one
    /// still holds.
    fn talk(&self, session: &Session<'_>) -> String {
        let mut text = String::new();
        let mut about = None;
        for event in session.events {
            let (stage, said) = match &event.kind {
                Kind::Asked {
                    stage,
                    question,
                    answer,
                    ..
                } => {
                    let question = self.style.strong(question);
                    let answer = pages::prose(answer, self.style);
                    (stage, format!("{question}\n{answer}"))
                }
                Kind::Hinted { stage, tier } => (stage, self.hint_taken(stage, *tier)),
                _ => continue,
            };
            if about != Some(stage) {
                text.push_str(&format!("{}\n\n", self.style.dim(stage)));
                about = Some(stage);
            }
            text.push_str(&said);
            text.push('\n');
        }
        if text.is_empty() {
            text.push_str(
                "Nothing was asked yet: a asks the interviewer. The prompt leaves things out on \
                 purpose.\n",
            );
        }
        text
    }

    fn hint_taken(&self, stage: &str, tier: u8) -> String {
        let stage = self.desk.workspace.stage(stage);
        let hints = stage.as_ref().map(|stage| stage.manifest.hints.as_slice());
        let hint = hints.unwrap_or_default().get(usize::from(tier) - 1);
        pages::hint(tier, hint.map_or("", String::as_str), self.style)
    }
}
