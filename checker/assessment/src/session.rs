//! What happened in a session, by stage. Everything here is read off the events
//! in one pass and borrowed from them.

use std::collections::BTreeSet;

use verdict::{FailureKind, Record, Verdict};

use crate::{
    Event, EventId, Journal, Kind, Mode, Reason, Refusal, Round, Sources, StageFacts, of_sources,
};

/// A session.
#[derive(Debug)]
pub struct Session<'a> {
    /// Its events.
    pub events: &'a [Event],
    /// The loop.
    pub name: &'a str,
    /// Whether it counts.
    pub mode: Mode,
    /// How long the clock runs.
    pub minutes: u32,
    /// How long it runs in this loop unless told otherwise.
    pub usual_minutes: u32,
    /// What repeats a drawn loop.
    pub seed: u64,
    /// Whether somebody scores what a program cannot.
    pub with_interviewer: bool,
    /// What is asked, in order.
    pub rounds: &'a [Round],
    /// The stages that were revealed, in order.
    pub stages: Vec<StageRun<'a>>,
    /// How it ended, once it has.
    pub finished: Option<(EventId, Reason)>,
    /// The candidate's own ratings, once given or declined.
    pub rated: Option<EventId>,
    /// Where the clock stands at the last event.
    pub last_ms: u64,
    /// The first line that was edited after it was written.
    pub edited: Option<EventId>,
}

/// A stage of a session.
#[derive(Debug)]
pub struct StageRun<'a> {
    /// The stage.
    pub facts: &'a StageFacts,
    /// When it was revealed.
    pub opened: &'a Event,
    /// When coding began.
    pub begun: Option<&'a Event>,
    /// Each time the plan changed.
    pub plans: Vec<&'a Event>,
    /// The questions.
    pub asked: Vec<Question<'a>>,
    /// The versions of the code, without the one that was given.
    pub versions: Vec<(&'a Event, &'a Sources)>,
    /// The checks.
    pub attempts: Vec<Attempt<'a>>,
    /// The hints.
    pub hints: Vec<(&'a Event, u8)>,
    /// The answers to follow-up questions, by question; the last one counts.
    pub answers: Vec<(&'a Event, usize, &'a str)>,
    /// When it was green.
    pub passed: Option<&'a Event>,
}

/// A question to the interviewer.
#[derive(Debug)]
pub struct Question<'a> {
    /// The event.
    pub event: &'a Event,
    /// The requirement that it found out.
    pub requirement: Option<usize>,
}

/// A check of a stage.
#[derive(Debug)]
pub struct Attempt<'a> {
    /// The event.
    pub event: &'a Event,
    /// What was graded.
    pub hash: &'a str,
    /// Why nothing could be run.
    pub refusal: Option<&'a Refusal>,
    /// What each check found.
    pub records: &'a [Record],
    /// The code is still what the candidate was given: that grades somebody else.
    pub given: bool,
}

impl<'a> Session<'a> {
    /// Reads a session off its journal.
    ///
    /// # Panics
    /// Never: a journal begins with the start of a session.
    #[must_use]
    pub fn of(journal: &'a Journal) -> Self {
        let events = journal.events.as_slice();
        let Some(Kind::Started {
            name,
            mode,
            minutes,
            usual_minutes,
            seed,
            with_interviewer,
            rounds,
            ..
        }) = events.first().map(|event| &event.kind)
        else {
            unreachable!("parsing a journal makes sure of its first line");
        };
        let mut session = Self {
            events,
            name,
            mode: *mode,
            minutes: *minutes,
            usual_minutes: *usual_minutes,
            seed: *seed,
            with_interviewer: *with_interviewer,
            rounds,
            stages: Vec::new(),
            finished: None,
            rated: None,
            last_ms: events
                .iter()
                .map(|event| event.at_ms)
                .max()
                .unwrap_or_default(),
            edited: journal.edited,
        };
        for event in events {
            session.take(event);
        }
        session
    }

    fn take(&mut self, event: &'a Event) {
        match &event.kind {
            Kind::Opened { stage, .. } => self.stages.push(StageRun::new(stage, event)),
            Kind::Finished { reason } => {
                self.finished.get_or_insert((event.id, *reason));
            }
            Kind::Rated { .. } => self.rated = Some(event.id),
            Kind::Asked { stage, .. }
            | Kind::Planned { stage, .. }
            | Kind::Begun { stage }
            | Kind::Edited { stage, .. }
            | Kind::Checked { stage, .. }
            | Kind::Hinted { stage, .. }
            | Kind::Answered { stage, .. }
            | Kind::Advanced { stage } => {
                // A stage may come twice in a bug-bash: the last of them is meant.
                let run = self
                    .stages
                    .iter_mut()
                    .rev()
                    .find(|run| run.facts.name == *stage);
                if let Some(run) = run {
                    run.take(event);
                }
            }
            Kind::Started { .. }
            | Kind::Resumed { .. }
            | Kind::Ticked {}
            | Kind::Peeked { .. }
            | Kind::Scored { .. }
            | Kind::Unknown(_) => {}
        }
    }

