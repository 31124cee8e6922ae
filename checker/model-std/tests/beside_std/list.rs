//! The differences that are known, with their reasons.

use std::collections::BTreeSet;

/// `differences.txt`.
pub struct List {
    /// The minor version of the oldest toolchain that it is about.
    pub minor: u32,
    pub lines: BTreeSet<String>,
}

impl List {
    /// Reads it, and makes sure that every line has a reason.
    pub fn checked_in() -> Self {
        Self::read(include_str!("differences.txt"))
    }

    fn read(text: &str) -> Self {
        let mut minor = None;
        let mut lines = BTreeSet::new();
        let mut has_reason = false;
        let mut after_a_difference = false;
        for line in text.lines().map(str::trim_end) {
            if let Some(version) = line.strip_prefix("toolchain 1.") {
                minor = version.parse().ok();
            } else if line.starts_with(['-', '+']) {
                assert!(has_reason, "differences.txt: no reason above {line:?}");
                let line = line.to_owned();
                assert!(!lines.contains(&line), "differences.txt: twice: {line:?}");
                lines.insert(line);
                after_a_difference = true;
            } else if line.is_empty() || line.starts_with('#') {
                has_reason = false;
                after_a_difference = false;
            } else {
                assert!(
                    !after_a_difference,
                    "differences.txt: no empty line above {line:?}"
                );
                has_reason = true;
            }
        }
        let minor = minor.expect("differences.txt: a line `toolchain 1.<minor>`");
        Self { minor, lines }
    }
}

/// What one has and the other has not. Of an item that only one of them has, or that is something
/// else in the other, the item alone.
pub fn differences(real: &BTreeSet<String>, ours: &BTreeSet<String>) -> BTreeSet<String> {
    let mut differences = only_in(real, ours, '-');
    differences.extend(only_in(ours, real, '+'));
    differences
}

fn only_in(these: &BTreeSet<String>, those: &BTreeSet<String>, sign: char) -> BTreeSet<String> {
    let kinds = these.intersection(those).filter(|line| is_kind(line));
    let in_both: BTreeSet<&str> = kinds.map(|line| path_of(line)).collect();
    let lines = these.difference(those);
    let lines = lines.filter(|line| is_kind(line) || in_both.contains(path_of(line)));
    lines.map(|line| format!("{sign} {line}")).collect()
}

fn path_of(line: &str) -> &str {
    line.split(": ").next().unwrap_or(line)
}

/// Whether the line tells what kind of item it is. That is one word, and everything else is more.
fn is_kind(line: &str) -> bool {
    !line[path_of(line).len()..]
        .trim_start_matches(": ")
        .contains(' ')
}

#[test]
fn of_what_is_missing_or_something_else_the_item_alone_is_told() {
    let facts = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
    let real = facts(&[
        "a::A: struct",
        "a::A: impl Send for A",
        "a::B: fn",
        "a::B: pub fn B()",
        "a::C: type",
        "a::C: pub type C = D",
    ]);
    let ours = facts(&[
        "a::A: struct",
        "a::A: impl !Send for A",
        "a::C: struct",
        "a::C: pub struct C",
    ]);
    let expected = [
        "+ a::A: impl !Send for A",
        "- a::A: impl Send for A",
        "- a::B: fn",
        "- a::C: type",
        "+ a::C: struct",
    ];
    assert_eq!(differences(&real, &ours), facts(&expected));
}

#[test]
#[should_panic = "no reason above"]
fn a_difference_without_a_reason_is_refused() {
    List::read("toolchain 1.95\n\nBecause.\n- a\n\n- b\n");
}
