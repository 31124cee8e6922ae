//! A session that is being worked on: everything that can be done in it, whoever
//! asks. The plain commands and the full screen both go through here.

mod observe;
mod opening;

use std::path::PathBuf;

use assessment::ask::Bank;
use assessment::{Dimension, Journal, Kind, Reason, Refusal, Session, StageFacts, of_sources};
use verdict::render::clean;

use super::clock::{Clock, Moment};
use super::code;
use super::store::{Handle, Sessions, left_ms};
use crate::compile::Reason as Refused;
use crate::error::{Error, Result};
use crate::grading::{Request, grade};
use crate::progress::Progress;
use crate::report::Report;
use crate::workspace::Workspace;

pub use opening::{Started, start};

/// What the interviewer says to a question in which no requirement was recognised. One may
/// be behind it all the same.
pub const NOT_PREPARED: &str = "Nothing that was prepared answers this as it was put. Ask it in \
                                other words, or say what you assume and go on.";
/// After the clock has ended, one more check may come within this.
const GRACE_MS: u64 = 3 * 60_000;

/// A session at work.
pub struct Desk<'a> {
    /// The workspace.
    pub workspace: &'a Workspace,
    /// The session.
    pub handle: Handle,
    clock: &'a dyn Clock,
}

/// What a check found, and what came of it.
pub struct Checked {
    /// The grades: the current stage, and earlier ones whose code has changed.
    pub reports: Vec<Report>,
    /// The stage that is green now.
    pub advanced: Option<String>,
    /// The stage that was opened.
    pub opened: Option<String>,
    /// Whether this was the check after the clock.
    pub ended: bool,
}

/// How the clock stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// No clock runs.
    Free,
    /// Milliseconds are left.
    Left(u64),
    /// One last check is allowed.
    Grace,
    /// It is over.
    Over,
}

impl<'a> Desk<'a> {
    /// The session that is open.
    pub fn open(workspace: &'a Workspace, clock: &'a dyn Clock) -> Result<Self> {
        let handle = Sessions::of(&workspace.root).open()?.ok_or_else(|| {
            Error::new("no session is open").next("`cargo kata interview` shows the loops.")
        })?;
        Ok(Self::at(workspace, clock, handle))
    }

    /// That session, open or not.
    pub fn at(workspace: &'a Workspace, clock: &'a dyn Clock, handle: Handle) -> Self {
        Self {
            workspace,
            handle,
            clock,
        }
    }

    /// The moment that is now.
    pub fn now(&self) -> Moment {
        self.clock.now()
    }

    /// Everything that was recorded.
    pub fn journal(&self) -> Result<Journal> {
        self.handle.read()
    }

    fn record(&self, kinds: Vec<Kind>) -> Result<()> {
        if kinds.is_empty() {
            return Ok(());
        }
        self.handle.append(&self.now(), kinds)
    }

    /// The notes' file.
    pub fn notes(&self) -> PathBuf {
        self.handle.folder.join("notes.md")
    }

    /// How the clock of a session stands.
    pub fn time(&self, session: &Session<'_>, journal: &Journal) -> Time {
        let Some(left) = left_ms(session, journal, &self.now()) else {
            return Time::Free;
        };
        if left > 0 {
            return Time::Left(left);
        }
        let over = super::store::clock_ms(journal, &self.now())
            .saturating_sub(u64::from(session.minutes) * 60_000);
        let used = journal
            .events
            .iter()
            .any(|event| matches!(event.kind, Kind::Checked { grace: true, .. }));
        if used || over > GRACE_MS {
            Time::Over
        } else {
            Time::Grace
        }
    }

    /// Fails when the clock has ended. A session whose last check is gone, too, is
    /// finished here, so that nobody has to remember to.
    pub fn on_the_clock(&self) -> Result<()> {
        let journal = self.journal()?;
        let session = Session::of(&journal);
        match self.time(&session, &journal) {
            Time::Free | Time::Left(_) => Ok(()),
            Time::Grace => Err(Error::new("time is up").next(
                "One last `cargo kata interview check` counts; or `cargo kata interview finish`.",
            )),
            Time::Over => Err(self.ended_by_the_clock()?),
        }
    }

