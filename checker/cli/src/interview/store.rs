//! Sessions on disk: `.kata/sessions/<id>.jsonl`, and a folder of that name for
//! what people read and write.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use assessment::{Event, EventId, Journal, Kind, Mode, Session, seal};

use super::clock::{Moment, advance};
use crate::error::{Context, Error, Result};
use crate::files;

/// All sessions of a workspace.
#[derive(Debug)]
pub struct Sessions {
    folder: PathBuf,
}

/// One of them.
#[derive(Debug, Clone)]
pub struct Handle {
    /// Its id, such as `3-scheduler`.
    pub id: String,
    journal: PathBuf,
    /// Where its notes, kept files and reports are.
    pub folder: PathBuf,
}

impl Sessions {
    /// The sessions of the workspace at `root`.
    pub fn of(root: &Path) -> Self {
        Self {
            folder: root.join(".kata").join("sessions"),
        }
    }

    /// Every session, oldest first.
    pub fn all(&self) -> Result<Vec<Handle>> {
        let mut numbered = Vec::new();
        let Ok(entries) = self.folder.read_dir() else {
            return Ok(Vec::new());
        };
        for entry in entries {
            let entry = entry.context(|| format!("Cannot read {}", self.folder.display()))?;
            let name = entry.file_name();
            let id = name.to_str().and_then(|name| name.strip_suffix(".jsonl"));
            if let Some(id) = id
                && let Some(number) = number(id)
            {
                numbered.push((number, self.handle(id)));
            }
        }
        numbered.sort_by_key(|(number, _)| *number);
        Ok(numbered.into_iter().map(|(_, handle)| handle).collect())
    }

    /// The session of that id, or the latest.
    pub fn find(&self, id: Option<&str>) -> Result<Handle> {
        let mut all = self.all()?;
        match id {
            None => all.pop().ok_or_else(|| {
                Error::new("there is no session yet")
                    .next("`cargo kata interview` shows the loops.")
            }),
            Some(id) => all
                .into_iter()
                .find(|handle| handle.id == id)
                .ok_or_else(|| {
                    Error::new(format!("no session is called `{id}`"))
                        .next("`cargo kata interview list` shows every session.")
                }),
        }
    }

    /// The session that is not finished, if there is one.
    pub fn open(&self) -> Result<Option<Handle>> {
        for handle in self.all()?.into_iter().rev() {
            if Session::of(&handle.read()?).finished.is_none() {
                return Ok(Some(handle));
            }
        }
        Ok(None)
    }

    /// Begins a session, unless another one is open.
    pub fn begin(&self, name: &str, now: &Moment, started: Kind) -> Result<Handle> {
        let context = || format!("Cannot write to {}", self.folder.display());
        fs::create_dir_all(&self.folder).context(context)?;
        // Two programs that begin at once must not both find that none is open.
        let lock = File::create(self.folder.join(".lock")).context(context)?;
        lock.lock().context(context)?;
        if let Some(open) = self.open()? {
            return Err(Error::new(format!("the session {} is still open", open.id)).next(
                "`cargo kata interview --resume` goes on with it, `cargo kata interview finish` \
                 ends it.",
            ));
        }
        let last = self
            .all()?
            .last()
            .and_then(|handle| number(&handle.id))
            .unwrap_or(0);
        let handle = self.handle(&format!("{}-{name}", last + 1));
        fs::create_dir_all(&handle.folder).context(context)?;
        let mut journal = Journal {
            events: Vec::new(),
            seal: String::new(),
            whole: 0,
            edited: None,
        };
        let mut lines = String::new();
        write(&mut journal, &mut lines, now, 0, started).context(context)?;
        // All at once: of a journal without its first line nobody could say what it is.
        files::replace(&handle.journal, lines.as_bytes())?;
        Ok(handle)
    }

    fn handle(&self, id: &str) -> Handle {
        Handle {
            id: id.to_owned(),
            journal: self.folder.join(format!("{id}.jsonl")),
            folder: self.folder.join(id),
        }
    }
}

/// The number that an id begins with.
fn number(id: &str) -> Option<u32> {
    id.split_once('-')?.0.parse().ok()
}

impl Handle {
    /// Everything that was recorded.
    pub fn read(&self) -> Result<Journal> {
        let text = fs::read_to_string(&self.journal)
            .context(|| format!("Cannot read {}", self.journal.display()))?;
        self.parse(&text)
    }

