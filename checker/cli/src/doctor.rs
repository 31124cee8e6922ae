//! What can be wrong with a checkout, and how to mend it.

mod stages;

use std::fs;
use std::path::Path;

use serde::Serialize;

use crate::compile;
use crate::journal::Journal;
use crate::workspace::Workspace;

/// The oldest compiler that the workspace is built with, as in its Cargo.toml.
const OLDEST: &str = env!("CARGO_PKG_RUST_VERSION");

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub struct Finding {
    /// What.
    pub about: String,
    /// What is wrong with it, if anything.
    pub problem: Option<String>,
    /// How to mend it.
    pub mend: Option<String>,
}

impl Finding {
    fn good(about: impl Into<String>) -> Self {
        Self {
            about: about.into(),
            problem: None,
            mend: None,
        }
    }

    fn bad(about: impl Into<String>, problem: impl ToString, mend: impl Into<String>) -> Self {
        Self {
            about: about.into(),
            problem: Some(problem.to_string()),
            mend: Some(mend.into()),
        }
    }

    /// Good if there is no problem.
    fn of(about: impl Into<String>, problem: Option<String>, mend: &str) -> Self {
        match problem {
            None => Self::good(about),
            Some(problem) => Self::bad(about, problem, mend),
        }
    }
}

/// Looks at everything. `pristine` also asks that nobody has begun to solve.
pub fn examine(workspace: &Workspace, pristine: bool) -> Vec<Finding> {
    let mut findings = vec![toolchain(), state(workspace)];
    findings.extend(stages::examine(workspace, pristine));
    findings.push(book(workspace));
    findings
}

fn toolchain() -> Finding {
    let about = "the Rust toolchain";
    let mend = "Install a stable toolchain: https://rustup.rs";
    let output = match compile::rustc_command().arg("--version").output() {
        Ok(output) => output,
        Err(error) => return Finding::bad(about, format!("rustc does not start: {error}"), mend),
    };
    let said = String::from_utf8_lossy(&output.stdout);
    let version = said.split_whitespace().nth(1).unwrap_or_default();
    if release(version) >= release(OLDEST) {
        return Finding::good(format!("{about}, {version}"));
    }
    Finding::bad(
        about,
        format!("rustc is {version}, and {OLDEST} is needed"),
        "Update it: rustup update stable",
    )
}

/// The major and minor number of a compiler's version; nothing if it has none.
fn release(version: &str) -> Option<(u32, u32)> {
    let (major, rest) = version.split_once('.')?;
    let (minor, _) = rest.split_once(['.', '-']).unwrap_or((rest, ""));
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// Whether progress can be read and written.
fn state(workspace: &Workspace) -> Finding {
    let about = "your progress, in .kata";
    let journal = Journal::of(&workspace.root);
    let history = match journal.read() {
        Ok(history) => history,
        Err(error) => {
            return Finding::bad(about, error.what, error.next.unwrap_or_default());
        }
    };
    let folder = workspace.root.join(".kata");
    if let Err(error) = fs::create_dir_all(&folder).and_then(|()| tempfile::tempfile_in(&folder)) {
        return Finding::bad(
            about,
            format!("cannot be written: {error}"),
            "Change who owns the folder, or remove it.",
        );
    }
    let problem = (!history.damaged.is_empty())
        .then(|| format!("{} damaged lines are skipped", history.damaged.len()));
    Finding::of(about, problem, "Nothing has to be done; the rest counts.")
}

/// Whether every page of the book can be found in it.
fn book(workspace: &Workspace) -> Finding {
    let about = "the book, in docs";
    let docs = workspace.root.join("docs");
    let Ok(summary) = fs::read_to_string(docs.join("SUMMARY.md")) else {
        return Finding::bad(
            about,
            "docs/SUMMARY.md cannot be read",
            "Restore it from the repository.",
        );
    };
    let mut missing = Vec::new();
    for folder in ["", "defects"] {
        for entry in fs::read_dir(docs.join(folder))
            .into_iter()
            .flatten()
            .flatten()
        {
            let page = Path::new(folder).join(entry.file_name());
            let name = page.display().to_string();
            let linked = summary.contains(&format!("({name})"));
            if name.ends_with(".md") && name != "SUMMARY.md" && !linked {
                missing.push(name);
            }
        }
    }
    missing.sort();
    let problem = (!missing.is_empty())
        .then(|| format!("docs/SUMMARY.md does not list {}", missing.join(", ")));
    Finding::of(about, problem, "Add a line for each.")
}
