//! Killed at any moment, a command loses nothing that it has noted and leaves the
//! learner's files whole.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{Workspace, kata_command};

const LEARNER: &str = "exercises/shared-counter/src/lib.rs";
const JOURNAL: &str = ".kata/journal.jsonl";
const SIGKILL: i32 = 9;

/// Numbers that are spread like random ones, the same in each run.
struct Dice(u64);

impl Dice {
    /// From 0 up to 1.
    fn roll(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Runs a command and kills it after some time; whether it was still running.
fn killed(workspace: &Workspace, arguments: &[&str], after: Duration) -> bool {
    let mut child = kata_command(&workspace.root, arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program");
    thread::sleep(after);
    // It may have ended just now.
    let _ = child.kill();
    let status = child.wait().expect("an end");
    assert!(status.signal() == Some(SIGKILL) || status.code().is_some_and(|code| code < 2));
    status.signal() == Some(SIGKILL)
}

/// The whole lines that can be read, and how many events they have.
fn events(workspace: &Workspace) -> Vec<String> {
    let text = fs::read_to_string(workspace.root.join(JOURNAL)).unwrap_or_default();
    let whole = |line: &&str| serde_json::from_str::<serde_json::Value>(line).is_ok();
    text.lines().filter(whole).map(str::to_owned).collect()
}

/// Kills each of these commands in turn until there were this many kills.
fn kill(workspace: &Workspace, commands: &[&[&str]], kills: usize) {
    let starter = workspace.read("solutions/shared-counter/starter/lib.rs");
    let mut dice = Dice(0x5EED);
    let mut noted = events(workspace);
    let mut done = 0;
    for (round, command) in (0..).zip(commands.iter().cycle()) {
        if done == kills {
            return;
        }
        let mine = format!("// round {round}\n{starter}");
        workspace.write(LEARNER, &mine);
        // What it takes when nobody kills it, so that no moment is spared.
        let started = Instant::now();
        let ended = workspace.kata(command);
        assert!(ended.status.is_some_and(|code| code < 2), "{}", ended.err);
        let takes = started.elapsed();
        let after = events(workspace);
        assert!(after.starts_with(&noted), "{noted:#?}\n{after:#?}");
        noted = after;

        workspace.write(LEARNER, &mine);
        done += usize::from(killed(workspace, command, takes.mul_f64(dice.roll())));
        let after = events(workspace);
        assert!(after.starts_with(&noted), "{noted:#?}\n{after:#?}");
        noted = after;
        let file = workspace.read(LEARNER);
        assert!(file == mine || file == starter, "round {round}:\n{file}");
        if file == starter {
            let shelf = workspace.root.join(".kata/kept/shared-counter");
            let kept = shelf.read_dir().expect("the shelf").flatten();
            let mut copies =
                kept.filter_map(|copy| fs::read_to_string(copy.path().join("lib.rs")).ok());
            assert!(
                copies.any(|copy| copy == mine),
                "round {round} is kept nowhere"
            );
        }
        // Whatever was left behind, the next command goes on from there.
        let home = workspace.kata(&["--format", "json"]);
        assert_eq!(home.status, Some(0), "{}", home.err);
    }
}

#[test]
fn commands_that_note_or_replace_something() {
    let workspace = Workspace::new("kills");
    kill(
        &workspace,
        &[
            &["reset", "shared-counter"],
            &["hint", "shared-counter"],
            &["reset", "shared-counter", "--format", "json"],
            &["compare", "shared-counter", "--spoil"],
            &["sessions"],
        ],
        200,
    );
}

#[test]
fn checks_on_the_learners_files() {
    let workspace = Workspace::new("kills-check");
    kill(&workspace, &[&["check", "shared-counter"]], 12);
}
