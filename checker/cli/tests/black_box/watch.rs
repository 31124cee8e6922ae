//! The desk, driven by keys on a real terminal.

use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

use crate::support::{Workspace, kata_command, submission, target};
use crate::terminal::Terminal;

const LEARNER: &str = "exercises/shared-counter/src/lib.rs";
const RIGHT: &str = "solutions/shared-counter/specimens/accept/atomic.rs";

#[test]
fn from_a_broken_stage_to_the_next() {
    let workspace = Workspace::new("watch");
    let mut desk = Terminal::start(&workspace.root, &["watch"], 24, 80, "true");
    desk.shows(&["1 of 3 to go", "How it happens"], "watch-failed-80.txt");

    let wrong = workspace.read(LEARNER);
    workspace.write(LEARNER, &wrong.replace("before + amount", "before + wrong"));
    desk.wait_for(&["✗ does not build", "cannot find value `wrong`"]);
    workspace.write(LEARNER, &wrong.replace("fn get", "fn read"));
    desk.wait_for(&["The public API differs from the one in the brief"]);
    workspace.write(LEARNER, &workspace.read(RIGHT));
    desk.shows(&["✓ all passed"], "watch-passed-80.txt");

    desk.press("n");
    desk.wait_for(&["two-counters  Two counters", "! could not be graded"]);
    desk.press("n");
    desk.wait_for(&["There is no further stage"]);
    desk.press("p");
    desk.wait_for(&["shared-counter ✓  Shared counter", "✓ all passed"]);
    desk.press("q");
    assert!(desk.ends_sane().success());
    // Each grading that came to its end was noted.
    let journal = workspace.read(".kata/journal.jsonl");
    assert_eq!(
        journal.matches("\"event\":\"checked\"").count(),
        5,
        "{journal}"
    );
}

#[test]
fn what_was_not_seen_is_told_before_what_passed() {
    let workspace = Workspace::new("watch-blind");
    let right = workspace.read(RIGHT);
    assert!(right.contains("Ordering::SeqCst"), "{right}");
    workspace.write(
        LEARNER,
        &right.replace("Ordering::SeqCst", "Ordering::Relaxed"),
    );
    let mut desk = Terminal::start(&workspace.root, &["watch"], 24, 80, "true");
    desk.shows(&["~ all passed, with blind spots"], "watch-blind-80.txt");
    desk.press("j");
    desk.shows(&["It passed."], "watch-blind-check-80.txt");
    desk.press("q");
    assert!(desk.ends_sane().success());
}

#[test]
fn every_page_at_120_columns_and_back_at_80() {
    let workspace = Workspace::new("watch-pages");
    let mut desk = Terminal::start(&workspace.root, &["watch"], 40, 120, "true");
    desk.shows(&["1 of 3 to go", "Why it matters"], "watch-failed-120.txt");
    desk.press("k");
    desk.shows(&["It passed."], "watch-another-check-120.txt");
    desk.press("jb");
    desk.shows(&["add to at once"], "watch-brief-120.txt");
    desk.press("h");
    desk.wait_for(&["Count the critical sections."]);
    desk.press("e");
    desk.shows(&["What it looks like"], "watch-explain-120.txt");
    desk.press("?");
    desk.shows(&["this page"], "watch-help-120.txt");
    desk.press("c");
    desk.wait_for(&["y shows it"]);
    desk.press("x");
    desk.wait_for(&["no_update_is_lost   two-step-counter"]);
    desk.press("cy");
    desk.shows(&["Counter::add"], "watch-compare-120.txt");

    desk.press("l");
    desk.shows(&["two-counters"], "watch-list-120.txt");
    desk.press("ff");
    desk.wait_for(&["Stages: passed", "No stage is like that."]);
    desk.press("f/TWO");
    desk.shows(&["search: TWO"], "watch-search-120.txt");
    desk.press("\x1b");
    desk.wait_for(&["Enter takes a stage"]);
    desk.press("\x1b");
    desk.wait_for(&["Why it matters"]);

    desk.resize(24, 80);
    desk.shows(&["↓"], "watch-failed-80.txt");
    desk.press(" ");
    desk.wait_for(&["↑"]);
    desk.resize(6, 20);
    desk.wait_for(&["too small a"]);
    desk.press("\x03");
    assert!(desk.ends_sane().success());
    let journal = workspace.read(".kata/journal.jsonl");
    for event in ["hinted", "compared"] {
        assert_eq!(journal.matches(event).count(), 1, "{journal}");
    }
}

