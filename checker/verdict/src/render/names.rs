//! Short names for what a counterexample mentions: letters for objects, numbers
//! for lines, base names for files.

use std::path::Path;

use crate::{Event, Place, Whose};

/// The objects that need telling apart: none when there is only one.
#[must_use]
pub fn tagged(events: &[Event]) -> Vec<&str> {
    let mut objects: Vec<&str> = Vec::new();
    for object in events.iter().filter_map(|event| event.object.as_deref()) {
        if names_a_place(object) && !objects.contains(&object) {
            objects.push(object);
        }
    }
    if objects.len() < 2 {
        Vec::new()
    } else {
        objects
    }
}

/// `Mutex<State> (lib.rs:40)`, unlike the name of a thread.
#[must_use]
pub fn names_a_place(object: &str) -> bool {
    object.ends_with(')') && object.contains(" (")
}

/// The letter of an object.
#[must_use]
pub fn letter(index: usize) -> char {
    u8::try_from(index)
        .ok()
        .filter(|index| *index < 26)
        .map_or('*', |index| char::from(b'A' + index))
}

/// The learner's file, unless there are several.
#[must_use]
pub fn only_file(events: &[Event]) -> Option<&str> {
    let mut files = events
        .iter()
        .filter_map(|event| event.place.as_ref())
        .filter(|place| place.whose == Whose::Learner)
        .map(|place| place.file.as_str());
    let first = files.next()?;
    files.all(|file| file == first).then_some(first)
}

/// `88`, or `queue.rs:88` where the learner has several files.
#[must_use]
pub fn label(place: Option<&Place>, one_file: bool) -> String {
    match place {
        Some(place) if place.whose == Whose::Learner && one_file => place.line.to_string(),
        Some(place) if place.whose == Whose::Learner => {
            format!("{}:{}", base(&place.file), place.line)
        }
        _ => String::new(),
    }
}

/// The last part of a path.
#[must_use]
pub fn base(file: &str) -> &str {
    Path::new(file)
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or(file)
}
