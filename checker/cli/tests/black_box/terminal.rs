//! A program on a real terminal, and what can be seen there.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use snapbox::{Data, assert_data_eq};

/// Something that has not come by then does not come.
const PATIENCE: Duration = Duration::from_secs(300);

/// A screen that has not changed for so long is done.
const QUIET: Duration = Duration::from_millis(300);

/// `cargo kata watch` on a terminal.
pub struct Terminal {
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    screen: Arc<Mutex<vt100::Parser>>,
    /// How the terminal was set before.
    before: String,
}

impl Terminal {
    /// Starts the program there.
    pub fn start(folder: &Path, arguments: &[&str], rows: u16, cols: u16, editor: &str) -> Self {
        let size = PtySize {
            rows,
            cols,
            ..PtySize::default()
        };
        let pty = native_pty_system().openpty(size).expect("a terminal");
        let before = format!("{:?}", pty.master.get_termios());
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_checker"));
        command.args(arguments);
        command.cwd(folder);
        command.env("CARGO_TARGET_DIR", crate::support::target());
        command.env("TERM", "xterm-256color");
        command.env("EDITOR", editor);
        for variable in ["NO_COLOR", "COLUMNS", "CARGO_MANIFEST_DIR", "VISUAL"] {
            command.env_remove(variable);
        }
        let child = pty.slave.spawn_command(command).expect("the program");
        drop(pty.slave);
        let screen = Arc::new(Mutex::new(vt100::Parser::new(rows, cols, 0)));
        let mut reader = pty.master.try_clone_reader().expect("a reader");
        let shown = Arc::clone(&screen);
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(length @ 1..) = reader.read(&mut bytes) {
                shown.lock().expect("the screen").process(&bytes[..length]);
            }
        });
        Self {
            writer: pty.master.take_writer().expect("a writer"),
            master: pty.master,
            child,
            screen,
            before,
        }
    }

    pub fn press(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).expect("a key press");
        self.writer.flush().expect("a key press");
    }

    pub fn resize(&mut self, rows: u16, cols: u16) {
        let size = PtySize {
            rows,
            cols,
            ..PtySize::default()
        };
        let mut screen = self.screen.lock().expect("the screen");
        screen.screen_mut().set_size(rows, cols);
        self.master.resize(size).expect("another size");
    }

    pub fn pid(&self) -> i32 {
        let pid = self.child.process_id().expect("a process");
        i32::try_from(pid).expect("its number")
    }

    /// What can be seen now.
    pub fn text(&self) -> String {
        let screen = self.screen.lock().expect("the screen");
        screen.screen().contents()
    }

    /// Waits until all of these can be seen at once.
    #[track_caller]
    pub fn wait_for(&self, wanted: &[&str]) -> String {
        let started = Instant::now();
        loop {
            let text = self.text();
            if wanted.iter().all(|wanted| text.contains(wanted)) {
                return text;
            }
            assert!(
                started.elapsed() < PATIENCE,
                "waited for {wanted:?} and saw\n{text}"
            );
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Checks what can be seen, once it is this.
    #[track_caller]
    pub fn shows(&self, wanted: &[&str], golden: &str) {
        let mut text = self.wait_for(wanted);
        // Not in the middle of drawing.
        loop {
            thread::sleep(QUIET);
            let now = self.text();
            if now == text {
                break;
            }
            text = now;
        }
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
        let text = repeatable(&text);
        assert_data_eq!(text, Data::read_from(&path.join(golden), None).raw());
    }

    /// Waits for the end, and checks that the terminal is as it was.
    #[track_caller]
    pub fn ends_sane(mut self) -> ExitStatus {
        let status = self.child.wait().expect("an end");
        let after = format!("{:?}", self.master.get_termios());
        assert_eq!(self.before, after, "the settings of the terminal");
        let started = Instant::now();
        loop {
            let screen = self.screen.lock().expect("the screen");
            let (alternate, hidden) = {
                let screen = screen.screen();
                (screen.alternate_screen(), screen.hide_cursor())
            };
            drop(screen);
            if !alternate && !hidden {
                return status;
            }
            assert!(
                started.elapsed() < PATIENCE,
                "alternate {alternate}, hidden {hidden}"
            );
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// How long something took differs from run to run, and so does whether a blank
/// was ever drawn upon.
fn repeatable(text: &str) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        let mut line = line.to_owned();
        for before in ["built ", "checked "] {
            if let Some(at) = line.find(before) {
                let from = at + before.len();
                let length = line[from..].find(" s").unwrap_or(0);
                line.replace_range(from..from + length, "#");
            }
        }
        lines.push(line.trim_end().to_owned());
    }
    lines.join("\n") + "\n"
}
