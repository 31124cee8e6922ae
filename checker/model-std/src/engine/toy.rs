//! A program small enough for the tests of strategies: two threads, two steps each, all on
//! one object.

use super::strategy::{Strategy, Turn};

/// Every execution of it that `strategy` asks for, written as the order of its steps.
pub(super) fn paths(mut strategy: impl Strategy) -> Vec<String> {
    const OBJECT: usize = 0;
    let mut paths = Vec::new();
    while strategy.begin() {
        strategy.spawned(None, 0);
        strategy.spawned(Some(0), 1);
        let mut left = [2, 2];
        let (mut current, mut path) = (0, String::new());
        strategy.will_access(0, OBJECT);
        strategy.will_access(1, OBJECT);
        loop {
            let ready: Vec<usize> = (0..2).filter(|thread| left[*thread] > 0).collect();
            if ready.is_empty() {
                break;
            }
            let turn = Turn {
                current,
                would_go_on: ready.contains(&current),
                ready: &ready,
            };
            current = strategy.next(turn).expect("it behaves the same every time");
            strategy.accesses(current, OBJECT);
            left[current] -= 1;
            if left[current] > 0 {
                strategy.will_access(current, OBJECT);
            } else {
                strategy.ended(current);
            }
            path += ["a", "b"][current];
        }
        paths.push(path);
    }
    paths
}
