//! The learner's code beside the reference, item by item, with what the
//! commentary says about each.

mod commentary;
mod items;
mod text;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::error::{Context, Result};
use crate::files;
use crate::workspace::{Stage, Workspace};

pub use items::Item;
pub use text::Layout;

/// What there is to compare, in the order of the reference.
#[derive(Debug, Serialize)]
pub struct Comparison {
    /// The stage.
    pub stage: String,
    /// Items of the reference, and what the learner has in their place.
    pub pairs: Vec<Pair>,
    /// Items that only the learner has.
    pub only_yours: Vec<Item>,
    /// Where the whole commentary is, seen from the root.
    pub commentary: PathBuf,
}

/// An item of the reference.
#[derive(Debug, Serialize)]
pub struct Pair {
    /// The reference's.
    pub reference: Item,
    /// The learner's item of the same name, if there is one.
    pub yours: Option<Item>,
    /// What the commentary says where it mentions this item.
    pub points: Vec<Point>,
}

/// A paragraph of the commentary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Point {
    /// The heading that it is under.
    pub heading: String,
    /// The paragraph, as markdown.
    pub text: String,
}

impl Comparison {
    /// Compares the learner's files with the reference.
    pub fn of(workspace: &Workspace, stage: &Stage) -> Result<Self> {
        let mut yours = items_below(workspace, &stage.folder.join("src"))?;
        let reference = items_below(workspace, &stage.solution().join("src"))?;
        let commentary = stage.solution().join("README.md");
        let text = fs::read_to_string(workspace.root.join(&commentary)).unwrap_or_default();
        let mut points = commentary::points(&text, &reference);
        let pairs = reference
            .into_iter()
            .map(|reference| {
                let same = yours.iter().position(|item| item.name == reference.name);
                let yours = same.map(|index| yours.remove(index));
                let points = points.remove(&reference.name).unwrap_or_default();
                Pair {
                    reference,
                    yours,
                    points,
                }
            })
            .collect();
        Ok(Self {
            stage: stage.name().to_owned(),
            pairs,
            only_yours: yours,
            commentary,
        })
    }
}

/// The items of every source file below a folder, `lib.rs` first.
fn items_below(workspace: &Workspace, folder: &Path) -> Result<Vec<Item>> {
    let folder = workspace.root.join(folder);
    let files: io::Result<Vec<PathBuf>> = files::below(&folder).collect();
    let mut files = files.context(|| format!("Cannot read {}", folder.display()))?;
    files.retain(|file| files::is_source(file));
    files.sort_by_key(|file| (!file.ends_with("src/lib.rs"), file.clone()));
    let mut items = Vec::new();
    for file in files {
        let name = workspace.relative(&file);
        let text =
            fs::read_to_string(&file).context(|| format!("Cannot read {}", name.display()))?;
        items.extend(items::of(&text, name));
    }
    Ok(items)
}
