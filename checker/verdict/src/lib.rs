//! What the parts of Interleave say to each other, and to a learner.
//!
//! The grader writes one [`Record`] per check; the command line reads them.
//! Both read the same [`Manifest`] of a stage, and both print a record through
//! [`render`](crate::render), so a verdict reads the same wherever it appears.

pub mod environment;
mod manifest;
mod record;
pub mod render;
pub mod stage_folder;
pub mod story;

pub use manifest::{CheckSpec, FollowUp, Manifest, ManifestError, Requirement};
pub use record::{
    BlindSpot, Counterexample, Event, FailureKind, Finding, Lane, Mark, Method, Pass, Place,
    Record, SCHEMA, Search, Verdict, Whose,
};
