//! What it takes to build any solution of a stage without cargo: the libraries
//! that cargo built for the stage's reference, and how they are called there.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::cargo;
use super::messages::Artifact;
use crate::error::{Context, Error, Result};
use crate::progress::Progress;
use crate::workspace::{Stage, Workspace};

/// Everything but the solution itself.
#[derive(Debug)]
pub struct Kit {
    /// The root of the workspace: where rustc runs, as cargo has it.
    pub root: PathBuf,
    /// The stage's package.
    pub package: String,
    /// Its folder, seen from the root.
    pub folder: PathBuf,
    /// The name of the crate.
    pub crate_name: String,
    /// The edition to compile with.
    pub edition: String,
    /// The checks' source.
    pub checks: PathBuf,
    /// What the solution may use.
    pub libraries: Vec<Library>,
    /// Where the libraries of libraries are.
    pub search: Vec<PathBuf>,
    /// Where to build.
    pub target: PathBuf,
}

/// A library, as a crate can use it.
#[derive(Debug)]
pub struct Library {
    /// What it is called in `use`.
    pub name: String,
    /// The file.
    pub file: PathBuf,
    /// Whether only the checks may use it.
    pub checks_only: bool,
}

impl Library {
    /// Whether it takes the place of one that every crate has.
    pub fn stands_in(&self) -> bool {
        ["std", "core"].contains(&self.name.as_str())
    }
}

/// `cargo metadata`: only what is read here.
#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    target_directory: PathBuf,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
    rename: Option<String>,
    kind: Option<String>,
}

impl Kit {
    /// Builds the reference of a stage and takes what it is made of. The
    /// reference always compiles, whatever state the learner's files are in.
    pub fn of(workspace: &Workspace, stage: &Stage, progress: &mut Progress) -> Result<Self> {
        let package = format!("{}-solution", stage.name());
        let log = cargo::build(workspace, &package, false, progress)?.complete(&package)?;
        let metadata = Metadata::of(workspace)?;
        let described = metadata
            .packages
            .iter()
            .find(|described| described.name == package);
        let described = described
            .ok_or_else(|| Error::new(format!("the workspace has no package `{package}`")))?;
        let library = log
            .artifacts
            .iter()
            .find(|artifact| artifact.package() == package && artifact.target.is("lib"))
            .ok_or_else(|| Error::new(format!("`{package}` has no library")))?;

        let mut search: Vec<PathBuf> = log
            .artifacts
            .iter()
            .filter_map(folder_of)
            .map(Path::to_owned)
            .collect();
        search.sort();
        search.dedup();
        Ok(Self {
            root: workspace.root.clone(),
            package: stage.name().to_owned(),
            folder: stage.folder.clone(),
            crate_name: library.target.name.clone(),
            edition: library.target.edition.clone(),
            checks: stage.folder.join("tests/grade.rs"),
            libraries: described
                .dependencies
                .iter()
                .filter(|dependency| dependency.kind.as_deref() != Some("build"))
                .map(|dependency| dependency.library(&log.artifacts))
                .collect::<Result<_>>()?,
            search,
            target: metadata.target_directory.join("kata").join(stage.name()),
        })
    }
}

impl Metadata {
    /// Without the resolved graph: that would take the network for packages
    /// that nothing here needs.
    fn of(workspace: &Workspace) -> Result<Self> {
        let output = cargo::command(workspace)
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .output()
            .context(|| "Cannot start cargo".into())?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(Error::new(format!(
                "cargo cannot describe the workspace\n\n{said}"
            )));
        }
        serde_json::from_slice(&output.stdout)
            .context(|| "Cannot understand what `cargo metadata` says".into())
    }
}

impl Dependency {
    fn library(&self, artifacts: &[Artifact]) -> Result<Library> {
        let mut found = artifacts.iter().filter(|artifact| {
            let target = &artifact.target;
            artifact.package() == self.name && (target.is("lib") || target.is("proc-macro"))
        });
        let built = found.next().ok_or_else(|| {
            Error::new(format!("cargo did not build the library `{}`", self.name))
        })?;
        if found.any(|other| other.package_id != built.package_id) {
            return Err(Error::new(format!(
                "the checks are built from two versions of `{}`, and only cargo could tell which \
                 one is theirs",
                self.name
            )));
        }
        let file = built
            .linkable()
            .ok_or_else(|| Error::new(format!("`{}` is not a library to link", self.name)))?;
        let name = self.rename.as_ref().unwrap_or(&built.target.name);
        Ok(Library {
            name: name.replace('-', "_"),
            file: file.clone(),
            checks_only: self.kind.as_deref() == Some("dev"),
        })
    }
}

/// Where a library lies, and so the libraries that it needs.
fn folder_of(artifact: &Artifact) -> Option<&Path> {
    artifact.linkable().and_then(|file| file.parent())
}
