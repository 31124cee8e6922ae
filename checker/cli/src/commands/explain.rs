//! `explain NAME`: what a defect is, what a check is for, or what a stage is about.

use std::path::PathBuf;

use serde::Serialize;
use verdict::CheckSpec;
use verdict::render::{Style, wrap};

use crate::args::{ExplainArguments, Format};
use crate::catalogue::{self, Page};
use crate::error::{Error, Outcome, Result};
use crate::markdown;
use crate::output::{print, print_json, style};
use crate::workspace::{Stage, Workspace, nearest};

pub fn run(workspace: &Workspace, arguments: &ExplainArguments) -> Result<Outcome> {
    let Some(name) = &arguments.name else {
        return list(workspace, arguments.format);
    };
    let explanation = Explanation::of(workspace, name)?;
    match arguments.format {
        Format::Human => print(&explanation.text(style())),
        Format::Json => print_json(&explanation)?,
    }
    Ok(Outcome::Passed)
}

/// What there is to say about a name.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Explanation {
    /// It is a defect.
    Defect {
        name: String,
        title: String,
        markdown: String,
        /// The stages with a check that finds it.
        stages: Vec<String>,
    },
    /// It is a check, of one or several stages.
    Check { name: String, checks: Vec<Check> },
    /// It is a stage.
    Stage {
        name: String,
        title: String,
        summary: String,
        /// Pictures of what it is about, seen from the root.
        pictures: Vec<PathBuf>,
    },
}

/// A check of one stage.
#[derive(Debug, Serialize)]
pub struct Check {
    stage: String,
    #[serde(flatten)]
    spec: CheckSpec,
}

impl Explanation {
    /// Looks the name up among defects, checks and stages, however it is spelt.
    pub fn of(workspace: &Workspace, name: &str) -> Result<Self> {
        let stages = workspace.ladder()?.stages;
        let defects = catalogue::names(workspace)?;
        let kebab = name.trim().to_lowercase().replace(['_', ' '], "-");
        if defects.contains(&kebab) {
            return Ok(Self::defect(catalogue::page(workspace, &kebab)?, &stages));
        }
        let snake = kebab.replace('-', "_");
        let checks: Vec<Check> = stages
            .iter()
            .filter_map(|stage| {
                let spec = stage.manifest.check(&snake)?.clone();
                let stage = stage.name().to_owned();
                Some(Check { stage, spec })
            })
            .collect();
        if !checks.is_empty() {
            return Ok(Self::Check {
                name: snake,
                checks,
            });
        }
        if let Some(stage) = stages.iter().find(|stage| stage.name() == kebab) {
            return Ok(Self::Stage {
                name: kebab,
                title: stage.manifest.title.clone(),
                summary: stage.manifest.summary.clone(),
                pictures: catalogue::pictures(workspace, stage.name())?,
            });
        }
        let of_checks = stages.iter().flat_map(|stage| &stage.manifest.checks);
        let mut known = defects;
        known.extend(of_checks.map(|check| check.name.clone()));
        known.extend(stages.iter().map(|stage| stage.name().to_owned()));
        let error = Error::new(format!(
            "no defect, no check and no stage is called `{name}`"
        ));
        Err(match nearest(name, &known) {
            Some(nearest) => error.next(format!("Did you mean `{nearest}`?")),
            None => error.next("`cargo kata explain` lists the defects."),
        })
    }

    fn defect(page: Page, stages: &[Stage]) -> Self {
        Self::Defect {
            stages: stages
                .iter()
                .filter(|stage| finds(stage, &page.name))
                .map(|stage| stage.name().to_owned())
                .collect(),
            name: page.name,
            title: page.title,
            markdown: page.markdown,
        }
    }

    /// As a person reads it.
    pub fn text(&self, style: Style) -> String {
        match self {
            Self::Defect {
                markdown, stages, ..
            } => {
                let mut text = markdown::styled(markdown, style);
                if !stages.is_empty() {
                    let line = format!("Stages that look for it: {}", stages.join(", "));
                    text.push('\n');
                    for line in wrap(&line, style.width) {
                        text.push_str(&format!("{}\n", style.dim(&line)));
                    }
                }
                text
            }
            Self::Stage {
                name,
                title,
                summary,
                pictures,
            } => {
                let mut text = format!("{}\n\n", style.strong(title));
                for line in wrap(summary, style.width) {
                    text.push_str(&format!("{line}\n"));
                }
                if !pictures.is_empty() {
                    text.push_str("\nPictures, drawn from the references; a browser shows them:\n");
                    for picture in pictures {
                        text.push_str(&format!("  {}\n", picture.display()));
                    }
                }
                let brief = style.strong(&format!("cargo kata brief {name}"));
                text + &format!("\n{brief} says what it asks for.\n")
            }
            Self::Check { name, checks } => {
                let mut text = format!("{}\n", style.strong(name));
                for check in checks {
                    text.push_str(&check.text(style));
                }
                text
            }
        }
    }
}

impl Check {
    fn text(&self, style: Style) -> String {
        let spec = &self.spec;
        let mut text = format!("\nA check of {}", style.name(&self.stage));
        text.push_str(&format!(", for the defect {}", style.name(&spec.defect)));
        let mut others: Vec<String> = spec.also.iter().map(|also| style.name(also)).collect();
        for (kind, defect) in &spec.on {
            let kind = serde_json::to_value(kind).unwrap_or_default();
            let kind = kind.as_str().unwrap_or_default();
            if *defect != spec.defect && !spec.also.contains(defect) {
                others.push(format!("{} (a {kind})", style.name(defect)));
            }
        }
        if !others.is_empty() {
            text.push_str(&format!(";\nit also finds {}", others.join(", ")));
        }
        text.push_str(".\n");
        for (heading, prose) in [("Why it matters", &spec.why), ("Try", &spec.try_next)] {
            text.push_str(&format!("\n{}\n", style.strong(heading)));
            for line in wrap(prose, style.width - 2) {
                text.push_str(&format!("  {line}\n"));
            }
        }
        let more = format!("cargo kata explain {}", spec.defect);
        text + &format!("\n{} shows how it happens.\n", style.strong(&more))
    }
}

/// Whether the stage has a check that finds this defect.
fn finds(stage: &Stage, defect: &str) -> bool {
    let mut checks = stage.manifest.checks.iter();
    checks.any(|check| check.finds(defect))
}

/// A line of the list.
#[derive(Debug, Serialize)]
struct Entry {
    name: String,
    title: String,
    /// Whether a stage has a check that finds it.
    looked_for: bool,
}

fn list(workspace: &Workspace, format: Format) -> Result<Outcome> {
    let stages = workspace.ladder()?.stages;
    let entries = catalogue::names(workspace)?
        .iter()
        .map(|name| catalogue::page(workspace, name))
        .map(|page| {
            page.map(|Page { name, title, .. }| Entry {
                looked_for: stages.iter().any(|stage| finds(stage, &name)),
                name,
                title,
            })
        })
        .collect::<Result<Vec<_>>>()?;
    match format {
        Format::Json => print_json(&entries)?,
        Format::Human => {
            let width = entries
                .iter()
                .map(|entry| entry.name.len())
                .max()
                .unwrap_or(0);
            let style = style();
            let line = |entry: &Entry| {
                let name = style.name(&format!("{:width$}", entry.name));
                let aside = if entry.looked_for {
                    ""
                } else {
                    "; no stage yet"
                };
                format!(
                    "{name}  {}\n",
                    style.dim(&format!("{}{aside}", entry.title))
                )
            };
            print(&entries.iter().map(line).collect::<String>());
        }
    }
    Ok(Outcome::Passed)
}
