//! The record of one check. The JSON form is documented in `docs/records.md`;
//! a change of meaning raises [`SCHEMA`].

use serde::{Deserialize, Serialize};

/// Version of the JSON form of [`Record`].
pub const SCHEMA: u32 = 1;

/// What one check found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// [`SCHEMA`] of the build that wrote it.
    pub schema: u32,
    /// The stage's name.
    pub stage: String,
    /// The check's name.
    pub check: String,
    /// How it ended.
    pub verdict: Verdict,
    /// What went wrong, unless it passed.
    pub finding: Option<Finding>,
    /// What the search covered, for a check over interleavings.
    pub search: Option<Search>,
    /// What it did not see. A pass with any is a pass with blind spots.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blind_spots: Vec<BlindSpot>,
    /// The seed that repeats a check over random inputs.
    pub seed: Option<u64>,
    /// Wall-clock time of the check, in milliseconds.
    pub duration_ms: u64,
}

/// How a check ended. Only [`Verdict::Passed`] is a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[must_use]
pub enum Verdict {
    /// Everything that was promised held everywhere the check looked.
    Passed,
    /// The submission broke a promise, and the record shows where.
    Failed,
    /// A budget ended the search before it was complete.
    Inconclusive,
    /// The watchdog ended it.
    TimedOut,
    /// The check could not do its work; the submission may be right.
    Error,
}

/// What is to be seen of a check at first sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// It passed.
    Passed,
    /// It passed, and did not see everything.
    PassedBlind,
    /// It failed.
    Failed,
    /// It gave up.
    Inconclusive,
    /// It could not do its work.
    Error,
}

impl Mark {
    /// That of a pass, with blind spots or without.
    #[must_use]
    pub const fn of_a_pass(blind: bool) -> Self {
        if blind {
            Self::PassedBlind
        } else {
            Self::Passed
        }
    }

    /// The character that stands for it.
    #[must_use]
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Passed => "✓",
            Self::PassedBlind => "~",
            Self::Failed => "✗",
            Self::Inconclusive => "?",
            Self::Error => "!",
        }
    }
}

impl Record {
    /// Whether it passed without having seen everything.
    #[must_use]
    pub fn is_blind(&self) -> bool {
        self.verdict == Verdict::Passed && !self.blind_spots.is_empty()
    }

    /// What is to be seen of it at first sight.
    #[must_use]
    pub fn mark(&self) -> Mark {
        match self.verdict {
            Verdict::Passed => Mark::of_a_pass(self.is_blind()),
            Verdict::Failed | Verdict::TimedOut => Mark::Failed,
            Verdict::Inconclusive => Mark::Inconclusive,
            Verdict::Error => Mark::Error,
        }
    }
}

/// What happened, why it matters and what to try.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The kind of failure.
    pub kind: FailureKind,
    /// The defect of the catalogue that this shows, in kebab case.
    pub defect: Option<String>,
    /// What happened, in one or a few sentences.
    pub message: String,
    /// Where it was noticed.
    pub place: Option<Place>,
    /// Why it matters.
    pub why: Option<String>,
    /// What to try next.
    #[serde(rename = "try")]
    pub try_next: Option<String>,
    /// The shortest input that shows it, for a check over random inputs.
    pub input: Option<String>,
    /// The interleaving that shows it.
    pub counterexample: Option<Counterexample>,
    /// The last lines that the submission printed.
    pub output: Vec<String>,
}

/// The kinds of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// A promise of the stage was broken.
    Expectation,
    /// The starter's `todo!()` is still there.
    Unwritten,
    /// The submission panicked where no panic is allowed.
    Panic,
    /// Threads wait for locks of each other, or of one that waits for them.
    Deadlock,
    /// Every thread waits, none of them for a lock, and nobody is left to wake one.
    Asleep,
    /// A thread waits for a lock that it holds itself.
    SelfDeadlock,
    /// Threads run without end and nothing changes.
    Livelock,
    /// One execution took more steps than the grader follows.
    TooLong,
    /// A loop that touches nothing a scheduler could see, or real threads that
    /// never finished.
    Hang,
    /// The process ended before the check did: exit, abort, signal.
    ProcessEnded,
    /// The memory limit was reached.
    OutOfMemory,
    /// More threads at once than the engine can follow.
    TooManyThreads,
    /// No second thread ever ran, so nothing concurrent was checked.
    SingleThreaded,
    /// The search could not be completed.
    Budget,
    /// A `static` carried a value from one execution to the next.
    StaticState,
    /// The same schedule did not behave the same twice.
    Nondeterminism,
    /// The check itself went wrong.
    Internal,
}

