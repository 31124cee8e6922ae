//! Whatever goes wrong has a clear answer, and nothing that was recorded is lost.

use std::fs;

use crate::real::Timed;

const STAGE: &str = "exercises/naive-scheduler/src/lib.rs";
const JOURNAL: &str = ".kata/sessions/1-scheduler.jsonl";

fn begun(name: &str) -> Timed {
    let workspace = Timed::new(name);
    workspace.expect(0, 0, &["interview", "scheduler"]);
    workspace.expect(0, 1_000, &["interview", "ask", "What if a task panics?"]);
    workspace
}

#[track_caller]
fn says(said: &str, part: &str) {
    assert!(said.contains(part), "{part} is not in:\n{said}");
}

#[test]
fn what_is_typed_wrong() {
    let workspace = Timed::new("typed");
    let kata = |arguments: &[&str]| workspace.expect(2, 0, arguments);
    says(
        &kata(&["interview", "schedular"]),
        "Did you mean `scheduler`?",
    );
    says(&kata(&["interview", "raft"]), "The loops are scheduler");
    for minutes in ["0", "-5", "481", "99999999999", "ten"] {
        kata(&["interview", "scheduler", &format!("--minutes={minutes}")]);
    }
    for stage in ["hash-ring", "virtual-nodes", "bounded-loads"] {
        let starter = workspace.root.join(format!("solutions/{stage}/starter"));
        fs::remove_dir_all(starter).expect("a starter");
    }
    says(
        &kata(&["interview", "hash-ring"]),
        "none of the stages of `hash-ring`",
    );
    says(&kata(&["interview", "status"]), "no session is open");
    says(&kata(&["report"]), "there is no session yet");
    assert!(
        !workspace
            .root
            .join(".kata/sessions/1-scheduler.jsonl")
            .exists()
    );

    workspace.expect(0, 0, &["interview", "scheduler"]);
    says(
        &kata(&["report"]),
        "is not finished, and its report is sealed",
    );
    says(
        &kata(&["interview", "score", "communication=3"]),
        "has no interviewer",
    );
    says(&kata(&["interview", "sheet"]), "has no interviewer");
    says(&kata(&["interview", "rate", "--skip"]), "is not finished");
    says(
        &kata(&["interview", "answer", "naive-scheduler", "1", "x"]),
        "was asked",
    );
    workspace.expect(0, 0, &["interview", "finish"]);
    says(&kata(&["report"]), "sealed until you rate yourself");
    says(
        &kata(&["interview", "rate", "testing=5"]),
        "not a number from 1 to 4",
    );
    says(
        &kata(&["interview", "rate", "luck=3"]),
        "`luck` is no dimension",
    );
    says(
        &kata(&["interview", "rate", "testing=3"]),
        "no rating for problem-decomposition",
    );
    workspace.expect(0, 0, &["interview", "rate", "--skip"]);
    says(&kata(&["interview", "rate", "--skip"]), "was rated already");
    says(
        &kata(&["report", "7-scheduler"]),
        "no session is called `7-scheduler`",
    );
}

#[test]
fn two_sessions_at_once() {
    let workspace = begun("two");
    let said = workspace.expect(2, 2_000, &["interview", "bug-bash"]);
    says(&said, "1-scheduler is still open");
    workspace.expect(0, 3_000, &["interview", "finish"]);
    workspace.expect(0, 4_000, &["interview", "bug-bash"]);
}

#[test]
fn a_torn_line_is_dropped_and_the_rest_goes_on() {
    let workspace = begun("torn");
    let whole = workspace.read(JOURNAL);
    workspace.write(JOURNAL, &(whole.clone() + "{\"seal\":\"00"));
    workspace.expect(0, 5_000, &["interview", "ask", "Is 255 the most urgent?"]);
    let after = workspace.read(JOURNAL);
    assert!(after.starts_with(&whole) && after.lines().count() == whole.lines().count() + 1);
}

