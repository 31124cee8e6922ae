//! What the textbook sees with the stand-in, outside and inside a model.

use std::path::Path;

use super::{textbook, toolchain};

#[test]
fn a_textbook_sees_the_same() {
    let folder = toolchain::folder("textbook");
    let program = folder
        .join("textbook")
        .with_extension(std::env::consts::EXE_EXTENSION);
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/beside_std/in_a_model.rs");
    let mut rustc = toolchain::rustc();
    rustc
        .args(["--edition", "2024", "-o"])
        .arg(&program)
        .arg(source);
    toolchain::run_with_the_stand_in(&rustc);
    // Ends with an error if something was different inside a model, and says what.
    let told = toolchain::run(&mut std::process::Command::new(&program)).stdout;
    let told = String::from_utf8(told).expect("what the textbook says is text");
    let real = textbook::all();
    let differences: Vec<String> = (real.iter().zip(told.lines()))
        .filter(|(real, seen)| real != seen)
        .map(|(real, seen)| format!("the real std: {real}\nthe stand-in: {seen}\n"))
        .collect();
    // Last, below what the panics of the textbook print.
    assert!(differences.is_empty(), "\n{}", differences.concat());
    assert_eq!(told.lines().count(), real.len());
}
