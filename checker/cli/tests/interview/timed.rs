//! The clock, and what it ends.

use serde_json::Value;

use crate::real::Timed;

const STAGE: &str = "exercises/naive-scheduler/src/lib.rs";
const MINUTE: u64 = 60_000;

fn status(workspace: &Timed, ms: u64) -> Value {
    let text = workspace.expect(0, ms, &["interview", "status", "--format", "json"]);
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn the_clock_goes_on_between_commands_and_stands_still_over_an_interruption() {
    let workspace = Timed::new("timed");
    workspace.expect(0, 1_000, &["interview", "scheduler"]);
    assert_eq!(status(&workspace, 31_000)["clock_ms"], 30_000);
    workspace.expect(0, 61_000, &["interview", "ask", "What if a task panics?"]);
    assert_eq!(status(&workspace, 91_000)["left_ms"], 60 * MINUTE - 90_000);

    // Away for an hour: the clock is where it was at the last event.
    workspace.expect(0, 61 * MINUTE, &["interview", "--resume"]);
    assert_eq!(status(&workspace, 61 * MINUTE + 5_000)["clock_ms"], 65_000);

    // After a reboot the monotonic clock begins anew.
    let ended = workspace
        .command_since("another-boot", 2_000, &["interview", "begin"])
        .output()
        .expect("the program");
    assert!(ended.status.success());
    let after = workspace
        .command_since(
            "another-boot",
            12_000,
            &["interview", "status", "--format", "json"],
        )
        .output()
        .expect("the program");
    let after: Value = serde_json::from_slice(&after.stdout).expect("JSON");
    assert_eq!(
        after["clock_ms"], 70_000,
        "from the last event before the reboot"
    );
}

#[test]
fn the_clock_ends_a_session_with_a_grace_of_one_check() {
    let workspace = Timed::new("grace");
    workspace.expect(0, 0, &["interview", "scheduler", "--minutes", "5"]);
    let refused = workspace.expect(2, 5 * MINUTE, &["interview", "hint"]);
    assert!(
        refused.contains("One last `cargo kata interview check` counts"),
        "{refused}"
    );
    workspace.write(STAGE, "fn");
    let last = workspace.expect(0, 5 * MINUTE + 30_000, &["interview", "check"]);
    assert!(last.contains("rate yourself"), "{last}");
    let over = workspace.expect(2, 5 * MINUTE + 40_000, &["interview", "check"]);
    assert!(over.contains("no session is open"), "{over}");
    workspace.expect(0, 5 * MINUTE + 50_000, &["interview", "rate", "--skip"]);
    let report = workspace.expect(0, 6 * MINUTE, &["report"]);
    assert!(
        report.contains("none green when the clock ended"),
        "{report}"
    );
    assert!(report.contains("the code did not compile"), "{report}");
}

#[test]
fn after_the_grace_any_command_ends_it() {
    let workspace = Timed::new("over");
    workspace.expect(0, 0, &["interview", "scheduler", "--minutes", "5"]);
    let over = workspace.expect(2, 9 * MINUTE, &["interview", "ask", "What about panics?"]);
    assert!(
        over.contains("time is up, and the session is finished"),
        "{over}"
    );
    workspace.expect(0, 9 * MINUTE, &["interview", "rate", "--skip"]);
}

#[test]
fn practice_has_no_clock_and_no_level() {
    let workspace = Timed::new("practice");
    workspace.expect(0, 0, &["interview", "scheduler", "--mode", "practice"]);
    let ended = workspace.expect(0, 500 * MINUTE, &["interview", "finish"]);
    assert!(ended.contains("Not scored. This was practice"), "{ended}");
}

/// The same seed draws the same bugs, and what is put down says nothing about them.
#[test]
fn a_bug_bash_is_drawn_by_its_seed() {
    let workspace = Timed::new("bugs");
    let bash = |seed: &str| {
        workspace.expect(0, 0, &["interview", "bug-bash", "--seed", seed]);
        let stage = status(&workspace, 0)["stage"]
            .as_str()
            .expect("a stage")
            .to_owned();
        let code = workspace.read(&format!("exercises/{stage}/src/lib.rs"));
        workspace.expect(0, 0, &["interview", "finish"]);
        workspace.expect(0, 0, &["interview", "rate", "--skip"]);
        code
    };
    let code = bash("3");
    assert_eq!(bash("3"), code);
    assert!(
        !code.contains("//! reject") && !code.contains("//! by"),
        "{code}"
    );
    let others: Vec<String> = ["4", "5", "6"].map(bash).into();
    assert!(others.iter().any(|other| *other != code));
}

#[test]
fn what_two_questions_find_out_is_one_requirement() {
    let workspace = Timed::new("asked");
    workspace.expect(0, 0, &["interview", "scheduler"]);
    for question in ["What if a task panics?", "What happens when a task panics?"] {
        let said = workspace.expect(0, 1_000, &["interview", "ask", question]);
        assert!(said.contains("A panic is caught."), "{said}");
    }
    let dashboard = "Is there a dashboard that shows the queue?";
    let said = workspace.expect(0, 1_000, &["interview", "ask", dashboard]);
    assert!(said.contains("Ask it in other words"), "{said}");
    let said = workspace.expect(0, 2_000, &["interview", "status"]);
    assert!(said.contains("; 1 of "), "{said}");
    assert!(said.contains(" requirements found out\n"), "{said}");
    assert_eq!(status(&workspace, 3_000)["stages"][0]["uncovered"], 1);
}

#[test]
fn the_first_page_says_where_the_code_that_was_there_is_kept() {
    let workspace = Timed::new("kept");
    let kept = ".kata/sessions/1-scheduler/before/1-naive-scheduler";
    workspace.write(STAGE, "// What I had.");
    let said = workspace.expect(0, 0, &["interview", "scheduler"]);
    let sentence = format!("exercises/naive-scheduler/src before is kept in {kept}.");
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words(&said).contains(&sentence), "{said}");
    assert_eq!(workspace.read(&format!("{kept}/lib.rs")), "// What I had.");

    // The code of a stage that nobody touched is the starter's: nothing to keep.
    workspace.expect(0, 0, &["interview", "finish"]);
    workspace.expect(0, 0, &["interview", "rate", "--skip"]);
    let said = workspace.expect(0, 0, &["interview", "scheduler"]);
    assert!(!said.contains("is kept in"), "{said}");
}
