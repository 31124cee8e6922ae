//! The real stages, in a workspace of their own, and a clock that the test sets.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::support::real_root;

/// A workspace with a clock.
pub struct Timed {
    pub root: PathBuf,
    _folder: TempDir,
}

impl Timed {
    /// A copy of the real exercises and solutions.
    ///
    /// Cargo names what it builds by paths within a workspace and by version, and
    /// takes for built what is older than what is there. The copy shares the target
    /// folder with the real workspace and has a version of its own: otherwise each
    /// would run the other's checks. Nor may it lie in that folder, where cargo
    /// remembers files by their place in it.
    pub fn new(name: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("interleave");
        let real = real_root();
        for folder in ["exercises", "solutions"] {
            copy(&real.join(folder), &root.join(folder), &real);
        }
        let manifest = fs::read_to_string(real.join("Cargo.toml")).expect("the real manifest");
        let mut text = String::new();
        for line in manifest.lines() {
            if line.starts_with("members") {
                text.push_str(
                    "members = [\"exercises/*\", \"exercises/*/grading\", \"solutions/*\"]",
                );
            } else if line.starts_with("version = ") {
                text.push_str(&format!("version = \"0.0.0-{name}\""));
            } else if !line.starts_with("default-members") {
                text.push_str(&line.replace("path = \"", &format!("path = \"{}/", real.display())));
            }
            text.push('\n');
        }
        fs::write(root.join("Cargo.toml"), text).expect("a manifest");
        fs::copy(real.join("Cargo.lock"), root.join("Cargo.lock")).expect("a lock file");
        Self {
            root,
            _folder: folder,
        }
    }

    /// The program, with the session's clock at that many milliseconds.
    pub fn command(&self, ms: u64, arguments: &[&str]) -> Command {
        self.command_since("a-boot", ms, arguments)
    }

    /// The same after that boot of the machine.
    pub fn command_since(&self, boot: &str, ms: u64, arguments: &[&str]) -> Command {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .parent()
            .expect("the target folder");
        let mut command = Command::new(env!("CARGO_BIN_EXE_checker"));
        let (minutes, seconds) = (ms / 60_000, ms / 1000 % 60);
        let (hours, minutes) = (10 + minutes / 60, minutes % 60);
        let wall = format!("2026-01-15T{hours:02}:{minutes:02}:{seconds:02}Z");
        command
            .current_dir(&self.root)
            .args(arguments)
            .env("CARGO_TARGET_DIR", target)
            .env("INTERLEAVE_CLOCK", format!("{boot} {ms} {wall}"));
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

    /// Runs the program, and returns its exit status and all that it said.
    pub fn kata(&self, ms: u64, arguments: &[&str]) -> (i32, String) {
        ended(self.command(ms, arguments).output().expect("the program"))
    }

    /// Runs the program, which must exit with that status.
    #[track_caller]
    pub fn expect(&self, status: i32, ms: u64, arguments: &[&str]) -> String {
        let (ended, said) = self.kata(ms, arguments);
        assert_eq!(ended, status, "{arguments:?} said:\n{said}");
        said
    }

    pub fn read(&self, file: &str) -> String {
        fs::read_to_string(self.root.join(file)).expect("a file")
    }

    pub fn write(&self, file: &str, text: &str) {
        fs::write(self.root.join(file), text).expect("a file");
    }
}

/// The exit status of a run and all that it said.
pub fn ended(output: Output) -> (i32, String) {
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    let err = String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap_or(-1), out + &err)
}

fn copy(from: &Path, to: &Path, real: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in from.read_dir().expect("a folder") {
        let from = entry.expect("an entry").path();
        let to = to.join(from.file_name().expect("a name"));
        if from.is_dir() {
            copy(&from, &to, real);
        } else if from.extension().is_some_and(|end| end == "toml") {
            let text = fs::read_to_string(&from).expect("a file");
            let checker = format!("{}/checker", real.display());
            fs::write(
                to,
                text.replace("../../../checker", &checker)
                    .replace("../../checker", &checker),
            )
            .expect("a file");
        } else {
            fs::copy(&from, &to).expect("a file");
        }
    }
}
