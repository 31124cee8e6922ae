//! What no check sees is said before any green, in the record and in lists. A pass without
//! a blind spot has no such word in it.

use serde_json::Value;

use crate::support::{Ended, Workspace};

const LEARNER: &str = "exercises/shared-counter/src/lib.rs";

/// A counter that is right, with `items` of its own and with `first` done before it adds.
fn counter(items: &str, first: &str) -> String {
    format!(
        "use std::sync::Mutex;
{items}
#[derive(Debug, Default)]
pub struct Counter {{
    value: Mutex<u64>,
}}

impl Counter {{
    pub fn new() -> Self {{
        Self::default()
    }}

    pub fn add(&self, amount: u64) {{
        {first}
        *self.value.lock().unwrap() += amount;
    }}

    pub fn get(&self) -> u64 {{
        *self.value.lock().unwrap()
    }}
}}
"
    )
}

/// The kinds of blind spots that are beside `passed` in the report, with the numbers of the
/// checks that have them.
fn told(workspace: &Workspace, source: &str) -> Vec<(String, Vec<usize>)> {
    workspace.write("other.rs", source);
    let report = check(workspace, &["--format", "json"]).json();
    assert_eq!(report["passed"], true, "{report:#}");
    let spots = |of: &Value| {
        let spots = of["blind_spots"].as_array().cloned().unwrap_or_default();
        let mut kinds = Vec::from_iter(spots.iter().map(|spot| text(&spot["kind"])));
        kinds.dedup();
        kinds
    };
    let checks = report["checks"].as_array().expect("checks");
    let with = |kind: &String| {
        let numbers = (0..checks.len()).filter(|at| spots(&checks[*at]).contains(kind));
        numbers.collect()
    };
    let kinds = spots(&report).into_iter();
    kinds.map(|kind| (kind.clone(), with(&kind))).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn check(workspace: &Workspace, more: &[&str]) -> Ended {
    let mut arguments = vec!["check", "shared-counter", "--path", "other.rs"];
    arguments.extend(more);
    workspace.kata(&arguments).with_status(0)
}

/// The only check that searches.
const SEARCHES: [usize; 1] = [1];
const ALL: [usize; 3] = [0, 1, 2];

#[test]
fn a_search_says_what_it_did_not_see() {
    let workspace = Workspace::new("blind-searches");
    let atomics =
        "static SEEN: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
                   use std::sync::atomic::Ordering::*;";
    let shared = "static SHARED: std::sync::LazyLock<std::sync::Arc<u8>> = \
                  std::sync::LazyLock::new(Default::default);";
    for (kind, items, first) in [
        ("ordering", atomics, "SEEN.fetch_add(1, Relaxed);"),
        ("ordering", atomics, "SEEN.load(Acquire);"),
        ("ordering", atomics, "SEEN.store(1, Release);"),
        (
            "ordering",
            atomics,
            "let _ = SEEN.compare_exchange(0, 1, SeqCst, Relaxed);",
        ),
        (
            "ordering",
            atomics,
            "SEEN.swap(1, AcqRel); SEEN.load(SeqCst);",
        ),
        (
            "ordering",
            atomics,
            "std::sync::atomic::fence(Acquire); SEEN.load(SeqCst);",
        ),
        (
            "references",
            shared,
            "if std::sync::Arc::strong_count(&SHARED) > 9 { return; }",
        ),
        (
            "references",
            shared,
            "std::sync::Arc::downgrade(&SHARED).upgrade();",
        ),
    ] {
        let told = told(&workspace, &counter(items, first));
        assert_eq!(told, [(kind.to_owned(), SEARCHES.to_vec())], "{first}");
    }
}

#[test]
fn every_check_says_what_is_beyond_it() {
    let workspace = Workspace::new("blind-everywhere");
    for (kind, items, first) in [
        (
            "unsafe",
            "",
            "unsafe { std::hint::black_box(*(&raw const amount)) };",
        ),
        (
            "foreign",
            "pub extern \"C\" fn seven() -> u8 { 7 }",
            "seven();",
        ),
        ("outside", "", "let _ = std::fs::metadata(\"nothing\");"),
        ("outside", "use std::env;", "let _ = env::var(\"NOTHING\");"),
    ] {
        let told = told(&workspace, &counter(items, first));
        assert_eq!(told, [(kind.to_owned(), ALL.to_vec())], "{first}");
    }
}

#[test]
fn what_is_followed_is_no_blind_spot() {
    let workspace = Workspace::new("blind-nothing");
    let strongest = "static SEEN: std::sync::atomic::AtomicU64 = \
                     std::sync::atomic::AtomicU64::new(0);
        #[cfg(test)]
        mod tests { #[test] fn mine() { std::fs::read(\"unsafe\").unwrap(); } }";
    let first = "SEEN.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let shared = std::sync::Arc::new(std::time::Instant::now()); drop(shared.clone());";
    assert_eq!(told(&workspace, &counter(strongest, first)), []);
    let page = check(&workspace, &[]).out;
    assert!(!page.contains("lind spot"), "{page}");
}

#[test]
fn it_is_said_before_the_green() {
    let workspace = Workspace::new("blind-said");
    let first = "unsafe { std::hint::black_box(*(&raw const amount)) };
        let _ = std::fs::metadata(\"nothing\");";
    workspace.write(LEARNER, &counter("", first));
    let arguments = ["check", "shared-counter"];
    workspace
        .kata(&arguments)
        .with_status(0)
        .shows("check-passed-blind.txt");
    workspace
        .kata(&["list"])
        .with_status(0)
        .shows("list-blind.txt");
    let page = workspace
        .kata(&["check", "shared-counter", "--format", "html"])
        .out;
    assert!(page.contains("~ it_counts_to_a_hundred"), "{page}");
    assert!(page.contains("Blind spot: `std::fs` at"), "{page}");
    // Mended, it is like any other.
    workspace.write(LEARNER, &counter("", ""));
    let page = workspace.kata(&arguments).with_status(0).out;
    assert!(
        page.contains("✓ shared-counter: all 3 checks passed."),
        "{page}"
    );
    let list = workspace.kata(&["list"]).out;
    assert!(!list.contains('~'), "{list}");
}
