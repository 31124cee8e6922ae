//! Running the checks of a stage, until they are done or out of time.

use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use verdict::{Manifest, Mark, Record, environment};

use crate::compile::Grade;
use crate::error::{Context, Error, Result};
use crate::files;
use crate::grading::Request;
use crate::progress::Progress;

/// Each check ends by itself, and on a busy machine some take long; this is for the program
/// that runs them all.
const DEADLINE: Duration = Duration::from_secs(2 * 60 * 60);
/// The same for a deep search.
const DEEP_DEADLINE: Duration = Duration::from_secs(12 * 60 * 60);
/// How often to look whether they are done.
const LOOK: Duration = Duration::from_millis(10);
/// How much of what the program printed is worth keeping.
const TAIL: u64 = 4_000;

/// A run that is over.
#[derive(Debug)]
pub struct Run {
    /// Where the checks left their records.
    pub records: TempDir,
    /// How it ended.
    pub end: End,
    /// The last that the program itself printed.
    pub output: String,
}

/// How the program that runs the checks ended.
#[derive(Debug, Clone, Copy)]
pub enum End {
    /// By itself.
    Exited(ExitStatus),
    /// After all the time there is.
    OutOfTime(Duration),
}

/// Runs the checks that are asked for.
pub fn checks(grade: &Grade, request: &Request<'_>, progress: &mut Progress) -> Result<Run> {
    let context = || "Cannot make a temporary file".to_owned();
    let records = tempfile::tempdir().context(context)?;
    let mut output = tempfile::tempfile().context(context)?;
    let mut command = Command::new(&grade.executable);
    if let Some(check) = request.only {
        command.args(["--exact", check]);
    }
    if let Some(schedule) = request.schedule {
        command.env(environment::REPLAY, schedule);
    }
    if request.deep {
        command.env(environment::DEEP, "1");
    }
    if !request.second_look {
        command.env(environment::SECOND_LOOK, "0");
    }
    command
        .current_dir(&grade.folder)
        .env(environment::RECORDS, records.path())
        .env(environment::SOURCES, &request.workspace.root)
        .env(environment::SUBMISSION, request.root_file())
        .stdin(Stdio::null())
        .stdout(output.try_clone().context(context)?)
        .stderr(output.try_clone().context(context)?);
    let mut child = progress
        .spawn(&mut command)
        .context(|| format!("Cannot start {}", grade.executable.display()))?;

    let deadline = if request.deep {
        DEEP_DEADLINE
    } else {
        DEADLINE
    };
    let started = Instant::now();
    let mut marks = vec![None; request.stage.manifest.checks.len()];
    let end = loop {
        let ended = child
            .try_wait()
            .context(|| "Cannot wait for the checks".into())?;
        if let Some(status) = ended {
            break End::Exited(status);
        }
        if started.elapsed() > deadline {
            // It may have ended just now, which is as good.
            let _ = child.kill();
            let _ = child.wait();
            break End::OutOfTime(deadline);
        }
        if request.only.is_none() {
            let manifest = &request.stage.manifest;
            look(manifest, records.path(), &mut marks);
            progress.checking(manifest, &marks);
        }
        thread::sleep(LOOK);
    };
    progress.ended();
    if progress.is_called_off() {
        return Err(Error::new("the checks were called off"));
    }
    let output =
        files::tail(&mut output, TAIL).context(|| "Cannot read what the checks printed".into())?;
    Ok(Run {
        records,
        end,
        output,
    })
}

/// Takes in what has ended since the last look.
fn look(manifest: &Manifest, records: &Path, marks: &mut [Option<Mark>]) {
    for (check, mark) in manifest.checks.iter().zip(marks) {
        if mark.is_none() {
            let text = std::fs::read(records.join(format!("{}.json", check.name)));
            let record = text
                .ok()
                .and_then(|text| serde_json::from_slice(&text).ok());
            *mark = record.map(|record: Record| record.mark());
        }
    }
}
