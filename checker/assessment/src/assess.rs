//! One pure function from what happened to what it says about the candidate.

mod areas;
mod conduct;
mod gaps;
mod level;
mod score;
mod strengths;
mod words;

use serde::Serialize;

pub(crate) use words::clock;

use crate::{Dimension, EventId, Journal, Level, Mode, Rubric, Session};

/// What is known besides the session.
#[derive(Debug, Clone, Copy, Default)]
pub struct Context {
    /// Finished mocks of the same loop before this one.
    pub earlier: usize,
}

/// The assessment of a session.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Assessment {
    /// Version of the JSON form.
    pub schema: u32,
    /// The loop.
    pub name: String,
    /// When it began, by the wall clock.
    pub began: String,
    /// Whether it counts, and how much.
    pub standing: Standing,
    /// The weighted mean of the dimensions, 1 to 4.
    pub mean: Option<f64>,
    /// How much to trust the level.
    pub confidence: Sentence,
    /// Two or three sentences and the level.
    pub overall: Vec<Sentence>,
    /// What was good.
    pub strengths: Vec<Point>,
    /// What was not, and what to make of it.
    pub areas: Vec<Area>,
    /// Whether it would pass, and why.
    pub verdict: Vec<Sentence>,
    /// What each level takes, and whether it was there.
    pub gates: Vec<GateResult>,
    /// Each dimension with its evidence.
    pub dimensions: Vec<DimensionResult>,
    /// Planted defects found, in a bug-bash.
    pub bugs: Option<Bugs>,
}

/// Something said, and the events that it rests on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sentence {
    /// The sentence.
    pub text: String,
    /// The events, in order.
    pub cites: Vec<EventId>,
}

impl Sentence {
    fn new(text: impl Into<String>, cites: impl IntoIterator<Item = EventId>) -> Self {
        let mut cites: Vec<EventId> = cites.into_iter().collect();
        cites.sort_unstable();
        cites.dedup();
        Self {
            text: text.into(),
            cites,
        }
    }
}

/// Whether a session counts.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It shows this level.
    Level(Level),
    /// It shows none, because of this.
    NotScored(Sentence),
}

/// A strength.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Point {
    /// What it is.
    pub title: String,
    /// The dimension.
    pub dimension: Dimension,
    /// Why.
    pub sentences: Vec<Sentence>,
}

/// An area for improvement and deeper discussion.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Area {
    /// What it is.
    pub title: String,
    /// The dimension.
    pub dimension: Dimension,
    /// For a gap in the code: whether it was closed for good.
    pub closed: Option<bool>,
    /// What was there, what it led to, whether it was closed.
    pub sentences: Vec<Sentence>,
    /// The record that shows it: the check's event, and the check.
    pub shown: Option<(EventId, String)>,
    /// What to practise next.
    pub practise: Option<Sentence>,
}

/// A demand of a level.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GateResult {
    /// The level.
    pub level: Level,
    /// Whether it was met.
    pub met: bool,
    /// The demand, and what there was.
    pub sentence: Sentence,
}

/// What speaks for or against a dimension.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evidence {
    /// What it is.
    pub sentence: Sentence,
    /// What it is worth, 0 to 1.
    pub value: f64,
    /// How much of the dimension it is.
    pub weight: f64,
}

/// A score that a person gave.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judged {
    /// 1 to 4.
    pub score: u8,
    /// What it rests on.
    pub note: String,
    /// The event.
    pub event: EventId,
}

/// A dimension of a session.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DimensionResult {
    /// Which.
    pub id: Dimension,
    /// What a person calls it.
    pub name: String,
    /// Its weight in the mean.
    pub weight: u32,
    /// What speaks for or against it.
    pub evidence: Vec<Evidence>,
    /// What the rules make of that, 1 to 4.
    pub rules: Option<f64>,
    /// What the interviewer made of it.
    pub interviewer: Option<Judged>,
    /// What the candidate made of it, 1 to 4.
    pub own: Option<u8>,
    /// What counts, 1 to 4; nothing where nobody could judge it.
    pub score: Option<f64>,
}

/// What became of planted defects.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bugs {
    /// How many were fixed.
    pub fixed: usize,
    /// How many were planted in what was reached.
    pub planted: usize,
    /// Severity points of those that were fixed.
    pub points: u32,
    /// Severity points of all that were drawn.
    pub of: u32,
    /// One sentence for each.
    pub each: Vec<Sentence>,
}

/// Assesses a session.
#[must_use]
pub fn assess(rubric: &Rubric, journal: &Journal, context: Context) -> Assessment {
    let session = Session::of(journal);
    let gaps = gaps::of(rubric, &session);
    let dimensions = score::dimensions(rubric, &session, &gaps);
    let mean = level::mean(&dimensions);
    let gates = level::gates(rubric, &session, &gaps, &dimensions, mean);
    let bugs = level::bugs(rubric, &session);
    let standing = level::standing(&session, &gates);
    Assessment {
        schema: 1,
        name: session.name.to_owned(),
        began: session.events[0].wall.clone(),
        confidence: level::confidence(&session, context),
        overall: level::overall(&session, &gaps, &standing, mean, bugs.as_ref()),
        strengths: strengths::of(rubric, &session, &gaps, &dimensions),
        areas: areas::of(rubric, &session, &gaps, &dimensions),
        verdict: level::verdict(&session, &standing, &gates, &dimensions),
        standing,
        mean,
        gates,
        dimensions,
        bugs,
    }
}

impl Session<'_> {
    /// The event that all that did not happen rests on: the end, or the latest.
    fn end(&self) -> EventId {
        let last = self.events.last().map_or(EventId(1), |event| event.id);
        self.finished.map_or(last, |(id, _)| id)
    }

    /// Whether the report may say how good it was.
    fn counts(&self) -> bool {
        self.mode == Mode::Mock
    }
}

impl Assessment {
    /// Every sentence of it.
    pub fn sentences(&self) -> impl Iterator<Item = &Sentence> {
        let strengths = self.strengths.iter().flat_map(|point| &point.sentences);
        let areas = self.areas.iter();
        let areas = areas.flat_map(|area| area.sentences.iter().chain(&area.practise));
        let evidence = self.dimensions.iter().flat_map(|result| &result.evidence);
        let not_scored = match &self.standing {
            Standing::NotScored(sentence) => Some(sentence),
            Standing::Level(_) => None,
        };
        [&self.confidence]
            .into_iter()
            .chain(not_scored)
            .chain(&self.overall)
            .chain(strengths)
            .chain(areas)
            .chain(&self.verdict)
            .chain(self.gates.iter().map(|gate| &gate.sentence))
            .chain(evidence.map(|evidence| &evidence.sentence))
            .chain(self.bugs.iter().flat_map(|bugs| &bugs.each))
    }
}
