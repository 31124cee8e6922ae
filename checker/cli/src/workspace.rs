//! Where the stages are. A stage is a package in `exercises/` with a
//! `stage.toml`; there is no other list of them.

use std::path::{Path, PathBuf};

use verdict::Manifest;
use verdict::stage_folder::GRADING;

use crate::error::{Context, Error, Result};

/// The folder that holds the stages.
const EXERCISES: &str = "exercises";

/// A checkout of Interleave.
#[derive(Debug)]
pub struct Workspace {
    /// The folder of the workspace's `Cargo.toml`.
    pub root: PathBuf,
}

/// A stage of it.
#[derive(Debug)]
pub struct Stage {
    /// What its `stage.toml` says.
    pub manifest: Manifest,
    /// Its folder, seen from the root.
    pub folder: PathBuf,
}

impl Stage {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.manifest.name
    }

    /// Where the learner writes, seen from the root.
    pub fn source(&self) -> PathBuf {
        self.folder.join("src/lib.rs")
    }

    /// The folder of the package in which it is graded, seen from the root. Edited is the
    /// package around it, with the real std.
    pub fn grading(&self) -> PathBuf {
        self.folder.join(GRADING)
    }

    /// What belongs to the stage and is better not read before it is solved:
    /// reference, commentary, specimens and the pristine starter.
    pub fn solution(&self) -> PathBuf {
        Path::new("solutions").join(self.name())
    }
}

/// The stages in the order in which to take them.
#[derive(Debug)]
pub struct Ladder {
    /// Those that can be taken.
    pub stages: Vec<Stage>,
    /// What is wrong with the others.
    pub broken: Vec<Error>,
}

impl Ladder {
    /// The first error, for a command that cannot do without any stage.
    pub fn whole(self) -> Result<Vec<Stage>> {
        match self.broken.into_iter().next() {
            Some(error) => Err(error),
            None => Ok(self.stages),
        }
    }
}

impl Workspace {
    /// The workspace around the current folder or, failing that, around the
    /// package that cargo runs.
    pub fn find() -> Result<Self> {
        let current =
            std::env::current_dir().context(|| "Cannot tell the current folder".into())?;
        let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let root = [Some(&current), package.as_ref()]
            .into_iter()
            .flatten()
            .find_map(|start| start.ancestors().find(|folder| is_root(folder)));
        let Some(root) = root else {
            let current = current.display();
            let error = Error::new(format!("{current} is not inside an Interleave workspace"));
            return Err(error.next("Change to the folder that you cloned, and try again."));
        };
        // Without links in it, so that paths can be compared.
        let root = root
            .canonicalize()
            .context(|| format!("Cannot use {}", root.display()))?;
        Ok(Self { root })
    }

    /// Every stage.
    pub fn ladder(&self) -> Result<Ladder> {
        let mut ladder = Ladder {
            stages: Vec::new(),
            broken: Vec::new(),
        };
        for name in self.stage_names()? {
            match self.load(&name) {
                Ok(stage) => ladder.stages.push(stage),
                Err(error) => ladder.broken.push(error),
            }
        }
        ladder
            .stages
            .sort_by_key(|stage| (stage.manifest.position, stage.name().to_owned()));
        Ok(ladder)
    }

    /// The stage of that name.
    pub fn stage(&self, name: &str) -> Result<Stage> {
        let names = self.stage_names()?;
        if names.iter().any(|known| known == name) {
            return self.load(name);
        }
        let error = Error::new(format!("no stage is called `{name}`"));
        Err(match nearest(name, &names) {
            Some(nearest) => error.next(format!("Did you mean `{nearest}`?")),
            None => error.next("`cargo kata list` shows every stage."),
        })
    }

    fn stage_names(&self) -> Result<Vec<String>> {
        let folder = self.root.join(EXERCISES);
        let context = || format!("Cannot read {}", folder.display());
        let mut names = Vec::new();
        for entry in folder.read_dir().context(context)? {
            let entry = entry.context(context)?;
            if let (true, Ok(name)) = (
                entry.path().join("Cargo.toml").is_file(),
                entry.file_name().into_string(),
            ) {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    fn load(&self, name: &str) -> Result<Stage> {
        let folder = Path::new(EXERCISES).join(name);
        let file = folder.join("stage.toml");
        let text = std::fs::read_to_string(self.root.join(&file))
            .context(|| format!("{} cannot be read", file.display()))?;
        let manifest =
            Manifest::parse(&text, &file).map_err(|error| Error::new(error.to_string()))?;
        if manifest.name != name {
            return Err(Error::new(format!(
                "{}: the stage is called `{}` here, but its folder `{name}`",
                file.display(),
                manifest.name
            )));
        }
        Ok(Stage { manifest, folder })
    }

    /// A path as a person writes it: seen from the root where it is inside.
    pub fn relative<'a>(&self, path: &'a Path) -> &'a Path {
        path.strip_prefix(&self.root).unwrap_or(path)
    }
}

fn is_root(folder: &Path) -> bool {
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml"));
    folder.join(EXERCISES).is_dir()
        && manifest.is_ok_and(|text| text.lines().any(|line| line.trim() == "[workspace]"))
}

/// The name that was probably meant.
pub fn nearest<'a>(typed: &str, names: &'a [String]) -> Option<&'a str> {
    let typed = typed.to_lowercase().replace(['_', ' '], "-");
    names
        .iter()
        .map(|name| (strsim::jaro_winkler(&typed, name), name.as_str()))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_finds_the_nearest() {
        let names = ["naive-scheduler", "race-fixed", "hash-ring"].map(String::from);
        assert_eq!(nearest("race_fixed", &names), Some("race-fixed"));
        assert_eq!(nearest("racefix", &names), Some("race-fixed"));
        assert_eq!(nearest("native-scheduler", &names), Some("naive-scheduler"));
        assert_eq!(nearest("xyzzy", &names), None);
    }
}
