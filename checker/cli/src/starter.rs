//! The pristine copy of what a learner starts a stage with, in
//! `solutions/<stage>/starter/`. It lies with what is not to be read before
//! solving, so that nobody edits it by mistake, and in the tree rather than in
//! git's history, so that it is there whatever the learner has committed and
//! where there is no git at all.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::clock;
use crate::error::{Context, Error, Result};
use crate::files;
use crate::workspace::{Stage, Workspace};

/// The files of a folder by their path in it.
type Tree = BTreeMap<PathBuf, Vec<u8>>;

/// The folder of the pristine copy, seen from the root. It mirrors `src/`.
pub fn folder(stage: &Stage) -> PathBuf {
    stage.solution().join("starter")
}

/// Whether the learner's files are still what the stage began with. Without a
/// pristine copy nobody can tell, and they count as changed.
pub fn is_untouched(workspace: &Workspace, stage: &Stage) -> bool {
    let pristine = pristine(workspace, stage);
    let own = tree(&workspace.root.join(stage.folder.join("src")));
    matches!((pristine, own), (Ok(pristine), Ok(own)) if pristine == own)
}

/// Sets the stage back, and says where the learner's files are kept, seen from
/// the root. `None` if they are the starter already.
///
/// Killed at any moment, this leaves every file of the learner's where it was or
/// in the kept copy, and can be done again.
pub fn restore(workspace: &Workspace, stage: &Stage) -> Result<Option<PathBuf>> {
    let pristine = pristine(workspace, stage)?;
    let src = workspace.root.join(stage.folder.join("src"));
    let own = tree(&src)?;
    if own == pristine {
        return Ok(None);
    }
    let kept = keep(workspace, stage, &own)?;
    for (path, bytes) in &pristine {
        files::replace(&src.join(path), bytes)?;
    }
    for path in own.keys().filter(|path| !pristine.contains_key(*path)) {
        let file = src.join(path);
        fs::remove_file(&file).context(|| format!("Cannot remove {}", file.display()))?;
        // A folder that is left empty; any other stays.
        if let Some(folder) = file.parent().filter(|folder| *folder != src) {
            let _ = fs::remove_dir(folder);
        }
    }
    Ok(Some(kept))
}

fn pristine(workspace: &Workspace, stage: &Stage) -> Result<Tree> {
    let folder = folder(stage);
    let tree = tree(&workspace.root.join(&folder)).unwrap_or_default();
    if tree.contains_key(Path::new("lib.rs")) {
        return Ok(tree);
    }
    Err(Error::new(format!(
        "{} has no pristine copy of the starter: {} is missing",
        stage.name(),
        folder.join("lib.rs").display()
    ))
    .next("Restore it from the repository; in a new stage, copy src/ there before solving it."))
}

/// Copies the learner's files to a place of their own: whole, or not at all.
fn keep(workspace: &Workspace, stage: &Stage, own: &Tree) -> Result<PathBuf> {
    let shelf = Path::new(".kata/kept").join(stage.name());
    let context = || format!("Cannot keep your files in {}", shelf.display());
    fs::create_dir_all(workspace.root.join(&shelf)).context(context)?;
    let unfinished = tempfile::Builder::new()
        .prefix(".unfinished-")
        .tempdir_in(workspace.root.join(&shelf))
        .context(context)?;
    for (path, bytes) in own {
        let file = unfinished.path().join(path);
        fs::create_dir_all(file.parent().unwrap_or(unfinished.path())).context(context)?;
        fs::write(file, bytes).context(context)?;
    }
    let stamp = clock::file_name(clock::now());
    let names = std::iter::once(stamp.clone()).chain((2..).map(|nth| format!("{stamp}-{nth}")));
    let mut free = names
        .map(|name| shelf.join(name))
        .filter(|kept| !workspace.root.join(kept).exists());
    let kept = free.next().unwrap_or(shelf.join(stamp));
    fs::rename(unfinished.keep(), workspace.root.join(&kept)).context(context)?;
    Ok(kept)
}

/// Every file below the folder, by its path from there.
fn tree(folder: &Path) -> Result<Tree> {
    let context = || format!("Cannot read {}", folder.display());
    let mut tree = Tree::new();
    for file in files::below(folder) {
        let file = file.context(context)?;
        let bytes = fs::read(&file).context(|| format!("Cannot read {}", file.display()))?;
        tree.insert(file.strip_prefix(folder).unwrap_or(&file).to_owned(), bytes);
    }
    Ok(tree)
}