/// What a search over interleavings covered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Search {
    /// What was done, in order.
    pub passes: Vec<Pass>,
    /// Whether everything within the bound was explored.
    pub complete: bool,
    /// The most threads alive at once.
    pub threads: usize,
    /// Whether loom found the failure although our own search had covered everything within
    /// its bound: a bug of the grader, besides the verdict.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub missed_by_the_proof: bool,
}

/// What a check did not see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum BlindSpot {
    /// There are too many executions with more deviations than this.
    Bound {
        /// Everything with at most so many was tried; with `None`, not even everything
        /// without.
        covered: Option<usize>,
        /// So many were asked for.
        asked: usize,
        /// The place that the executions come to most often.
        busiest: Option<Place>,
    },
    /// A loop went round so often that it was made to let others go on, although it may
    /// have ended by itself.
    Loop {
        /// What it comes back to.
        at: Place,
    },
    /// An atomic operation asked for less than sequential consistency, and was given it.
    Ordering {
        /// The first such operation.
        at: Place,
    },
    /// Something depends on how many references there are, which is not scheduled.
    References {
        /// The function that tells: `Arc::strong_count`.
        call: String,
        /// Where it is called first.
        at: Place,
    },
    /// What `unsafe` code does to memory.
    Unsafe {
        /// Where it comes first.
        at: Place,
    },
    /// What is not written in Rust, or can be called from there.
    Foreign {
        /// The word that says so: `extern`.
        what: String,
        /// Where it comes first.
        at: Place,
    },
    /// What is outside the program: files, the network, its surroundings.
    Outside {
        /// The part of std that leads there: `std::fs`.
        path: String,
        /// Where it comes first.
        at: Place,
    },
}

impl Search {
    /// Executions, over all passes.
    #[must_use]
    pub fn executions(&self) -> u64 {
        self.passes.iter().map(|pass| pass.executions).sum()
    }
}

/// One way of searching, over all its bounds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pass {
    /// The engine: `native` or `loom`.
    pub engine: String,
    /// Which executions it is about.
    pub method: Method,
    /// The highest bound that was begun, where the method has one.
    pub bound: Option<usize>,
    /// The highest bound within which everything was covered, if there is one.
    #[serde(default)]
    pub covered: Option<usize>,
    /// Executions, over all bounds.
    pub executions: u64,
    /// Whether everything within the bound was covered.
    pub complete: bool,
}

/// Which executions a pass is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Those that loom tries with a bound; written by builds before the search of our own.
    Preemptions,
    /// All with at most so many deviations: preemptions, spurious wake-ups and the like.
    Deviations,
    /// Some, with each decision drawn.
    Random,
    /// Those that loom tries, besides.
    SecondLook,
    /// One that was written down.
    Replay,
}

/// A place in a source file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The file, as the compiler was told it.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
    /// The text of the line, trimmed, with the next if it only opens a macro; empty where
    /// it could not be read.
    pub source: String,
    /// Whose line it is.
    pub whose: Whose,
}

/// Whose code a line belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Whose {
    /// The submission's.
    Learner,
    /// The check's.
    Check,
}

/// One interleaving, as a story.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Counterexample {
    /// Preemptions it needs: switches away from a thread that could go on.
    pub preemptions: usize,
    /// The threads, in the order in which they were spawned.
    pub lanes: Vec<Lane>,
    /// What they did, in schedule order.
    pub events: Vec<Event>,
    /// How matters stand at the end: who waits for what, and who holds it.
    pub standing: Vec<String>,
    /// The decisions that lead to it, for a replay.
    pub schedule: String,
}

/// One thread of a counterexample.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lane {
    /// Its name, or one made from the place that spawned it.
    pub name: String,
    /// Where it was spawned.
    pub spawned_at: Option<Place>,
}

/// One step of a counterexample.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Index into [`Counterexample::lanes`].
    pub lane: usize,
    /// What it did, in a word or two: `lock`, `wait`, `store`.
    pub action: String,
    /// What it did it to, such as `Mutex<State> (lib.rs:40)`.
    pub object: Option<String>,
    /// More where there is more: a value, a printed line, a panic's message.
    pub detail: Option<String>,
    /// The line that did it.
    pub place: Option<Place>,
    /// True when another thread, which could have gone on, was stopped here.
    pub preempted: bool,
}
