//! `doctor`: whether everything is in order, and what to do if not.

use serde::Serialize;
use verdict::render::{Style, wrap};

use crate::args::{DoctorArguments, Format};
use crate::doctor::{Finding, examine};
use crate::error::{Outcome, Result};
use crate::output::{print, print_json, style};
use crate::workspace::Workspace;

/// For a program.
#[derive(Debug, Serialize)]
struct Examination {
    schema: u32,
    passed: bool,
    findings: Vec<Finding>,
}

pub fn run(workspace: &Workspace, arguments: &DoctorArguments) -> Result<Outcome> {
    let findings = examine(workspace, arguments.pristine);
    let passed = findings.iter().all(|finding| finding.problem.is_none());
    match arguments.format {
        Format::Human => print(&text(&findings, passed, style())),
        Format::Json => print_json(&Examination {
            schema: 1,
            passed,
            findings,
        })?,
    }
    Ok(Outcome::of(passed))
}

fn text(findings: &[Finding], passed: bool, style: Style) -> String {
    let mut text = String::new();
    for finding in findings {
        let Some(problem) = &finding.problem else {
            text.push_str(&format!("{} {}\n", style.good("✓"), finding.about));
            continue;
        };
        text.push_str(&format!(
            "{} {}\n",
            style.bad("✗"),
            style.strong(&finding.about)
        ));
        let mend = finding.mend.as_deref().unwrap_or_default();
        for line in wrap(problem, style.width - 4) {
            text.push_str(&format!("    {line}\n"));
        }
        for line in wrap(mend, style.width - 6) {
            text.push_str(&format!("    → {}\n", style.name(&line)));
        }
    }
    let broken = findings
        .iter()
        .filter(|finding| finding.problem.is_some())
        .count();
    text + &match (passed, broken) {
        (true, _) => "\nEverything is in order.\n".to_owned(),
        (false, 1) => "\nOne thing needs mending.\n".to_owned(),
        (false, broken) => format!("\n{broken} things need mending.\n"),
    }
}
