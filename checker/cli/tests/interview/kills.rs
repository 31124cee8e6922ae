//! Five hundred kills at random moments. A command that answered before it was
//! killed has left its event on the disk; whatever was killed, the session goes on,
//! and its clock with it.

use std::io::Read;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::real::Timed;

const KILLS: u64 = 500;
const JOURNAL: &str = ".kata/sessions/1-scheduler.jsonl";

#[test]
fn no_kill_loses_an_event_that_was_acknowledged() {
    let workspace = Timed::new("kills");
    workspace.expect(0, 0, &["interview", "scheduler", "--minutes", "480"]);
    let began = Instant::now();
    workspace.expect(0, 500, &["interview", "ask", "how long does one take?"]);
    let whole = u64::try_from(began.elapsed().as_micros()).expect("a moment");
    let mut acknowledged = Vec::new();
    let mut cut_short = 0;
    let mut random = 88_172_645_463_325_252_u64;
    let mut ms = 0;
    for number in 0..KILLS {
        // Xorshift: how long the command may live, in microseconds: up to twice what one takes.
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        ms += 1_000;
        let question = format!("question number {number}?");
        let resumes = number % 10 == 9;
        let typed: &[&str] = if resumes {
            &["interview", "--resume"]
        } else {
            &["interview", "ask", &question]
        };
        let mut child = workspace
            .command(ms, typed)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program");
        thread::sleep(Duration::from_micros(random % (2 * whole)));
        child.kill().expect("to kill it");
        child.wait().expect("its end");
        let mut said = String::new();
        child
            .stdout
            .take()
            .expect("its output")
            .read_to_string(&mut said)
            .expect("UTF-8");
        if said.is_empty() {
            cut_short += 1;
        } else if !resumes {
            acknowledged.push((question, ms));
        }
    }
    let journal = workspace.read(JOURNAL);
    let lines: Vec<Value> = journal
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let mut clock = 0;
    for line in &lines {
        let at = line["at_ms"].as_u64().expect("a time");
        assert!(at >= clock, "the clock went back to {at} from {clock}");
        clock = at;
    }
    for (question, ms) in &acknowledged {
        let found = lines.iter().find(|line| line["question"] == **question);
        let line = found.unwrap_or_else(|| panic!("{question} was answered and is not recorded"));
        assert_eq!(line["mono_ms"], *ms);
    }
    // Both kinds of moments were met, or the test shows nothing.
    assert!(
        acknowledged.len() > 20,
        "only {} were acknowledged",
        acknowledged.len()
    );
    assert!(cut_short > 20, "only {cut_short} were cut short");

    workspace.expect(0, ms + 3_600_000, &["interview", "--resume"]);
    let status = workspace.expect(
        0,
        ms + 3_610_000,
        &["interview", "status", "--format", "json"],
    );
    let status: Value = serde_json::from_str(&status).expect("JSON");
    assert_eq!(
        status["clock_ms"],
        clock + 10_000,
        "the hour away is off the clock"
    );
}
