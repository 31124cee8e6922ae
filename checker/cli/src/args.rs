//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::compare::Layout;
use crate::interview::arguments::{InterviewArguments, ReportArguments};

/// Staged practice in concurrency and systems coding, graded over every
/// interleaving.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo kata", version, disable_help_subcommand = true)]
#[command(
    after_help = "Without a command: where you are, and what to do next.\n\
    Exit status: 0 passed, 1 not passed, 2 usage or environment error."
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How to print where you are: human or json.
    #[arg(long, value_enum, default_value_t, hide_possible_values = true)]
    #[arg(hide_default_value = true)]
    pub format: Format,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show every stage and how far you are.
    List(ListArguments),
    /// Read what a stage asks for.
    Brief(StageArguments),
    /// Grade your code, or any other solution of a stage.
    Check(CheckArguments),
    /// Grade on every save, and have everything else at hand.
    Watch(WatchArguments),
    /// Show the next hint of a stage: three of them, weakest first, never code.
    Hint(HintArguments),
    /// Show your code beside the reference, with what the commentary says.
    Compare(CompareArguments),
    /// Say what a defect, a check or a stage is about; without a name, list the defects.
    Explain(ExplainArguments),
    /// Measure your code beside the reference and others.
    Bench(BenchArguments),
    /// Set a stage back to its starter; your files are kept.
    Reset(StageArguments),
    /// Show when you practised, and how it went.
    Sessions(SessionsArguments),
    /// Sit a timed mock interview, beside your own editor.
    Interview(InterviewArguments),
    /// Read the assessment of a finished session.
    Report(ReportArguments),
    /// Grade the solutions that are known to be right or wrong: they test the grader.
    Specimens(SpecimensArguments),
    /// Check toolchain, workspace, stages and book, and say how to mend what is wrong.
    Doctor(DoctorArguments),
    /// Make a new stage that keeps every rule already, to be filled in.
    New(NewArguments),
    /// Print a script that completes commands in your shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page, in roff.
    Man,
}

/// Arguments of `list`.
#[derive(Debug, Args)]
pub struct ListArguments {
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Arguments of commands about one stage.
#[derive(Debug, Args)]
pub struct StageArguments {
    /// The stage, as `list` names it.
    pub stage: String,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Arguments of `watch`.
#[derive(Debug, Args)]
pub struct WatchArguments {
    /// The stage to begin with; without one, the first that has not passed yet.
    pub stage: Option<String>,
}

/// Arguments of `hint`.
#[derive(Debug, Args)]
pub struct HintArguments {
    /// The stage, as `list` names it.
    pub stage: String,
    /// Show the hints that you have seen, and no further one.
    #[arg(long)]
    pub again: bool,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Arguments of `compare`.
#[derive(Debug, Args)]
pub struct CompareArguments {
    /// The stage, as `list` names it.
    pub stage: String,
    /// Show the reference of a stage that has not passed yet, without asking.
    #[arg(long)]
    pub spoil: bool,
    /// How to lay out two versions of an item.
    #[arg(long, value_enum, default_value_t)]
    pub layout: Layout,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArguments {
    /// A defect such as `lost-wakeup`, a check of a stage, or a stage.
    pub name: Option<String>,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Arguments of `sessions`.
#[derive(Debug, Args)]
pub struct SessionsArguments {
    /// Only this stage.
    pub stage: Option<String>,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArguments {
    /// The stage, as `list` names it.
    pub stage: String,
    /// Grade this instead of your files: a `.rs` file, or a folder with `src/lib.rs`.
    #[arg(long, value_name = "FILE|DIR")]
    pub path: Option<PathBuf>,
    /// Search deeper: three deviations instead of two, and larger budgets.
    #[arg(long)]
    pub deep: bool,
    /// Show every failing check in full, not only the first.
    #[arg(long)]
    pub all: bool,
    /// Show a counterexample step by step, with nothing folded away.
    #[arg(long)]
    pub full: bool,
    /// Follow the failing interleaving of an earlier check again: a report, as
    /// `--format json` prints it, or the record of one check.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["deep", "all"])]
    pub replay: Option<PathBuf>,
    /// Show how long building and checking took.
    #[arg(long)]
    pub timings: bool,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    pub format: VerdictFormat,
}

/// Arguments of `specimens`.
#[derive(Debug, Args)]
pub struct SpecimensArguments {
    /// Only this stage.
    pub stage: Option<String>,
    /// Grade each so many times: a verdict must never change from run to run.
    #[arg(long, value_name = "TIMES", default_value_t = 1)]
    pub repeat: usize,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Arguments of `bench`.
#[derive(Debug, Args)]
pub struct BenchArguments {
    /// The stage, as `list` names it.
    pub stage: String,
    /// Measure for a moment only: good enough to see a factor of two.
    #[arg(long)]
    pub quick: bool,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Arguments of `doctor`.
#[derive(Debug, Args)]
pub struct DoctorArguments {
    /// Also ask that every stage is still its starter, as in a fresh clone.
    #[arg(long)]
    pub pristine: bool,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Arguments of `new`.
#[derive(Debug, Args)]
pub struct NewArguments {
    /// Its name: lower-case words with hyphens between them.
    pub name: String,
    /// What a person calls it; made from the name if it is not given.
    #[arg(long)]
    pub title: Option<String>,
    /// The ladder that it belongs to.
    #[arg(long, default_value = "more")]
    pub track: String,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// For whom to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// For a person.
    #[default]
    Human,
    /// For a program: one JSON value.
    Json,
}

/// For whom to print a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum VerdictFormat {
    /// For a person.
    #[default]
    Human,
    /// For a program: one JSON value.
    Json,
    /// The first failing check as a self-contained page.
    Html,
    /// Its interleaving as a picture.
    Svg,
}
