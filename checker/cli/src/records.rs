//! Reading what the checks left behind. A check counts as passed only if it left
//! a record that says so: a submission that ends the process gains nothing.

use std::fs;
use std::path::Path;

use verdict::{CheckSpec, FailureKind, Finding, Manifest, Record, SCHEMA, Verdict};

use crate::error::{Context, Result};
use crate::run::{End, Run};

/// The records of a run, in the order of the stage's manifest, and what is wrong
/// with the grader itself, if anything.
pub fn collect(
    manifest: &Manifest,
    only: Option<&str>,
    run: &Run,
) -> Result<(Vec<Record>, Vec<String>)> {
    let asked = |check: &&CheckSpec| only.is_none_or(|only| only == check.name);
    let records: Vec<Record> = manifest
        .checks
        .iter()
        .filter(asked)
        .map(|check| {
            read(run.records.path(), manifest, check)
                .unwrap_or_else(|problem| missing(manifest, check, problem, run.end))
        })
        .collect();
    let mut problems = unlisted(manifest, run.records.path())?;
    let all_passed = records
        .iter()
        .all(|record| record.verdict == Verdict::Passed);
    match run.end {
        // A failure that belongs to no check of the manifest.
        End::Exited(status) if all_passed && !status.success() => problems.push(format!(
            "every check passed, yet the program that runs them failed ({status}); it printed:\n{}",
            run.output
        )),
        End::Exited(_) | End::OutOfTime(_) => {}
    }
    Ok((records, problems))
}

/// Why there is no record.
enum Problem {
    Absent,
    Unusable(String),
}

fn read(folder: &Path, manifest: &Manifest, check: &CheckSpec) -> Result<Record, Problem> {
    let bytes =
        fs::read(folder.join(format!("{}.json", check.name))).map_err(|_| Problem::Absent)?;
    let record: Record =
        serde_json::from_slice(&bytes).map_err(|error| Problem::Unusable(error.to_string()))?;
    if record.schema != SCHEMA {
        return Err(Problem::Unusable(format!(
            "its schema is {}, not {SCHEMA}",
            record.schema
        )));
    }
    if (&record.stage, &record.check) != (&manifest.name, &check.name) {
        return Err(Problem::Unusable(format!(
            "it is the record of {} in {}",
            record.check, record.stage
        )));
    }
    Ok(record)
}

/// The record of a check that left none.
fn missing(manifest: &Manifest, check: &CheckSpec, problem: Problem, end: End) -> Record {
    let (verdict, kind, message) = match (problem, end) {
        (Problem::Unusable(problem), _) => (
            Verdict::Failed,
            FailureKind::ProcessEnded,
            format!("left no record that can be read: {problem}"),
        ),
        (Problem::Absent, End::OutOfTime(deadline)) => (
            Verdict::TimedOut,
            FailureKind::Hang,
            format!(
                "left no record: the run was ended after {} minutes, before the check did",
                deadline.as_secs() / 60
            ),
        ),
        (Problem::Absent, End::Exited(status)) if status.code().is_none() => (
            Verdict::Failed,
            FailureKind::ProcessEnded,
            format!("left no record: the process ended before the check did ({status})"),
        ),
        (Problem::Absent, End::Exited(_)) => (
            Verdict::Failed,
            FailureKind::ProcessEnded,
            "left no record: the process ended before the check did".to_owned(),
        ),
    };
    Record {
        schema: SCHEMA,
        stage: manifest.name.clone(),
        check: check.name.clone(),
        verdict,
        finding: Some(Finding {
            kind,
            defect: check.on.get(&kind).cloned(),
            message,
            place: None,
            why: None,
            try_next: None,
            input: None,
            counterexample: None,
            output: vec![],
        }),
        search: None,
        blind_spots: vec![],
        seed: None,
        duration_ms: 0,
    }
}

/// Records of checks that the manifest does not have.
fn unlisted(manifest: &Manifest, folder: &Path) -> Result<Vec<String>> {
    let context = || format!("Cannot read {}", folder.display());
    let mut problems = Vec::new();
    for entry in folder.read_dir().context(context)? {
        let path = entry.context(context)?.path();
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let is_record = path.extension().is_some_and(|end| end == "json");
        if is_record && manifest.check(&name).is_none() {
            problems.push(format!(
                "the check `{name}` is not in the stage.toml of {}",
                manifest.name
            ));
        }
    }
    problems.sort();
    Ok(problems)
}

#[cfg(test)]
mod tests;
