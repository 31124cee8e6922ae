//! Building with rustc alone.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::kit::Library;
use super::messages::{Diagnostic, rendered};
use super::{Build, Grade, Kit, Reason, Rejection, Scratch};
use crate::error::{Context, Error, Result};

/// Where one solution is built.
struct Place<'a> {
    kit: &'a Kit,
    folder: PathBuf,
    /// Tells this solution's crate from the reference, which has its name.
    id: String,
    color: bool,
}

pub(super) fn file(kit: &Kit, file: &Path, color: bool) -> Result<Build> {
    let place = Place::of(kit, file, color)?;
    let library = place.folder.join(format!("lib{}.rlib", kit.crate_name));
    let executable = place
        .folder
        .join(format!("grade{}", std::env::consts::EXE_SUFFIX));
    let scratch = Scratch {
        _lock: place.lock()?,
        files: vec![library.clone(), executable.clone()],
    };

    // Two compilers side by side: what the real std says goes first, whoever is faster.
    let with_real_std = place.with_real_std(file)?;
    let solution = place.solution(file, &library)?;
    let with_real_std = with_real_std.wait()?;
    if let Some(rejection) = with_real_std.rejection(Reason::DoesNotCompile)? {
        return Ok(Build::Rejected(rejection));
    }
    if let Some(rejection) = solution.rejection(Reason::NotModelled)? {
        return Ok(Build::Rejected(rejection));
    }
    let checks = place.checks(&library, &executable)?;
    if let Some(rejection) = checks.rejection(Reason::ContractDiffers)? {
        return Ok(Build::Rejected(rejection));
    }
    let warnings = with_real_std.diagnostics.iter();
    Ok(Build::Ready(Grade {
        executable,
        folder: place.folder,
        warnings: warnings.filter(|said| said.is_warning()).count(),
        _scratch: Some(scratch),
    }))
}

impl<'a> Place<'a> {
    fn of(kit: &'a Kit, file: &Path, color: bool) -> Result<Self> {
        let mut hasher = DefaultHasher::new();
        file.hash(&mut hasher);
        let id = format!("{:016x}", hasher.finish());
        let folder = kit.target.join(&id);
        fs::create_dir_all(&folder).context(|| format!("Cannot create {}", folder.display()))?;
        Ok(Self {
            kit,
            folder,
            id,
            color,
        })
    }

    /// Waits until nobody else builds or runs this solution here.
    fn lock(&self) -> Result<File> {
        let path = self.folder.join(".lock");
        let lock = File::create(&path).context(|| format!("Cannot create {}", path.display()))?;
        lock.lock()
            .context(|| format!("Cannot lock {}", path.display()))?;
        Ok(lock)
    }

    /// The solution as it is written: what std refuses is refused, and what is warned of is
    /// told, in std's own words.
    fn with_real_std(&self, file: &Path) -> Result<Running> {
        let mut rustc = self.rustc(&self.kit.crate_name, self.seen_from_root(file));
        rustc.args(["--crate-type", "lib", "--emit=metadata", "-o"]);
        rustc.arg(self.folder.join("seen.rmeta"));
        self.link(&mut rustc, |library| {
            !library.checks_only && !library.stands_in()
        });
        Running::start(rustc)
    }

    /// Relative, as cargo names the files of a workspace in panics and stories.
    fn seen_from_root<'b>(&self, file: &'b Path) -> &'b Path {
        file.strip_prefix(&self.kit.root).unwrap_or(file)
    }

    /// The solution as a library.
    fn solution(&self, file: &Path, library: &Path) -> Result<Said> {
        let mut rustc = self.rustc(&self.kit.crate_name, self.seen_from_root(file));
        rustc.args(["--crate-type", "lib", "--cap-lints=allow", "-o"]);
        rustc.arg(library);
        self.link(&mut rustc, |library| !library.checks_only);
        Running::start(rustc)?.wait()
    }

    /// The checks as a program that uses it.
    fn checks(&self, library: &Path, executable: &Path) -> Result<Said> {
        let mut rustc = self.rustc("grade", &self.kit.checks);
        rustc.args(["--test", "--cap-lints=allow", "-o"]);
        rustc.arg(executable);
        self.link(&mut rustc, |_| true);
        rustc
            .arg("--extern")
            .arg(named(&self.kit.crate_name, library));
        rustc.env("CARGO_TARGET_TMPDIR", &self.folder);
        Running::start(rustc)?.wait()
    }

    /// What both have in common, close to what cargo would do.
    fn rustc(&self, crate_name: &str, file: &Path) -> Command {
        let kit = self.kit;
        let mut rustc = super::rustc_command();
        rustc.current_dir(&kit.root).stdin(Stdio::null());
        rustc.args(["--crate-name", crate_name, "--edition", &kit.edition]);
        rustc.args([
            "--error-format=json",
            "-Cdebuginfo=line-tables-only",
            "-Cembed-bitcode=no",
        ]);
        if self.color {
            rustc.arg("--json=diagnostic-rendered-ansi");
        }
        rustc.arg(format!("-Cmetadata={}", self.id)).arg(file);
        rustc.env("CARGO_MANIFEST_DIR", kit.root.join(&kit.folder));
        rustc.env("CARGO_PKG_NAME", &kit.package);
        rustc.env("CARGO_CRATE_NAME", crate_name);
        rustc
    }

    /// Lets the crate use these libraries.
    fn link(&self, rustc: &mut Command, wanted: impl Fn(&Library) -> bool) {
        for folder in &self.kit.search {
            rustc.arg("-L").arg(named("dependency", folder));
        }
        for library in self.kit.libraries.iter().filter(|library| wanted(library)) {
            let argument = named(&library.name, &library.file);
            rustc.arg("--extern").arg(argument);
        }
    }
}

/// `name=path`, for paths that need not be UTF-8.
fn named(name: &str, path: &Path) -> OsString {
    let mut argument = OsString::from(name);
    argument.push("=");
    argument.push(OsStr::new(path));
    argument
}

/// What rustc answered.
struct Said {
    succeeded: bool,
    diagnostics: Vec<Diagnostic>,
    stderr: String,
}

/// A compiler at work.
struct Running(Child);

impl Running {
    fn start(mut rustc: Command) -> Result<Self> {
        rustc.stdout(Stdio::null()).stderr(Stdio::piped());
        let started = rustc.spawn();
        let program = rustc.get_program().to_string_lossy();
        Ok(Self(started.context(|| format!("Cannot start {program}"))?))
    }

    fn wait(self) -> Result<Said> {
        let output = self.0.wait_with_output();
        let output = output.context(|| "Cannot wait for rustc".into())?;
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        Ok(Said {
            succeeded: output.status.success(),
            diagnostics: stderr
                .lines()
                .filter_map(|line| serde_json::from_str(line).ok())
                .collect(),
            stderr,
        })
    }
}

impl Said {
    /// What the compiler has against the source, if anything.
    fn rejection(&self, reason: Reason) -> Result<Option<Rejection>> {
        if self.succeeded {
            return Ok(None);
        }
        let compiler = rendered(&self.diagnostics);
        if compiler.is_empty()
            || self
                .diagnostics
                .iter()
                .any(Diagnostic::is_about_the_machine)
        {
            let said = if compiler.is_empty() {
                &self.stderr
            } else {
                &compiler
            };
            return Err(Error::new(format!(
                "rustc cannot build the checks\n\n{said}"
            )));
        }
        Ok(Some(Rejection { reason, compiler }))
    }
}
