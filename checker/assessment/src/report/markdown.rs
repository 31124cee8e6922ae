//! The report as Markdown: the events that a sentence rests on are its footnotes.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::lanes;
use super::timeline::{grid, row, rows, versions};
use super::{Input, PARTS};
use crate::{Area, Assessment, EventId, Point, Sentence, Standing};

/// The report.
#[must_use]
pub fn markdown(input: &Input<'_>) -> String {
    let assessment = input.assessment;
    let mut page = Page {
        text: String::new(),
        cited: BTreeSet::new(),
    };
    page.line(&format!("# {}\n", title(input)));
    let began = super::moment(&assessment.began);
    page.line(&format!("The `{}` loop, begun {began}.\n", assessment.name));
    page.parts(assessment);
    page.line("## Evidence\n");
    page.evidence(input);
    let cited = std::mem::take(&mut page.cited);
    for event in input
        .session
        .events
        .iter()
        .filter(|event| cited.contains(&event.id))
    {
        let row = row(input.session, event);
        page.line(&format!("[^{}]: {}: {}", row.id, row.at, row.text));
    }
    page.text
}

/// The four parts without their evidence and footnotes, for a terminal.
#[must_use]
pub fn summary(assessment: &Assessment) -> String {
    let mut page = Page {
        text: String::new(),
        cited: BTreeSet::new(),
    };
    page.parts(assessment);
    let mut text = String::new();
    for line in page.text.lines() {
        let mut rest = line;
        while let Some((before, after)) = rest.split_once("[^") {
            text.push_str(before);
            rest = after.split_once(']').map_or("", |(_, after)| after);
        }
        text.push_str(rest);
        text.push('\n');
    }
    text
}

/// What stands at the top.
pub(super) fn title(input: &Input<'_>) -> String {
    let what = match &input.assessment.standing {
        Standing::Level(level) => level.to_string(),
        Standing::NotScored(_) => "not scored".to_owned(),
    };
    format!("Session {}: {what}", input.id)
}

struct Page {
    text: String,
    cited: BTreeSet<EventId>,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// A sentence with its footnotes.
    fn cite(&mut self, sentence: &Sentence) -> String {
        let mut text = sentence.text.clone();
        for id in &sentence.cites {
            self.cited.insert(*id);
            let _ = write!(text, "[^{id}]");
        }
        text
    }

    fn paragraph(&mut self, sentences: &[Sentence]) {
        let cited: Vec<String> = sentences
            .iter()
            .map(|sentence| self.cite(sentence))
            .collect();
        self.line(&format!("{}\n", cited.join(" ")));
    }

    fn parts(&mut self, assessment: &Assessment) {
        self.line(&format!("## {}\n", PARTS[0]));
        self.paragraph(&assessment.overall);
        self.paragraph(std::slice::from_ref(&assessment.confidence));
        self.line(&format!("## {}\n", PARTS[1]));
        if assessment.strengths.is_empty() {
            self.line("None that the rules can see.\n");
        }
        for Point {
            title, sentences, ..
        } in &assessment.strengths
        {
            self.line(&format!("### {title}\n"));
            self.paragraph(sentences);
        }
        self.line(&format!("## {}\n", PARTS[2]));
        if assessment.areas.is_empty() {
            self.line("None that the rules can see.\n");
        }
        for area in &assessment.areas {
            self.area(area);
        }
        self.line(&format!("## {}\n", PARTS[3]));
        self.paragraph(&assessment.verdict);
    }

    fn area(&mut self, area: &Area) {
        self.line(&format!("### {}\n", area.title));
        self.paragraph(&area.sentences);
        if let Some(practise) = &area.practise {
            let text = self.cite(practise);
            self.line(&format!("**To practise next.** {text}\n"));
        }
    }

    fn evidence(&mut self, input: &Input<'_>) {
        let assessment = input.assessment;
        self.line("### What each level takes\n\n| level | | demand |\n|---|---|---|");
        for gate in &assessment.gates {
            let text = self.cite(&gate.sentence);
            let mark = if gate.met { "✓" } else { "✗" };
            self.line(&format!("| {} | {mark} | {text} |", gate.level));
        }
        if let Some(bugs) = &assessment.bugs {
            self.line("\n### Planted defects\n");
            for each in &bugs.each {
                let text = self.cite(each);
                self.line(&format!("- {text}"));
            }
        }
        self.line("\n### Dimensions\n\n| dimension | weight | own rating | rules | interviewer | counts |\n|---|---|---|---|---|---|");
        for result in &assessment.dimensions {
            let number = |score: Option<f64>| {
                score.map_or("not assessed".to_owned(), |score| format!("{score:.1}"))
            };
            self.line(&format!(
                "| {} | {} | {} | {} | {} | {} |",
                result.name,
                result.weight,
                result.own.map_or("–".to_owned(), |own| own.to_string()),
                result
                    .rules
                    .map_or("–".to_owned(), |rules| format!("{rules:.1}")),
                result
                    .interviewer
                    .as_ref()
                    .map_or("–".to_owned(), |judged| judged.score.to_string()),
                number(result.score)
            ));
        }
        self.line("");
        for result in &assessment.dimensions {
            if result.evidence.is_empty() {
                continue;
            }
            self.line(&format!("**{}**\n", result.name));
            for evidence in &result.evidence {
                let text = self.cite(&evidence.sentence);
                self.line(&format!("- {text} *(worth {:.2})*", evidence.value));
            }
            self.line("");
        }
        self.line("### Timeline\n\n| event | clock | what happened |\n|---|---|---|");
        for row in rows(input.session) {
            self.line(&format!(
                "| {} | {} | {} |",
                row.id,
                row.at,
                row.text.replace('|', "\\|")
            ));
        }
        self.attempts(input);
        self.counterexamples(input);
        self.line(
            "### Versions\n\n| event | stage | clock | checks | red |\n|---|---|---|---|---|",
        );
        for version in versions(input.session) {
            let at = row(input.session, version.event).at;
            let red: Vec<String> = version
                .red
                .iter()
                .map(|check| format!("`{check}`"))
                .collect();
            self.line(&format!(
                "| {} | `{}` | {at} | {} | {} |",
                version.event.id,
                version.stage,
                version.result,
                red.join(" ")
            ));
        }
        self.line("");
    }

    fn attempts(&mut self, input: &Input<'_>) {
        for run in &input.session.stages {
            if run.attempts.is_empty() {
                continue;
            }
            self.line(&format!(
                "\n### Checks of `{}` over attempts\n",
                run.facts.name
            ));
            let numbers: Vec<String> = run
                .attempts
                .iter()
                .map(|attempt| attempt.event.id.to_string())
                .collect();
            self.line(&format!("| check | {} |", numbers.join(" | ")));
            self.line(&format!("|---|{}", "---|".repeat(numbers.len())));
            for (check, cells) in grid(run) {
                let cells: Vec<&str> = cells.into_iter().map(|cell| cell.mark()).collect();
                self.line(&format!("| `{check}` | {} |", cells.join(" | ")));
            }
        }
        self.line("");
    }

    fn counterexamples(&mut self, input: &Input<'_>) {
        let shown = lanes::shown(input);
        if shown.is_empty() {
            return;
        }
        self.line("### Counterexamples\n");
        for (run, event, record) in shown {
            self.line(&format!("`{}` at event {}:\n", run.facts.name, event.id));
            self.line(&format!("```text\n{}```\n", lanes::plain(record)));
        }
    }
}
