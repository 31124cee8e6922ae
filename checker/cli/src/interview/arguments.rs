//! What can be typed about interviews.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::args::Format;

/// Arguments of `interview`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct InterviewArguments {
    /// What to do in the session that is open.
    #[command(subcommand)]
    pub action: Option<InterviewAction>,
    /// The loop to start; without one, which there are.
    #[arg(value_name = "LOOP")]
    pub name: Option<String>,
    /// How long the clock runs, instead of the loop's own time.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=480))]
    pub minutes: Option<u32>,
    /// Repeats a drawn loop.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Somebody beside you scores what a program cannot.
    #[arg(long)]
    pub with_interviewer: bool,
    /// Go on with the open session after an interruption, its clock where it was.
    #[arg(long, conflicts_with_all = ["name", "minutes", "seed", "with_interviewer", "mode"])]
    pub resume: bool,
    /// Whether it counts.
    #[arg(long, value_enum, default_value_t)]
    pub mode: InterviewMode,
    /// Plain lines instead of the full screen.
    #[arg(long)]
    pub plain: bool,
}

/// Whether a session counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum InterviewMode {
    /// A clock, hints that cost, a report that is sealed until the end.
    #[default]
    Mock,
    /// None of these, and no level.
    Practice,
}

/// What can be done in a session.
#[derive(Debug, Subcommand)]
pub enum InterviewAction {
    /// Show every session that was held.
    List {
        /// How to print it.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Where the session stands.
    Status {
        /// How to print it.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Fill the screen with the session.
    Screen,
    /// Read the prompt of the current stage again.
    Prompt,
    /// Ask the interviewer: the prompt leaves things out on purpose.
    Ask {
        /// The question, in your own words.
        #[arg(required = true)]
        question: Vec<String>,
    },
    /// Write into the plan of the current stage, as an editor on notes.md would.
    Plan {
        /// The text.
        text: String,
    },
    /// Start coding.
    Begin,
    /// Grade the current stage; green opens the next one.
    Check {
        /// Show every failing check in full, not only the first.
        #[arg(long)]
        all: bool,
        /// How to print it.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Take the next hint of the current stage. It costs.
    Hint,
    /// Answer a follow-up question, as an editor on notes.md would.
    Answer {
        /// The stage that is green.
        stage: String,
        /// The number of the question.
        number: usize,
        /// The answer.
        text: String,
    },
    /// Bring back files that were deleted.
    Restore,
    /// End the session.
    Finish,
    /// Rate yourself from 1 to 4 in every dimension, which unseals the report.
    Rate {
        /// `dimension=rating`, for each.
        ratings: Vec<String>,
        /// Rather not.
        #[arg(long, conflicts_with = "ratings")]
        skip: bool,
    },
    /// For the interviewer: the private sheet.
    Sheet {
        /// The session, instead of the latest.
        #[arg(long)]
        session: Option<String>,
    },
    /// For the interviewer: a score from 1 to 4.
    Score {
        /// `dimension=score`.
        score: String,
        /// What it rests on, in a sentence.
        #[arg(long, default_value = "")]
        note: String,
        /// The session, instead of the latest.
        #[arg(long)]
        session: Option<String>,
    },
}

/// Arguments of `report`.
#[derive(Debug, Args)]
pub struct ReportArguments {
    /// The session, instead of the latest.
    pub session: Option<String>,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    pub format: ReportFormat,
    /// Write it to this file.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// The forms of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ReportFormat {
    /// Markdown, for reading here and keeping.
    #[default]
    Md,
    /// One self-contained page.
    Html,
    /// For a program.
    Json,
}