    /// Ends the session, and says so.
    fn ended_by_the_clock(&self) -> Result<Error> {
        self.record(vec![Kind::Finished {
            reason: Reason::Time,
        }])?;
        Ok(Error::new("time is up, and the session is finished")
            .next("Next: `cargo kata interview rate`, then `cargo kata report`."))
    }

    /// Puts a question to the interviewer, and returns what they say.
    pub fn ask(&self, question: &str) -> Result<String> {
        self.observe()?;
        self.on_the_clock()?;
        let journal = self.journal()?;
        let session = Session::of(&journal);
        let facts = current(&session)?.facts;
        let stage = self.workspace.stage(&facts.name)?;
        let requirements = stage.manifest.requirements.iter();
        let bank = Bank::new(requirements.map(|one| (one.text.as_str(), one.questions.as_slice())));
        let requirement = bank.find(question);
        let answer = requirement
            .and_then(|index| stage.manifest.requirements.get(index))
            .map_or(NOT_PREPARED, |requirement| &requirement.text)
            .to_owned();
        self.record(vec![Kind::Asked {
            stage: facts.name.clone(),
            question: question.to_owned(),
            requirement,
            answer: answer.clone(),
        }])?;
        Ok(answer)
    }

    /// Starts the coding clock of the current stage.
    pub fn begin(&self) -> Result<()> {
        self.observe()?;
        self.on_the_clock()?;
        let journal = self.journal()?;
        let session = Session::of(&journal);
        let run = current(&session)?;
        if run.begun.is_some() {
            return Ok(());
        }
        self.record(vec![Kind::Begun {
            stage: run.facts.name.clone(),
        }])
    }

    /// Gives the next hint of the current stage: its tier, from 1, and its text.
    pub fn hint(&self) -> Result<(u8, String)> {
        self.observe()?;
        self.on_the_clock()?;
        let journal = self.journal()?;
        let session = Session::of(&journal);
        let run = current(&session)?;
        let stage = self.workspace.stage(&run.facts.name)?;
        let taken = run.strongest_hint().map_or(0, |(_, tier)| tier);
        let text = stage
            .manifest
            .hints
            .get(usize::from(taken))
            .ok_or_else(|| Error::new(format!("`{}` has no more hints", run.facts.name)))?;
        self.record(vec![Kind::Hinted {
            stage: run.facts.name.clone(),
            tier: taken + 1,
        }])?;
        Ok((taken + 1, text.clone()))
    }

    /// Grades the current stage, and earlier ones whose code has changed since.
    pub fn check(&self, color: bool, progress: &mut Progress) -> Result<Checked> {
        if let Some(remark) = self.observe()?.into_iter().next() {
            return Err(Error::new(remark));
        }
        let journal = self.journal()?;
        let session = Session::of(&journal);
        let grace = match self.time(&session, &journal) {
            Time::Free | Time::Left(_) => false,
            Time::Grace => true,
            Time::Over => return Err(self.ended_by_the_clock()?),
        };
        let now = current(&session)?;
        let mut wanted = vec![now];
        wanted.extend(session.stages.iter().rev().skip(1).filter(|run| {
            let last = run.attempts.last().map(|attempt| attempt.hash);
            run.facts.name != now.facts.name
                && run.facts.planted.is_none()
                && last.is_some_and(|last| last != of_sources(run.code()))
        }));
        let mut checked = Checked {
            reports: Vec::new(),
            advanced: None,
            opened: None,
            ended: false,
        };
        for run in wanted {
            let report = self.grade(run.facts, grace, color, progress)?;
            checked.reports.push(report);
        }
        if checked.reports[0].passed && now.passed.is_none() {
            self.advance(&session, &mut checked, grace)?;
        }
        if grace {
            self.record(vec![Kind::Finished {
                reason: Reason::Time,
            }])?;
            checked.ended = true;
        }
        Ok(checked)
    }

    fn grade(
        &self,
        facts: &StageFacts,
        grace: bool,
        color: bool,
        progress: &mut Progress,
    ) -> Result<Report> {
        let stage = self.workspace.stage(&facts.name)?;
        let before = of_sources(&code::read(self.workspace, &stage));
        let request = Request::of_learner(self.workspace, &stage, color);
        let report = grade(&request, progress)?;
        if report.grader_gave_up() && report.rejection.is_some() {
            // Nothing was looked at, so there is nothing to speak of later.
            return Ok(report);
        }
        let refusal = report.rejection.as_ref().map(|rejection| Refusal {
            contract: rejection.reason == Refused::ContractDiffers,
            compiler: clean(&rejection.compiler),
        });
        self.record(vec![Kind::Checked {
            stage: facts.name.clone(),
            hash: before,
            grace,
            refusal,
            records: report.checks.clone(),
        }])?;
        Ok(report)
    }

