//! `specimens`: grade every solution whose verdict is known.

use std::num::NonZero;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use serde::Serialize;
use verdict::Record;
use verdict::render::Style;

use crate::args::{Format, SpecimensArguments};
use crate::compile::Kit;
use crate::error::{Error, Outcome, Result};
use crate::grading::{Request, Source, grade_times};
use crate::output::{print, print_json, style};
use crate::progress::Progress;
use crate::specimen::{self, Promise, Specimen};
use crate::workspace::{Stage, Workspace};

pub fn run(workspace: &Workspace, arguments: &SpecimensArguments) -> Result<Outcome> {
    let stages = match &arguments.stage {
        Some(name) => vec![workspace.stage(name)?],
        None => workspace.ladder()?.whole()?,
    };
    // All headers first: a mistake in one should not come out after minutes.
    let mut batches = Vec::new();
    for stage in &stages {
        batches.push((stage, specimen::of(workspace, stage)?));
    }
    let mut progress = Progress::new(arguments.format == Format::Human);
    let mut results = Vec::new();
    for (stage, specimens) in &batches {
        let kit = Kit::of(workspace, stage, &mut progress)?;
        let batch = Batch {
            workspace,
            stage,
            kit: &kit,
            specimens,
            repeat: arguments.repeat,
        };
        results.extend(batch.grade(&mut progress)?);
    }
    drop(progress);

    let passed = results.iter().all(|result| result.problem.is_none());
    match arguments.format {
        Format::Human => print(&table(&results, style())),
        Format::Json => print_json(&Results {
            schema: 1,
            passed,
            specimens: results,
        })?,
    }
    Ok(Outcome::of(passed))
}

/// The specimens of one stage.
struct Batch<'a> {
    workspace: &'a Workspace,
    stage: &'a Stage,
    kit: &'a Kit,
    specimens: &'a [Specimen],
    repeat: usize,
}

/// For a program.
#[derive(Debug, Serialize)]
struct Results {
    schema: u32,
    passed: bool,
    specimens: Vec<Graded>,
}

/// What came of one specimen.
#[derive(Debug, Serialize)]
struct Graded {
    stage: String,
    file: String,
    #[serde(flatten)]
    promise: Promise,
    passed: bool,
    /// Why it did not do what its header says.
    problem: Option<String>,
    /// What the check that rejects it found.
    record: Option<Record>,
    duration_ms: u128,
}

impl Batch<'_> {
    /// Grades them all, as many at once as the machine has processors.
    fn grade(&self, progress: &mut Progress) -> Result<Vec<Graded>> {
        let next = AtomicUsize::new(0);
        let progress = Mutex::new(progress);
        let worker = || {
            let mut graded = Vec::new();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(specimen) = self.specimens.get(index) else {
                    return Ok(graded);
                };
                if let Ok(mut progress) = progress.lock() {
                    progress.bar("grading", index, self.specimens.len(), self.stage.name());
                }
                graded.push((index, self.grade_one(specimen)?));
            }
        };
        let workers = thread::available_parallelism().map_or(1, NonZero::get);
        let batches = thread::scope(|scope| {
            let workers: Vec<_> = (0..workers).map(|_| scope.spawn(worker)).collect();
            workers
                .into_iter()
                .map(|worker| {
                    worker
                        .join()
                        .unwrap_or_else(|_| Err(Error::new("a grading thread panicked")))
                })
                .collect::<Result<Vec<_>>>()
        })?;
        let mut graded: Vec<(usize, Graded)> = batches.into_iter().flatten().collect();
        graded.sort_by_key(|(index, _)| *index);
        Ok(graded.into_iter().map(|(_, graded)| graded).collect())
    }

    fn grade_one(&self, specimen: &Specimen) -> Result<Graded> {
        let started = Instant::now();
        let request = Request {
            workspace: self.workspace,
            stage: self.stage,
            source: Source::File(self.kit, &specimen.file),
            // The other checks may fail as well, or hang for long: no promise.
            only: specimen.promise.only(),
            schedule: None,
            deep: false,
            // What is wrong is for the proof to find. What is right must please both engines.
            second_look: specimen.promise == Promise::Accept,
            color: false,
        };
        let reports = grade_times(&request, self.repeat, &mut Progress::new(false))?;
        let problem = reports.iter().enumerate().find_map(|(run, report)| {
            let problem = specimen.promise.broken_by(report)?;
            Some(if self.repeat > 1 {
                format!("in run {}: {problem}", run + 1)
            } else {
                problem
            })
        });
        Ok(Graded {
            stage: self.stage.name().to_owned(),
            file: self
                .workspace
                .relative(&specimen.file)
                .display()
                .to_string(),
            promise: specimen.promise.clone(),
            passed: problem.is_none(),
            problem,
            record: specimen
                .promise
                .only()
                .and_then(|by| reports.first()?.check(by).cloned()),
            duration_ms: started.elapsed().as_millis(),
        })
    }
}

fn table(results: &[Graded], style: Style) -> String {
    let mut text = String::new();
    let name = |graded: &Graded| {
        graded
            .file
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    let width = results
        .iter()
        .map(|graded| name(graded).chars().count())
        .max()
        .unwrap_or(0);
    let mut stage = "";
    for graded in results {
        if stage != graded.stage {
            stage = &graded.stage;
            text.push_str(&format!("{}\n", style.strong(stage)));
        }
        let mark = if graded.passed {
            style.good("✓")
        } else {
            style.bad("✗")
        };
        let (kind, by) = match &graded.promise {
            Promise::Accept => ("accept", ""),
            Promise::Reject { by, .. } => ("reject", by.as_str()),
        };
        let line = format!(
            "  {mark} {kind}  {:width$}  {}",
            name(graded),
            style.dim(by)
        );
        text.push_str(line.trim_end());
        text.push('\n');
        for line in graded.problem.iter().flat_map(|problem| problem.lines()) {
            text.push_str(&format!("      {line}\n"));
        }
    }
    let broken = results.iter().filter(|graded| !graded.passed).count();
    let total = results.len();
    let line = match broken {
        0 => format!(
            "\n{} all {total} specimens got the verdict they deserve.\n",
            style.good("✓")
        ),
        _ => format!(
            "\n{} {broken} of {total} specimens got another verdict.\n",
            style.bad("✗")
        ),
    };
    text + &line
}
