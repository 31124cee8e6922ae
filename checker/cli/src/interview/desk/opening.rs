//! How a session begins, and how each of its stages does.

use std::fs;
use std::path::PathBuf;

use assessment::{CheckFacts, Dimension, FollowUpFacts, Kind, Mode, Round, Session, StageFacts};

use super::Desk;
use crate::error::{Error, Result};
use crate::interview::clock::Clock;
use crate::interview::store::Sessions;
use crate::interview::{code, prompt};
use crate::workspace::{Stage, Workspace};

/// How many follow-up questions a stage gets.
const FOLLOW_UPS: usize = 2;

impl Desk<'_> {
    /// Opens a round: its prompt, its files, its section in the notes.
    pub fn open_round(&self, index: usize, round: &Round) -> Result<()> {
        let stage = self.workspace.stage(&round.stage)?;
        let given = match &round.planted {
            Some(planted) => code::planted(self.workspace, &planted.specimen)?,
            None => code::starter(self.workspace, &stage)?,
        };
        let keep = self.kept(index, &round.stage);
        code::put(self.workspace, &stage, &given, &keep)?;
        let manifest = &stage.manifest;
        let facts = StageFacts {
            name: manifest.name.clone(),
            title: manifest.title.clone(),
            minutes: round.minutes,
            requirements: manifest
                .requirements
                .iter()
                .map(|one| one.text.clone())
                .collect(),
            follow_ups: self.follow_ups(&stage)?,
            checks: manifest
                .checks
                .iter()
                .map(|check| facts(&stage, check))
                .collect::<Result<_>>()?,
            given,
            planted: round.planted.clone(),
        };
        self.record(vec![Kind::Opened {
            round: index,
            stage: Box::new(facts),
        }])?;
        self.lay_out_notes()
    }

    /// Where what was in a stage's folder before its round is kept, if anything was.
    pub fn kept(&self, index: usize, stage: &str) -> PathBuf {
        let before = self.handle.folder.join("before");
        before.join(format!("{}-{stage}", index + 1))
    }

    /// The questions after a stage: as many as there is time for, others with
    /// another seed.
    fn follow_ups(&self, stage: &Stage) -> Result<Vec<FollowUpFacts>> {
        let journal = self.journal()?;
        let seed = usize::try_from(Session::of(&journal).seed).unwrap_or_default();
        let all = &stage.manifest.follow_ups;
        let drawn = all.iter().cycle().skip(seed % all.len().max(1));
        let drawn = drawn.take(all.len().min(FOLLOW_UPS));
        Ok(drawn
            .map(|one| FollowUpFacts {
                question: one.question.clone(),
                points: one.points.clone(),
            })
            .collect())
    }

    /// The interviewer's prompt of a stage.
    pub fn prompt(&self, name: &str) -> Result<String> {
        let stage = self.workspace.stage(name)?;
        let file = self.workspace.root.join(&stage.folder).join("README.md");
        let brief = fs::read_to_string(file).unwrap_or_default();
        Ok(prompt::of(&stage.manifest, &brief))
    }
}

fn facts(stage: &Stage, check: &verdict::CheckSpec) -> Result<CheckFacts> {
    let dimension = Dimension::parse(&check.dimension).ok_or_else(|| {
        let known: Vec<&str> = Dimension::ALL.iter().map(|known| known.id()).collect();
        Error::new(format!(
            "{}: the check `{}` counts for `{}`, which is no dimension",
            stage.folder.join("stage.toml").display(),
            check.name,
            check.dimension
        ))
        .next(format!("The dimensions are {}.", known.join(", ")))
    })?;
    Ok(CheckFacts {
        name: check.name.clone(),
        defect: check.defect.clone(),
        dimension,
    })
}

/// Starts a session of these rounds and opens the first.
pub fn start<'a>(
    workspace: &'a Workspace,
    clock: &'a dyn Clock,
    started: Started,
) -> Result<Desk<'a>> {
    let now = clock.now();
    let kind = Kind::Started {
        schema: assessment::SCHEMA,
        name: started.name.clone(),
        mode: started.mode,
        minutes: started.minutes,
        usual_minutes: started.usual_minutes,
        seed: started.seed,
        with_interviewer: started.with_interviewer,
        rounds: started.rounds.clone(),
        boot: now.boot.clone(),
    };
    let handle = Sessions::of(&workspace.root).begin(&started.name, &now, kind)?;
    let desk = Desk::at(workspace, clock, handle);
    desk.open_round(0, &started.rounds[0])?;
    Ok(desk)
}

/// What a session begins with.
pub struct Started {
    /// The loop.
    pub name: String,
    /// Whether it counts.
    pub mode: Mode,
    /// How long the clock runs.
    pub minutes: u32,
    /// How long it usually runs.
    pub usual_minutes: u32,
    /// What repeats a drawn loop.
    pub seed: u64,
    /// Whether somebody scores what a program cannot.
    pub with_interviewer: bool,
    /// What will be asked.
    pub rounds: Vec<Round>,
}
