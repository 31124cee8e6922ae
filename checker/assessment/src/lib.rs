//! From the journal of a mock interview to an assessment of it.
//!
//! Nothing here looks at a clock, a file or a random number: the same journal
//! always gives the same assessment, and every sentence of it names the events
//! that it rests on.
//!
//! The way through: [`Journal`] (lines → events) → [`Session`] (what happened,
//! by stage) → [`assess`] (evidence, scores, level, sentences) → [`report`]
//! (Markdown, HTML, JSON). What counts how much is data: `rubric.toml`.

pub mod answer;
pub mod ask;
mod assess;
mod dimension;
mod event;
mod journal;
pub mod report;
mod rubric;
mod session;

pub use assess::{
    Area, Assessment, Context, DimensionResult, Evidence, GateResult, Judged, Point, Sentence,
    Standing, assess,
};
pub use dimension::Dimension;
pub use event::{
    CheckFacts, Event, EventId, FollowUpFacts, Kind, Mode, Planted, Reason, Refusal, Round, SCHEMA,
    Sources, StageFacts, fingerprint, of_sources,
};
pub use journal::{Journal, JournalError, seal};
pub use rubric::{Family, Judge, Level, LevelRule, Rubric};
pub use session::{Attempt, Session, StageRun};
