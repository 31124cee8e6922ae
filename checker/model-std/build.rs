//! Tells the crate which std it stands in for: what a toolchain does not have, a learner who
//! uses it cannot write, so it must not be here either.

use std::process::Command;

/// The releases after the oldest that the project supports in which something of ours became
/// stable.
const RELEASES: [u32; 4] = [91, 92, 94, 95];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let minor = minor_version();
    for release in RELEASES {
        println!("cargo::rustc-check-cfg=cfg(since_1_{release})");
        if minor.is_some_and(|minor| minor >= release) {
            println!("cargo::rustc-cfg=since_1_{release}");
        }
    }
}

/// 95 of `rustc 1.95.0 (…)`. Where it cannot be told, the oldest is assumed: then a few items
/// are missing, and nothing fails to compile.
fn minor_version() -> Option<u32> {
    let rustc = std::env::var_os("RUSTC")?;
    let output = Command::new(rustc).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let version = text.split_whitespace().nth(1)?;
    version.split('.').nth(1)?.parse().ok()
}
