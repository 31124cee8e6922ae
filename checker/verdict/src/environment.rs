//! The environment variables by which a check is told how to run.

/// The folder in which to leave a record per check.
pub const RECORDS: &str = "INTERLEAVE_RECORDS";
/// Set to look deeper and longer.
pub const DEEP: &str = "INTERLEAVE_DEEP";
/// Set to 0 to do without loom's second look.
pub const SECOND_LOOK: &str = "INTERLEAVE_SECOND_LOOK";
/// Repeats a check over random inputs with the inputs of that seed.
pub const SEED: &str = "INTERLEAVE_SEED";
/// The decisions of the one interleaving to follow, as text.
pub const REPLAY: &str = "INTERLEAVE_REPLAY";
/// The root file of the submission, where cargo does not tell.
pub const SUBMISSION: &str = "INTERLEAVE_SUBMISSION";
/// The workspace, from which the paths that the compiler was given lead to the sources.
pub const SOURCES: &str = "INTERLEAVE_SOURCES";
