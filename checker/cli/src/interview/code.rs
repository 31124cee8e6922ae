//! The candidate's files: read into the journal, put down at the start of a stage,
//! and never overwritten without a copy.

use std::fs;
use std::path::{Path, PathBuf};

use assessment::Sources;

use crate::error::{Context, Error, Result};
use crate::files;
use crate::starter;
use crate::workspace::{Stage, Workspace};

/// What a session gives a candidate to start from.
const ROOT: &str = "lib.rs";

/// Every `.rs` file below the stage's `src`. Empty when the folder is gone.
pub fn read(workspace: &Workspace, stage: &Stage) -> Sources {
    sources_below(&source_folder(workspace, stage))
}

/// A folder or file that goes away while it is read is gone, which is no error.
fn sources_below(folder: &Path) -> Sources {
    let files = files::below(folder).flatten();
    files
        .filter(|file| files::is_source(file))
        .filter_map(|file| {
            let text = String::from_utf8_lossy(&fs::read(&file).ok()?).into_owned();
            let name = file.strip_prefix(folder).unwrap_or(&file);
            Some((name.display().to_string(), text))
        })
        .collect()
}

/// Writes these files in place of what is there, of which `keep` gets a copy.
pub fn put(workspace: &Workspace, stage: &Stage, sources: &Sources, keep: &Path) -> Result<()> {
    let folder = source_folder(workspace, stage);
    let there = read(workspace, stage);
    if there == *sources {
        return Ok(());
    }
    write(keep, &there)?;
    write(&folder, sources)?;
    for name in there.keys().filter(|name| !sources.contains_key(*name)) {
        let path = folder.join(name);
        fs::remove_file(&path).context(|| format!("Cannot remove {}", path.display()))?;
    }
    Ok(())
}

fn write(folder: &Path, sources: &Sources) -> Result<()> {
    for (name, text) in sources {
        files::replace(&folder.join(name), text.as_bytes())?;
    }
    Ok(())
}

/// What the stage begins with.
pub fn starter(workspace: &Workspace, stage: &Stage) -> Result<Sources> {
    let sources = sources_below(&workspace.root.join(starter::folder(stage)));
    if sources.contains_key(ROOT) {
        Ok(sources)
    } else {
        let missing = starter::folder(stage).join(ROOT);
        Err(Error::new(format!(
            "{} cannot be asked: its starter {} is missing",
            stage.name(),
            missing.display()
        )))
    }
}

/// A planted solution, without the header that says what is wrong with it.
pub fn planted(workspace: &Workspace, specimen: &str) -> Result<Sources> {
    let path = workspace.root.join(specimen);
    let text = fs::read_to_string(&path).context(|| format!("Cannot read {}", path.display()))?;
    let lines = text
        .lines()
        .skip_while(|line| line.starts_with("//!") || line.is_empty());
    let mut text = lines.collect::<Vec<_>>().join("\n");
    text.push('\n');
    Ok(Sources::from([(ROOT.to_owned(), text)]))
}

fn source_folder(workspace: &Workspace, stage: &Stage) -> PathBuf {
    workspace.root.join(&stage.folder).join("src")
}