#[test]
fn an_edited_journal_is_shown_and_not_scored() {
    let workspace = begun("edited");
    let journal = workspace
        .read(JOURNAL)
        .replace("What if a task panics?", "What if a task fails?");
    workspace.write(JOURNAL, &journal);
    workspace.expect(0, 2_000, &["interview", "finish"]);
    let said = workspace.expect(0, 3_000, &["interview", "rate", "--skip"]);
    says(
        &said,
        "Not scored. The journal was edited after it was written",
    );
}

#[test]
fn a_journal_that_is_damaged_or_newer_is_left_alone() {
    let workspace = begun("damaged");
    let whole = workspace.read(JOURNAL);
    workspace.write(JOURNAL, &whole.replace("\"schema\":1,", "\"schema\":2,"));
    says(
        &workspace.expect(2, 2_000, &["interview", "status"]),
        "written by a newer version",
    );
    let damaged = whole.replacen("\"event\":\"asked\"", "\"event\":", 1);
    workspace.write(JOURNAL, &damaged);
    says(
        &workspace.expect(2, 2_000, &["interview", "begin"]),
        "line 3 is damaged",
    );
    assert_eq!(workspace.read(JOURNAL), damaged);
    says(
        &workspace.expect(0, 2_000, &["interview", "list"]),
        "line 3 is damaged",
    );

    let unknown = whole.replacen("\"event\":\"asked\"", "\"event\":\"sung\"", 1);
    workspace.write(JOURNAL, &unknown);
    workspace.expect(0, 2_000, &["interview", "status"]);
    assert!(workspace.read(JOURNAL).contains("\"event\":\"sung\""));
}

#[test]
fn code_that_never_compiles() {
    let workspace = begun("never");
    for (at, code) in [
        (10, "fn"),
        (20, "pub struct Scheduler"),
        (30, "use nowhere;"),
    ] {
        workspace.write(STAGE, code);
        workspace.expect(1, at * 60_000, &["interview", "check"]);
    }
    workspace.expect(0, 31 * 60_000, &["interview", "finish"]);
    workspace.expect(0, 31 * 60_000, &["interview", "rate", "--skip"]);
    let report = workspace.expect(0, 31 * 60_000, &["report"]);
    says(
        &report,
        "3 of 3 checks could not be graded: the code did not compile.",
    );
    says(&report, "# Session 1-scheduler: not yet");
}

#[test]
fn files_that_are_deleted_in_the_middle() {
    let workspace = begun("deleted");
    let code = workspace.read(STAGE) + "\n// begun\n";
    workspace.write(STAGE, &code);
    workspace.expect(0, 5_000, &["interview", "plan", "A heap."]);
    let notes = ".kata/sessions/1-scheduler/notes.md";
    fs::remove_dir_all(workspace.root.join("exercises/naive-scheduler/src")).expect("src");
    fs::remove_file(workspace.root.join(notes)).expect("the notes");

    says(
        &workspace.expect(0, 6_000, &["interview", "status"]),
        "lib.rs is gone",
    );
    says(
        &workspace.expect(2, 6_000, &["interview", "check"]),
        "`cargo kata interview restore`",
    );
    let said = workspace.expect(0, 7_000, &["interview", "restore"]);
    says(&said, "Brought back: exercises/naive-scheduler/src/lib.rs");
    assert_eq!(workspace.read(STAGE), code);
    assert!(workspace.read(notes).contains("A heap."));
    says(
        &workspace.expect(0, 8_000, &["interview", "restore"]),
        "Nothing is missing.",
    );
}

/// What the learner had practised before is kept, and named.
#[test]
fn files_from_before_the_session_are_kept() {
    let workspace = Timed::new("kept");
    workspace.write(STAGE, "// weeks of work\n");
    workspace.expect(0, 0, &["interview", "scheduler"]);
    let starter = workspace.read("solutions/naive-scheduler/starter/lib.rs");
    assert_eq!(workspace.read(STAGE), starter);
    let kept = ".kata/sessions/1-scheduler/before/1-naive-scheduler/lib.rs";
    assert_eq!(workspace.read(kept), "// weeks of work\n");
}
