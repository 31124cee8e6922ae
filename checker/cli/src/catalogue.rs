//! The catalogue of defects: a page each in `docs/defects/`, which are chapters
//! of the book too. What they include is generated and lies beside them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Context, Error, Result};
use crate::workspace::Workspace;

/// Where the pages are, seen from the root.
pub const FOLDER: &str = "docs/defects";

/// A defect's page.
#[derive(Debug)]
pub struct Page {
    /// The defect's name.
    pub name: String,
    /// What a person calls it.
    pub title: String,
    /// The whole page, with what it includes.
    pub markdown: String,
}

/// The name of every defect that has a page, sorted.
pub fn names(workspace: &Workspace) -> Result<Vec<String>> {
    let context = || format!("Cannot read {FOLDER}");
    let mut names = Vec::new();
    for entry in workspace.root.join(FOLDER).read_dir().context(context)? {
        let name = entry.context(context)?.file_name();
        let name = name.to_string_lossy();
        names.extend(name.strip_suffix(".md").map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

/// The page of that name.
pub fn page(workspace: &Workspace, name: &str) -> Result<Page> {
    let file = Path::new(FOLDER).join(name).with_extension("md");
    let read = |file: &Path| {
        fs::read_to_string(workspace.root.join(file))
            .context(|| format!("Cannot read {}", file.display()))
    };
    let text = read(&file)?;
    let title = text
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("# "))
        .ok_or_else(|| Error::new(format!("{} should begin with `# Title`", file.display())))?
        .to_owned();
    let mut markdown = String::new();
    for line in text.lines() {
        let included = line
            .strip_prefix("{{#include ")
            .and_then(|rest| rest.strip_suffix("}}"));
        match included {
            Some(path) => markdown.push_str(&read(&Path::new(FOLDER).join(path))?),
            None => {
                markdown.push_str(line);
                markdown.push('\n');
            }
        }
    }
    Ok(Page {
        name: name.to_owned(),
        title,
        markdown,
    })
}

/// The pictures of a stage in the book, seen from the root, sorted.
pub fn pictures(workspace: &Workspace, stage: &str) -> Result<Vec<PathBuf>> {
    const FIGURES: &str = "docs/figures";
    let context = || format!("Cannot read {FIGURES}");
    let folder = workspace.root.join(FIGURES);
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut pictures = Vec::new();
    for entry in folder.read_dir().context(context)? {
        let name = entry.context(context)?.file_name();
        let stem = name.to_string_lossy().into_owned();
        let stem = stem.strip_suffix(".svg").unwrap_or_default();
        if stem == stage || stem.starts_with(&format!("{stage}-")) {
            pictures.push(Path::new(FIGURES).join(name));
        }
    }
    pictures.sort();
    Ok(pictures)
}
