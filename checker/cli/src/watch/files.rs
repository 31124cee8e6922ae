//! Whether the learner has saved.
//!
//! The few files of one stage are looked at several times a second, instead of
//! asking the system to tell: that costs microseconds, notices every way in which
//! editors save, and works on network drives and in containers.

use crate::files;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use crate::workspace::{Stage, Workspace};

/// An editor may write several files, or one in steps: wait until it is quiet.
const QUIET: Duration = Duration::from_millis(80);

/// What can be seen of a file without reading it.
type Seen = (PathBuf, Option<SystemTime>, u64);

/// The learner's files of one stage.
#[derive(Debug)]
pub struct Files {
    folder: PathBuf,
    seen: Vec<Seen>,
    changed: Option<Instant>,
}

impl Files {
    /// As they are now.
    pub fn of(workspace: &Workspace, stage: &Stage) -> Self {
        let folder = workspace.root.join(stage.folder.join("src"));
        Self {
            seen: look(&folder),
            folder,
            changed: None,
        }
    }

    /// Whether there is something new, and nobody is writing any more.
    pub fn were_saved(&mut self) -> bool {
        let now = look(&self.folder);
        if now != self.seen {
            self.seen = now;
            self.changed = Some(Instant::now());
            return false;
        }
        match self.changed {
            Some(changed) if changed.elapsed() >= QUIET => {
                self.changed = None;
                true
            }
            _ => false,
        }
    }
}

/// Every source file below a folder. What cannot be read at this moment, since it
/// is being replaced, is not there.
fn look(folder: &Path) -> Vec<Seen> {
    let sources = files::below(folder).flatten();
    let mut seen: Vec<Seen> = sources
        .filter(|file| files::is_source(file))
        .filter_map(|file| {
            let metadata = file.metadata().ok()?;
            Some((file, metadata.modified().ok(), metadata.len()))
        })
        .collect();
    seen.sort();
    seen
}