    /// The stage that is being worked on: the last that was revealed.
    #[must_use]
    pub fn current(&self) -> Option<&StageRun<'a>> {
        self.stages.last()
    }

    /// The latest run of a stage: in a bug-bash it may come twice.
    #[must_use]
    pub fn run(&self, stage: &str) -> Option<&StageRun<'a>> {
        self.stages.iter().rfind(|run| run.facts.name == stage)
    }
}

impl<'a> StageRun<'a> {
    fn new(facts: &'a StageFacts, opened: &'a Event) -> Self {
        Self {
            facts,
            opened,
            begun: None,
            plans: Vec::new(),
            asked: Vec::new(),
            versions: Vec::new(),
            attempts: Vec::new(),
            hints: Vec::new(),
            answers: Vec::new(),
            passed: None,
        }
    }

    fn take(&mut self, event: &'a Event) {
        match &event.kind {
            Kind::Asked { requirement, .. } => self.asked.push(Question {
                event,
                requirement: *requirement,
            }),
            Kind::Planned { .. } => self.plans.push(event),
            Kind::Begun { .. } => {
                self.begun.get_or_insert(event);
            }
            Kind::Edited { files, .. } => self.versions.push((event, files)),
            Kind::Checked {
                hash,
                refusal,
                records,
                ..
            } => self.attempts.push(Attempt {
                event,
                hash,
                refusal: refusal.as_ref(),
                records,
                given: *hash == of_sources(&self.facts.given),
            }),
            Kind::Hinted { tier, .. } => self.hints.push((event, *tier)),
            Kind::Answered {
                follow_up, text, ..
            } => self.answers.push((event, *follow_up, text)),
            Kind::Advanced { .. } => {
                self.passed.get_or_insert(event);
            }
            _ => {}
        }
    }

    /// The attempts at the candidate's own code that compiled.
    pub fn graded(&self) -> impl Iterator<Item = &Attempt<'a>> {
        let own = |attempt: &&Attempt<'_>| !attempt.given && attempt.refusal.is_none();
        self.attempts.iter().filter(own)
    }

    /// How many requirements the questions found out.
    #[must_use]
    pub fn found_out(&self) -> usize {
        let found = self
            .asked
            .iter()
            .filter_map(|question| question.requirement);
        found.collect::<BTreeSet<usize>>().len()
    }

    /// The first change of the code.
    #[must_use]
    pub fn first_edit(&self) -> Option<&'a Event> {
        self.versions.first().map(|(event, _)| *event)
    }

    /// The code as it is now.
    #[must_use]
    pub fn code(&self) -> &'a Sources {
        self.versions
            .last()
            .map_or(&self.facts.given, |(_, files)| files)
    }

    /// The last answer to each follow-up question.
    #[must_use]
    pub fn last_answer(&self, follow_up: usize) -> Option<(&'a Event, &'a str)> {
        let mut answers = self.answers.iter().rev();
        let found = answers.find(|(_, index, _)| *index == follow_up)?;
        Some((found.0, found.2))
    }

    /// The strongest hint that was taken.
    #[must_use]
    pub fn strongest_hint(&self) -> Option<(&'a Event, u8)> {
        self.hints.iter().copied().max_by_key(|(_, tier)| *tier)
    }
}

impl Attempt<'_> {
    /// Whether every check passed.
    #[must_use]
    pub fn is_green(&self) -> bool {
        self.refusal.is_none()
            && !self.records.is_empty()
            && self
                .records
                .iter()
                .all(|record| record.verdict == Verdict::Passed)
    }

    /// Whether every check passed, and not all of them saw everything.
    #[must_use]
    pub fn is_blind(&self) -> bool {
        self.is_green() && self.records.iter().any(Record::is_blind)
    }

    /// What the check of that name says about the code: whether it holds, or
    /// nothing, where it could not do its work or the code is not written yet.
    #[must_use]
    pub fn holds(&self, check: &str) -> Option<bool> {
        let record = self.record(check)?;
        let unwritten = record
            .finding
            .as_ref()
            .is_some_and(|finding| finding.kind == FailureKind::Unwritten);
        match record.verdict {
            Verdict::Passed => Some(true),
            Verdict::Failed | Verdict::TimedOut if !unwritten => Some(false),
            _ => None,
        }
    }

    /// The record of that check.
    #[must_use]
    pub fn record(&self, check: &str) -> Option<&Record> {
        self.records.iter().find(|record| record.check == check)
    }
}
