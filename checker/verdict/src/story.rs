//! Which steps of a counterexample are shown, and which are folded away.
//!
//! A learner reads about a screen of rows. What must stay: every point where a
//! thread was stopped although it could go on, since that is what a proof by
//! reading the code overlooks, and the end, since that is where it shows. What
//! tasks said of themselves stays as long as there is room. What the learner's code
//! prints was put there to be read: it stays, in rows of its own, unless it is a flood.

use std::ops::Range;

use crate::Event;

/// Moves at the end that are never folded.
const ENDING: usize = 4;
/// Printed lines that are never folded.
const PRINTED: usize = 10;

/// One row of the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Row<'a> {
    /// A step.
    Step(&'a Event),
    /// A lock taken and given back with nothing in between.
    Section(&'a Event),
    /// This thread was stopped here although it could go on.
    Switch {
        /// Index of its lane.
        stopped: usize,
    },
    /// Steps that are not shown one by one.
    Folded(&'a [Event]),
}

impl Row<'_> {
    /// The thread whose column it stands in.
    #[must_use]
    pub fn lane(&self) -> Option<usize> {
        match self {
            Self::Step(event) | Self::Section(event) => Some(event.lane),
            Self::Folded(events) => events.first().map(|event| event.lane),
            Self::Switch { .. } => None,
        }
    }
}

/// How readily neighbouring moves are folded into one row.
#[derive(Clone, Copy)]
struct Folding {
    /// Only among this many of the first moves.
    reach: usize,
    /// Also what a thread said.
    words: bool,
    /// Also moves of different threads.
    threads: bool,
}

/// The rows that tell this story in at most `limit` of them, besides a few that the
/// learner's code printed.
#[must_use]
pub fn rows(events: &[Event], limit: usize) -> Vec<Row<'_>> {
    let all = Story::in_steps(events).all();
    let limit = limit + kept_prints(events);
    if all.len() <= limit {
        return all;
    }
    let story = Story::in_moves(events);
    story
        .within(limit, false, false)
        .or_else(|| story.within(limit, true, false))
        .or_else(|| story.within(limit, true, true))
        .unwrap_or_else(|| last_rounds(events, all, limit / 2))
}

/// How many printed lines are shown whatever else is folded.
fn kept_prints(events: &[Event]) -> usize {
    let printed = events.iter().filter(|event| is_print(event)).count();
    if printed <= PRINTED { printed } else { 0 }
}

fn is_print(event: &Event) -> bool {
    event.action == "print"
}

/// Threads that go round in circles: a few of the last rounds show it.
fn last_rounds<'a>(events: &'a [Event], mut all: Vec<Row<'a>>, keep: usize) -> Vec<Row<'a>> {
    let dropped = all.drain(..all.len() - keep);
    let steps = dropped.filter(|row| matches!(row, Row::Step(_))).count();
    all.insert(0, Row::Folded(&events[..steps]));
    all
}

/// A story and its moves, each a step or a few that belong together.
struct Story<'a> {
    events: &'a [Event],
    keeps_prints: bool,
    moves: Vec<Range<usize>>,
}

impl<'a> Story<'a> {
    /// Every step is a move.
    fn in_steps(events: &'a [Event]) -> Self {
        Self {
            events,
            keeps_prints: kept_prints(events) > 0,
            moves: (0..events.len()).map(|step| step..step + 1).collect(),
        }
    }

    /// A lock taken and given back at once is one move.
    fn in_moves(events: &'a [Event]) -> Self {
        let mut moves = Vec::new();
        let mut start = 0;
        while start < events.len() {
            let length = if is_section(&events[start..]) { 2 } else { 1 };
            moves.push(start..start + length);
            start += length;
        }
        Self {
            events,
            keeps_prints: kept_prints(events) > 0,
            moves,
        }
    }

