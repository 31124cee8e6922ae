//! The README's picture is the program's own output on a specimen.

use std::process::Command;

use anstyle_svg::Term;
use snapbox::{Data, assert_data_eq};

use crate::support::real_root;

/// The stage, and the specimen whose first failure is shown.
const STAGE: &str = "race-fixed";
const SPECIMEN: &str = "solutions/race-fixed/specimens/reject/check_then_act.rs";

#[test]
fn the_readme_shows_a_real_verdict() {
    let root = real_root();
    let output = Command::new(env!("CARGO_BIN_EXE_checker"))
        .current_dir(&root)
        .args(["check", STAGE, "--path", SPECIMEN])
        .env("CLICOLOR_FORCE", "1")
        .env("COLUMNS", "88")
        .env_remove("NO_COLOR")
        .output()
        .expect("the program");
    let page = String::from_utf8(output.stdout).expect("UTF-8");
    // The failure that is told in full stands between two empty lines of the page.
    let full = page
        .split_once("\n\n")
        .and_then(|(_, rest)| rest.split_once("\nAlso open"))
        .map_or(page.as_str(), |(full, _)| full);
    let command = format!("$ cargo kata check {STAGE}\n\n");
    let picture = Term::new().render_svg(&(command + full));
    assert_data_eq!(
        readable(picture),
        Data::read_from(&root.join("docs/verdict.svg"), None).raw()
    );
}

/// In colours that can be read on black; those of old terminals cannot.
fn readable(picture: String) -> String {
    [
        ("#AAAAAA", "#e6edf3"),
        ("#0000AA", "#6cb6ff"),
        ("#00AAAA", "#56d4dd"),
        ("#AA00AA", "#d2a8ff"),
        ("#AA0000", "#ff7b72"),
        ("#AA5500", "#e3b341"),
        ("opacity: 0.4", "opacity: 0.7"),
    ]
    .into_iter()
    .fold(picture, |picture, (old, new)| picture.replace(old, new))
}
