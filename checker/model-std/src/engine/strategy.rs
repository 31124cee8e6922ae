//! Who runs next, where nothing but the schedule is open: depth-first with a bound,
//! at random, or as it was written down.
//!
//! A *deviation* is what a schedule does without need: it stops a coroutine that
//! could go on (a preemption), or lets happen what need not happen (a spurious
//! wake-up). Small bounds on them find most defects (Musuvathi and Qadeer, PLDI
//! 2007, for preemptions) and make for stories that can be followed.

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use super::schedule::{Decision, Schedule};

/// Decides, one execution after another.
pub(crate) trait Strategy {
    /// Begins another execution; false when there is none left.
    fn begin(&mut self) -> bool;

    /// The coroutine to run next, out of `ready`. `current` is in there if it could
    /// go on.
    fn next(&mut self, current: usize, ready: &[usize]) -> usize;

    /// One of `options` things that may happen, of which 0 is the ordinary one.
    fn choose(&mut self, options: usize) -> usize;
}

/// Every schedule with at most so many deviations.
pub(crate) struct DepthFirst {
    bound: usize,
    /// The decisions of the current execution, with those left for later ones.
    path: Vec<Branch>,
    /// How many of them this execution has taken.
    taken: usize,
    deviations: usize,
    begun: bool,
}

struct Branch {
    open: Vec<Alternative>,
    chosen: Alternative,
}

#[derive(Clone, Copy)]
struct Alternative {
    value: usize,
    deviates: bool,
}

impl DepthFirst {
    pub(crate) fn new(bound: usize) -> Self {
        Self {
            bound,
            path: Vec::new(),
            taken: 0,
            deviations: 0,
            begun: false,
        }
    }

    /// Decides between `options`, of which the first does not deviate.
    fn decide(&mut self, options: impl Iterator<Item = Alternative>) -> usize {
        if self.taken == self.path.len() {
            let left = self.bound - self.deviations;
            let mut open: Vec<Alternative> = options
                .filter(|option| !option.deviates || left > 0)
                .collect();
            open.reverse();
            let chosen = open.pop().expect("one option never deviates");
            self.path.push(Branch { open, chosen });
        }
        let chosen = self.path[self.taken].chosen;
        self.taken += 1;
        self.deviations += usize::from(chosen.deviates);
        chosen.value
    }
}

impl Strategy for DepthFirst {
    fn begin(&mut self) -> bool {
        if self.begun {
            // The last decision that could have been another one.
            loop {
                let Some(last) = self.path.last_mut() else {
                    return false;
                };
                if let Some(next) = last.open.pop() {
                    last.chosen = next;
                    break;
                }
                self.path.pop();
            }
        }
        self.begun = true;
        self.taken = 0;
        self.deviations = 0;
        true
    }

    fn next(&mut self, current: usize, ready: &[usize]) -> usize {
        if let [only] = ready {
            return *only;
        }
        let can_go_on = ready.contains(&current);
        let first = can_go_on.then_some(current);
        let others = ready.iter().copied().filter(|other| Some(*other) != first);
        let options = first.into_iter().chain(others).map(|value| Alternative {
            value,
            deviates: can_go_on && value != current,
        });
        self.decide(options)
    }

    fn choose(&mut self, options: usize) -> usize {
        self.decide((0..options).map(|value| Alternative {
            value,
            deviates: value != 0,
        }))
    }
}

/// So many schedules, each decision drawn.
pub(crate) struct Random {
    left: u64,
    seed: u64,
    drawn: SmallRng,
}

/// How rarely the unusual happens: often enough to be seen in a hundred executions,
/// too rarely to drown what else there is.
const UNUSUAL: f64 = 1.0 / 8.0;

impl Random {
    pub(crate) fn new(executions: u64) -> Self {
        Self {
            left: executions,
            seed: 0,
            drawn: SmallRng::seed_from_u64(0),
        }
    }
}

impl Strategy for Random {
    fn begin(&mut self) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        // Each execution from its own seed, so that any of them can be run alone.
        self.seed += 1;
        self.drawn = SmallRng::seed_from_u64(self.seed);
        true
    }

    fn next(&mut self, _current: usize, ready: &[usize]) -> usize {
        match ready {
            [only] => *only,
            _ => ready[self.drawn.random_range(0..ready.len())],
        }
    }

    fn choose(&mut self, options: usize) -> usize {
        if self.drawn.random_bool(UNUSUAL) {
            self.drawn.random_range(0..options)
        } else {
            0
        }
    }
}

/// The schedule of an earlier execution, once.
pub(crate) struct Written {
    decisions: Box<dyn Iterator<Item = Decision>>,
    begun: bool,
}

impl Written {
    pub(crate) fn new(schedule: Schedule) -> Self {
        Self {
            decisions: Box::new(schedule.into_decisions()),
            begun: false,
        }
    }
}

impl Strategy for Written {
    fn begin(&mut self) -> bool {
        !std::mem::replace(&mut self.begun, true)
    }

    fn next(&mut self, current: usize, ready: &[usize]) -> usize {
        let written = match self.decisions.next() {
            Some(Decision::Run(coroutine)) if ready.contains(&coroutine) => Some(coroutine),
            _ => None,
        };
        // Where the program is no longer the one that was written about, it goes on
        // without deviations.
        written.unwrap_or(if ready.contains(&current) {
            current
        } else {
            ready[0]
        })
    }

    fn choose(&mut self, options: usize) -> usize {
        match self.decisions.next() {
            Some(Decision::Choose(option)) if option < options => option,
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every path of a program with two threads of two steps each, written as the
    /// order of its steps.
    fn paths(mut strategy: impl Strategy) -> Vec<String> {
        let mut paths = Vec::new();
        while strategy.begin() {
            let mut left = [2, 2];
            let (mut current, mut path) = (0, String::new());
            loop {
                let ready: Vec<usize> = (0..2).filter(|thread| left[*thread] > 0).collect();
                if ready.is_empty() {
                    break;
                }
                current = strategy.next(current, &ready);
                left[current] -= 1;
                path += ["a", "b"][current];
            }
            paths.push(path);
        }
        paths
    }

    #[test]
    fn depth_first_visits_each_schedule_within_the_bound_once() {
        assert_eq!(paths(DepthFirst::new(0)), ["aabb"]);
        assert_eq!(paths(DepthFirst::new(1)), ["aabb", "abba", "bbaa"]);
        let mut all = paths(DepthFirst::new(9));
        assert_eq!(all.len(), 6);
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 6, "two schedules were visited twice");
    }

    #[test]
    fn random_schedules_repeat_and_reach_everything() {
        let once = paths(Random::new(200));
        assert_eq!(once, paths(Random::new(200)));
        let mut seen = once;
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 6);
    }

    #[test]
    fn a_written_schedule_is_followed_as_far_as_it_goes() {
        let run = |coroutines: &[usize]| {
            let decisions = coroutines.iter().map(|c| Decision::Run(*c));
            paths(Written::new(decisions.collect()))
        };
        assert_eq!(run(&[1, 0, 1, 0]), ["baba"]);
        assert_eq!(run(&[1, 0]), ["baab"]);
        assert_eq!(run(&[7]), ["aabb"]);
    }
}
