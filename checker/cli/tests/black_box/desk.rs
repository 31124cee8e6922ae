//! What a learner does besides being graded: hints, a fresh start, practice.

use std::fs;

use crate::support::Workspace;

const LEARNER: &str = "exercises/shared-counter/src/lib.rs";

/// A line of the journal, some days ago.
fn checked(days_ago: u64, passed: bool, defect: &str) -> String {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("after 1970");
    let at = now.as_secs() - days_ago * 24 * 60 * 60;
    let verdict = if passed { "passed" } else { "failed" };
    let defects = if defect.is_empty() {
        "{}".to_owned()
    } else {
        format!("{{\"no_update_is_lost\":\"{defect}\"}}")
    };
    format!(
        "{{\"event\":\"checked\",\"schema\":1,\"at\":{at},\"stage\":\"shared-counter\",\
         \"passed\":{passed},\"checks\":{{\"no_update_is_lost\":\"{verdict}\"}},\
         \"defects\":{defects}}}\n"
    )
}

fn journal(workspace: &Workspace, text: &str) {
    fs::create_dir_all(workspace.root.join(".kata")).expect("a folder");
    workspace.write(".kata/journal.jsonl", text);
}

#[test]
fn hints_come_one_at_a_time_and_are_remembered() {
    let workspace = Workspace::new("hints");
    let hint = ["hint", "shared-counter"];
    let again = ["hint", "shared-counter", "--again"];
    workspace.kata(&again).with_status(0).shows("hint-none.txt");
    workspace.kata(&hint).with_status(0).shows("hint-first.txt");
    workspace
        .kata(&again)
        .with_status(0)
        .shows("hint-first.txt");
    workspace.kata(&hint).with_status(0);
    workspace.kata(&hint).with_status(0).shows("hint-last.txt");
    workspace.kata(&hint).with_status(0).shows("hint-last.txt");
    assert_eq!(workspace.read(".kata/journal.jsonl").lines().count(), 3);
    let json = workspace.kata(&["hint", "shared-counter", "--format", "json"]);
    let json = json.with_status(0).json();
    assert_eq!(
        (&json["left"], &json["hints"][2]),
        (&0.into(), &"Make it one.".into())
    );
}

#[test]
fn a_reset_keeps_what_the_learner_wrote() {
    let workspace = Workspace::new("reset");
    let starter = workspace.read(LEARNER);
    let reset = ["reset", "shared-counter"];
    let nothing = workspace.kata(&reset).with_status(0).out;
    assert!(nothing.contains("is the starter already"), "{nothing}");

    workspace.write(LEARNER, "// mine\nmod more;\n");
    fs::create_dir(workspace.root.join("exercises/shared-counter/src/more")).expect("a folder");
    workspace.write("exercises/shared-counter/src/more/mod.rs", "// more\n");
    let json = workspace.kata(&["reset", "shared-counter", "--format", "json"]);
    let json = json.with_status(0).json();
    let kept = json["kept"].as_str().expect("a folder");
    assert_eq!(
        workspace.read(&format!("{kept}/lib.rs")),
        "// mine\nmod more;\n"
    );
    assert_eq!(workspace.read(&format!("{kept}/more/mod.rs")), "// more\n");
    assert_eq!(workspace.read(LEARNER), starter);
    assert!(
        !workspace
            .root
            .join("exercises/shared-counter/src/more")
            .exists()
    );

    // A second one in the same second has a place of its own.
    workspace.write(LEARNER, "// mine again\n");
    workspace.kata(&reset).with_status(0);
    let shelf = workspace.root.join(".kata/kept/shared-counter");
    assert_eq!(shelf.read_dir().expect("the shelf").count(), 2);

    fs::remove_dir_all(workspace.root.join("solutions/shared-counter/starter")).expect("starter");
    workspace.write(LEARNER, "// mine");
    workspace
        .kata(&reset)
        .with_status(2)
        .complains("reset-no-starter.txt");
    assert_eq!(workspace.read(LEARNER), "// mine");
}

