//! Grading a learner's files, and any other solution.

use serde_json::Value;

use crate::support::{Workspace, submission};

const RIGHT: &str = "solutions/shared-counter/specimens/accept/atomic.rs";
const WRONG: &str = "solutions/shared-counter/specimens/reject/two_steps.rs";
const LEARNER: &str = "exercises/shared-counter/src/lib.rs";

/// From the first failure to the pass, as a learner goes.
#[test]
fn the_learners_own_files() {
    let workspace = Workspace::new("learner");
    let starter = workspace.read(LEARNER);
    let check = ["check", "shared-counter"];
    workspace
        .kata(&check)
        .with_status(1)
        .shows("check-failed.txt");
    let kept = workspace.read(".kata/last/shared-counter.json");
    assert!(kept.contains("schedule"), "{kept}");
    let home = workspace.kata(&[]).with_status(0).out;
    assert!(home.contains("1 of 3 checks to go"), "{home}");

    workspace.write(
        LEARNER,
        &starter.replace("before + amount", "before + wrong"),
    );
    let ended = workspace.kata(&check).with_status(1);
    assert!(
        ended
            .out
            .starts_with("error[E0425]: cannot find value `wrong`"),
        "{}",
        ended.out
    );
    assert!(
        ended
            .out
            .contains("--> exercises/shared-counter/src/lib.rs:17"),
        "{}",
        ended.out
    );

    workspace.write(LEARNER, &starter.replace("fn get", "fn read"));
    let ended = workspace.kata(&check).with_status(1);
    let first = "The public API differs from the one in the brief of shared-counter:\n\nerror";
    assert!(ended.out.starts_with(first), "{}", ended.out);

    let solution = workspace.read(RIGHT);
    workspace.write(LEARNER, &solution);
    let ended = workspace
        .kata(&["check", "shared-counter", "--timings"])
        .with_status(0);
    assert!(
        ended.out.contains("Next: cargo kata brief two-counters"),
        "{}",
        ended.out
    );
    assert!(
        ended.out.contains("built 0.") || ended.out.contains("built "),
        "{}",
        ended.out
    );
    let home = workspace.kata(&[]).with_status(0).out;
    assert!(home.contains("Next: Two counters"), "{home}");
    assert_eq!(workspace.read(".kata/journal.jsonl").lines().count(), 4);

    workspace.write("exercises/shared-counter/Cargo.toml", "nonsense");
    workspace.kata(&check).with_status(2);
}

#[test]
fn any_other_solution_without_touching_the_learners_files() {
    let workspace = Workspace::new("others");
    // Not even a learner's file that does not compile is in the way.
    workspace.write(LEARNER, "fn");

    let accept = ["check", "shared-counter", "--path", RIGHT];
    workspace
        .kata(&accept)
        .with_status(0)
        .shows("check-accept.txt");
    let reject = ["check", "shared-counter", "--path", WRONG];
    workspace
        .kata(&reject)
        .with_status(1)
        .shows("check-reject.txt");
    let folder = [
        "check",
        "shared-counter",
        "--path",
        "solutions/shared-counter",
    ];
    workspace.kata(&folder).with_status(0);

    assert_eq!(workspace.read(LEARNER), "fn");
    assert!(
        !workspace.root.join(".kata").exists(),
        "only the learner's own files are journaled"
    );
}

