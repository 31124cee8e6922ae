//! A counterexample as a picture: one narrow column per thread on the left, the
//! learner's own source text on the right, time running down.

use super::names::{base, label, letter, names_a_place, only_file, tagged};
use super::text::{columns, count, cut};
use super::{Style, text};
use crate::story::{self, Row};
use crate::{Counterexample, Event, Place, Whose};

/// About what a terminal shows at once, with the rest of the verdict.
const ROWS: usize = 25;
/// Columns between two threads.
const GAP: usize = 2;
/// A thread's column is at most this wide.
const LANE: usize = 18;
/// Below this, source text is not worth showing beside the threads' columns.
const SOURCE: usize = 28;
/// Between the label and the source text: ` │ `.
const BAR: usize = 3;
/// A long message is cut after so many lines.
const NOTE_LINES: usize = 3;
/// Stands for steps that are not shown.
const FOLDED: &str = "⋮";
/// What a step says besides its source text comes after this.
const ARROW: &str = "→ ";

/// The picture, line by line.
pub(super) fn lines(story: &Counterexample, style: Style) -> Vec<String> {
    if story.events.is_empty() {
        return Vec::new();
    }
    let limit = if style.full { usize::MAX } else { ROWS };
    let rows = story::rows(&story.events, limit);
    let picture = Picture::new(story, &rows, style);
    let mut lines: Vec<String> = picture.header().into_iter().collect();
    let mut previous = None;
    for row in &rows {
        let event = match row {
            Row::Step(event) | Row::Section(event) => Some(*event),
            Row::Switch { .. } | Row::Folded(_) => None,
        };
        match row {
            Row::Switch { stopped } => lines.push(picture.switch(*stopped)),
            Row::Folded(events) => lines.push(picture.folded(events)),
            Row::Step(event) | Row::Section(event) => {
                // Repeating the line just shown would only be more to read.
                let repeats = previous.is_some_and(|previous: &Event| {
                    previous.lane == event.lane && previous.place == event.place
                });
                lines.extend(picture.step(event, &picture.cell(row), repeats));
            }
        }
        previous = event;
    }
    lines.extend(picture.legend(&rows));
    lines
}

/// The places of the steps that are shown.
fn places<'a>(rows: &'a [Row<'a>]) -> impl Iterator<Item = &'a Place> {
    rows.iter().filter_map(|row| match row {
        Row::Step(event) | Row::Section(event) => event.place.as_ref(),
        Row::Switch { .. } | Row::Folded(_) => None,
    })
}

struct Picture<'a> {
    story: &'a Counterexample,
    style: Style,
    /// Where each thread's column begins and how wide it is; none for a thread
    /// that did nothing.
    lanes: Vec<Option<Column>>,
    /// Whether all threads share one column, for want of room.
    shared: bool,
    /// Objects in the order of their letters, where letters are needed.
    tagged: Vec<&'a str>,
    /// The learner's file, when there is only one.
    file: Option<&'a str>,
    left: usize,
    label: usize,
}

/// What stands right of the bar: source text, and what came of it.
struct Right {
    text: String,
    note: Option<String>,
    from_check: bool,
}

#[derive(Clone, Copy)]
struct Column {
    start: usize,
    width: usize,
}

