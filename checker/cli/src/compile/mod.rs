//! From source to a program that runs the checks of a stage.
//!
//! The learner's own files are built by cargo, as `cargo test -p STAGE` would.
//! Any other solution is built by rustc itself, against what cargo has built for
//! the stage's reference: no package has to be made up for it, nothing of the
//! learner's is touched, and each further solution costs its own compilation
//! and no more.

mod cargo;
mod kit;
mod messages;
mod rustc;

use std::fs::{self, File};
use std::path::PathBuf;

use serde::Serialize;

pub use cargo::{command as cargo_command, rustc as rustc_command};
pub use kit::Kit;

use crate::error::Result;
use crate::progress::Progress;
use crate::workspace::{Stage, Workspace};

/// What came of a build.
#[derive(Debug)]
pub enum Build {
    /// The checks can run.
    Ready(Grade),
    /// The compiler refused the submission.
    Rejected(Rejection),
}

/// A program that runs the checks.
#[derive(Debug)]
pub struct Grade {
    /// The program, built by libtest.
    pub executable: PathBuf,
    /// The folder to run it in.
    pub folder: PathBuf,
    /// The compiler's warnings about the submission.
    pub warnings: usize,
    /// What to clear away when the checks have run.
    _scratch: Option<Scratch>,
}

/// What was built of one solution. Held, it keeps others from building the same
/// solution in the same place; dropped, it takes no more room.
#[derive(Debug)]
struct Scratch {
    files: Vec<PathBuf>,
    _lock: File,
}

impl Drop for Scratch {
    fn drop(&mut self) {
        for file in &self.files {
            // Nobody needs it; the next build of the same solution replaces it.
            let _ = fs::remove_file(file);
        }
    }
}

/// Why there is nothing to run.
#[derive(Debug, Clone, Serialize)]
pub struct Rejection {
    /// What was refused.
    pub reason: Reason,
    /// What the compiler said about it.
    pub compiler: String,
}

/// What the compiler refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The submission does not compile.
    DoesNotCompile,
    /// It does, but not against the std that can be scheduled: a limit of the grader.
    NotModelled,
    /// It does, but the checks cannot be compiled against it: a public item of
    /// the brief is missing or has another signature.
    ContractDiffers,
}

/// Builds the checks of a stage against the learner's files.
pub fn learner(
    workspace: &Workspace,
    stage: &Stage,
    color: bool,
    progress: &mut Progress,
) -> Result<Build> {
    cargo::learner(workspace, stage, color, progress)
}

/// Builds the checks of a stage against the crate whose root is `file`.
pub fn file(kit: &Kit, file: &std::path::Path, color: bool) -> Result<Build> {
    rustc::file(kit, file, color)
}
