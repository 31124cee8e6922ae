//! Where everything of a swim-lane picture stands.
//!
//! Time runs down, a row per step. Each thread has a column; the learner's source text
//! stands right of them. Lengths are in pixels of the picture.

mod marks;

use verdict::render::clean;
use verdict::render::names::{base, label, letter, names_a_place, only_file, tagged};
use verdict::story::{self, Row};
use verdict::{Counterexample, Event, Whose};

/// Height of a row.
pub(crate) const ROW: f64 = 24.0;
/// Height of the threads' names above the first row.
pub(crate) const HEADER: f64 = 34.0;
/// Width of a character of the monospaced text.
pub(crate) const CHARACTER: f64 = 7.8;
/// Room for the bars of held locks, left of a column's text.
pub(crate) const BARS: f64 = 26.0;
/// The longest source text shown.
const LONGEST: usize = 84;

/// A picture, ready to be drawn.
pub(crate) struct Layout {
    pub(crate) columns: Vec<Column>,
    pub(crate) lines: Vec<Line>,
    pub(crate) bars: Vec<Bar>,
    pub(crate) waits: Vec<Wait>,
    pub(crate) arrows: Vec<Arrow>,
    /// The objects behind the letters.
    pub(crate) objects: Vec<(char, String)>,
    /// The learner's file, when there is only one.
    pub(crate) file: Option<String>,
    /// Where the source text begins.
    pub(crate) text_x: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// A thread's column.
pub(crate) struct Column {
    pub(crate) lane: usize,
    pub(crate) name: String,
    pub(crate) x: f64,
    pub(crate) width: f64,
    /// The rows of its first and its last step.
    pub(crate) from: usize,
    pub(crate) to: usize,
}

/// A row.
pub(crate) struct Line {
    pub(crate) kind: Kind,
    /// What stands in the thread's column.
    pub(crate) cell: String,
    /// The line's number, with the file where there are several.
    pub(crate) label: String,
    pub(crate) source: String,
    /// What came of it: a value, a printed line, a message.
    pub(crate) note: String,
}

/// What a row is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Step { column: usize, whose: Whose },
    Folded,
    Switch,
}

/// A lock that is held from one row to another.
pub(crate) struct Bar {
    pub(crate) column: usize,
    /// Which object, for its colour.
    pub(crate) object: usize,
    /// How many other locks its thread holds meanwhile.
    pub(crate) depth: usize,
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) what: String,
}

/// A thread that waits from one row to another, or to the end.
pub(crate) struct Wait {
    pub(crate) column: usize,
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) for_ever: bool,
}

/// What one thread's step means for another thread.
pub(crate) struct Arrow {
    pub(crate) from: (usize, usize),
    pub(crate) to: (usize, usize),
}

impl Layout {
    pub(crate) fn new(story: &Counterexample, limit: usize) -> Self {
        let events = &story.events;
        let rows = story::rows(events, limit);
        let row_of = rows_of(events, &rows);
        let tagged = tagged(events);
        let file = only_file(events);
        let columns = columns(story, &rows, &row_of, &tagged);
        let column_of = |lane: usize| columns.iter().position(|column| column.lane == lane);
        let name = |lane: usize| story.lanes.get(lane).map_or("?", |lane| lane.name.as_str());

        let lines: Vec<Line> = rows
            .iter()
            .map(|row| match row {
                Row::Step(event) | Row::Section(event) => Line {
                    kind: Kind::Step {
                        column: column_of(event.lane).unwrap_or_default(),
                        whose: event
                            .place
                            .as_ref()
                            .map_or(Whose::Check, |place| place.whose),
                    },
                    cell: cell(row, &tagged),
                    label: label(event.place.as_ref(), file.is_some()),
                    source: source(event),
                    note: note(event),
                },
                Row::Folded(events) => Line {
                    kind: Kind::Folded,
                    cell: String::new(),
                    label: String::new(),
                    source: format!("⋮ {} steps", events.len()),
                    note: String::new(),
                },
                Row::Switch { stopped } => Line {
                    kind: Kind::Switch,
                    cell: String::new(),
                    label: String::new(),
                    source: format!(
                        "{} was stopped here although it could go on",
                        name(*stopped)
                    ),
                    note: String::new(),
                },
            })
            .collect();

        let text_x = columns.last().map_or(16.0, |last| last.x + last.width) + 44.0;
        let widest = lines.iter().map(|line| {
            let note = if line.note.is_empty() {
                0
            } else {
                line.note.chars().count() + 4
            };
            line.source.chars().count() + note
        });
        let text = widest.max().unwrap_or(0).clamp(40, LONGEST + 40);
        Self {
            bars: marks::bars(events, &row_of, &tagged, &column_of, rows.len()),
            waits: marks::waits(events, &row_of, &column_of, rows.len()),
            arrows: marks::arrows(events, &row_of, &column_of),
            objects: tagged
                .iter()
                .enumerate()
                .map(|(index, object)| (letter(index), (*object).to_owned()))
                .collect(),
            file: file.map(|file| {
                let fits = file.chars().count() <= text;
                if fits { file } else { base(file) }.to_owned()
            }),
            width: text_x + text as f64 * CHARACTER + 16.0,
            height: HEADER + rows.len() as f64 * ROW + 12.0,
            text_x,
            columns,
            lines,
        }
    }

    /// Where something ends that lasts until `row`, or until after the last one.
    pub(crate) fn until(&self, row: usize) -> f64 {
        if row < self.lines.len() {
            Self::y(row)
        } else {
            HEADER + row as f64 * ROW
        }
    }

