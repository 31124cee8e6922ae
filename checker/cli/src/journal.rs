//! What the learner did: one JSON object per line in `.kata/journal.jsonl`,
//! only ever appended to. Safe to delete, safe to copy to another machine. The
//! form of a line is documented in `docs/journal.md`.

mod history;

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use verdict::Verdict;

use crate::clock;
use crate::error::{Context, Error, Result};
use crate::files;

pub use history::{History, Standing};

/// Version of the lines. A change of meaning raises it; a new field or event
/// does not.
const SCHEMA: u32 = 1;
/// How much of the end of the file is looked at before a line is added.
const TAIL: u64 = 64 * 1024;

/// The journal of one workspace.
#[derive(Debug)]
pub struct Journal {
    file: PathBuf,
}

/// A line of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// [`SCHEMA`] of the build that wrote it.
    pub schema: u32,
    /// Seconds since 1970, UTC.
    pub at: u64,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What can happen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The learner's own files were checked.
    Checked(Checked),
    /// A hint was shown; the weakest has tier 1.
    Hinted {
        /// The stage.
        stage: String,
        /// Which of its hints.
        tier: usize,
    },
    /// The learner's code was shown beside the reference.
    Compared {
        /// The stage.
        stage: String,
        /// Whether the stage had passed before, so that nothing was given away.
        solved: bool,
    },
    /// The stage was set back to its starter.
    Reset {
        /// The stage.
        stage: String,
        /// Where the learner's files are kept, seen from the workspace.
        kept: String,
    },
    /// Damaged lines up to this one, from 1, were reported.
    DamageReported {
        /// Its number.
        line: usize,
    },
    /// Of a later version; of no concern to this one.
    #[serde(other, skip_serializing)]
    Unknown,
}

/// One run of the checks on the learner's own files.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Checked {
    /// The stage.
    pub stage: String,
    /// Whether everything passed.
    pub passed: bool,
    /// Whether it passed with blind spots.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub blind: bool,
    /// How each check ended; empty when the code did not compile.
    pub checks: BTreeMap<String, Verdict>,
    /// The defect that each check showed, for those that did.
    #[serde(default)]
    pub defects: BTreeMap<String, String>,
    /// Whether the files were still the starter, whose defects are not the
    /// learner's.
    #[serde(default)]
    pub starter: bool,
}

impl Event {
    /// The stage that it is about.
    pub fn stage(&self) -> Option<&str> {
        match self {
            Self::Checked(checked) => Some(&checked.stage),
            Self::Hinted { stage, .. }
            | Self::Compared { stage, .. }
            | Self::Reset { stage, .. } => Some(stage),
            Self::DamageReported { .. } | Self::Unknown => None,
        }
    }
}

impl Checked {
    /// How it went, in a few words.
    pub fn describe(&self) -> String {
        let not_passed = self
            .checks
            .values()
            .filter(|verdict| **verdict != Verdict::Passed);
        match (self.passed, self.checks.len(), not_passed.count()) {
            (true, ..) if self.blind => "passed, with blind spots".to_owned(),
            (true, ..) => "passed".to_owned(),
            (false, 0, _) => "does not compile".to_owned(),
            (false, all, failing) => format!("{failing} of {all} checks to go"),
        }
    }
}

/// All that has to be understood of a line to know whether the rest can be.
#[derive(Deserialize)]
struct Header {
    schema: u32,
}

impl Journal {
    /// The journal of the workspace at `root`.
    pub fn of(root: &Path) -> Self {
        Self {
            file: root.join(".kata").join("journal.jsonl"),
        }
    }

    /// Appends what happened just now.
    pub fn append(&self, event: Event) -> Result<()> {
        let context = || format!("Cannot write {}", self.file.display());
        let entry = Entry {
            schema: SCHEMA,
            at: clock::now(),
            event,
        };
        let line = serde_json::to_string(&entry).context(context)?;
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder).context(context)?;
        }
        let mut file = OpenOptions::new()
            .create(true)
            .read(true)
            .append(true)
            .open(&self.file)
            .context(context)?;
        lock(&file, File::try_lock, File::lock).context(context)?;
        let tail = files::tail(&mut file, TAIL).context(context)?;
        if let Some(newer) = tail.lines().next_back().and_then(newer) {
            return Err(self.too_new(newer));
        }
        // A line that a writer was killed in stays a line of its own.
        let gap = if tail.is_empty() || tail.ends_with('\n') {
            ""
        } else {
            "\n"
        };
        // In one write, so that being killed here leaves all of it or nothing.
        file.write_all(format!("{gap}{line}\n").as_bytes())
            .context(context)
    }

    /// Everything that was ever noted, oldest first.
    pub fn read(&self) -> Result<History> {
        let context = || format!("Cannot read {}", self.file.display());
        let mut text = Vec::new();
        match File::open(&self.file) {
            Ok(mut file) => {
                lock(&file, File::try_lock_shared, File::lock_shared).context(context)?;
                file.read_to_end(&mut text).context(context)?;
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).context(context),
        }
        let text = String::from_utf8_lossy(&text);
        let mut history = History::default();
        for (number, line) in (1..).zip(text.lines()) {
            if let Some(newer) = newer(line) {
                return Err(self.too_new(newer));
            }
            match serde_json::from_str(line) {
                Ok(entry) => history.take(entry),
                Err(_) if line.trim().is_empty() => {}
                Err(_) => history.damaged.push(number),
            }
        }
        Ok(history.settled())
    }

    /// What to tell about lines that cannot be read, once: the next time they
    /// are passed over in silence.
    pub fn report_damage(&self, history: &History) -> Option<String> {
        let last = *history.damaged.last()?;
        // Where it cannot be written, the report comes again.
        let _ = self.append(Event::DamageReported { line: last });
        let lines: Vec<String> = history.damaged.iter().map(usize::to_string).collect();
        let (noun, verb) = match lines.len() {
            1 => ("line", "is"),
            _ => ("lines", "are"),
        };
        Some(format!(
            "{noun} {} of {} cannot be read and {verb} skipped; the rest counts",
            lines.join(", "),
            self.file.display()
        ))
    }

    fn too_new(&self, schema: u32) -> Error {
        let file = self.file.display();
        Error::new(format!(
            "{file} was written by a newer Interleave: its schema is {schema}, and this one knows \
             {SCHEMA}"
        ))
        .next(format!(
            "Update this checkout, or move {file} away to begin a new journal."
        ))
    }
}

/// The schema of a line that this version is too old for.
fn newer(line: &str) -> Option<u32> {
    let header: Header = serde_json::from_str(line).ok()?;
    (header.schema > SCHEMA).then_some(header.schema)
}

/// Locks the file, where the file system can: elsewhere appending in one write
/// has to do.
fn lock(
    file: &File,
    attempt: fn(&File) -> Result<(), TryLockError>,
    wait: fn(&File) -> std::io::Result<()>,
) -> std::io::Result<()> {
    match attempt(file) {
        Err(TryLockError::WouldBlock) => wait(file),
        Ok(()) | Err(TryLockError::Error(_)) => Ok(()),
    }
}

#[cfg(test)]
mod tests;
