//! What connects the rows of a picture: locks that are held, threads that wait, and who
//! woke whom.

use verdict::Event;

use super::{Arrow, Bar, Wait, object_of};

/// From where each lock is taken to where it is given back.
pub(super) fn bars(
    events: &[Event],
    row_of: &[usize],
    tagged: &[&str],
    column_of: &impl Fn(usize) -> Option<usize>,
    end: usize,
) -> Vec<Bar> {
    let mut bars = Vec::new();
    let mut held: Vec<(usize, usize)> = Vec::new();
    let mut close = |(lane, taken): (usize, usize), depth: usize, to: usize| {
        let event: &Event = &events[taken];
        let from = row_of[taken];
        if let (Some(column), true) = (column_of(lane), to > from) {
            bars.push(Bar {
                column,
                object: object_of(event, tagged).unwrap_or_default(),
                depth,
                from,
                to,
                what: event.object.clone().unwrap_or_default(),
            });
        }
    };
    for (index, event) in events.iter().enumerate() {
        let of_lane = |held: &(usize, usize)| held.0 == event.lane;
        match event.action.as_str() {
            "lock" | "read lock" => held.push((event.lane, index)),
            // Waiting on a condvar gives back the lock that was taken last.
            "unlock" | "wait" => {
                let found = held.iter().rposition(|lock| {
                    of_lane(lock)
                        && (event.action == "wait" || events[lock.1].object == event.object)
                });
                if let Some(found) = found {
                    let depth = held[..found].iter().filter(|lock| of_lane(lock)).count();
                    close(held.remove(found), depth, row_of[index]);
                }
            }
            _ => {}
        }
    }
    for index in 0..held.len() {
        let lane = held[index].0;
        let depth = held[..index].iter().filter(|lock| lock.0 == lane).count();
        close(held[index], depth, end);
    }
    bars
}

/// From where a thread begins to wait to its next step.
pub(super) fn waits(
    events: &[Event],
    row_of: &[usize],
    column_of: &impl Fn(usize) -> Option<usize>,
    end: usize,
) -> Vec<Wait> {
    let waiting = |event: &Event| match event.action.as_str() {
        "blocked" | "wait" | "join" | "park" | "barrier" => true,
        "receive" => event.detail.as_deref() == Some("empty, waits"),
        _ => false,
    };
    let begins = events
        .iter()
        .enumerate()
        .filter(|(_, event)| waiting(event));
    begins
        .filter_map(|(index, event)| {
            let next = (index + 1..events.len()).find(|next| events[*next].lane == event.lane);
            Some(Wait {
                column: column_of(event.lane)?,
                from: row_of[index],
                to: next.map_or(end, |next| row_of[next]),
                for_ever: next.is_none(),
            })
        })
        .filter(|wait| wait.to > wait.from)
        .collect()
}

/// Who woke whom, and whose message was received.
pub(super) fn arrows(
    events: &[Event],
    row_of: &[usize],
    column_of: &impl Fn(usize) -> Option<usize>,
) -> Vec<Arrow> {
    let mut arrows = Vec::new();
    let mut messages: Vec<usize> = Vec::new();
    for (index, event) in events.iter().enumerate() {
        let same = |other: usize| events[other].object == event.object;
        let cause = match event.action.as_str() {
            "woken" => (0..index)
                .rfind(|other| events[*other].action.starts_with("notify") && same(*other)),
            "send" => {
                messages.push(index);
                None
            }
            "receive" => {
                let first = messages.iter().position(|sent| same(*sent));
                first.map(|first| messages.remove(first))
            }
            _ => None,
        };
        let Some(cause) = cause.filter(|cause| events[*cause].lane != event.lane) else {
            continue;
        };
        if let (Some(from), Some(to)) = (column_of(events[cause].lane), column_of(event.lane)) {
            arrows.push(Arrow {
                from: (from, row_of[cause]),
                to: (to, row_of[index]),
            });
        }
    }
    arrows.retain(|arrow| arrow.from.1 < arrow.to.1);
    arrows
}
