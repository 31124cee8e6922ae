//! The full screen, driven by keys on a real terminal.

use std::fs;

use rustix::process::{Pid, Signal, kill_process};

use crate::real::Timed;
use crate::terminal::Terminal;

const STAGE: &str = "exercises/naive-scheduler/src/lib.rs";

#[test]
fn a_session_on_the_full_screen_through_a_kill_to_its_report() {
    let workspace = Timed::new("screen");
    let start = ["interview", "scheduler"];
    let screen = |arguments: &[&str]| Terminal::start(&workspace.root, arguments, 24, 80, "true");
    fs::write(workspace.root.join(STAGE), "// What I had.").expect("the code");
    let mut first = screen(&start);
    first.wait_for(&["naive-scheduler (1 of", "asking and planning", " left"]);
    first.wait_for(&["naive-scheduler/src before is kept in"]);
    first.press("a");
    first.press("What if a task panics?\r");
    first.wait_for(&["A panic is caught.", "talk"]);
    let wrong = "solutions/naive-scheduler/specimens/reject/metadata_copied_into_queue.rs";
    fs::copy(workspace.root.join(wrong), workspace.root.join(STAGE)).expect("the code");
    first.wait_for(&["coding"]);
    first.press("c");
    first.wait_for(&["copy-not-reference"]);
    first.press("h");
    first.wait_for(&["Hint 1 of 3."]);

    let pid = Pid::from_raw(first.pid()).expect("a process");
    kill_process(pid, Signal::KILL).expect("to kill it");
    drop(first);

    let mut second = screen(&["interview", "--resume"]);
    second.wait_for(&["naive-scheduler (1 of", "coding"]);
    second.press("t");
    second.wait_for(&["What if a task panics?", "Hint 1 of 3."]);
    second.press("f");
    second.wait_for(&["Finish the session? y/n"]);
    second.press("y");
    for dimension in [
        "Problem decomposition",
        "Concurrency model",
        "Lock granularity",
    ] {
        second.wait_for(&[dimension]);
        second.press("2\r");
    }
    for _ in 3..10 {
        second.press("\r");
    }
    second.wait_for(&["The whole report", "report.html"]);
    assert!(second.ends_sane().success());
    let report = workspace.read(".kata/sessions/1-scheduler/report.md");
    assert!(
        report.contains("# Session 1-scheduler: not yet"),
        "{report}"
    );
    assert!(report.contains("| Concurrency model | 4 | 2 |"), "{report}");
}