    /// Goes on to the next stage, with follow-up questions about this one.
    fn advance(&self, session: &Session<'_>, checked: &mut Checked, grace: bool) -> Result<()> {
        let name = current(session)?.facts.name.clone();
        self.record(vec![Kind::Advanced {
            stage: name.clone(),
        }])?;
        checked.advanced = Some(name);
        let next = session.stages.len();
        match session.rounds.get(next) {
            Some(round) if !grace => {
                self.open_round(next, round)?;
                checked.opened = Some(round.stage.clone());
            }
            _ => self.lay_out_notes()?,
        }
        Ok(())
    }

    /// Brings back the last recorded version of every file that is gone.
    pub fn restore(&self) -> Result<Vec<String>> {
        let journal = self.journal()?;
        let session = Session::of(&journal);
        let mut restored = Vec::new();
        for run in &session.stages {
            let stage = self.workspace.stage(&run.facts.name)?;
            if !code::read(self.workspace, &stage).contains_key("lib.rs") {
                let keep = self.handle.folder.join("before").join("restored");
                code::put(self.workspace, &stage, run.code(), &keep)?;
                restored.push(stage.source().display().to_string());
            }
        }
        if !self.notes().exists() {
            self.lay_out_notes()?;
            restored.push(self.workspace.relative(&self.notes()).display().to_string());
        }
        Ok(restored)
    }

    /// Goes on after an interruption, with the clock where it was.
    pub fn resume(&self) -> Result<()> {
        let journal = self.journal()?;
        let session = Session::of(&journal);
        let mut changed = false;
        for run in &session.stages {
            let stage = self.workspace.stage(&run.facts.name)?;
            let files = code::read(self.workspace, &stage);
            let latest = session.run(&run.facts.name);
            changed |= latest.is_some_and(|latest| !files.is_empty() && files != *latest.code());
        }
        self.handle.resume(&self.now(), changed)?;
        // What a kill cut short between two events is done now.
        match (session.stages.len(), session.current()) {
            (0, _) => self.open_round(0, &session.rounds[0])?,
            (next, Some(run)) if run.passed.is_some() && next < session.rounds.len() => {
                self.open_round(next, &session.rounds[next])?;
            }
            _ => self.lay_out_notes()?,
        }
        self.observe().map(drop)
    }

    /// Notes that the session is still on the screen, so that a kill costs the
    /// clock little.
    pub fn tick(&self) -> Result<()> {
        self.record(vec![Kind::Ticked {}])
    }

    /// Ends the session.
    pub fn finish(&self) -> Result<()> {
        self.observe()?;
        let journal = self.journal()?;
        let session = Session::of(&journal);
        let all = session.stages.len() == session.rounds.len();
        let green = session.stages.iter().all(|run| run.passed.is_some());
        let reason = match self.time(&session, &journal) {
            Time::Grace | Time::Over => Reason::Time,
            Time::Free | Time::Left(_) if all && green => Reason::Complete,
            Time::Free | Time::Left(_) => Reason::Asked,
        };
        self.record(vec![Kind::Finished { reason }])
    }

    /// Records the candidate's own ratings.
    pub fn rate(&self, ratings: std::collections::BTreeMap<Dimension, u8>) -> Result<()> {
        self.record(vec![Kind::Rated { ratings }])
    }

    /// Records a score of the interviewer's.
    pub fn score(&self, dimension: Dimension, score: u8, note: &str) -> Result<()> {
        let note = note.to_owned();
        self.record(vec![Kind::Scored {
            dimension,
            score,
            note,
        }])
    }
}

/// The stage that is being worked on.
pub fn current<'s, 'a>(session: &'s Session<'a>) -> Result<&'s assessment::StageRun<'a>> {
    session.current().ok_or_else(|| {
        Error::new("no stage was opened yet").next("`cargo kata interview --resume` opens it.")
    })
}
