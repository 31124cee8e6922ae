//! What an assessment looks at.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One thing that an interview is about. The order is that of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dimension {
    /// Asking, planning, choosing data and interfaces.
    ProblemDecomposition,
    /// References and copies, ownership, lifecycle.
    ConcurrencyModel,
    /// What a lock covers, and for how long.
    LockGranularity,
    /// From feedback to a fix that lasts.
    Iteration,
    /// Tests of one's own.
    Testing,
    /// Options, numbers, what would change a decision.
    TradeOffs,
    /// How cost grows.
    Performance,
    /// Errors, panics and arguments reach whom they concern.
    ErrorsAndCallables,
    /// The language as its users write it.
    LanguageIdiom,
    /// What only a person can judge.
    Communication,
}

impl Dimension {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::ProblemDecomposition,
        Self::ConcurrencyModel,
        Self::LockGranularity,
        Self::Iteration,
        Self::Testing,
        Self::TradeOffs,
        Self::Performance,
        Self::ErrorsAndCallables,
        Self::LanguageIdiom,
        Self::Communication,
    ];

    /// Its name in files and on the command line.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::ProblemDecomposition => "problem-decomposition",
            Self::ConcurrencyModel => "concurrency-model",
            Self::LockGranularity => "lock-granularity",
            Self::Iteration => "iteration",
            Self::Testing => "testing",
            Self::TradeOffs => "trade-offs",
            Self::Performance => "performance",
            Self::ErrorsAndCallables => "errors-and-callables",
            Self::LanguageIdiom => "language-idiom",
            Self::Communication => "communication",
        }
    }

    /// The dimension of that name.
    #[must_use]
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dimension| dimension.id() == id)
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}
