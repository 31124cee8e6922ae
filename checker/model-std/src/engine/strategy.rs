//! Who runs next, on the engine of our own: at random, or as it was written down. The
//! strategy that proves has a file of its own, [`super::reduction`].
//!
//! A *deviation* is what a schedule does without need: it stops a thread that could go on
//! (a preemption), or lets happen what need not happen (a spurious wake-up, a timeout that
//! strikes although others could go on). Small bounds on them find most defects (Musuvathi
//! and Qadeer, PLDI 2007, for preemptions) and make for stories that can be followed.

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use super::schedule::{Decision, Schedule};

/// A moment at which somebody has to go on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Turn<'a> {
    /// Who ran last.
    pub(crate) current: usize,
    /// Whether to let somebody else go on would stop it: it is ready itself.
    pub(crate) would_go_on: bool,
    /// Everybody who can go on, in ascending order; never empty.
    pub(crate) ready: &'a [usize],
}

impl Turn<'_> {
    /// Who goes on where nothing speaks for anybody else: whoever runs, or the next after
    /// it, in a circle.
    pub(crate) fn ordinary(&self) -> usize {
        if self.would_go_on {
            return self.current;
        }
        let later = self.ready.iter().find(|thread| **thread > self.current);
        *later.unwrap_or(&self.ready[0])
    }
}

/// Decides, one execution after another. What happens between its decisions it is told, for
/// a strategy that learns from it.
pub(crate) trait Strategy {
    /// Begins another execution; false when there is none left.
    fn begin(&mut self) -> bool;

    /// The thread that runs next; `None` if the program did not come to the same turn as it
    /// did before, under the same decisions.
    fn next(&mut self, turn: Turn<'_>) -> Option<usize>;

    /// One of `options` things that may happen, of which 0 is the ordinary one.
    fn choose(&mut self, options: usize) -> usize;

    /// Whether a thread goes round in circles, which `look` finds out.
    fn circles(&mut self, look: &mut dyn FnMut() -> bool) -> bool {
        look()
    }

    /// `parent` has started `thread`, the first of which nobody started.
    fn spawned(&mut self, _parent: Option<usize>, _thread: usize) {}

    /// `thread` has ended.
    fn ended(&mut self, _thread: usize) {}

    /// The next step of `thread` will be on `object`.
    fn will_access(&mut self, _thread: usize, _object: usize) {}

    /// `thread`, which has just been let go on, takes its step on `object`.
    fn accesses(&mut self, _thread: usize, _object: usize) {}

    /// What was done in this turn lets `thread` go on.
    fn unblocked(&mut self, _thread: usize) {}

    /// What `thread` did so far happened before the next access to `object`.
    fn publishes(&mut self, _thread: usize, _object: usize) {}

    /// The turn of `thread` belongs to `object` too.
    fn covers(&mut self, _thread: usize, _object: usize) {}

    /// The turn of `thread` looks at `object` too.
    fn looks_at(&mut self, _thread: usize, _object: usize) {}

    /// What `thread` did so far happened before anybody follows the readers of `object`.
    fn publishes_as_reader(&mut self, _thread: usize, _object: usize) {}

    /// `thread` could not have gone on before those readers had given `object` back.
    fn follows_readers(&mut self, _thread: usize, _object: usize) {}

    /// `thread` could not have gone on before `other` had come this far.
    fn follows(&mut self, _thread: usize, _other: usize) {}
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

    fn next(&mut self, turn: Turn<'_>) -> Option<usize> {
        Some(match turn.ready {
            [only] => *only,
            ready => ready[self.drawn.random_range(0..ready.len())],
        })
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
    decisions: std::iter::Peekable<Box<dyn Iterator<Item = Decision>>>,
    begun: bool,
}

impl Written {
    pub(crate) fn new(schedule: Schedule) -> Self {
        let decisions: Box<dyn Iterator<Item = Decision>> = Box::new(schedule.into_decisions());
        Self {
            decisions: decisions.peekable(),
            begun: false,
        }
    }
}

impl Strategy for Written {
    fn begin(&mut self) -> bool {
        !std::mem::replace(&mut self.begun, true)
    }

    fn next(&mut self, turn: Turn<'_>) -> Option<usize> {
        let written = match self.decisions.next() {
            Some(Decision::Run(thread)) if turn.ready.contains(&thread) => Some(thread),
            _ => None,
        };
        // Where the program is no longer the one that was written about, it goes on
        // without deviations.
        Some(written.unwrap_or_else(|| turn.ordinary()))
    }

    fn choose(&mut self, options: usize) -> usize {
        match self.decisions.next() {
            Some(Decision::Choose(option)) if option < options => option,
            _ => 0,
        }
    }

    fn circles(&mut self, look: &mut dyn FnMut() -> bool) -> bool {
        match self.decisions.peek() {
            Some(Decision::Circle) => {
                self.decisions.next();
                true
            }
            Some(_) => false,
            // Beyond what was written.
            None => look(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::toy::paths;
    use super::*;

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
        let run = |threads: &[usize]| {
            let decisions = threads.iter().map(|thread| Decision::Run(*thread));
            paths(Written::new(decisions.collect()))
        };
        assert_eq!(run(&[1, 0, 1, 0]), ["baba"]);
        assert_eq!(run(&[1, 0]), ["baab"]);
        assert_eq!(run(&[7]), ["aabb"]);
    }
}
