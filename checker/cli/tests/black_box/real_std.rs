//! What std refuses is refused, in std's own words and with std's own places, whichever way
//! the code comes in; what only the stand-in refuses is not held against anybody.

use serde_json::Value;

use crate::support::Workspace;

const LEARNER: &str = "exercises/shared-counter/src/lib.rs";

/// A counter whose `add` begins with `statement`.
fn counter(statement: &str) -> String {
    format!(
        "use std::sync::Mutex;

#[derive(Debug, Default)]
pub struct Counter {{
    value: Mutex<u64>,
}}

impl Counter {{
    pub fn new() -> Self {{
        Self::default()
    }}

    pub fn add(&self, amount: u64) {{
        {statement}
        *self.value.lock().unwrap() += amount;
    }}

    pub fn get(&self) -> u64 {{
        *self.value.lock().unwrap()
    }}
}}
"
    )
}

/// The reports on this as the learner's file, and as any other.
fn reports(workspace: &Workspace, source: &str, status: i32) -> [Value; 2] {
    workspace.write(LEARNER, source);
    workspace.write("other.rs", source);
    let check = ["check", "shared-counter", "--format", "json"];
    let other = [&check[..], &["--path", "other.rs"]].concat();
    [&check[..], &other].map(|arguments| workspace.kata(arguments).with_status(status).json())
}

#[track_caller]
fn is_refused(workspace: &Workspace, statement: &str, words: &[&str]) {
    for report in reports(workspace, &counter(statement), 1) {
        let compiler = report["rejection"]["compiler"].as_str().unwrap_or_default();
        assert_eq!(
            report["rejection"]["reason"], "does-not-compile",
            "{report:#}"
        );
        assert_eq!(report["checks"], Value::Array(vec![]));
        for word in words {
            assert!(compiler.contains(word), "no {word:?} in:\n{compiler}");
        }
        for foreign in ["model_std", "model-std", "checker/", "grading/", "seen"] {
            assert!(!compiler.contains(foreign), "{foreign:?} in:\n{compiler}");
        }
        let file = report["source"].as_str().unwrap_or_default();
        assert!(compiler.contains(&format!("--> {file}:14")), "{compiler}");
        let errors = compiler.matches("\nerror").count() + 1;
        assert_eq!(errors, 1, "told more than once:\n{compiler}");
    }
}

#[test]
fn lints_that_are_tied_to_std() {
    let workspace = Workspace::new("std-lints");
    is_refused(
        &workspace,
        "let _ = self.value.lock();",
        &["non-binding let on a synchronization lock"],
    );
    is_refused(
        &workspace,
        "std::sync::atomic::AtomicU64::new(0).load(std::sync::atomic::Ordering::Release);",
        &["atomic loads cannot have `Release`"],
    );
    is_refused(
        &workspace,
        "std::sync::atomic::AtomicU64::new(0).store(1, std::sync::atomic::Ordering::Acquire);",
        &["atomic stores cannot have `Acquire`"],
    );
}

#[test]
fn types_borrows_and_threads() {
    let workspace = Workspace::new("std-types");
    is_refused(
        &workspace,
        "let _early: u64 = self.value.lock();",
        &["E0308", "MutexGuard<'_, u64>", "u64"],
    );
    is_refused(
        &workspace,
        "let rc = std::rc::Rc::new(1); std::thread::spawn(move || drop(rc));",
        &[
            "E0277",
            "cannot be sent between threads safely",
            "library/std/src/thread",
        ],
    );
    is_refused(
        &workspace,
        "std::thread::spawn(|| drop(self.value.lock()));",
        &["E0521", "borrowed data escapes"],
    );
    is_refused(
        &workspace,
        "let _lock = Mutex::<u64>::new();",
        &["E0061", "library/std/src/sync"],
    );
    is_refused(
        &workspace,
        "self.value.locked();",
        &["E0599", "no method named `locked`"],
    );
}

#[test]
fn what_only_the_grader_cannot_follow_is_its_own_limit() {
    let workspace = Workspace::new("std-limits");
    // Whatever can be scheduled is larger than std's own.
    let statement = "const _: () = assert!(size_of::<std::sync::atomic::AtomicU64>() == 8);";
    for report in reports(&workspace, &counter(statement), 2) {
        assert_eq!(report["rejection"]["reason"], "not-modelled", "{report:#}");
        assert_eq!(report["passed"], false);
    }
    let told = workspace.kata(&["check", "shared-counter"]).with_status(2);
    assert!(told.out.contains("The grader gives up"), "{}", told.out);
}

#[test]
fn a_warning_is_counted_once() {
    let workspace = Workspace::new("std-warnings");
    workspace.write(LEARNER, &counter("let forgotten = 1;"));
    let told = workspace.kata(&["check", "shared-counter"]).with_status(0);
    assert!(
        told.out.contains("The compiler has 1 warning about it"),
        "{}",
        told.out
    );
    let other = ["check", "shared-counter", "--path", LEARNER];
    let told = workspace.kata(&other).with_status(0);
    assert!(
        told.out.contains("The compiler has 1 warning about it"),
        "{}",
        told.out
    );
}

#[test]
fn atomics_by_way_of_core_are_scheduled() {
    let workspace = Workspace::new("std-core");
    let source = "#[derive(Debug, Default)]
pub struct Counter(core::sync::atomic::AtomicU64);

impl Counter {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn add(&self, amount: u64) {
        use core::sync::atomic::Ordering::SeqCst;
        self.0.store(self.0.load(SeqCst) + amount, SeqCst);
    }

    pub fn get(&self) -> u64 {
        self.0.load(core::sync::atomic::Ordering::SeqCst)
    }
}
";
    for report in reports(&workspace, source, 1) {
        let check = &report["checks"][1];
        assert_eq!(check["check"], "no_update_is_lost");
        assert_eq!(check["finding"]["defect"], "two-step-counter", "{report:#}");
    }
}
