//! `cargo kata`: the command line of Interleave.
//!
//! A submission has one way through, written down in `grading.rs`: source →
//! build → run checks → records → verdict. Commands differ only in what they
//! send along it and in what they print.

mod args;
mod catalogue;
mod clock;
mod commands;
mod compare;
mod compile;
mod doctor;
mod download;
mod error;
mod files;
mod grading;
mod interview;
mod journal;
mod markdown;
mod output;
mod practice;
mod progress;
mod records;
mod replay;
mod report;
mod run;
mod specimen;
mod starter;
mod stop;
mod terminal;
mod watch;
mod workspace;

use std::process::ExitCode;

use clap::Parser;
use verdict::render::Style;

use args::Arguments;
use error::Outcome;

fn main() -> ExitCode {
    match commands::run(Arguments::parse()) {
        Ok(Outcome::Passed) => ExitCode::SUCCESS,
        Ok(Outcome::NotPassed) => ExitCode::from(1),
        Ok(Outcome::GaveUp) => ExitCode::from(2),
        Err(error) => {
            output::tell(&format!("{} {error}\n", Style::for_stderr().bad("error:")));
            ExitCode::from(2)
        }
    }
}
