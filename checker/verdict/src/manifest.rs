//! `stage.toml`: one file per stage drives its list entry, hints, checks and
//! interview, so nothing about a stage is written twice.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::FailureKind;

/// The format this build understands.
const FORMAT: u32 = 1;

/// A stage, as its `stage.toml` describes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of this file's format.
    pub format: u32,
    /// Kebab-case identifier, equal to the folder and to the package.
    pub name: String,
    /// What a person calls the stage.
    pub title: String,
    /// The ladder it belongs to, such as `scheduler`.
    pub track: String,
    /// Place on the whole ladder, from 1.
    pub position: u32,
    /// How long an interview would give it.
    pub minutes: u32,
    /// One sentence: what the learner builds.
    pub summary: String,
    /// Three hints, weakest first, never containing code.
    pub hints: Vec<String>,
    /// What the prompt leaves out, and the questions that uncover it.
    #[serde(default, rename = "requirement")]
    pub requirements: Vec<Requirement>,
    /// Questions asked after the stage is green.
    #[serde(default, rename = "follow_up")]
    pub follow_ups: Vec<FollowUp>,
    /// The checks in the order in which they should be read.
    #[serde(rename = "check")]
    pub checks: Vec<CheckSpec>,
}

/// A requirement that an interviewer holds back until asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// The answer the interviewer gives.
    pub text: String,
    /// Questions, and paraphrases of them, that uncover it.
    pub questions: Vec<String>,
}

/// A question for after the code, with what a strong answer contains.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FollowUp {
    /// The question.
    pub question: String,
    /// The points of a strong answer.
    pub points: Vec<String>,
}

/// One check: which defect it exists for and what its failure teaches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckSpec {
    /// The test function in `tests/grade.rs`; reads as a sentence.
    pub name: String,
    /// The defect of the catalogue that a failure usually shows.
    pub defect: String,
    /// The dimension of the assessment that it counts for.
    pub dimension: String,
    /// Why it matters in an interview and in production.
    pub why: String,
    /// What to try next, without the answer.
    #[serde(rename = "try")]
    pub try_next: String,
    /// Other defects that this check finds too, without telling them apart.
    #[serde(default)]
    pub also: Vec<String>,
    /// Another defect where the kind of the failure says so, as `deadlock =
    /// "lock-order-inversion"`.
    #[serde(default)]
    pub on: BTreeMap<FailureKind, String>,
}

impl CheckSpec {
    /// Whether this check is there for that defect, among others.
    #[must_use]
    pub fn finds(&self, defect: &str) -> bool {
        let others = self.also.iter().chain(self.on.values());
        self.defect == defect || others.into_iter().any(|other| other == defect)
    }

    /// The defect that a failure of this kind shows, where it shows one: a process
    /// that ended says nothing about the promise that was being checked.
    #[must_use]
    pub fn defect_for(&self, kind: FailureKind) -> Option<&str> {
        match (self.on.get(&kind), kind) {
            (Some(defect), _) => Some(defect),
            (None, FailureKind::Expectation | FailureKind::SingleThreaded) => Some(&self.defect),
            (None, _) => None,
        }
    }
}

/// Why a `stage.toml` cannot be used.
#[derive(Debug)]
pub struct ManifestError {
    path: PathBuf,
    problem: String,
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.problem)
    }
}

impl std::error::Error for ManifestError {}

impl Manifest {
    /// Reads the manifest at `path`.
    ///
    /// # Errors
    /// When the file cannot be read, or does not say what a stage must say; the
    /// error names the file, the place and what is expected there.
    pub fn load(path: &Path) -> Result<Self, ManifestError> {
        let text = std::fs::read_to_string(path).map_err(|error| ManifestError {
            path: path.to_owned(),
            problem: format!("cannot be read: {error}"),
        })?;
        Self::parse(&text, path)
    }

    /// Reads a manifest from its text; `path` is only for messages.
    ///
    /// # Errors
    /// As [`Manifest::load`], without the reading.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ManifestError> {
        let fail = |problem: String| ManifestError {
            path: path.to_owned(),
            problem,
        };
        let manifest: Self = toml::from_str(text).map_err(|error| fail(error.to_string()))?;
        if manifest.format != FORMAT {
            return Err(fail(format!(
                "format {} is not the format {FORMAT} that this version reads; update Interleave",
                manifest.format
            )));
        }
        if manifest.hints.len() != 3 {
            return Err(fail(format!(
                "a stage has three hints, weakest first; this one has {}",
                manifest.hints.len()
            )));
        }
        let mut seen = std::collections::BTreeSet::new();
        if let Some(twice) = manifest
            .checks
            .iter()
            .find(|check| !seen.insert(&check.name))
        {
            return Err(fail(format!("check `{}` is listed twice", twice.name)));
        }
        Ok(manifest)
    }

    /// The check of that name.
    #[must_use]
    pub fn check(&self, name: &str) -> Option<&CheckSpec> {
        self.checks.iter().find(|check| check.name == name)
    }
}
