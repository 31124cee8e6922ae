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

/// What one has and the other has not. Of an item that only one of them has, the item alone.
pub fn differences(real: &BTreeSet<String>, ours: &BTreeSet<String>) -> BTreeSet<String> {
    let mut differences = only_in(real, ours, '-');
    differences.extend(only_in(ours, real, '+'));
    differences
}

fn only_in(these: &BTreeSet<String>, those: &BTreeSet<String>, sign: char) -> BTreeSet<String> {
    // An item's kind is one word, and everything else about it is more.
    let items: BTreeSet<&str> = those.iter().filter_map(|line| item_of(line)).collect();
    let lines = these.difference(those).filter(|line| {
        let path = line.split(": ").next().unwrap_or(line);
        item_of(line).is_some() || items.contains(path)
    });
    lines.map(|line| format!("{sign} {line}")).collect()
}

/// The path, if the line says no more than that there is such an item.
fn item_of(line: &str) -> Option<&str> {
    let (path, fact) = line.split_once(": ")?;
    (!fact.contains(' ')).then_some(path)
}

#[test]
fn of_what_is_missing_the_item_alone_is_told() {
    let facts = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
    let real = facts(&[
        "a::A: struct",
        "a::A: impl Send for A",
        "a::B: fn",
        "a::B: pub fn B()",
    ]);
    let ours = facts(&["a::A: struct", "a::A: impl !Send for A"]);
    let expected = [
        "+ a::A: impl !Send for A",
        "- a::A: impl Send for A",
        "- a::B: fn",
    ];
    assert_eq!(differences(&real, &ours), facts(&expected));
}

#[test]
#[should_panic = "no reason above"]
fn a_difference_without_a_reason_is_refused() {
    List::read("toolchain 1.95\n\nBecause.\n- a\n\n- b\n");
}
