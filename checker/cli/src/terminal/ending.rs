//! How a full screen ends from outside: by a signal, or with its terminal.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use ratatui::crossterm::terminal::window_size;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::error::{Context, Result};

/// How long an orderly end may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often to see whether the terminal is still there.
const LOOK: Duration = Duration::from_secs(1);

/// Becomes true when the program is asked to end.
pub fn on_signals() -> Result<Arc<AtomicBool>> {
    let mut signals =
        Signals::new([SIGINT, SIGTERM, SIGHUP]).context(|| "Cannot wait for signals".into())?;
    let ended = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&ended);
    thread::spawn(move || {
        if signals.forever().next().is_some() {
            end(&flag);
        }
    });
    Ok(ended)
}

/// The same when the terminal goes without a signal, as one does that this program is
/// not the session of. To wait for its keys then never waits and never returns.
pub fn with_terminal(ended: &Arc<AtomicBool>) {
    let flag = Arc::clone(ended);
    thread::spawn(move || {
        while window_size().is_ok() {
            thread::sleep(LOOK);
        }
        end(&flag);
    });
}

fn end(flag: &AtomicBool) -> ! {
    flag.store(true, Ordering::Relaxed);
    // The loop ends at its next turn. It has none if it waits for keys of a terminal
    // that is gone, or if a program that it lent it to goes on.
    thread::sleep(PATIENCE);
    super::give_back();
    std::process::exit(2);
}
