//! Specimens: solutions whose verdict is known. They are the grader's tests.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use verdict::Verdict;
use verdict::render::gist;

use crate::error::{Context, Error, Result};
use crate::report::Report;
use crate::workspace::{Stage, Workspace};

/// One of them.
#[derive(Debug)]
pub struct Specimen {
    /// The file.
    pub file: PathBuf,
    /// What its header promises.
    pub promise: Promise,
}

/// What grading a specimen must show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "expect", rename_all = "kebab-case")]
pub enum Promise {
    /// It is right, and passes every check.
    Accept,
    /// It has this defect, and this check finds it.
    Reject {
        /// The defect of the catalogue.
        defect: String,
        /// The check.
        by: String,
    },
}

/// Every specimen of a stage, in the order of their names. The error names every
/// header that cannot be kept.
pub fn of(workspace: &Workspace, stage: &Stage) -> Result<Vec<Specimen>> {
    let folder = stage.solution().join("specimens");
    let mut specimens = Vec::new();
    let mut problems = Vec::new();
    for kind in ["accept", "reject"] {
        for file in sources(workspace, &folder.join(kind))? {
            let name = workspace.relative(&file).display();
            let text = fs::read_to_string(&file).context(|| format!("Cannot read {name}"))?;
            match promise(&text, kind, stage) {
                Ok(promise) => specimens.push(Specimen { file, promise }),
                Err(problem) => problems.push(format!("{name}: {problem}")),
            }
        }
    }
    if problems.is_empty() {
        Ok(specimens)
    } else {
        Err(Error::new(problems.join("\n")))
    }
}

/// The `.rs` files in a folder, in the order of their names.
fn sources(workspace: &Workspace, folder: &Path) -> Result<Vec<PathBuf>> {
    let context = || format!("Cannot read {}", folder.display());
    let mut files = Vec::new();
    for entry in workspace.root.join(folder).read_dir().context(context)? {
        files.push(entry.context(context)?.path());
    }
    files.retain(|file| file.extension().is_some_and(|end| end == "rs"));
    files.sort();
    Ok(files)
}

/// Reads the header of a specimen in the folder `kind`.
fn promise(text: &str, kind: &str, stage: &Stage) -> Result<Promise, String> {
    let mut lines = text.lines();
    let mut field = |name: &str| {
        let line = lines.next().unwrap_or_default();
        let value = line
            .strip_prefix("//! ")
            .and_then(|line| line.strip_prefix(name));
        let value = value
            .and_then(|value| value.strip_prefix(':'))
            .map(str::trim);
        value
            .filter(|value| !value.is_empty())
            .map(str::to_owned)
            .ok_or_else(|| format!("the header should say `//! {name}: …` where it says `{line}`"))
    };
    if kind == "accept" {
        field("accept")?;
        return Ok(Promise::Accept);
    }
    let defect = field("reject")?;
    let by = field("by")?;
    let check = stage
        .manifest
        .check(&by)
        .ok_or_else(|| format!("the stage.toml of {} has no check `{by}`", stage.name()))?;
    if !check.finds(&defect) {
        return Err(format!(
            "the check `{by}` is not there for the defect `{defect}`: it is for `{}`; if it finds \
             both, say `also = [\"{defect}\"]` in the stage.toml of {}",
            check.defect,
            stage.name()
        ));
    }
    Ok(Promise::Reject { defect, by })
}

impl Promise {
    /// The one check that decides, if one does.
    pub fn only(&self) -> Option<&str> {
        match self {
            Self::Accept => None,
            Self::Reject { by, .. } => Some(by),
        }
    }

    /// What is wrong with a grade that does not keep the promise.
    pub fn broken_by(&self, report: &Report) -> Option<String> {
        if let Some(rejection) = &report.rejection {
            return Some(format!(
                "does not compile:\n{}",
                rejection.compiler.trim_end()
            ));
        }
        if let Some(problem) = report.problems.first() {
            return Some(problem.clone());
        }
        match self {
            Self::Accept => {
                let mut checks = report.checks.iter();
                let open = checks.find(|record| record.verdict != Verdict::Passed)?;
                let message = open.finding.as_ref().map_or("", |finding| &finding.message);
                let message = gist(message, usize::MAX);
                Some(format!("{} should have passed: {message}", open.check))
            }
            Self::Reject { by, .. } => match report.check(by).map(|record| record.verdict) {
                Some(Verdict::Failed | Verdict::TimedOut) => None,
                Some(Verdict::Passed) => Some(format!("{by} should have failed, and passed")),
                Some(verdict) => Some(format!("{by} should have failed, and ended as {verdict:?}")),
                None => Some(format!("{by} was not run")),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use verdict::Manifest;

    use super::*;

    fn stage() -> Stage {
        let text = "format = 1\nname = \"ring\"\ntitle = \"Ring\"\ntrack = \"t\"\nposition = 1\n\
             minutes = 1\nsummary = \"s\"\nhints = [\"1\", \"2\", \"3\"]\n[[check]]\n\
             name = \"keys_are_spread\"\ndefect = \"hot-key\"\ndimension = \"testing\"\n\
             why = \"w\"\ntry = \"t\"\non = { deadlock = \"lock-order-inversion\" }\nalso = [\"weak-hash\"]\n";
        let manifest = Manifest::parse(text, Path::new("stage.toml")).expect("a manifest");
        Stage {
            manifest,
            folder: PathBuf::from("exercises/ring"),
        }
    }

    fn problem(text: &str, kind: &str) -> String {
        promise(text, kind, &stage()).expect_err("a problem")
    }

    #[test]
    fn a_header_says_what_must_happen() {
        assert_eq!(
            promise("//! accept: with a tree\n", "accept", &stage()),
            Ok(Promise::Accept)
        );
        for defect in ["hot-key", "lock-order-inversion", "weak-hash"] {
            let text = format!("//! reject: {defect}\n//! by: keys_are_spread\n//!\n//! Why.\n");
            let by = "keys_are_spread".to_owned();
            let reject = Promise::Reject {
                defect: defect.to_owned(),
                by,
            };
            assert_eq!(promise(&text, "reject", &stage()), Ok(reject));
        }
    }

    #[test]
    fn a_header_that_cannot_be_kept_is_an_error() {
        assert!(problem("use std::sync::Arc;", "accept").contains("`//! accept: …`"));
        assert!(problem("//! accept: in the wrong folder", "reject").contains("`//! reject: …`"));
        assert!(problem("//! reject: hot-key\n", "reject").contains("`//! by: …`"));
        let unknown = "//! reject: hot-key\n//! by: no_such_check\n";
        assert!(problem(unknown, "reject").contains("has no check `no_such_check`"));
        let other = "//! reject: torn-read\n//! by: keys_are_spread\n";
        assert!(problem(other, "reject").contains("is not there for the defect `torn-read`"));
    }
}
