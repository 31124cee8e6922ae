//! A workspace to try the program on, and the program.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use snapbox::{Data, assert_data_eq};

/// A copy of `fixtures/workspace`, in a folder of its own.
pub struct Workspace {
    pub root: PathBuf,
}

/// What became of a run of the program.
pub struct Ended {
    pub status: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Workspace {
    /// A fresh copy. It is built in the target folder of the real workspace,
    /// with the same profile, so that libraries are compiled once for both.
    pub fn new(name: &str) -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&root);
        copy(&fixtures().join("workspace"), &root);
        let real = real_root();
        let manifest = fs::read_to_string(real.join("Cargo.toml")).expect("the real manifest");
        let mut text = String::new();
        for line in manifest.lines() {
            if line.starts_with("members") {
                text.push_str(
                    "members = [\"exercises/*\", \"exercises/*/grading\", \"solutions/*\"]",
                );
            } else if line.starts_with("version = ") {
                // Cargo takes packages of one name, version and place within
                // their workspace for the same; these are not.
                text.push_str(&format!("version = \"0.0.0-{}\"", name.replace('_', "-")));
            } else if !line.starts_with("default-members") {
                let path = format!("path = \"{}/", real.display());
                text.push_str(&line.replace("path = \"", &path));
            }
            text.push('\n');
        }
        fs::write(root.join("Cargo.toml"), text).expect("a manifest");
        fs::copy(real.join("Cargo.lock"), root.join("Cargo.lock")).expect("a lock file");
        Self { root }
    }

    /// Runs the program in the root.
    pub fn kata(&self, arguments: &[&str]) -> Ended {
        kata_in(&self.root, arguments)
    }

    /// Writes what the learner would.
    pub fn write(&self, file: &str, text: &str) {
        fs::write(self.root.join(file), text).expect("a file");
    }

    pub fn read(&self, file: &str) -> String {
        fs::read_to_string(self.root.join(file)).expect("a file")
    }
}

/// Where everything is built.
pub fn target() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .expect("the target folder")
}

/// The program in that folder, without the reader's own settings.
pub fn kata_command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_checker"));
    command
        .current_dir(folder)
        .args(arguments)
        .env("CARGO_TARGET_DIR", target());
    for variable in [
        "NO_COLOR",
        "CLICOLOR",
        "CLICOLOR_FORCE",
        "COLUMNS",
        "CARGO_MANIFEST_DIR",
    ] {
        command.env_remove(variable);
    }
    command
}

/// Runs the program in that folder, without a terminal.
pub fn kata_in(folder: &Path, arguments: &[&str]) -> Ended {
    let mut command = kata_command(folder, arguments);
    let output = command.output().expect("the program");
    Ended {
        status: output.status.code(),
        out: String::from_utf8(output.stdout).expect("UTF-8"),
        err: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

impl Ended {
    /// Checks the exit status.
    #[track_caller]
    pub fn with_status(self, status: i32) -> Self {
        assert_eq!(
            self.status,
            Some(status),
            "out:\n{}\nerr:\n{}",
            self.out,
            self.err
        );
        self
    }

    /// Checks the page on standard output.
    #[track_caller]
    pub fn shows(self, golden: &str) -> Self {
        assert_page(&self.out, golden);
        self
    }

    /// Checks the page on standard error.
    #[track_caller]
    pub fn complains(self, golden: &str) -> Self {
        assert_page(&self.err, golden);
        self
    }

    /// What it says to programs.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|error| panic!("{error}\nout:\n{}\nerr:\n{}", self.out, self.err))
    }
}

/// Checks a page.
#[track_caller]
pub fn assert_page(text: &str, golden: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(golden);
    assert_data_eq!(text, Data::read_from(&path, None).raw());
}

/// A submission of `fixtures/submissions`.
pub fn submission(name: &str) -> String {
    fixtures()
        .join("submissions")
        .join(name)
        .display()
        .to_string()
}

/// The root of the workspace that this test is part of.
pub fn real_root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package
        .ancestors()
        .nth(2)
        .expect("the root above checker/cli")
        .to_owned()
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// Copies a folder; `CHECKER` in a manifest becomes the folder of the checker.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in from.read_dir().expect("a folder") {
        let from = entry.expect("an entry").path();
        let to = to.join(from.file_name().expect("a name"));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            let text = fs::read_to_string(&from).expect("a file");
            let checker = real_root().join("checker").display().to_string();
            fs::write(to, text.replace("CHECKER", &checker)).expect("a file");
        }
    }
}

/// The names of a folder's files, without their endings.
pub fn stems(folder: &Path) -> BTreeSet<String> {
    let entries = folder.read_dir().expect("a folder");
    entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|end| end == "md"))
        .map(|path| {
            path.file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned()
        })
        .collect()
}
