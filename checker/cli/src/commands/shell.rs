//! `completions SHELL` and `man`: made from the same definitions as the help.

use std::io::{self, Write};

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

use crate::args::Arguments;
use crate::error::{Context, Outcome, Result};
use crate::output::print;

/// A script for a shell. It makes `kata` short for `cargo kata` and completes
/// that: to complete `cargo` itself would take the place of cargo's own script.
pub fn completions(shell: Shell) -> Result<Outcome> {
    let short = match shell {
        Shell::Fish => "function kata; cargo kata $argv; end\n",
        Shell::PowerShell => "function kata { cargo kata @args }\n",
        Shell::Elvish => "fn kata {|@rest| cargo kata $@rest }\n",
        _ => "kata() { cargo kata \"$@\"; }\n",
    };
    let mut script = Vec::new();
    let mut kata = Arguments::command().bin_name("kata");
    clap_complete::generate(shell, &mut kata, "kata", &mut script);
    let script = String::from_utf8_lossy(&script);
    // zsh reads the first line of a script to know what it completes.
    match script.split_once('\n') {
        Some((first, rest)) if first.starts_with("#compdef") => {
            print(&format!("{first}\n{short}{rest}"));
        }
        _ => print(&format!("{short}{script}")),
    }
    Ok(Outcome::Passed)
}

/// The manual page, with every command in it.
pub fn man() -> Result<Outcome> {
    let mut page = Vec::new();
    render(&mut page).context(|| "Cannot write the manual page".into())?;
    print(&String::from_utf8_lossy(&page));
    Ok(Outcome::Passed)
}

fn render(page: &mut Vec<u8>) -> io::Result<()> {
    let command = Arguments::command().name("cargo-kata");
    let man = Man::new(command.clone());
    man.render_title(page)?;
    man.render_name_section(page)?;
    man.render_synopsis_section(page)?;
    man.render_description_section(page)?;
    man.render_options_section(page)?;
    for subcommand in command.get_subcommands() {
        render_command(subcommand, page)?;
    }
    man.render_extra_section(page)
}

/// A section for a command, with what is usually a section of its own within it.
fn render_command(command: &Command, page: &mut Vec<u8>) -> io::Result<()> {
    let name = format!("cargo kata {}", command.get_name());
    let man = Man::new(command.clone().bin_name(&name));
    let mut sections = Vec::new();
    man.render_description_section(&mut sections)?;
    man.render_synopsis_section(&mut sections)?;
    man.render_options_section(&mut sections)?;
    writeln!(page, ".SH \"{}\"", name.to_uppercase())?;
    for line in String::from_utf8_lossy(&sections).lines() {
        match line.strip_prefix(".SH ") {
            Some(section) => writeln!(page, ".SS {section}")?,
            None => writeln!(page, "{line}")?,
        }
    }
    Ok(())
}
