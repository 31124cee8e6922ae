//! What can be wrong with a stage.

use std::collections::BTreeMap;
use std::fs;

use super::Finding;
use crate::catalogue;
use crate::specimen::{self, Promise};
use crate::starter;
use crate::workspace::{Stage, Workspace};

pub fn examine(workspace: &Workspace, pristine: bool) -> Vec<Finding> {
    let ladder = match workspace.ladder() {
        Ok(ladder) => ladder,
        Err(error) => return vec![Finding::bad("the stages", error, "Restore exercises/.")],
    };
    let mut findings: Vec<Finding> = ladder
        .broken
        .iter()
        .map(|error| {
            Finding::bad(
                "a stage that cannot be taken",
                error,
                "Mend its stage.toml.",
            )
        })
        .collect();
    findings.extend(twice_on_one_rung(&ladder.stages));
    for stage in &ladder.stages {
        let problems = problems(workspace, stage, pristine);
        if problems.is_empty() {
            findings.push(Finding::good(format!("the stage {}", stage.name())));
        }
        findings.extend(problems);
    }
    findings
}

fn twice_on_one_rung(stages: &[Stage]) -> Vec<Finding> {
    let mut rungs: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
    for stage in stages {
        rungs
            .entry(stage.manifest.position)
            .or_default()
            .push(stage.name());
    }
    let shared = rungs.into_iter().filter(|(_, names)| names.len() > 1);
    shared
        .map(|(position, names)| {
            let problem = format!("{} are all at position {position}", names.join(", "));
            Finding::bad(
                "the order of the stages",
                problem,
                "Give each a `position` of its own.",
            )
        })
        .collect()
}

fn problems(workspace: &Workspace, stage: &Stage, pristine: bool) -> Vec<Finding> {
    let name = stage.name();
    let mut findings = Vec::new();
    let mut bad = |problem: String, mend: String| {
        findings.push(Finding::bad(format!("the stage {name}"), problem, mend));
    };
    for file in [
        stage.folder.join("README.md"),
        stage.source(),
        stage.grading().join("Cargo.toml"),
        stage.solution().join("README.md"),
        stage.solution().join("src/lib.rs"),
    ] {
        if !workspace.root.join(&file).is_file() {
            let file = file.display();
            bad(
                format!("{file} is missing"),
                format!("Write it, or restore it: git checkout -- {file}"),
            );
        }
    }

    let pristine_copy = starter::folder(stage);
    if !workspace.root.join(&pristine_copy).join("lib.rs").is_file() {
        bad(
            "the pristine copy of its starter is missing, so `reset` cannot work".to_owned(),
            format!(
                "Before it is solved: cp -r {} {}",
                stage.folder.join("src").display(),
                pristine_copy.display()
            ),
        );
    } else if pristine && !starter::is_untouched(workspace, stage) {
        bad(
            format!("{} is not what it begins with", stage.source().display()),
            format!(
                "cargo kata reset {name}, or bring {} up to date",
                pristine_copy.display()
            ),
        );
    }

    let grade = stage.folder.join("tests/grade.rs");
    let text = fs::read_to_string(workspace.root.join(&grade)).unwrap_or_default();
    for check in &stage.manifest.checks {
        // A function, or what a macro of the file makes one of.
        let written = ["fn {}()", "{}:"].map(|form| form.replace("{}", &check.name));
        if !written.iter().any(|form| text.contains(form)) {
            bad(
                format!(
                    "its check `{}` is not a test of {}",
                    check.name,
                    grade.display()
                ),
                "Write the test, or take the check out of its stage.toml.".to_owned(),
            );
        }
        for defect in [&check.defect]
            .into_iter()
            .chain(&check.also)
            .chain(check.on.values())
        {
            let page = format!("{}/{defect}.md", catalogue::FOLDER);
            if !workspace.root.join(&page).is_file() {
                bad(
                    format!(
                        "its check `{}` is for `{defect}`, which has no page",
                        check.name
                    ),
                    format!("Write {page}, and list it in docs/SUMMARY.md."),
                );
            }
        }
    }
    match specimen::of(workspace, stage) {
        Err(error) => bad(
            error.to_string(),
            "Mend the headers of the specimens.".to_owned(),
        ),
        Ok(specimens) => {
            let accepts = specimens.iter().any(|one| one.promise == Promise::Accept);
            if !accepts {
                bad(
                    "no specimen shows another right solution".to_owned(),
                    "Write one that differs from the reference in more than names.".to_owned(),
                );
            }
            for check in &stage.manifest.checks {
                let rejects = |one: &specimen::Specimen| one.promise.only() == Some(&check.name);
                if !specimens.iter().any(rejects) {
                    bad(
                        format!("nothing shows that its check `{}` can fail", check.name),
                        "Write a specimen that it rejects.".to_owned(),
                    );
                }
            }
        }
    }
    findings
}
