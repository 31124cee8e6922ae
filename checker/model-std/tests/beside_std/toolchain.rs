//! The compiler and rustdoc that this test was built by, and the stand-in as built by it.

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};
use std::{env, fs};

/// Everything that is run here takes seconds; what waits for ever must not take the test along.
const DEADLINE: Duration = Duration::from_secs(300);

/// An empty folder for files of the test.
pub fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("beside_std")
        .join(name);
    // What an older toolchain wrote must not be read as this one's.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder of the test");
    folder
}

/// The compiler that cargo would call.
pub fn rustc() -> Command {
    Command::new(env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc")))
}

/// The rustdoc beside that compiler.
pub fn rustdoc() -> Command {
    if let Some(told) = env::var_os("RUSTDOC") {
        return Command::new(told);
    }
    let sysroot = run(rustc().args(["--print", "sysroot"]));
    let sysroot = String::from_utf8_lossy(&sysroot.stdout).into_owned();
    let beside = Path::new(sysroot.trim()).join("bin").join("rustdoc");
    let beside = beside.with_extension(env::consts::EXE_EXTENSION);
    match beside.exists() {
        true => Command::new(beside),
        false => Command::new("rustdoc"),
    }
}

/// The compiler's minor version: 95 for 1.95.0.
pub fn minor_version() -> u32 {
    let version = run(rustc().arg("-V")).stdout;
    let version = String::from_utf8_lossy(&version).into_owned();
    let minor = version
        .split('.')
        .nth(1)
        .and_then(|minor| minor.parse().ok());
    minor.unwrap_or_else(|| panic!("no version in {version:?}"))
}

/// Runs `command`, which must succeed.
pub fn run(command: &mut Command) -> Output {
    attempt(command).unwrap_or_else(|error| panic!("{error}"))
}

/// Runs a compiler or rustdoc on a crate for which `std` is the stand-in, as cargo does it for
/// a stage.
pub fn run_with_the_stand_in(command: &Command) -> Output {
    let mut errors = String::new();
    for library in libraries() {
        let mut told = OsString::from("std=");
        told.push(&library);
        let mut dependencies = OsString::from("dependency=");
        dependencies.push(library.parent().expect("a folder"));
        let mut again = Command::new(command.get_program());
        again
            .args(command.get_args())
            .arg("--extern")
            .arg(told)
            .arg("-L")
            .arg(dependencies);
        match attempt(&mut again) {
            Ok(output) => return output,
            Err(error) => errors.push_str(&error),
        }
    }
    panic!("no libmodel_std-*.rlib beside this test can be used with {command:?}\n{errors}")
}

/// The stand-in as cargo built it beside this test, the newest first. Cargo has just made sure
/// that the one which this test is linked with is as new as its sources, so the newest is too;
/// another compiler's, which this one cannot read, may be newer.
fn libraries() -> Vec<PathBuf> {
    let test = env::current_exe().expect("this test is a file");
    let folder = test.parent().expect("a file is in a folder");
    let entries = fs::read_dir(folder).expect("the folder of this test");
    let files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let libraries = files.filter(|path| {
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        name.is_some_and(|name| name.starts_with("libmodel_std-") && name.ends_with(".rlib"))
    });
    let age = |path: &PathBuf| fs::metadata(path).and_then(|file| file.modified());
    let mut libraries: Vec<(SystemTime, PathBuf)> = libraries
        .map(|path| (age(&path).unwrap_or(SystemTime::UNIX_EPOCH), path))
        .collect();
    libraries.sort();
    libraries.into_iter().rev().map(|(_, path)| path).collect()
}

fn attempt(command: &mut Command) -> Result<Output, String> {
    let shown = format!("{command:?}");
    let failed = |error: std::io::Error| format!("{shown}: {error}");
    command.stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(failed)?;
    let (stdout, stderr) = (all_of(child.stdout.take()), all_of(child.stderr.take()));
    let begin = Instant::now();
    let status = loop {
        match child.try_wait().map_err(failed)? {
            Some(status) => break status,
            None if begin.elapsed() < DEADLINE => thread::sleep(Duration::from_millis(10)),
            None => {
                // It may have ended by itself meanwhile.
                let _ = child.kill();
                break child.wait().map_err(failed)?;
            }
        }
    };
    let read = |text: JoinHandle<Vec<u8>>| text.join().expect("a thread that only reads");
    let output = Output {
        status,
        stdout: read(stdout),
        stderr: read(stderr),
    };
    if status.success() {
        return Ok(output);
    }
    let out = String::from_utf8_lossy(&output.stdout);
    let err = String::from_utf8_lossy(&output.stderr);
    let after = begin.elapsed().as_secs();
    Err(format!(
        "{shown} ended with {status} after {after} s\n{out}{err}"
    ))
}

fn all_of(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What came before an error is better than nothing.
        let _ = pipe.map(|mut pipe| pipe.read_to_end(&mut bytes));
        bytes
    })
}