#[test]
fn a_save_calls_off_the_check_in_progress() {
    let workspace = Workspace::new("watch-again");
    let endless = fs::read_to_string(submission("loops.rs")).expect("a submission");
    workspace.write(LEARNER, &endless);
    let mut desk = Terminal::start(&workspace.root, &["watch"], 24, 80, "true");
    desk.wait_for(&["/3"]);
    workspace.write(LEARNER, &workspace.read(RIGHT));
    desk.wait_for(&["✓ all passed"]);
    desk.press("q");
    assert!(desk.ends_sane().success());
    let journal = workspace.read(".kata/journal.jsonl");
    assert_eq!(journal.lines().count(), 1, "{journal}");
}

#[test]
fn an_editor_has_the_terminal_while_it_runs() {
    let workspace = Workspace::new("watch-editor");
    let script = workspace.root.join("editor.sh");
    let right = workspace.root.join(RIGHT);
    let text = format!(
        "#!/bin/sh\necho the editor\nread line\ncp {} \"$2\"\n",
        right.display()
    );
    fs::write(&script, text).expect("an editor");
    let editor = format!("sh {} --wait", script.display());
    let mut desk = Terminal::start(&workspace.root, &["watch"], 24, 80, &editor);
    desk.wait_for(&["1 of 3 to go"]);
    desk.press("o");
    desk.wait_for(&["the editor"]);
    desk.press("done\r");
    desk.wait_for(&["✓ all passed"]);
    desk.press("q");
    assert!(desk.ends_sane().success());

    let mut desk = Terminal::start(
        &workspace.root,
        &["watch", "shared-counter"],
        24,
        80,
        "no-such-editor",
    );
    desk.wait_for(&["✓ all passed"]);
    desk.press("o");
    desk.wait_for(&["cannot start no-such-editor"]);
    desk.press("q");
    assert!(desk.ends_sane().success());
}

#[test]
fn signals_end_it_and_leave_the_terminal_as_it_was() {
    let workspace = Workspace::new("watch-signals");
    for signal in ["INT", "TERM", "HUP"] {
        let desk = Terminal::start(&workspace.root, &["watch"], 24, 80, "true");
        desk.wait_for(&["shared-counter"]);
        let pid = desk.pid().to_string();
        let killed = Command::new("kill").args(["-s", signal, &pid]).status();
        assert!(killed.expect("kill").success());
        assert!(desk.ends_sane().success(), "{signal}");
    }
}

/// As when the window of a terminal closes that the program is not the session of.
#[test]
fn a_terminal_that_goes_without_a_signal_ends_it() {
    let workspace = Workspace::new("watch-gone");
    let pty = native_pty_system().openpty(PtySize::default());
    let pty = pty.expect("a terminal");
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_checker"));
    command.arg("watch");
    command.cwd(&workspace.root);
    command.env("CARGO_TARGET_DIR", target());
    command.env("TERM", "xterm-256color");
    command.set_controlling_tty(false);
    let mut child = pty.slave.spawn_command(command).expect("the program");
    drop(pty.slave);
    let mut reader = pty.master.try_clone_reader().expect("a reader");
    let (mut drawn, mut bytes) = (Vec::new(), [0; 4096]);
    while !String::from_utf8_lossy(&drawn).contains("shared-counter") {
        let length = reader.read(&mut bytes).expect("a screen");
        drawn.extend_from_slice(&bytes[..length]);
    }
    drop((reader, pty.master));
    let ended = (0..600).find_map(|_| {
        thread::sleep(Duration::from_millis(100));
        child.try_wait().expect("a program")
    });
    if ended.is_none() {
        child.kill().expect("a program");
    }
    assert_eq!(ended.map(|status| status.exit_code()), Some(2));
}

#[test]
fn without_a_terminal_it_writes_lines() {
    let workspace = Workspace::new("watch-plain");
    let out = workspace.root.join("out.txt");
    let mut child = kata_command(&workspace.root, &["watch", "shared-counter"])
        .stdin(Stdio::null())
        .stdout(fs::File::create(&out).expect("a file"))
        .spawn()
        .expect("the program");
    let wait_for = |wanted: &str| {
        for _ in 0..30_000 {
            if fs::read_to_string(&out).is_ok_and(|text| text.contains(wanted)) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("{wanted} never came: {:?}", fs::read_to_string(&out));
    };
    wait_for("1 of 3 checks to go");
    workspace.write(LEARNER, &workspace.read(RIGHT));
    wait_for("all 3 checks passed");
    let killed = Command::new("kill").arg(child.id().to_string()).status();
    assert!(killed.expect("kill").success());
    assert!(child.wait().expect("an end").success());
}
