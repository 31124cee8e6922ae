//! Submissions that go wrong in every way that is known. Each has an answer, in
//! time; none earns a pass by ending early.

use serde_json::Value;

use crate::support::{Workspace, submission};

/// What `no_update_is_lost` found in this submission: verdict and kind.
fn found(workspace: &Workspace, name: &str, status: i32) -> (String, String) {
    let report = report(workspace, name, status);
    let check = &report["checks"][1];
    assert_eq!(check["check"], "no_update_is_lost", "{report:#}");
    assert!(
        check["finding"]["message"]
            .as_str()
            .is_some_and(|text| !text.is_empty())
    );
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&check["verdict"]), text(&check["finding"]["kind"]))
}

fn report(workspace: &Workspace, name: &str, status: i32) -> Value {
    let path = submission(name);
    let arguments = [
        "check",
        "shared-counter",
        "--format",
        "json",
        "--path",
        &path,
    ];
    workspace.kata(&arguments).with_status(status).json()
}

#[track_caller]
fn ends_as(name: &str, verdict: &str, kind: &str) {
    let workspace = Workspace::new(&format!("bad-{}", name.trim_end_matches(".rs")));
    // Where the grader gives up, nothing is held against the submission.
    let status = match verdict {
        "inconclusive" | "error" => 2,
        _ => 1,
    };
    assert_eq!(
        found(&workspace, name, status),
        (verdict.to_owned(), kind.to_owned()),
        "{name}"
    );
}

#[test]
fn exit_and_abort_do_not_pass() {
    ends_as("exits.rs", "failed", "process-ended");
    ends_as("aborts.rs", "failed", "process-ended");
}

#[test]
fn an_abort_is_told_with_the_panics_that_led_to_it() {
    let workspace = Workspace::new("bad-panics_twice");
    let report = report(&workspace, "panics_twice.rs", 1);
    let finding = &report["checks"][2]["finding"];
    assert_eq!(finding["kind"], "process-ended", "{report:#}");
    let message = finding["message"].as_str().unwrap_or_default();
    let [first, second] = ["no more than three", "the guard's lock"].map(|text| message.find(text));
    assert!(first.is_some() && first < second, "{message}");
}

#[test]
fn endless_loops_are_ended() {
    ends_as("loops.rs", "timed-out", "hang");
    ends_as("loops_on_a_lock.rs", "failed", "livelock");
}

#[test]
fn a_deadlock_is_told() {
    ends_as("deadlocks.rs", "failed", "self-deadlock");
}

#[test]
fn an_endless_recursion_is_ended() {
    let workspace = Workspace::new("bad-overflows");
    let report = report(&workspace, "overflows.rs", 1);
    let check = |index: usize| report["checks"][index]["verdict"].clone();
    assert!(
        ["failed", "timed-out"].map(Value::from).contains(&check(1)),
        "{report:#}"
    );
    assert_eq!(check(2), "failed", "{report:#}");
}

#[test]
fn memory_without_bound_is_bounded() {
    ends_as("allocates.rs", "failed", "out-of-memory");
}

#[test]
fn a_panic_in_a_static_is_a_panic() {
    ends_as("panics_in_a_static.rs", "failed", "panic");
}

#[test]
fn more_threads_than_the_engine_follows_are_no_failure_and_no_pass() {
    ends_as("spawns_many.rs", "error", "too-many-threads");
}

#[test]
fn too_many_interleavings_are_no_failure_and_no_pass() {
    ends_as("loops_too_much.rs", "inconclusive", "budget");
}

#[test]
fn what_was_not_tried_is_said_beside_a_pass() {
    let workspace = Workspace::new("bad-loops_a_lot");
    let report = report(&workspace, "loops_a_lot.rs", 0);
    let search = &report["checks"][1]["search"];
    assert_eq!(search["complete"], false, "{report:#}");
    let spot = &report["checks"][1]["blind_spots"][0];
    assert_eq!(
        (&spot["kind"], &spot["covered"]),
        (&"bound".into(), &1.into())
    );
    let busiest = spot["busiest"]["source"].as_str().unwrap_or_default();
    assert!(busiest.contains("looks.lock()"), "{spot:#}");

    let path = submission("loops_a_lot.rs");
    let told = workspace.kata(&["check", "shared-counter", "--path", &path]);
    assert!(told.out.contains("with blind spots"), "{}", told.out);
    assert!(
        told.out
            .contains("Blind spot of no_update_is_lost: every execution with up to 1 deviation"),
        "{}",
        told.out
    );
}

#[test]
fn a_missing_item_is_explained() {
    let workspace = Workspace::new("bad-lacks");
    let report = report(&workspace, "lacks_an_item.rs", 1);
    assert_eq!(report["rejection"]["reason"], "contract-differs");
    let compiler = report["rejection"]["compiler"].as_str().unwrap_or_default();
    assert!(compiler.contains("no method named `get`"), "{compiler}");
}

#[test]
fn what_is_only_unusual_passes() {
    let workspace = Workspace::new("bad-unusual");
    for name in [
        "mod_tree",
        "own_tests.rs",
        "prints.rs",
        "counts_in_statics.rs",
    ] {
        assert_eq!(report(&workspace, name, 0)["passed"], true, "{name}");
    }
}
