//! `notes.md` of a session: the plan of each stage and the answers to its follow-up
//! questions, a section each. The candidate writes it with any editor; what is in
//! it is recorded by the next command.

use std::collections::BTreeMap;

use assessment::{Session, StageFacts};

/// What stands at the top.
const HEAD: &str = "# Notes

Whatever helps you think. Two kinds of sections count: the plan of a stage, if it
is here before its code, and the answers to its follow-up questions. Write below
the headings, and leave the headings as they are.
";

/// What a section is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// The plan of a stage.
    Plan(String),
    /// The answer to a follow-up question of a stage, counted from 0.
    FollowUp(String, usize),
}

impl Section {
    fn heading(&self) -> String {
        match self {
            Self::Plan(stage) => format!("## {stage}: plan"),
            Self::FollowUp(stage, index) => format!("## {stage}: follow-up {}", index + 1),
        }
    }

    fn parse(line: &str) -> Option<Self> {
        let (stage, what) = line.strip_prefix("## ")?.trim().split_once(": ")?;
        if what == "plan" {
            return Some(Self::Plan(stage.to_owned()));
        }
        let number: usize = what.strip_prefix("follow-up ")?.parse().ok()?;
        Some(Self::FollowUp(stage.to_owned(), number.checked_sub(1)?))
    }
}

/// What is written below each heading, without the questions that are quoted there.
/// Sections with nothing in them are left out.
pub fn parse(text: &str) -> BTreeMap<Section, String> {
    let mut sections: BTreeMap<Section, String> = BTreeMap::new();
    let mut current = None;
    for line in text.lines() {
        if line.starts_with("## ") {
            current = Section::parse(line);
        } else if let Some(section) = &current
            && !line.starts_with('>')
        {
            let body = sections.entry(section.clone()).or_default();
            body.push_str(line);
            body.push('\n');
        }
    }
    for body in sections.values_mut() {
        *body = body.trim().to_owned();
    }
    sections.retain(|_, body| !body.is_empty());
    sections
}

/// The notes with every section of the session that has none yet. What is there is
/// not touched.
pub fn with_sections(text: &str, session: &Session<'_>) -> String {
    let mut text = if text.is_empty() {
        HEAD.to_owned()
    } else {
        text.to_owned()
    };
    let has = |text: &str, section: &Section| {
        text.lines()
            .any(|line| Section::parse(line).as_ref() == Some(section))
    };
    for run in &session.stages {
        let plan = Section::Plan(run.facts.name.clone());
        if !has(&text, &plan) {
            push(&mut text, &plan, None);
        }
        if run.passed.is_none() {
            continue;
        }
        for (index, follow_up) in run.facts.follow_ups.iter().enumerate() {
            let section = Section::FollowUp(run.facts.name.clone(), index);
            if !has(&text, &section) {
                push(&mut text, &section, Some(&follow_up.question));
            }
        }
    }
    text
}

fn push(text: &mut String, section: &Section, question: Option<&str>) {
    text.push_str(&format!("\n{}\n", section.heading()));
    if let Some(question) = question {
        text.push_str(&format!("> {question}\n"));
    }
    text.push('\n');
}

/// The notes with this added to a section.
pub fn with_text(text: &str, section: &Section, addition: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    let at = lines
        .iter()
        .position(|line| Section::parse(line).as_ref() == Some(section));
    let Some(at) = at else {
        return format!(
            "{}\n\n{}\n\n{addition}\n",
            text.trim_end(),
            section.heading()
        );
    };
    let next = lines
        .iter()
        .skip(at + 1)
        .position(|line| line.starts_with("## "));
    let mut end = next.map_or(lines.len(), |next| at + 1 + next);
    while end > at + 1 && lines[end - 1].trim().is_empty() {
        end -= 1;
    }
    let gap = if end > at + 1 && !lines[end - 1].starts_with('>') {
        None
    } else {
        Some("")
    };
    let added: Vec<&str> = gap.into_iter().chain(addition.lines()).collect();
    lines.splice(end..end, added);
    lines.join("\n") + "\n"
}

/// How many follow-up questions of a stage are worth answering on the clock.
pub fn questions(stage: &StageFacts) -> impl Iterator<Item = (usize, &str)> {
    stage
        .follow_ups
        .iter()
        .map(|follow_up| follow_up.question.as_str())
        .enumerate()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_below_a_heading_is_its_own() {
        let plan = Section::Plan("ring".to_owned());
        let second = Section::FollowUp("ring".to_owned(), 1);
        let text = "# Notes\nnot mine\n\n## ring: plan\n\nA map.\nA lock.\n\n## ring: follow-up 1\n> Why?\n\n\
                    ## ring: follow-up 2\n> How?\n\n## mine\nanything\n";
        assert_eq!(
            parse(text),
            BTreeMap::from([(plan.clone(), "A map.\nA lock.".to_owned())])
        );
        let text = with_text(text, &second, "Two ways.");
        assert_eq!(parse(&text)[&second], "Two ways.");
        let text = with_text(&text, &second, "Or three.");
        assert_eq!(parse(&text)[&second], "Two ways.\nOr three.");
        assert_eq!(parse(&text)[&plan], "A map.\nA lock.");
        assert!(text.contains("## mine\nanything"), "{text}");
    }

    #[test]
    fn text_for_a_section_that_was_deleted_makes_it_anew() {
        let plan = Section::Plan("ring".to_owned());
        assert_eq!(parse(&with_text("", &plan, "A map."))[&plan], "A map.");
    }
}
