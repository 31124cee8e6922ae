//! The line of a step that tells most.
//!
//! A step happens on the line that calls `lock`. Many submissions have a helper
//! around that call, and then every step of the story would show the helper's one
//! line. A line that is reached from several places is such a helper: the story
//! shows who called it instead.

use std::backtrace::Backtrace;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use model_std::model::{Event, short_place};
use verdict::{Place, Whose};

use crate::source::Sources;

/// A line of the submission: its file and number.
type Line = (PathBuf, u32);

/// The place to show for each event.
pub(crate) fn places(events: &[Event], sources: &mut Sources) -> Vec<Option<Place>> {
    let own: Vec<Option<Place>> = events
        .iter()
        .map(|event| event.at.map(|at| sources.location(at)))
        .collect();
    let chains: Vec<Vec<Line>> = events
        .iter()
        .zip(&own)
        .map(|(event, place)| match (&event.stack, place) {
            (Some(stack), Some(place)) if place.whose == Whose::Learner => {
                chain(stack, place, sources)
            }
            _ => Vec::new(),
        })
        .collect();
    let mut callers: HashMap<&Line, HashSet<&Line>> = HashMap::new();
    for pair in chains.iter().flat_map(|chain| chain.windows(2)) {
        callers.entry(&pair[0]).or_default().insert(&pair[1]);
    }
    let is_helper = |line: &Line| callers.get(line).is_some_and(|callers| callers.len() > 1);
    own.into_iter()
        .zip(&chains)
        .map(|(place, chain)| {
            let place = place?;
            // The outermost line of a chain has no caller to be shown instead.
            match chain.iter().position(|line| !is_helper(line)) {
                Some(telling) if telling > 0 => {
                    let (file, line) = &chain[telling];
                    let known = sources.name(file, &place);
                    Some(sources.place(&known, *line, 1))
                }
                _ => Some(place),
            }
        })
        .collect()
}

/// Where the locks were taken that are held at the end, as the story shows it. The
/// sentences around the story name the line that called `lock`, which may be a
/// helper's.
pub(crate) struct Retold(Vec<(String, String)>);

impl Retold {
    pub(crate) fn new(events: &[Event], places: &[Option<Place>]) -> Self {
        let mut retold: Vec<(String, String)> = Vec::new();
        let mut several = HashSet::new();
        for (index, (event, place)) in events.iter().zip(places).enumerate() {
            let (Some(at), Some(place)) = (event.at, place) else {
                continue;
            };
            if !matches!(event.action, "lock" | "read lock")
                || given_back(event, &events[index + 1..])
            {
                continue;
            }
            let file = Path::new(&place.file).file_name().unwrap_or_default();
            let told = format!("{}:{}", file.to_string_lossy(), place.line);
            let own = short_place(at);
            match retold.iter().find(|(known, _)| *known == own) {
                Some((_, other)) if *other != told => {
                    several.insert(own);
                }
                Some(_) => {}
                None => retold.push((own, told)),
            }
        }
        // A helper that took two of them for two callers: its own line is all that
        // is true of both.
        retold.retain(|(own, told)| own != told && !several.contains(own));
        Self(retold)
    }

    /// A sentence with these lines in it.
    pub(crate) fn in_text(&self, mut text: String) -> String {
        for (own, told) in &self.0 {
            for before in ["taken in ", "since "] {
                let (own, told) = (format!("{before}{own}"), format!("{before}{told}"));
                text = replace_whole(&text, &own, &told);
            }
        }
        text
    }
}

/// Whether the thread gives back what it took, in one of the later events.
fn given_back(lock: &Event, later: &[Event]) -> bool {
    let mine = |event: &&Event| event.thread == lock.thread && event.object == lock.object;
    let next = later.iter().find(mine);
    next.is_some_and(|event| event.action == "unlock")
}

/// As `str::replace`, but not where a number goes on: `lib.rs:13` in `lib.rs:139`.
fn replace_whole(text: &str, from: &str, to: &str) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(from) {
        let (before, after) = (&rest[..at], &rest[at + from.len()..]);
        let whole = !after.starts_with(|next: char| next.is_ascii_digit());
        result.push_str(before);
        result.push_str(if whole { to } else { from });
        rest = after;
    }
    result + rest
}

/// The lines of the submission that led to `place`, innermost first.
fn chain(stack: &Backtrace, place: &Place, sources: &Sources) -> Vec<Line> {
    let Some(folder) = sources
        .find(&place.file)
        .and_then(|file| Some(file.parent()?.to_owned()))
    else {
        return Vec::new();
    };
    let text = stack.to_string();
    let lines = text.lines().filter_map(|line| {
        // `             at ./src/lib.rs:12:9`
        let (path, line) = line
            .trim()
            .strip_prefix("at ")?
            .rsplit_once(':')?
            .0
            .rsplit_once(':')?;
        let path = sources.find(path)?;
        path.starts_with(&folder)
            .then_some((path, line.parse().ok()?))
    });
    let from = |line: &Line| line.1 == place.line;
    let mut chain: Vec<Line> = lines.skip_while(|line| !from(line)).collect();
    chain.dedup();
    chain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_names_the_caller_of_a_helper() {
        let line = |own: &str, told: &str| (own.to_owned(), told.to_owned());
        let retold = Retold(vec![line("lib.rs:13", "lib.rs:40")]);
        let text = "It holds Mutex<u8> (lib.rs:13), taken in lib.rs:13, and waits for one held by \
                    main since lib.rs:139.";
        let expected = "It holds Mutex<u8> (lib.rs:13), taken in lib.rs:40, and waits for one held \
                        by main since lib.rs:139.";
        assert_eq!(retold.in_text(text.to_owned()), expected);
    }
}