#[test]
fn json_says_the_same() {
    let workspace = Workspace::new("json");
    let arguments = [
        "check",
        "shared-counter",
        "--format",
        "json",
        "--path",
        WRONG,
    ];
    let report = workspace.kata(&arguments).with_status(1).json();
    assert_eq!(report["schema"], 1);
    assert_eq!(report["stage"], "shared-counter");
    assert_eq!(report["source"], WRONG);
    assert_eq!(report["passed"], false);
    assert!(report["timings_ms"]["build"].is_u64() && report["timings_ms"]["check"].is_u64());

    let check = &report["checks"][1];
    assert_eq!(check["check"], "no_update_is_lost");
    assert_eq!(check["verdict"], "failed");
    assert_eq!(check["finding"]["defect"], "two-step-counter");
    let story = &check["finding"]["counterexample"];
    assert!(
        story["preemptions"]
            .as_u64()
            .is_some_and(|number| number <= 2),
        "{story}"
    );
    let places: Vec<&Value> = story["events"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|event| &event["place"])
        .filter(|place| place["whose"] == "learner")
        .collect();
    assert!(!places.is_empty(), "{story}");
    assert!(places.iter().all(|place| place["file"] == WRONG), "{story}");

    let broken = submission("does_not_compile.rs");
    let arguments = [
        "check",
        "shared-counter",
        "--format",
        "json",
        "--path",
        &broken,
    ];
    let report = workspace.kata(&arguments).with_status(1).json();
    assert_eq!(report["rejection"]["reason"], "does-not-compile");
    assert_eq!(report["checks"], Value::Array(vec![]));
}

#[test]
fn a_path_that_is_not_there() {
    let workspace = Workspace::new("no-path");
    let nowhere = ["check", "shared-counter", "--path", "nowhere.rs"];
    workspace
        .kata(&nowhere)
        .with_status(2)
        .complains("missing-path.txt");
    let no_crate = ["check", "shared-counter", "--path", "exercises"];
    workspace
        .kata(&no_crate)
        .with_status(2)
        .complains("no-crate.txt");
}

#[test]
fn all_failures_in_full_when_asked() {
    let workspace = Workspace::new("all");
    let path = submission("panics_in_a_static.rs");
    let short = workspace
        .kata(&["check", "shared-counter", "--path", &path])
        .with_status(1)
        .out;
    assert_eq!(short.matches("Why it matters").count(), 1, "{short}");
    assert!(short.contains("Also open ("), "{short}");
    let all = workspace
        .kata(&["check", "shared-counter", "--all", "--path", &path])
        .with_status(1);
    assert_eq!(all.out.matches("Why it matters").count(), 2, "{}", all.out);
}

/// Found, followed again, mended, followed once more.
#[test]
fn a_failing_interleaving_can_be_replayed() {
    let workspace = Workspace::new("replay");
    let report = "report.json";
    let check = |more: &[&str]| {
        let mut arguments = vec!["check", "shared-counter"];
        arguments.extend(more);
        workspace.kata(&arguments)
    };
    let found = check(&["--path", WRONG, "--format", "json"]).with_status(1);
    workspace.write(report, &found.out);
    let found = &found.json()["checks"][1];

    let again = check(&["--path", WRONG, "--format", "json", "--replay", report]);
    let replayed = again.with_status(1).json();
    let checks = replayed["checks"].as_array().expect("checks");
    let [check_again] = checks.as_slice() else {
        panic!("more than one check: {replayed:#}")
    };
    assert_eq!(check_again["finding"], found["finding"]);
    let pass = &check_again["search"]["passes"][0];
    assert_eq!(
        (&pass["executions"], &pass["method"]),
        (&1.into(), &"replay".into())
    );

    let mended = check(&["--path", RIGHT, "--replay", report]).with_status(0);
    assert!(
        mended.out.contains("does not fail any more"),
        "{}",
        mended.out
    );

    workspace.write("record.json", &found.to_string());
    check(&["--path", WRONG, "--replay", "record.json"]).with_status(1);

    let refused = |stage: &str, file: &str, because: &str| {
        let ended = workspace.kata(&["check", stage, "--replay", file]);
        let said = ended.with_status(2).err;
        assert!(said.contains(because), "{said}");
    };
    refused("two-counters", report, "is about shared-counter");
    refused("shared-counter", LEARNER, "neither a report nor the record");
    refused("shared-counter", "nowhere.json", "Cannot read nowhere.json");
}
