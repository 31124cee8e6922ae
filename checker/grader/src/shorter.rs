//! Lists that shrink until no entry can be left out.

use std::fmt::Debug;

use proptest::strategy::{NewTree, Strategy, ValueTree};
use proptest::test_runner::TestRunner;

/// The lists of another strategy. A failing one is shrunk as that one does it, which
/// tries each entry once; then again by leaving out an entry at a time, until none can
/// be spared. A check must cope with shorter lists than the strategy makes.
pub fn shorter<S, T>(lists: S) -> impl Strategy<Value = Vec<T>>
where
    S: Strategy<Value = Vec<T>>,
    T: Clone + Debug,
{
    Shorter(lists)
}

#[derive(Debug)]
struct Shorter<S>(S);

impl<S, T> Strategy for Shorter<S>
where
    S: Strategy<Value = Vec<T>>,
    T: Clone + Debug,
{
    type Tree = Shrinking<S::Tree, T>;
    type Value = Vec<T>;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let inner = self.0.new_tree(runner)?;
        let shortest = inner.current();
        Ok(Shrinking {
            inner,
            shortest,
            turn: Turn::Inner,
        })
    }
}

struct Shrinking<I, T> {
    inner: I,
    /// Of those that are known to fail.
    shortest: Vec<T>,
    turn: Turn,
}

/// Who shrinks.
#[derive(Clone, Copy)]
enum Turn {
    Inner,
    /// Without the entry at that place; `spared` says whether this round has left out one.
    Without {
        place: usize,
        spared: bool,
    },
    Done,
}

impl<I, T> Shrinking<I, T>
where
    T: Clone + Debug,
{
    /// From the last entry to the first, and again if that has changed anything.
    fn next(&mut self, place: usize, spared: bool) -> bool {
        self.turn = match (place, self.shortest.len()) {
            (0, 0) => Turn::Done,
            (0, len) if spared => Turn::Without {
                place: len - 1,
                spared: false,
            },
            (0, _) => Turn::Done,
            _ => Turn::Without {
                place: place - 1,
                spared,
            },
        };
        !matches!(self.turn, Turn::Done)
    }
}

impl<I, T> ValueTree for Shrinking<I, T>
where
    I: ValueTree<Value = Vec<T>>,
    T: Clone + Debug,
{
    type Value = Vec<T>;

    fn current(&self) -> Vec<T> {
        match self.turn {
            Turn::Inner => self.inner.current(),
            Turn::Without { place, .. } => {
                let mut list = self.shortest.clone();
                list.remove(place);
                list
            }
            Turn::Done => self.shortest.clone(),
        }
    }

    /// The current list fails.
    fn simplify(&mut self) -> bool {
        match self.turn {
            Turn::Inner => {
                self.shortest = self.inner.current();
                self.inner.simplify() || self.next(0, true)
            }
            Turn::Without { place, .. } => {
                self.shortest.remove(place);
                self.next(place, true)
            }
            Turn::Done => false,
        }
    }

    /// The current list does not fail. Ends on the shortest, which does, so that whoever
    /// shrinks several values goes on with the next.
    fn complicate(&mut self) -> bool {
        match self.turn {
            Turn::Inner if self.inner.complicate() => {}
            Turn::Inner => {
                self.next(0, true);
            }
            Turn::Without { place, spared } => {
                self.next(place, spared);
            }
            Turn::Done => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::any;
    use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};

    use super::shorter;

    /// Fails on lists in which the two halves are alike, so that entries can only go in
    /// an order that one walk over the list does not find.
    #[test]
    fn no_entry_of_the_result_can_be_left_out() {
        let fails = |list: &[u8]| {
            let odd = list.iter().filter(|entry| **entry % 2 == 1).count();
            odd >= 2 && list.len() >= odd + list.len() % 3
        };
        let config = Config {
            failure_persistence: None,
            ..Config::default()
        };
        let mut runner = TestRunner::new_with_rng(config, TestRunner::deterministic().new_rng());
        let lists = shorter(vec(any::<u8>(), 0..40));
        let outcome = runner.run(&(lists, any::<u8>()), |(list, _)| match fails(&list) {
            true => Err(TestCaseError::fail("it fails")),
            false => Ok(()),
        });
        let Err(TestError::Fail(_, (shortest, beside))) = outcome else {
            panic!("{outcome:?}");
        };
        assert!(fails(&shortest));
        assert_eq!(beside, 0, "what stands beside the list is shrunk as well");
        for place in 0..shortest.len() {
            let mut without = shortest.clone();
            without.remove(place);
            assert!(!fails(&without), "{shortest:?} without {place}");
        }
    }
}
