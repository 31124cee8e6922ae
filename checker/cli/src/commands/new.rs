//! `new STAGE`: a stage that already keeps all the rules, to be replaced bit by
//! bit. Its files are in `templates/stage`.

use std::fs;
use std::path::PathBuf;

use serde::Serialize;

use crate::args::{Format, NewArguments};
use crate::error::{Context, Error, Outcome, Result};
use crate::output::{print, print_json, style};
use crate::workspace::Workspace;

/// What goes into `exercises/` and into `solutions/`.
macro_rules! template {
    ($folder:literal: $($file:literal),* $(,)?) => {
        [$(($file, include_str!(concat!("../../templates/stage/", $folder, "/", $file)))),*]
    };
}

const EXERCISE: [(&str, &str); 6] = template!(
    "exercise":
    "Cargo.toml",
    "README.md",
    "stage.toml",
    "src/lib.rs",
    "tests/grade.rs",
    "grading/Cargo.toml",
);
const SOLUTION: [(&str, &str); 6] = template!(
    "solution":
    "Cargo.toml",
    "README.md",
    "src/lib.rs",
    "specimens/accept/atomic.rs",
    "specimens/reject/default_differs.rs",
    "specimens/reject/two_steps.rs",
);

/// What was made, for a program.
#[derive(Debug, Serialize)]
struct Made<'a> {
    stage: &'a str,
    folders: [PathBuf; 2],
}

pub fn run(workspace: &Workspace, arguments: &NewArguments) -> Result<Outcome> {
    let name = arguments.name.as_str();
    check_name(name)?;
    let folders = ["solutions", "exercises"].map(|kind| PathBuf::from(kind).join(name));
    for folder in &folders {
        if workspace.root.join(folder).exists() {
            let error = Error::new(format!("{} is there already", folder.display()));
            return Err(error.next("Choose another name, or remove it first."));
        }
    }
    let stages = workspace.ladder()?.stages;
    let positions = stages.iter().map(|stage| stage.manifest.position);
    let position = (positions.max().unwrap_or(0) + 1).to_string();
    let title = arguments.title.clone().unwrap_or_else(|| title(name));
    let filled = |text: &str| {
        text.replace("NAME", name)
            .replace("CRATE", &name.replace('-', "_"))
            .replace("TITLE", &title)
            .replace("TRACK", &arguments.track)
            .replace("POSITION", &position)
    };

    let starter = ("starter/lib.rs", EXERCISE[3].1);
    let solution = SOLUTION.iter().chain([&starter]);
    let parts: [Vec<&(&str, &str)>; 2] = [solution.collect(), EXERCISE.iter().collect()];
    for (folder, files) in folders.iter().zip(parts) {
        // Made aside and moved there whole: cargo stumbles over half a package.
        let context = || format!("Cannot write {}", folder.display());
        let aside = tempfile::tempdir_in(&workspace.root).context(context)?;
        for (file, text) in files {
            let path = aside.path().join(file);
            fs::create_dir_all(path.parent().unwrap_or(aside.path())).context(context)?;
            fs::write(path, filled(text)).context(context)?;
        }
        fs::rename(aside.keep(), workspace.root.join(folder)).context(context)?;
    }
    match arguments.format {
        Format::Json => print_json(&Made {
            stage: name,
            folders,
        })?,
        Format::Human => print(&next_steps(name)),
    }
    Ok(Outcome::Passed)
}

/// A name that is a package, a folder, and a crate with `_` for `-`.
fn check_name(name: &str) -> Result<()> {
    let word = |word: &str| {
        let mut chars = word.chars();
        !word.is_empty() && chars.all(|char| char.is_ascii_lowercase() || char.is_ascii_digit())
    };
    let begins = name
        .chars()
        .next()
        .is_some_and(|char| char.is_ascii_lowercase());
    if begins && name.split('-').all(word) {
        return Ok(());
    }
    Err(
        Error::new(format!("`{name}` cannot be the name of a stage"))
            .next("Use lower-case words with hyphens between them, such as `bounded-queue`."),
    )
}

/// `bounded-queue` is called `Bounded queue`.
fn title(name: &str) -> String {
    let words = name.replace('-', " ");
    let mut chars = words.chars();
    let first = chars.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(chars).collect()
}

fn next_steps(name: &str) -> String {
    let strong = |text: String| style().strong(&text);
    format!(
        "{name} is a counter for now, and keeps every rule that a stage has to keep:\n\n  \
         {}   grades its specimens\n  {}   grades its reference\n  {}   \
         says what is missing\n\n\
         Replace it file by file: first exercises/{name}/README.md and stage.toml, then the\n\
         checks with one wrong specimen for each, then the starter (and its copy in\n\
         solutions/{name}/starter), last the reference and its commentary.\n",
        strong(format!("cargo kata specimens {name}")),
        strong(format!("cargo test -p {name}-solution")),
        strong("cargo kata doctor".to_owned()),
    )
}
