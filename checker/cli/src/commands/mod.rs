//! What each command does.

mod bench;
mod brief;
mod check;
mod compare;
mod doctor;
mod explain;
mod hint;
mod home;
mod list;
mod new;
mod reset;
mod sessions;
mod shell;
mod specimens;
mod watch;

pub use brief::text as brief_text;
pub use explain::Explanation;
pub use hint::Shown;

use verdict::render::Style;

use crate::args::{Arguments, Command};
use crate::error::{Outcome, Result};
use crate::interview;
use crate::journal::{History, Journal};
use crate::output::tell;
use crate::workspace::Workspace;

/// Does what was typed.
pub fn run(arguments: Arguments) -> Result<Outcome> {
    let command = match arguments.command {
        // These two are about the program alone, wherever it is.
        Some(Command::Completions { shell }) => return shell::completions(shell),
        Some(Command::Man) => return shell::man(),
        command => command,
    };
    let workspace = Workspace::find()?;
    match command {
        None => home::run(&workspace, arguments.format),
        Some(Command::List(arguments)) => list::run(&workspace, &arguments),
        Some(Command::Brief(arguments)) => brief::run(&workspace, &arguments),
        Some(Command::Check(arguments)) => check::run(&workspace, &arguments),
        Some(Command::Compare(arguments)) => compare::run(&workspace, &arguments),
        Some(Command::Explain(arguments)) => explain::run(&workspace, &arguments),
        Some(Command::Watch(arguments)) => watch::run(&workspace, &arguments),
        Some(Command::Bench(arguments)) => bench::run(&workspace, &arguments),
        Some(Command::Hint(arguments)) => hint::run(&workspace, &arguments),
        Some(Command::Reset(arguments)) => reset::run(&workspace, &arguments),
        Some(Command::Sessions(arguments)) => sessions::run(&workspace, &arguments),
        Some(Command::Specimens(arguments)) => specimens::run(&workspace, &arguments),
        Some(Command::Doctor(arguments)) => doctor::run(&workspace, &arguments),
        Some(Command::New(arguments)) => new::run(&workspace, &arguments),
        Some(Command::Completions { .. } | Command::Man) => Ok(Outcome::Passed),
        Some(Command::Interview(arguments)) => interview::run(&workspace, arguments),
        Some(Command::Report(arguments)) => interview::report(&workspace, &arguments),
    }
}

/// What the learner did so far.
fn history(workspace: &Workspace) -> Result<History> {
    let journal = Journal::of(&workspace.root);
    let history = journal.read()?;
    if let Some(report) = journal.report_damage(&history) {
        tell(&format!(
            "{} {report}\n",
            Style::for_stderr().unsure("note:")
        ));
    }
    Ok(history)
}
