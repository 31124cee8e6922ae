//! Calling off a grading in progress.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, Signal, kill_process_group};

/// Ends the programs that a grading has started, with all that they started.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    called: bool,
    /// The process group of the program that runs now.
    group: Option<Pid>,
}

impl Stop {
    /// Calls it off.
    pub fn call(&self) {
        let mut state = self.state();
        state.called = true;
        if let Some(group) = state.group.take() {
            // It may have ended just now, which is as good.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }

    /// Whether it was called off.
    pub fn is_called(&self) -> bool {
        self.state().called
    }

    /// Starts a program, in a group of its own, unless it was called off.
    pub fn spawn(&self, command: &mut Command) -> io::Result<Child> {
        let mut state = self.state();
        if state.called {
            return Err(io::Error::new(io::ErrorKind::Interrupted, "called off"));
        }
        let child = command.process_group(0).spawn()?;
        state.group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        Ok(child)
    }

    /// The program has ended: its number may be given to another.
    pub fn forget(&self) {
        self.state().group = None;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