impl<'a> Picture<'a> {
    fn new(story: &'a Counterexample, rows: &[Row<'_>], style: Style) -> Self {
        let file = only_file(&story.events);
        let labels = places(rows).map(|place| columns(&label(Some(place), file.is_some())));
        let mut picture = Self {
            story,
            style,
            lanes: vec![None; story.lanes.len()],
            shared: false,
            tagged: tagged(&story.events),
            file,
            left: 0,
            label: labels.max().unwrap_or(0),
        };
        picture.place_lanes(rows);
        if style.width < picture.left + picture.label + BAR + SOURCE {
            picture.share_one_column(rows);
        }
        picture
    }

    /// Gives each thread that did something a column as wide as it needs.
    fn place_lanes(&mut self, rows: &[Row<'_>]) {
        let mut start = 0;
        for lane in 0..self.lanes.len() {
            if !self.story.events.iter().any(|event| event.lane == lane) {
                continue;
            }
            let own = rows.iter().filter(|row| row.lane() == Some(lane));
            let widest = own.map(|row| columns(&self.cell(row))).max().unwrap_or(0);
            let width = widest.max(columns(self.thread(lane))).min(LANE);
            self.lanes[lane] = Some(Column { start, width });
            start += width + GAP;
        }
        self.left = start;
    }

    /// Names the thread in each row instead: `worker 1  lock`.
    fn share_one_column(&mut self, rows: &[Row<'_>]) {
        let name = (0..self.lanes.len())
            .map(|lane| columns(self.thread(lane)))
            .max();
        let cell = rows.iter().map(|row| columns(&self.cell(row))).max();
        let start = name.unwrap_or(0).min(LANE) + GAP;
        self.lanes = vec![Some(Column { start, width: LANE }); self.story.lanes.len()];
        self.left = start + cell.unwrap_or(0).min(LANE) + GAP;
        self.shared = true;
    }

    /// The threads' names, and the file that the line numbers belong to.
    fn header(&self) -> Option<String> {
        let mut line = String::new();
        let mut at = 0;
        for (lane, column) in self.lanes.iter().enumerate() {
            if let (Some(column), false) = (column, self.shared) {
                let name = cut(self.thread(lane), column.width);
                line.push_str(&" ".repeat(column.start - at));
                at = column.start + columns(&name);
                line.push_str(&self.style.strong(&name));
            }
        }
        if let Some(file) = self.file {
            let file = if columns(file) <= self.room() {
                file
            } else {
                base(file)
            };
            line.push_str(&" ".repeat((self.left + self.label + BAR).saturating_sub(at)));
            line.push_str(&self.style.dim(file));
        }
        (!line.is_empty()).then_some(line)
    }

    fn step(&self, event: &Event, cell: &str, repeats: bool) -> Vec<String> {
        let place = event.place.as_ref().filter(|_| !repeats);
        let label = label(place, self.file.is_some());
        let right = self.explain(event, place);
        let text = cut(&right.text, self.room());
        let shown = if right.from_check {
            self.style.dim(&text)
        } else {
            text
        };
        let mut texts: Vec<String> = [shown]
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect();
        if let Some(note) = &right.note {
            let beside = columns(&right.text) + GAP + columns(ARROW) + columns(note);
            match texts.first_mut() {
                Some(source) if beside <= self.room() => {
                    *source = format!("{source}{}{}", " ".repeat(GAP), self.note(ARROW, note));
                }
                _ => texts.extend(self.note_lines(note)),
            }
        }
        let mut texts = texts.into_iter();
        let first = texts.next().unwrap_or_default();
        let mut lines = vec![self.row(event.lane, cell, &label, &first)];
        let blank = " ".repeat(self.left + self.label);
        lines.extend(texts.map(|text| format!("{blank} {} {text}", self.style.dim("│"))));
        lines
    }

    fn note_lines(&self, note: &str) -> impl Iterator<Item = String> {
        let indent = " ".repeat(columns(ARROW));
        let lines = text::wrap(note, self.room().saturating_sub(columns(ARROW)))
            .into_iter()
            .take(NOTE_LINES);
        lines
            .enumerate()
            .map(move |(index, line)| self.note(if index == 0 { ARROW } else { &indent }, &line))
    }

    /// What stands right of the bar.
    fn explain(&self, event: &Event, place: Option<&Place>) -> Right {
        let object = event
            .object
            .as_deref()
            .filter(|object| !names_a_place(object));
        let more: Vec<String> = [object, event.detail.as_deref()]
            .into_iter()
            .flatten()
            .map(text::clean)
            .collect();
        let more = (!more.is_empty()).then(|| more.join(": ").replace('\n', " "));
        match place {
            // In a check, what it says is worth more than how it says it.
            Some(place) if place.whose == Whose::Check => {
                let at = format!("{}:{}", base(&place.file), place.line);
                match more {
                    Some(more) => Right {
                        text: String::new(),
                        note: Some(more),
                        from_check: true,
                    },
                    None => {
                        let text = format!("{at}  {}", place.source);
                        Right {
                            text,
                            note: None,
                            from_check: true,
                        }
                    }
                }
            }
            Some(place) => Right {
                text: place.source.clone(),
                note: more,
                from_check: false,
            },
            None => Right {
                text: String::new(),
                note: more,
                from_check: false,
            },
        }
    }

    fn switch(&self, stopped: usize) -> String {
        let name = self.thread(stopped);
        let line = format!("── switch: {name} was stopped here although it could go on ");
        let line = cut(&line, self.style.width);
        let fill = self
            .style
            .width
            .min(76)
            .saturating_sub(columns(&line))
            .max(2);
        self.style.unsure(&format!("{line}{}", "─".repeat(fill)))
    }

    fn folded(&self, events: &[Event]) -> String {
        let (first, last) = (&events[0], &events[events.len() - 1]);
        let steps = count(events.len(), "step");
        let text = if events.iter().all(|event| event.lane == first.lane) {
            format!("{} … {} ({steps})", self.action(first), self.action(last))
        } else {
            let mut lanes: Vec<usize> = events.iter().map(|event| event.lane).collect();
            lanes.sort_unstable();
            lanes.dedup();
            let names: Vec<&str> = lanes.into_iter().map(|lane| self.thread(lane)).collect();
            format!("{steps} of {}", names.join(", "))
        };
        self.row(
            first.lane,
            "⋮",
            "",
            &self.style.dim(&cut(&text, self.room())),
        )
    }

    /// The objects behind the letters, and where the threads come from.
    fn legend(&self, rows: &[Row<'_>]) -> Vec<String> {
        let objects = self.tagged.iter().enumerate().map(|(index, object)| {
            let object = cut(object, self.style.width.saturating_sub(3));
            let letter = letter(index).to_string();
            format!("{}  {object}", self.style.name(&letter))
        });
        let lines: Vec<String> = objects.chain(self.spawns(rows)).collect();
        let gap = (!lines.is_empty()).then(String::new);
        gap.into_iter().chain(lines).collect()
    }

    /// `thread 1, thread 2 were spawned at queue.rs:98`, for each such place that is not
    /// among the steps.
    fn spawns(&self, rows: &[Row<'_>]) -> Vec<String> {
        let told = |at: &Place| {
            let same = |place: &Place| place.file == at.file && place.line == at.line;
            places(rows).any(same)
        };
        let mut spawned: Vec<(String, Vec<&str>)> = Vec::new();
        let shown = self.story.lanes.iter().zip(&self.lanes);
        for (lane, _) in shown.filter(|(_, column)| column.is_some()) {
            let Some(place) = lane.spawned_at.as_ref().filter(|at| !told(at)) else {
                continue;
            };
            let at = format!("{}:{}", base(&place.file), place.line);
            match spawned.iter_mut().find(|(known, _)| *known == at) {
                Some((_, names)) => names.push(&lane.name),
                None => spawned.push((at, vec![&lane.name])),
            }
        }
        let line = |(at, names): (String, Vec<&str>)| {
            let were = if names.len() == 1 { "was" } else { "were" };
            let line = format!("{} {were} spawned at {at}", names.join(", "));
            self.style.dim(&cut(&line, self.style.width))
        };
        spawned.into_iter().map(line).collect()
    }

    /// One line: the thread's cell, the label, the bar, the text.
    fn row(&self, lane: usize, cell: &str, label: &str, text: &str) -> String {
        let column = self.lanes.get(lane).copied().flatten();
        let Column { start, width } = column.unwrap_or(Column {
            start: 0,
            width: LANE,
        });
        let cell = cut(cell, width);
        let mut line = if self.shared {
            let name = cut(self.thread(lane), start - GAP);
            self.style.strong(&name) + &" ".repeat(start - columns(&name))
        } else {
            " ".repeat(start)
        };
        line.push_str(&self.style.lane(lane, &cell));
        if label.is_empty() && text.is_empty() {
            return line;
        }
        let pad = (self.left + self.label).saturating_sub(start + columns(&cell) + columns(label));
        line.push_str(&" ".repeat(pad));
        line.push_str(&self.style.dim(label));
        format!("{line} {} {text}", self.style.dim("│"))
    }

    /// Columns right of the bar.
    fn room(&self) -> usize {
        self.style
            .width
            .saturating_sub(self.left + self.label + BAR)
    }

    fn note(&self, arrow: &str, note: &str) -> String {
        self.style.dim(arrow) + &self.style.name(note)
    }

    fn thread(&self, lane: usize) -> &str {
        self.story
            .lanes
            .get(lane)
            .map_or("?", |lane| lane.name.as_str())
    }

    /// What stands in the thread's column.
    fn cell(&self, row: &Row<'_>) -> String {
        match row {
            Row::Step(event) => self.action(event),
            Row::Section(event) => {
                let (action, letter) = (&event.action, self.letter(event));
                format!("{action}…unlock{letter}")
            }
            Row::Folded(_) => FOLDED.to_owned(),
            Row::Switch { .. } => String::new(),
        }
    }

    /// The action, with the letter of its object.
    fn action(&self, event: &Event) -> String {
        format!("{}{}", event.action, self.letter(event))
    }

    /// ` B`, for an object that needs telling apart.
    fn letter(&self, event: &Event) -> String {
        let object = event.object.as_deref();
        let index = self
            .tagged
            .iter()
            .position(|tagged| Some(*tagged) == object);
        index
            .map(|index| format!(" {}", letter(index)))
            .unwrap_or_default()
    }
}
