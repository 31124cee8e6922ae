//! A check over random inputs.

use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use verdict::{FailureKind, Finding, environment};

use crate::child::{self, Child};
use crate::layout::laid_out;
use crate::supervise::{is_deep, verdict_of};

const CASES: u32 = 256;
const DEEP_CASES: u32 = 8 * CASES;
/// How many smaller inputs to try: more than it takes for the histories of the stages.
/// Counted, since a clock would make a verdict differ from run to run.
const TRIES: usize = 5_000;

pub(crate) fn run<S>(child: &Child, deadline: Duration, inputs: &S, body: impl Fn(S::Value))
where
    S: Strategy,
    S::Value: Debug,
{
    child.watch(deadline);
    child::over_random_inputs();
    let seed = seed(child.check());
    let mut seed_bytes = [0; 32];
    seed_bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed_bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);

    for _ in 0..if is_deep() { DEEP_CASES } else { CASES } {
        let mut tree = match inputs.new_tree(&mut runner) {
            Ok(tree) => tree,
            Err(reason) => child.failed(child::finding(
                FailureKind::Internal,
                format!("no inputs: {reason}"),
            )),
        };
        if let Some(finding) = broken_by(child, tree.current(), &body) {
            let finding = shrunk(child, &mut tree, finding, &body);
            child.done(verdict_of(finding.kind), Some(finding), None, Some(seed))
        }
    }
    child.passed(None, Some(seed))
}

/// What goes wrong with the smallest input that is found; `finding` is that of
/// the current one.
fn shrunk<T>(child: &Child, tree: &mut T, finding: Finding, body: impl Fn(T::Value)) -> Finding
where
    T: ValueTree,
    T::Value: Debug,
{
    let shown = |tree: &T| Some(laid_out(&format!("{:?}", tree.current())));
    let mut smallest = Finding {
        input: shown(tree),
        ..finding
    };
    let mut smaller = tree.simplify();
    for _ in 0..TRIES {
        if !smaller {
            break;
        }
        smaller = match broken_by(child, tree.current(), &body) {
            Some(finding) => {
                smallest = Finding {
                    input: shown(tree),
                    ..finding
                };
                tree.simplify()
            }
            None => tree.complicate(),
        };
    }
    smallest
}

/// What goes wrong with this input, if anything does.
fn broken_by<V>(child: &Child, input: V, body: impl Fn(V)) -> Option<Finding> {
    let ended = std::panic::catch_unwind(AssertUnwindSafe(|| body(input)));
    // A promise may have been broken inside a task, whose panic the submission
    // caught.
    child::take_broken().or_else(|| ended.err().map(|payload| child.panicked(&*payload)))
}

/// The same in every run, so that a verdict never changes by chance.
fn seed(check: &str) -> u64 {
    let given = std::env::var(environment::SEED)
        .ok()
        .and_then(|seed| seed.parse().ok());
    given.unwrap_or_else(|| {
        let mut hasher = DefaultHasher::new();
        check.hash(&mut hasher);
        hasher.finish()
    })
}
