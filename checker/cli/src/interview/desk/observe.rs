//! What a session sees of the candidate's files: code, and what is in the notes.

use std::fs;
use std::path::PathBuf;

use assessment::{Kind, Session, of_sources};

use super::Desk;
use crate::error::{Context, Result};
use crate::interview::code;
use crate::interview::notes::{self, Section};

impl Desk<'_> {
    /// Records what has changed in the files: code of every stage that was opened,
    /// plans and answers in the notes.
    pub fn observe(&self) -> Result<Vec<String>> {
        let journal = self.journal()?;
        let session = Session::of(&journal);
        if session.finished.is_some() {
            return Ok(Vec::new());
        }
        let mut remarks = Vec::new();
        let mut kinds = Vec::new();
        let mut seen: Vec<&str> = Vec::new();
        for run in session.stages.iter().rev() {
            let name = run.facts.name.as_str();
            if seen.contains(&name) {
                continue;
            }
            seen.push(name);
            let stage = self.workspace.stage(name)?;
            let files = code::read(self.workspace, &stage);
            if !files.contains_key("lib.rs") {
                remarks.push(format!(
                    "{} is gone; its last version is recorded, and `cargo kata interview restore` \
                     brings it back",
                    stage.source().display()
                ));
                continue;
            }
            if files != *run.code() {
                if run.begun.is_none() {
                    kinds.push(Kind::Begun {
                        stage: name.to_owned(),
                    });
                }
                kinds.push(Kind::Edited {
                    stage: name.to_owned(),
                    hash: of_sources(&files),
                    files,
                });
            }
        }
        let noted = self.noted(&session)?;
        // Both are seen only now; which was first is for the files to say.
        if self.notes_are_older(&session)? {
            kinds.splice(0..0, noted);
        } else {
            kinds.extend(noted);
        }
        self.record(kinds)?;
        Ok(remarks)
    }

    /// Whether the notes were last written before the code of the current stage.
    fn notes_are_older(&self, session: &Session<'_>) -> Result<bool> {
        let Some(run) = session.current() else {
            return Ok(true);
        };
        let code = self.workspace.stage(&run.facts.name)?.source();
        let modified = |file: PathBuf| fs::metadata(file).and_then(|data| data.modified()).ok();
        Ok(modified(self.notes()) <= modified(self.workspace.root.join(code)))
    }

    /// What is new in the notes.
    fn noted(&self, session: &Session<'_>) -> Result<Vec<Kind>> {
        let text = fs::read_to_string(self.notes()).unwrap_or_default();
        let mut kinds = Vec::new();
        for (section, body) in notes::parse(&text) {
            match section {
                Section::Plan(name) => {
                    let Some(run) = session.run(&name) else {
                        continue;
                    };
                    let known = run.plans.last().is_some_and(
                        |event| matches!(&event.kind, Kind::Planned { text, .. } if *text == body),
                    );
                    if !known {
                        kinds.push(Kind::Planned {
                            stage: name,
                            text: body,
                        });
                    }
                }
                Section::FollowUp(name, index) => {
                    let Some(run) = session.run(&name) else {
                        continue;
                    };
                    let asked = index < run.facts.follow_ups.len();
                    if asked && run.last_answer(index).is_none_or(|(_, text)| text != body) {
                        kinds.push(Kind::Answered {
                            stage: name,
                            follow_up: index,
                            text: body,
                        });
                    }
                }
            }
        }
        Ok(kinds)
    }

    /// Writes the sections that the session has come to into the notes.
    pub fn lay_out_notes(&self) -> Result<()> {
        let journal = self.journal()?;
        let session = Session::of(&journal);
        let there = fs::read_to_string(self.notes()).unwrap_or_default();
        let mut text = notes::with_sections(&there, &session);
        if there.is_empty() {
            // The file is new, or was deleted: what was recorded of it comes back.
            for run in &session.stages {
                let name = &run.facts.name;
                if let Some(Kind::Planned { text: plan, .. }) = run.plans.last().map(|it| &it.kind)
                {
                    text = notes::with_text(&text, &Section::Plan(name.clone()), plan);
                }
                for (index, _) in notes::questions(run.facts) {
                    if let Some((_, answer)) = run.last_answer(index) {
                        let section = Section::FollowUp(name.clone(), index);
                        text = notes::with_text(&text, &section, answer);
                    }
                }
            }
        }
        self.write_notes(&text)
    }

    fn write_notes(&self, text: &str) -> Result<()> {
        let file = self.notes();
        let context = || format!("Cannot write {}", file.display());
        fs::create_dir_all(&self.handle.folder).context(context)?;
        let new = file.with_extension("md.new");
        fs::write(&new, text)
            .and_then(|()| fs::rename(&new, &file))
            .context(context)
    }

    /// Adds to the notes.
    pub fn note(&self, section: &Section, text: &str) -> Result<()> {
        self.lay_out_notes()?;
        let there = fs::read_to_string(self.notes()).unwrap_or_default();
        self.write_notes(&notes::with_text(&there, section, text))?;
        self.observe().map(drop)
    }
}
