//! Where a stage's files are, as people and as compilers name them.
//!
//! The package that grades a stage lies in `grading/`, within the stage's folder, and reaches
//! the learner's file and the checks by `../`. That detour is the compiler's business.

/// The folder of the package that grades a stage, within the stage's own.
pub const GRADING: &str = "grading";

/// `text`, with the files in it named as the learner knows them.
#[must_use]
pub fn without_detour(text: &str) -> String {
    text.replace("grading/../", "").replace("grading\\../", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_by_its_place_in_the_stage() {
        let compiled = "exercises/ring/grading/../src/lib.rs:3:1";
        assert_eq!(without_detour(compiled), "exercises/ring/src/lib.rs:3:1");
        let elsewhere = "exercises/ring/grading/../tests/../../pool/tests/lab.rs";
        assert_eq!(
            without_detour(elsewhere),
            "exercises/ring/tests/../../pool/tests/lab.rs"
        );
        assert_eq!(without_detour("src/lib.rs"), "src/lib.rs");
    }
}
