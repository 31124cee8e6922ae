//! What the stages need from the network, all of it and once, so that everything a
//! learner does afterwards works without one.

use std::fs;
use std::process::Stdio;

use crate::compile;
use crate::output::tell;
use crate::workspace::Workspace;

/// Holds a copy of the lock file whose packages are there.
const DONE: &str = ".kata/downloaded.lock";

/// Downloads the packages of the lock file, unless that was done. Cargo by itself
/// waits until it builds them, and on a train it is too late then.
///
/// Without a network nothing is lost: cargo asks again where it needs one.
pub fn once(workspace: &Workspace) {
    let lock = workspace.root.join("Cargo.lock");
    let done = workspace.root.join(DONE);
    let read = |file| fs::read(file).ok();
    if read(&done).is_some_and(|known| read(&lock) == Some(known)) {
        return;
    }
    tell("Downloading what the checks and benches need, once…\n\n");
    if fetch(workspace) {
        // If it cannot be noted, it is looked at again next time.
        let _ = fs::create_dir_all(workspace.root.join(".kata"));
        let _ = fs::copy(lock, done);
    } else {
        tell("That failed. To check without a network, run `cargo fetch` while you have one.\n\n");
    }
}

fn fetch(workspace: &Workspace) -> bool {
    let mut cargo = compile::cargo_command(workspace);
    cargo.args(["fetch", "--quiet"]);
    if let Some(host) = host() {
        cargo.args(["--target", &host]);
    }
    let quiet = cargo.stdin(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// The platform that packages are wanted for; there are many for others.
fn host() -> Option<String> {
    let output = compile::rustc_command()
        .args(["--print", "host-tuple"])
        .output();
    let said = output.ok().filter(|output| output.status.success())?.stdout;
    Some(String::from_utf8(said).ok()?.trim().to_owned())
}
