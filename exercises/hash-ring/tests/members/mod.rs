//! Names, keys and whose they are, as this process and as others see it.

use std::env;
use std::process::Command;

/// Whose each of some keys is.
pub type Owners = Vec<Option<String>>;

pub fn node_name(number: usize) -> String {
    format!("node-{number}")
}

/// Nodes for a removal of the first: to whoever compares only a part, or in another way
/// than byte by byte, it is the same as one of the others.
pub const ALIKE: [&str; 6] = [
    "node-1",
    "node-10",
    "old-node-1",
    "node-1#1",
    "node",
    "Node-1",
];

/// The keys `user-…` from that number on.
pub fn keys(first: u32, count: usize) -> Vec<String> {
    let numbers = u64::from(first)..;
    Vec::from_iter(numbers.take(count).map(|key| format!("user-{key}")))
}

/// Tells a process that it is asked for its owners.
const ASKED: &str = "INTERLEAVE_ASKED_FOR_OWNERS";
const ANSWER: &str = "owners: ";

/// Whether this process is one that is asked.
pub fn is_asked() -> bool {
    env::var_os(ASKED).is_some()
}

/// Answers whoever asks this process.
pub fn answer(owners: Owners) {
    let owners = owners.into_iter().map(|owner| owner.unwrap_or_default());
    // On a line of its own, whatever the test runner has printed.
    println!("\n{ANSWER}{}", Vec::from_iter(owners).join(","));
}

/// Asks another process, in which that check only answers.
pub fn ask_another_process(check: &str) -> Option<Owners> {
    let output = Command::new(env::current_exe().ok()?)
        .args([check, "--exact", "--nocapture", "--test-threads=1"])
        .env(ASKED, "1")
        .output()
        .ok()?;
    let output = String::from_utf8_lossy(&output.stdout).into_owned();
    let owners = output.lines().find_map(|line| line.strip_prefix(ANSWER))?;
    let named = |owner: &str| (!owner.is_empty()).then(|| owner.to_owned());
    Some(owners.split(',').map(named).collect())
}

/// Where two rings with the same members first differ, as a sentence.
pub fn disagreement(keys: &[String], one: &Owners, other: &Owners, whose: &str) -> Option<String> {
    let mut pairs = keys.iter().zip(one.iter().zip(other));
    let (key, (one, other)) = pairs.find(|(_, (one, other))| one != other)?;
    Some(format!(
        "key `{key}` is of {one:?} in one ring, and of {other:?} in {whose}"
    ))
}

/// A node, or that there is none, as part of a sentence.
pub fn named(node: Option<&str>) -> String {
    node.map_or_else(|| "nobody".to_owned(), |node| format!("`{}`", short(node)))
}

/// A text as part of a sentence: of a long one its two ends.
pub fn short(text: &str) -> String {
    let shown = text.escape_debug().to_string();
    if shown.len() <= 60 || !shown.is_ascii() {
        return shown;
    }
    format!(
        "{}…{} ({} bytes)",
        &shown[..20],
        &shown[shown.len() - 10..],
        text.len()
    )
}
