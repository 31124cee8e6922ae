//! Watching without a terminal: the same verdicts, as lines.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use verdict::render::Style;

use super::TICK;
use super::files::Files;
use crate::error::{Outcome, Result};
use crate::grading::{Request, grade, remember};
use crate::output::{print, tell};
use crate::progress::Progress;
use crate::report::Shown;
use crate::workspace::{Stage, Workspace};

/// Grades on every save, until a signal comes.
pub fn run(workspace: &Workspace, stage: &Stage, ended: &AtomicBool) -> Result<Outcome> {
    let style = Style::for_stdout();
    let mut files = Files::of(workspace, stage);
    while !ended.load(Ordering::Relaxed) {
        let request = Request::of_learner(workspace, stage, style.color);
        let report = grade(&request, &mut Progress::new(false))?;
        if let Some(problem) = remember(&request, &report) {
            tell(&format!("{problem}\n\n"));
        }
        let shown = Shown {
            style,
            all: false,
            timings: false,
            replayed: false,
            replay: None,
            again: "save it".to_owned(),
            onward: None,
        };
        print(&format!("{}\n", report.human(&shown)));
        while !ended.load(Ordering::Relaxed) && !files.were_saved() {
            thread::sleep(TICK);
        }
    }
    Ok(Outcome::Passed)
}