    fn parse(&self, text: &str) -> Result<Journal> {
        Journal::parse(text).map_err(|error| {
            Error::new(format!("{}: {error}", self.journal.display())).next(
                "It is left as it is. Move it out of the folder to go on without this session.",
            )
        })
    }

    /// Records what happened. When this returns, it is on the disk.
    pub fn append(&self, now: &Moment, kinds: Vec<Kind>) -> Result<()> {
        self.append_after(
            |_| Ok(kinds.into_iter().map(|kind| (kind, None)).collect()),
            now,
        )
    }

    /// Goes on after an interruption: the clock is where it was.
    pub fn resume(&self, now: &Moment, changed: bool) -> Result<()> {
        let resumed = |journal: &Journal| {
            let (boot, last) = last_moment(journal);
            let away = advance(0, boot, last.mono_ms, now);
            let kind = Kind::Resumed {
                boot: now.boot.clone(),
                away_ms: away,
                changed,
            };
            Ok(vec![(kind, Some(last.at_ms))])
        };
        self.append_after(resumed, now)
    }

    /// Appends what `kinds` makes of the journal as it is. An event is at the time
    /// that is given with it, or else at where the clock stands now.
    fn append_after(
        &self,
        kinds: impl FnOnce(&Journal) -> Result<Vec<(Kind, Option<u64>)>>,
        now: &Moment,
    ) -> Result<()> {
        let context = || format!("Cannot write {}", self.journal.display());
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .open(&self.journal)
            .context(context)?;
        file.lock().context(context)?;
        let mut text = String::new();
        file.read_to_string(&mut text).context(context)?;
        let mut journal = self.parse(&text)?;
        if journal.whole < text.len() {
            // A torn line was never acknowledged; behind it nothing could be read.
            file.set_len(journal.whole as u64).context(context)?;
        }
        let mut lines = String::new();
        for (kind, at_ms) in kinds(&journal)? {
            let at_ms = match at_ms {
                Some(at_ms) => at_ms,
                None => stand(&mut journal, &mut lines, now).context(context)?,
            };
            write(&mut journal, &mut lines, now, at_ms, kind).context(context)?;
        }
        file.write_all(lines.as_bytes()).context(context)?;
        file.sync_data().context(context)
    }
}

/// Where the clock stands now. Across a reboot it is where it was, and that is
/// recorded first.
fn stand(
    journal: &mut Journal,
    lines: &mut String,
    now: &Moment,
) -> Result<u64, serde_json::Error> {
    let (boot, last) = last_moment(journal);
    let at_ms = last.at_ms;
    if let Some(at_ms) = advance(at_ms, boot, last.mono_ms, now) {
        return Ok(at_ms);
    }
    let kind = Kind::Resumed {
        boot: now.boot.clone(),
        away_ms: None,
        changed: false,
    };
    write(journal, lines, now, at_ms, kind)?;
    Ok(at_ms)
}

fn write(
    journal: &mut Journal,
    lines: &mut String,
    now: &Moment,
    at_ms: u64,
    kind: Kind,
) -> Result<(), serde_json::Error> {
    let id = journal.events.last().map_or(1, |event| event.id.0 + 1);
    let event = Event {
        id: EventId(id),
        at_ms,
        mono_ms: now.mono_ms,
        wall: now.wall.clone(),
        kind,
    };
    let (line, sealed) = seal(&journal.seal, &event)?;
    lines.push_str(&line);
    journal.seal = sealed;
    journal.events.push(event);
    Ok(())
}

/// The boot that the last event belongs to, and that event.
fn last_moment(journal: &Journal) -> (&str, &Event) {
    let boot = journal
        .events
        .iter()
        .rev()
        .find_map(|event| match &event.kind {
            Kind::Started { boot, .. } | Kind::Resumed { boot, .. } => Some(boot.as_str()),
            _ => None,
        });
    let last = journal.events.last().expect("it has a first line");
    (boot.unwrap_or_default(), last)
}

/// Where the clock of a session stands, in milliseconds.
pub fn clock_ms(journal: &Journal, now: &Moment) -> u64 {
    let (boot, last) = last_moment(journal);
    advance(last.at_ms, boot, last.mono_ms, now).unwrap_or(last.at_ms)
}

/// What is left of the clock, in milliseconds; nothing where none runs.
pub fn left_ms(session: &Session<'_>, journal: &Journal, now: &Moment) -> Option<u64> {
    let limit = u64::from(session.minutes) * 60_000;
    (session.mode == Mode::Mock).then(|| limit.saturating_sub(clock_ms(journal, now)))
}