    /// The middle of a row.
    pub(crate) fn y(row: usize) -> f64 {
        HEADER + (row as f64 + 0.5) * ROW
    }
}

/// The row in which each event is shown.
fn rows_of(events: &[Event], rows: &[Row<'_>]) -> Vec<usize> {
    let mut row_of = vec![0; events.len()];
    let mut next = 0;
    for (index, row) in rows.iter().enumerate() {
        let count = match row {
            Row::Step(_) => 1,
            Row::Section(_) => 2,
            Row::Folded(events) => events.len(),
            Row::Switch { .. } => 0,
        };
        row_of[next..next + count].fill(index);
        next += count;
    }
    row_of
}

/// A column for each thread that did something, as wide as its widest cell.
fn columns(
    story: &Counterexample,
    rows: &[Row<'_>],
    row_of: &[usize],
    tagged: &[&str],
) -> Vec<Column> {
    let mut x = 16.0;
    let mut columns = Vec::new();
    for (lane, thread) in story.lanes.iter().enumerate() {
        let own = |event: &Event| event.lane == lane;
        let Some(first) = story.events.iter().position(own) else {
            continue;
        };
        let last = story.events.iter().rposition(own).unwrap_or(first);
        let cells = rows.iter().filter(|row| row.lane() == Some(lane));
        let widest = cells.map(|row| cell(row, tagged).chars().count()).max();
        let characters = widest.unwrap_or(0).max(thread.name.chars().count());
        let width = BARS + characters as f64 * CHARACTER + 14.0;
        columns.push(Column {
            lane,
            name: clean(&thread.name),
            x,
            width,
            from: row_of[first],
            to: row_of[last],
        });
        x += width + 12.0;
    }
    columns
}

/// The action, with the letter of its object.
fn cell(row: &Row<'_>, tagged: &[&str]) -> String {
    match row {
        Row::Step(event) => format!("{}{}", event.action, tag(event, tagged)),
        Row::Section(event) => format!("{}…unlock{}", event.action, tag(event, tagged)),
        Row::Folded(_) | Row::Switch { .. } => String::new(),
    }
}

fn tag(event: &Event, tagged: &[&str]) -> String {
    object_of(event, tagged).map_or_else(String::new, |index| format!(" {}", letter(index)))
}

fn object_of(event: &Event, tagged: &[&str]) -> Option<usize> {
    let object = event.object.as_deref()?;
    tagged.iter().position(|tagged| *tagged == object)
}

/// The learner's line. What a check does is only worth its words.
fn source(event: &Event) -> String {
    let Some(place) = &event.place else {
        return String::new();
    };
    if place.whose == Whose::Check && event.detail.is_some() {
        return String::new();
    }
    let short: String = place.source.chars().take(LONGEST).collect();
    if short.len() < place.source.len() {
        short + "…"
    } else {
        short
    }
}

fn note(event: &Event) -> String {
    let other = event
        .object
        .as_deref()
        .filter(|object| !names_a_place(object));
    let parts: Vec<&str> = [other, event.detail.as_deref()]
        .into_iter()
        .flatten()
        .collect();
    clean(&parts.join(": ")).replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(lane: usize, action: &str, object: &str) -> Event {
        Event {
            lane,
            action: action.into(),
            object: (!object.is_empty()).then(|| format!("{object} (lib.rs:1)")),
            detail: None,
            place: None,
            preempted: false,
        }
    }

    fn layout(events: Vec<Event>) -> Layout {
        let lane = |name: &str| verdict::Lane {
            name: name.into(),
            spawned_at: None,
        };
        let story = Counterexample {
            preemptions: 0,
            lanes: vec![lane("main"), lane("idle"), lane("worker")],
            events,
            standing: Vec::new(),
            schedule: String::new(),
        };
        Layout::new(&story, usize::MAX)
    }

    #[test]
    fn a_lock_is_a_bar_from_taking_to_giving_back() {
        let layout = layout(vec![
            event(0, "lock", "Mutex<A>"),
            event(0, "lock", "Mutex<B>"),
            event(0, "unlock", "Mutex<A>"),
            event(0, "wait", "Condvar"),
            event(2, "lock", "Mutex<A>"),
        ]);
        let bars: Vec<_> = layout
            .bars
            .iter()
            .map(|bar| (bar.column, bar.object, bar.depth, bar.from, bar.to))
            .collect();
        // Out of order, given back by a wait, and held to the end.
        assert_eq!(bars, [(0, 0, 0, 0, 2), (0, 1, 0, 1, 3), (1, 0, 0, 4, 5)]);
    }

    #[test]
    fn who_does_nothing_has_no_column() {
        let layout = layout(vec![event(0, "spawn", ""), event(2, "lock", "Mutex<A>")]);
        let names: Vec<&str> = layout.columns.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names, ["main", "worker"]);
    }

    #[test]
    fn a_wait_lasts_until_the_next_step_and_arrows_say_why() {
        let layout = layout(vec![
            event(2, "wait", "Condvar"),
            event(0, "notify one", "Condvar"),
            event(0, "join", ""),
            event(2, "woken", "Condvar"),
        ]);
        let waits: Vec<_> = layout
            .waits
            .iter()
            .map(|wait| (wait.column, wait.from, wait.to, wait.for_ever))
            .collect();
        assert_eq!(waits, [(1, 0, 3, false), (0, 2, 4, true)]);
        let arrows: Vec<_> = layout.arrows.iter().map(|a| (a.from, a.to)).collect();
        assert_eq!(arrows, [((0, 1), (1, 3))]);
    }
}