#[test]
fn a_defect_that_came_back_is_due() {
    let workspace = Workspace::new("due");
    let came_back = [
        checked(9, false, "two-step-counter"),
        checked(8, true, ""),
        checked(3, false, "two-step-counter"),
        checked(3, true, ""),
    ];
    journal(&workspace, &came_back.concat());
    workspace.kata(&[]).with_status(0).shows("home-due.txt");
    let home = workspace.kata(&["--format", "json"]).with_status(0).json();
    assert_eq!(home["due"][0]["defect"], "two-step-counter");
    assert_eq!(home["due"][0]["appeared"], 2);
    assert_eq!(home["next"], "two-counters");

    journal(&workspace, &came_back[..2].concat());
    let home = workspace.kata(&["--format", "json"]).with_status(0).json();
    assert_eq!(home["due"].as_array().map(Vec::len), Some(0));
}

#[test]
fn damage_to_the_journal_is_told_once() {
    let workspace = Workspace::new("damage");
    // Once it has downloaded what it needs, it says no more about that.
    workspace.kata(&[]).with_status(0);
    journal(&workspace, &(checked(1, true, "") + "{\"event\":\"che"));
    let home = workspace.kata(&[]).with_status(0);
    assert!(home.err.starts_with("note: line 2 of "), "{}", home.err);
    assert!(home.out.contains("passed"), "{}", home.out);
    assert_eq!(workspace.kata(&[]).with_status(0).err, "");

    journal(
        &workspace,
        &checked(1, true, "").replace("\"schema\":1", "\"schema\":2"),
    );
    for command in [
        &[][..],
        &["list"],
        &["sessions"],
        &["hint", "shared-counter"],
    ] {
        let ended = workspace.kata(command).with_status(2);
        assert!(
            ended.err.contains("was written by a newer Interleave"),
            "{}",
            ended.err
        );
    }
}

#[test]
fn sessions_tell_how_it_went() {
    let workspace = Workspace::new("sessions");
    workspace
        .kata(&["sessions"])
        .with_status(0)
        .shows("sessions-none.txt");
    let line = |at: u64, event: &str| {
        format!("{{\"schema\":1,\"at\":{at},\"stage\":\"shared-counter\",{event}}}\n")
    };
    let failed =
        "\"event\":\"checked\",\"passed\":false,\"checks\":{\"a\":\"failed\",\"b\":\"passed\"}";
    let passed =
        "\"event\":\"checked\",\"passed\":true,\"checks\":{\"a\":\"passed\",\"b\":\"passed\"}";
    let text = [
        line(1_700_000_000, failed),
        line(1_700_000_060, "\"event\":\"hinted\",\"tier\":1"),
        line(1_700_000_600, passed),
        line(1_700_010_000, "\"event\":\"reset\",\"kept\":\"there\""),
        line(1_700_010_000, "\"event\":\"compared\",\"solved\":true"),
    ];
    journal(&workspace, &text.concat());
    workspace
        .kata(&["sessions"])
        .with_status(0)
        .shows("sessions.txt");
    let json = workspace.kata(&["sessions", "shared-counter", "--format", "json"]);
    let json = json.with_status(0).json();
    assert_eq!(json[0]["stages"][0]["hints"], 1);
    assert_eq!(json[1]["began"], 1_700_010_000_u64);
    workspace.kata(&["sessions", "raft"]).with_status(2);
}

#[test]
fn the_reference_is_shown_only_to_those_who_ask_for_it() {
    let workspace = Workspace::new("compare");
    let compare = ["compare", "shared-counter"];
    workspace
        .kata(&compare)
        .with_status(2)
        .complains("compare-spoiler.txt");
    let spoil = ["compare", "shared-counter", "--spoil"];
    workspace
        .kata(&spoil)
        .with_status(0)
        .shows("compare-unified.txt");
    let side = [&spoil[..], &["--layout", "side"]].concat();
    workspace
        .kata(&side)
        .with_status(0)
        .shows("compare-side.txt");

    journal(&workspace, &checked(1, true, ""));
    let json = workspace.kata(&[&compare[..], &["--format", "json"]].concat());
    let json = json.with_status(0).json();
    assert_eq!(json["pairs"][2]["reference"]["name"], "Counter::add");
    assert_eq!(json["pairs"][2]["points"][0]["heading"], "One step");
    let journal = workspace.read(".kata/journal.jsonl");
    assert!(journal.contains("\"solved\":true"), "{journal}");
}

#[test]
fn a_stage_without_a_bench_says_so() {
    let workspace = Workspace::new("bench");
    let ended = workspace.kata(&["bench", "shared-counter"]).with_status(2);
    assert!(
        ended.err.contains("shared-counter has no bench"),
        "{}",
        ended.err
    );
}
