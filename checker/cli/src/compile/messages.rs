//! What cargo and rustc say in JSON: only what is read here.

use std::path::PathBuf;

use serde::Deserialize;
use verdict::stage_folder::without_detour;

/// A line of `cargo --message-format=json`.
#[derive(Debug, Deserialize)]
#[serde(tag = "reason")]
pub enum Message {
    /// The compiler has something to say.
    #[serde(rename = "compiler-message")]
    Said(Said),
    /// A target is built.
    #[serde(rename = "compiler-artifact")]
    Built(Artifact),
    /// Of no interest.
    #[serde(other)]
    Other,
}

/// A diagnostic, and what it is about.
#[derive(Debug, Deserialize)]
pub struct Said {
    /// The package's `Cargo.toml`.
    pub manifest_path: PathBuf,
    /// The target of that package.
    pub target: Target,
    /// The diagnostic.
    pub message: Diagnostic,
}

/// Something that cargo built, or found built.
#[derive(Debug, Deserialize)]
pub struct Artifact {
    /// The package's name, version and source.
    pub package_id: String,
    /// The target of that package.
    pub target: Target,
    /// The files.
    pub filenames: Vec<PathBuf>,
    /// The program, if it is one.
    pub executable: Option<PathBuf>,
}

/// A library, program or test.
#[derive(Debug, Deserialize)]
pub struct Target {
    /// For a library, the name of the crate.
    pub name: String,
    /// `lib`, `test`, `proc-macro` and so on.
    pub kind: Vec<String>,
    /// Edition of the source.
    pub edition: String,
}

impl Target {
    /// Whether it is of that kind.
    pub fn is(&self, kind: &str) -> bool {
        self.kind.iter().any(|own| own == kind)
    }
}

impl Artifact {
    /// The package's name: the id ends in `#name@version`, or in `#version`
    /// after a folder of that name.
    pub fn package(&self) -> &str {
        let (source, version) = self
            .package_id
            .rsplit_once('#')
            .unwrap_or(("", &self.package_id));
        match version.split_once('@') {
            Some((name, _)) => name,
            None => source.rsplit('/').next().unwrap_or(source),
        }
    }

    /// The file to link against.
    pub fn linkable(&self) -> Option<&PathBuf> {
        let linkable = |file: &&PathBuf| {
            file.extension()
                .is_some_and(|end| end == "rlib" || end == std::env::consts::DLL_EXTENSION)
        };
        self.filenames.iter().find(linkable)
    }
}

/// What rustc found.
#[derive(Debug, Deserialize)]
pub struct Diagnostic {
    /// `error`, `warning`, `failure-note` and so on.
    pub level: String,
    /// Its first line.
    pub message: String,
    /// As a person reads it.
    pub rendered: Option<String>,
}

impl Diagnostic {
    /// Whether it keeps the program from being built.
    pub fn is_error(&self) -> bool {
        self.level.starts_with("error")
    }

    /// Whether it is about this machine instead of the source: no linker, or a
    /// library that another build is replacing at this moment.
    pub fn is_about_the_machine(&self) -> bool {
        const STARTS: [&str; 3] = ["linker `", "linking with `", "extern location for "];
        self.is_error() && STARTS.iter().any(|start| self.message.starts_with(start))
    }

    /// Whether it is about the source, and not a count of other diagnostics.
    pub fn is_warning(&self) -> bool {
        self.level == "warning"
            && !self.message.contains("warning emitted")
            && !self.message.contains("warnings emitted")
    }
}

/// What a person needs to read of these to mend the program.
pub fn rendered<'a>(diagnostics: impl IntoIterator<Item = &'a Diagnostic>) -> String {
    diagnostics
        .into_iter()
        .filter(|diagnostic| diagnostic.is_error() || diagnostic.level == "failure-note")
        .filter(|diagnostic| !diagnostic.message.starts_with("aborting due to"))
        .filter_map(|diagnostic| diagnostic.rendered.as_deref())
        .map(without_detour)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_id_names_the_package() {
        let artifact = |id: &str| Artifact {
            package_id: id.to_owned(),
            target: Target {
                name: String::new(),
                kind: vec![],
                edition: String::new(),
            },
            filenames: vec![],
            executable: None,
        };
        let same = artifact("path+file:///somewhere/checker/model-std#0.1.0");
        assert_eq!(same.package(), "model-std");
        let other = artifact("path+file:///somewhere/solutions/ring#ring-solution@0.1.0");
        assert_eq!(other.package(), "ring-solution");
        let registry = artifact("registry+https://github.com/rust-lang/crates.io-index#rand@0.9.2");
        assert_eq!(registry.package(), "rand");
    }
}
