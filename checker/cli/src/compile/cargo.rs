//! Building with cargo.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Seek};
use std::path::Path;
use std::process::{Command, Stdio};

use super::messages::{Artifact, Diagnostic, Message, Said, rendered};
use super::{Build, Grade, Reason, Rejection};
use crate::error::{Context, Error, Result};
use crate::progress::Progress;
use crate::workspace::{Stage, Workspace};

/// What cargo reported.
pub(super) struct Log {
    pub(super) artifacts: Vec<Artifact>,
    said: Vec<Said>,
    succeeded: bool,
    stderr: String,
}

pub(super) fn learner(
    workspace: &Workspace,
    stage: &Stage,
    color: bool,
    progress: &mut Progress,
) -> Result<Build> {
    let log = build(workspace, stage.name(), color, progress)?;
    if !log.succeeded {
        return log.rejection(workspace, stage).map(Build::Rejected);
    }
    let edited = workspace.root.join(&stage.folder);
    let warnings = log.about(&edited, "lib");
    Ok(Build::Ready(Grade {
        warnings: warnings.filter(|said| said.is_warning()).count(),
        executable: log.executable(stage.name())?.to_owned(),
        folder: workspace.root.join(&stage.folder),
        _scratch: None,
    }))
}

/// Builds the checks of a package, and reports what went into them.
pub(super) fn build(
    workspace: &Workspace,
    package: &str,
    color: bool,
    progress: &mut Progress,
) -> Result<Log> {
    let format = if color {
        "json-diagnostic-rendered-ansi"
    } else {
        "json"
    };
    let mut stderr = tempfile::tempfile().context(|| "Cannot make a temporary file".into())?;
    let errors = stderr
        .try_clone()
        .context(|| "Cannot use a temporary file".into())?;
    let mut cargo = command(workspace);
    cargo
        .args(["test", "--no-run", "--package", package, "--test", "grade"])
        .arg(format!("--message-format={format}"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(errors);
    let mut child = progress
        .spawn(&mut cargo)
        .context(|| "Cannot start cargo".into())?;

    progress.building("");
    let mut log = Log {
        artifacts: vec![],
        said: vec![],
        succeeded: false,
        stderr: String::new(),
    };
    for line in child
        .stdout
        .take()
        .map(BufReader::new)
        .into_iter()
        .flat_map(BufRead::lines)
    {
        let line = line.context(|| "Cannot read what cargo says".into())?;
        match serde_json::from_str(&line) {
            Ok(Message::Built(artifact)) => {
                progress.building(&artifact.target.name);
                log.artifacts.push(artifact);
            }
            Ok(Message::Said(said)) => log.said.push(said),
            // Cargo may say more in a later version.
            Ok(Message::Other) | Err(_) => {}
        }
    }
    progress.ended();
    log.succeeded = child
        .wait()
        .context(|| "Cannot wait for cargo".into())?
        .success();
    if progress.is_called_off() {
        return Err(Error::new("the build was called off"));
    }
    stderr
        .rewind()
        .and_then(|()| stderr.read_to_string(&mut log.stderr))
        .context(|| "Cannot read what cargo says".into())?;
    Ok(log)
}

/// Cargo, as the one that started this program.
pub fn command(workspace: &Workspace) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(cargo);
    command.current_dir(&workspace.root);
    command
}

/// rustc, as cargo would start it.
pub fn rustc() -> Command {
    Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc")))
}

impl Log {
    /// Everything that was built, or why it was not: for code that is not the
    /// learner's, and so has to compile.
    pub(super) fn complete(self, package: &str) -> Result<Self> {
        if self.succeeded {
            Ok(self)
        } else {
            Err(self.broken(package))
        }
    }

    /// The program that runs the checks.
    fn executable(&self, package: &str) -> Result<&Path> {
        let grade = self.artifacts.iter().find(|artifact| {
            artifact.target.is("test")
                && artifact.target.name == "grade"
                && artifact.executable.is_some()
        });
        grade
            .and_then(|artifact| artifact.executable.as_deref())
            .ok_or_else(|| {
                Error::new(format!(
                    "cargo did not say where it put the checks of {package}"
                ))
            })
    }

    /// What the compiler said about a target of the package in `folder`.
    fn about(&self, folder: &Path, kind: &str) -> impl Iterator<Item = &Diagnostic> + Clone {
        let own = folder.join("Cargo.toml");
        let said = self
            .said
            .iter()
            .filter(move |said| said.manifest_path == own);
        said.filter(move |said| said.target.is(kind))
            .map(|said| &said.message)
    }

    /// What the compiler has against the learner's files.
    fn rejection(self, workspace: &Workspace, stage: &Stage) -> Result<Rejection> {
        let edited = workspace.root.join(&stage.folder);
        let graded = workspace.root.join(stage.grading());
        let places = [
            (&edited, "lib", Reason::DoesNotCompile),
            (&graded, "lib", Reason::NotModelled),
            (&graded, "test", Reason::ContractDiffers),
        ];
        for (folder, kind, reason) in places {
            let said = self.about(folder, kind);
            let refused = said
                .clone()
                .any(|message| message.is_error() && !message.is_about_the_machine());
            if refused {
                let compiler = rendered(said);
                return Ok(Rejection { reason, compiler });
            }
        }
        Err(self.broken(&edited.display().to_string()))
    }

    /// Something else does not build: a dependency, a manifest, the linker.
    fn broken(&self, package: &str) -> Error {
        let compiler = rendered(self.said.iter().map(|said| &said.message));
        let said = if compiler.is_empty() {
            &self.stderr
        } else {
            &compiler
        };
        Error::new(format!(
            "cargo cannot build the checks of {package}\n\n{said}"
        ))
    }
}
