//! The terminal, taken over and always given back: at the end, after a panic in
//! any thread, and while an editor has it.

pub mod ending;

use std::io::{IsTerminal, Stdout, Write, stdin, stdout};
use std::mem::ManuallyDrop;
use std::panic;
use std::path::Path;
use std::process::Command;
use std::sync::Once;

use ratatui::Frame;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};

use crate::error::{Context, Result};

/// The terminal while the program has it.
pub struct Terminal {
    /// Never dropped: where the terminal is gone it would complain to it, and panic.
    inner: ManuallyDrop<Screen>,
    _taken: Taken,
}

type Screen = ratatui::Terminal<CrosstermBackend<Stdout>>;

/// Gives the terminal back when dropped.
struct Taken;

impl Drop for Taken {
    fn drop(&mut self) {
        give_back();
    }
}

/// Whether there is one that a full screen can be drawn on.
pub fn is_there() -> bool {
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    stdin().is_terminal() && stdout().is_terminal() && !dumb
}

impl Terminal {
    /// Takes it over.
    pub fn open() -> Result<Self> {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let usual = panic::take_hook();
            // The message would be lost on a screen that is about to be left.
            panic::set_hook(Box::new(move |panic| {
                give_back();
                usual(panic);
            }));
        });
        take()?;
        Ok(Self {
            _taken: Taken,
            inner: ManuallyDrop::new(screen()?),
        })
    }

    /// Draws what has changed.
    pub fn draw(&mut self, show: impl FnOnce(&mut Frame<'_>)) -> std::io::Result<()> {
        self.inner.draw(show).map(drop)
    }

    /// Lets another program have it for a while.
    pub fn lend<T>(&mut self, other: impl FnOnce() -> T) -> Result<T> {
        give_back();
        let result = other();
        // A new one takes nothing for drawn already. To clear the old one would
        // ask the terminal where its cursor is, and not every terminal answers.
        take()?;
        self.inner = ManuallyDrop::new(screen()?);
        Ok(result)
    }
}

fn screen() -> Result<Screen> {
    Screen::new(CrosstermBackend::new(stdout())).context(|| "Cannot use the terminal".into())
}

fn take() -> Result<()> {
    enable_raw_mode()
        .and_then(|()| execute!(stdout(), EnterAlternateScreen, Clear(ClearType::All), Hide))
        .context(|| "Cannot take over the terminal".into())
}

/// As it was. Where that fails there is no terminal any more.
pub fn give_back() {
    let _ = disable_raw_mode();
    let _ = execute!(stdout(), LeaveAlternateScreen, Show);
    let _ = stdout().flush();
}

/// Opens a file in the learner's editor; what went wrong, if anything did.
pub fn edit(file: &Path) -> Option<String> {
    let wanted = ["VISUAL", "EDITOR"].map(|name| std::env::var(name).ok());
    let wanted = wanted
        .into_iter()
        .flatten()
        .find(|name| !name.trim().is_empty());
    let editor = wanted.unwrap_or_else(|| "vi".to_owned());
    let mut words = editor.split_whitespace();
    let program = words.next()?;
    match Command::new(program).args(words).arg(file).status() {
        Ok(status) if status.success() => None,
        Ok(status) => Some(format!("{program} ended with {status}")),
        Err(error) => Some(format!("cannot start {program}: {error}; set $EDITOR")),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use portable_pty::{CommandBuilder, PtySize, native_pty_system};

    use super::*;

    const CHILD: &str = "INTERLEAVE_TEST_PANIC_ON_A_TERMINAL";

    /// Runs itself on a terminal of its own, and panics there.
    #[test]
    fn a_panic_gives_the_terminal_back_and_is_told_there() {
        if std::env::var_os(CHILD).is_some() {
            let _terminal = Terminal::open().expect("a terminal");
            panic!("the desk collapsed");
        }
        let pty = native_pty_system()
            .openpty(PtySize::default())
            .expect("a terminal");
        let before = format!("{:?}", pty.master.get_termios());
        let mut command = CommandBuilder::new(std::env::current_exe().expect("this test"));
        let name = "terminal::tests::a_panic_gives_the_terminal_back_and_is_told_there";
        command.args(["--exact", name, "--nocapture"]);
        command.env(CHILD, "1");
        let mut child = pty.slave.spawn_command(command).expect("a child");
        drop(pty.slave);
        let mut reader = pty.master.try_clone_reader().expect("a reader");
        let mut said = Vec::new();
        // The end of a terminal is an error on some systems.
        let _ = reader.read_to_end(&mut said);
        let status = child.wait().expect("an end");
        let said = String::from_utf8_lossy(&said);
        let left = said.find("\x1b[?1049l").expect("the screen is left");
        let told = said.find("the desk collapsed").expect("a message");
        assert!(!status.success() && left < told, "{said}");
        assert!(said.contains("\x1b[?25h"), "the cursor is shown: {said}");
        assert_eq!(before, format!("{:?}", pty.master.get_termios()));
    }
}