    /// A row for each move.
    fn all(&self) -> Vec<Row<'a>> {
        self.rows(Folding {
            reach: 0,
            words: false,
            threads: false,
        })
    }

    /// At most so many rows, if that can be had. The beginning is folded first:
    /// what is near the end explains more.
    fn within(&self, limit: usize, words: bool, threads: bool) -> Option<Vec<Row<'a>>> {
        (0..=self.moves.len())
            .filter(|reach| self.ends_a_stretch(*reach))
            .map(|reach| {
                self.rows(Folding {
                    reach,
                    words,
                    threads,
                })
            })
            .find(|rows| rows.len() <= limit)
    }

    fn rows(&self, folding: Folding) -> Vec<Row<'a>> {
        let mut rows = Vec::new();
        let mut index = 0;
        while index < self.moves.len() {
            let first = self.first(index);
            if first.preempted && index > 0 {
                rows.push(Row::Switch {
                    stopped: self.first(index - 1).lane,
                });
            }
            let end = index + self.foldable(index, folding);
            if end > index + 1 {
                let steps = self.moves[index].start..self.moves[end - 1].end;
                rows.push(Row::Folded(&self.events[steps]));
                index = end;
            } else {
                let whole = self.moves[index].len() > 1;
                rows.push(if whole {
                    Row::Section(first)
                } else {
                    Row::Step(first)
                });
                index += 1;
            }
        }
        rows
    }

    /// How many moves from `start` on may share one row.
    fn foldable(&self, start: usize, folding: Folding) -> usize {
        let lane = self.first(start).lane;
        (start..folding.reach)
            .take_while(|index| {
                let event = self.first(*index);
                !self.stays(*index)
                    && (folding.threads || event.lane == lane)
                    && (folding.words || event.detail.is_none())
            })
            .count()
    }

    /// Whether this move is one of those that make the story.
    fn stays(&self, index: usize) -> bool {
        let switched_to = self.first(index).preempted;
        let last = index + 1 == self.moves.len();
        let stopped_after = !last && self.first(index + 1).preempted;
        let printed = self.keeps_prints && is_print(self.first(index));
        printed || switched_to || stopped_after || index + ENDING >= self.moves.len()
    }

    /// Whether another thread goes on after so many moves.
    fn ends_a_stretch(&self, reach: usize) -> bool {
        let within = 1..self.moves.len();
        !within.contains(&reach) || self.first(reach - 1).lane != self.first(reach).lane
    }

    fn first(&self, index: usize) -> &'a Event {
        &self.events[self.moves[index].start]
    }
}

/// Whether these steps begin with a lock taken and given back at once.
fn is_section(events: &[Event]) -> bool {
    match events {
        [lock, unlock, ..] => {
            unlock.action == "unlock"
                && lock.action != "unlock"
                && unlock.object.is_some()
                && unlock.object == lock.object
                && unlock.lane == lock.lane
                && !unlock.preempted
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(lane: usize, preempted: bool) -> Event {
        Event {
            lane,
            action: "lock".into(),
            object: Some("Mutex<u8> (lib.rs:1)".into()),
            detail: None,
            place: None,
            preempted,
        }
    }

    fn story(steps: impl IntoIterator<Item = (usize, bool)>) -> Vec<Event> {
        steps
            .into_iter()
            .map(|(lane, preempted)| event(lane, preempted))
            .collect()
    }

    #[test]
    fn a_short_story_is_told_whole() {
        let events = story([(0, false), (1, true), (0, false)]);
        let rows = rows(&events, 25);
        assert_eq!(rows.len(), 4);
        assert_eq!(rows[1], Row::Switch { stopped: 0 });
    }

    #[test]
    fn the_beginning_is_folded_first_and_no_more_than_needed() {
        let events = story(
            (0..10)
                .map(|_| (0, false))
                .chain((0..20).map(|step| (1, step == 0))),
        );
        let rows = rows(&events, 25);
        // Nine of the first ten steps; the tenth is where thread 0 was stopped.
        assert_eq!(rows[0], Row::Folded(&events[..9]));
        assert_eq!(rows[1], Row::Step(&events[9]));
        assert_eq!(rows[2], Row::Switch { stopped: 0 });
        assert_eq!(rows.len(), 23);
    }

    #[test]
    fn locks_that_are_given_back_at_once_take_one_row_in_a_long_story() {
        let mut events = story((0..30).map(|_| (0, false)));
        for unlock in events.iter_mut().skip(1).step_by(2) {
            unlock.action = "unlock".into();
        }
        let rows = rows(&events, 25);
        assert_eq!(rows.len(), 15);
        assert_eq!(rows[14], Row::Section(&events[28]));
    }

    #[test]
    fn what_a_task_said_is_folded_last() {
        let mut events = story((0..40).map(|_| (0, false)));
        events[7].detail = Some("task 1 runs".into());
        let rows = rows(&events, 25);
        assert!(rows.contains(&Row::Step(&events[7])), "{rows:?}");
    }

    #[test]
    fn what_the_learner_printed_is_not_folded() {
        let mut events = story((0..200).map(|step| (step % 3, step == 100)));
        for at in [20, 50] {
            events[at].action = "print".into();
            events[at].detail = Some("got here".into());
        }
        let rows = rows(&events, 25);
        assert!(rows.len() <= 27, "{} rows", rows.len());
        for at in [20, 50] {
            assert!(rows.contains(&Row::Step(&events[at])), "{rows:?}");
        }
    }

    #[test]
    fn circles_end_in_their_last_rounds() {
        let events = story((0..600).map(|step| (step % 2, step > 0)));
        let rows = rows(&events, 25);
        assert_eq!(rows.len(), 13);
        assert_eq!(rows[0], Row::Folded(&events[..594]));
        assert_eq!(rows.last(), Some(&Row::Step(&events[599])));
    }

    #[test]
    fn many_alternations_still_fit() {
        let events = story((0..200).map(|step| (step % 3, step == 100)));
        let rows = rows(&events, 25);
        assert!(rows.len() <= 25, "{} rows", rows.len());
        assert!(rows.contains(&Row::Switch { stopped: 0 }));
        assert_eq!(rows.last(), Some(&Row::Step(&events[199])));
    }
}
