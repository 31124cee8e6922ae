//! How the cost of work grows with its size.
//!
//! A clock alone says nothing on a machine that is busy with other things, so
//! cost is compared with cost: the same work at larger and larger sizes, in the
//! same run, counted in processor time of all threads, for a submission may leave
//! its work to one of its own. The sizes form a ladder, and work that is too steep
//! is stopped on the lowest rung that shows it; that is why a quadratic submission
//! still gets its answer within seconds.

use std::cell::Cell;
use std::fmt;
use std::time::{Duration, Instant};

use model_std::model::processor_time;
use verdict::render::grouped;

/// How far above the arithmetic of n log n a cost may be.
///
/// From 1,000 to 100,000 the arithmetic says 167, and caches that no longer
/// hold the data make it 200. Quadratic work says 10,000, but where it is cheap
/// for its size, as moving memory is, only 1,300. The limit lies between.
const SLACK: f64 = 3.0;

/// The same where the system does not tell the processor time. Other
/// programs then take their share of what is measured, and of long work more
/// than of short.
const SLACK_BY_THE_CLOCK: f64 = 6.0;

/// How often a rung may fail before it counts. Noise only ever adds to a
/// measurement, so a right submission gets below the limit in one of them.
const ATTEMPTS: usize = 3;

/// A rung that has failed and used this much in all is not tried again: one
/// long call cannot be stopped by an allowance, and the answer must come soon.
const PATIENCE: Duration = Duration::from_secs(3);

/// The first size is measured for this long, or so often, and the least of it
/// counts.
const BASELINE: Duration = Duration::from_millis(20);
const FEWEST_RUNS: usize = 3;
const MOST_RUNS: usize = 20;

/// The clock is read once in this many questions.
const QUESTIONS_PER_READING: u32 = 4;

/// Measures `work` at each of the rising `sizes`, and fails at the first one
/// whose cost, seen from the first size, has grown faster than n log n.
///
/// `work` does the work of one size from scratch. It asks
/// [`Allowance::is_spent`] now and then, and returns early when it is.
///
/// # Errors
/// The size that cost too much.
pub fn n_log_n(sizes: &[usize], work: impl Fn(usize, &Allowance)) -> Result<(), TooSteep> {
    let Some((&from, larger)) = sizes.split_first() else {
        return Ok(());
    };
    let slack = match processor_time() {
        Some(_) => SLACK,
        None => SLACK_BY_THE_CLOCK,
    };
    for &to in larger {
        let expected = arithmetic(to) / arithmetic(from);
        let limit = expected * slack;
        let mut least = f64::INFINITY;
        let mut used = Duration::ZERO;
        for _ in 0..ATTEMPTS {
            // Measured anew each time, so that both sides see the same machine.
            let base = least_cost(from, &work);
            let allowance = Allowance::of(base.mul_f64(limit));
            work(to, &allowance);
            let cost = allowance.used();
            used += cost;
            least = least.min(cost.as_secs_f64() / base.as_secs_f64());
            if least <= limit || used > PATIENCE {
                break;
            }
        }
        if least > limit {
            return Err(TooSteep {
                from,
                to,
                expected,
                measured: least,
            });
        }
    }
    Ok(())
}

/// n log n, and never nothing: it is a divisor.
fn arithmetic(size: usize) -> f64 {
    let n = size.max(2) as f64;
    n * n.ln()
}

/// The least that `work` cost at this size, in a few runs.
fn least_cost(size: usize, work: &impl Fn(usize, &Allowance)) -> Duration {
    let begun = Instant::now();
    let mut least = Duration::MAX;
    for run in 0..MOST_RUNS {
        if run >= FEWEST_RUNS && begun.elapsed() > BASELINE {
            break;
        }
        let allowance = Allowance::of(Duration::MAX);
        work(size, &allowance);
        least = least.min(allowance.used());
    }
    // Never nothing: it is a divisor.
    least.max(Duration::from_micros(1))
}

/// A rung of the ladder on which the cost grew too fast.
#[derive(Debug, Clone, PartialEq)]
pub struct TooSteep {
    /// The first size.
    pub from: usize,
    /// The size that cost too much.
    pub to: usize,
    /// What n log n makes of it: so many times the cost of the first size.
    pub expected: f64,
    /// The least that it cost in fact, in the same unit. The true factor may be
    /// larger, for work is stopped when the verdict is clear.
    pub measured: f64,
}

impl fmt::Display for TooSteep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "from {} to {} the time grew {:.0}-fold at least, and should grow about {:.0}-fold: as \
             the number does, and a little for the search in a larger order",
            grouped(self.from as u64),
            grouped(self.to as u64),
            self.measured,
            self.expected
        )
    }
}

/// The processor time that one piece of work may use, in whichever threads.
#[derive(Debug)]
pub struct Allowance {
    limit: Duration,
    at_first: Option<Duration>,
    begun: Instant,
    questions: Cell<u32>,
}

impl Allowance {
    /// So much from now on: for a check that repeats something as often as there is time
    /// for, and that a slow submission passes with fewer turns.
    #[must_use]
    pub fn of(limit: Duration) -> Self {
        Self {
            limit,
            at_first: processor_time(),
            begun: Instant::now(),
            questions: Cell::new(0),
        }
    }

    /// Whether the work has used more than it may and should return: what it
    /// would still find out cannot change the verdict.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        let questions = self.questions.get().wrapping_add(1);
        self.questions.set(questions);
        questions.is_multiple_of(QUESTIONS_PER_READING) && self.used() > self.limit
    }

    fn used(&self) -> Duration {
        match (self.at_first, processor_time()) {
            (Some(before), Some(now)) => now.saturating_sub(before),
            _ => self.begun.elapsed(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: [usize; 3] = [1_000, 10_000, 100_000];

    /// Costs `steps` additions, like a queue that looks at so many entries.
    fn spend(steps: usize) {
        let mut sum = 0usize;
        for step in 0..steps {
            sum = std::hint::black_box(sum.wrapping_add(step));
        }
    }

    #[test]
    fn linear_work_passes() {
        let linear = |size: usize, allowance: &Allowance| {
            for _ in 0..size {
                if allowance.is_spent() {
                    return;
                }
                spend(20);
            }
        };
        assert_eq!(n_log_n(&SIZES, linear), Ok(()));
    }

    #[test]
    fn quadratic_work_is_stopped_on_the_lowest_rung() {
        let quadratic = |size: usize, allowance: &Allowance| {
            for entries in 0..size {
                if allowance.is_spent() {
                    return;
                }
                spend(entries);
            }
        };
        let steep = n_log_n(&SIZES, quadratic).expect_err("it is quadratic");
        assert_eq!((steep.from, steep.to), (1_000, 10_000));
        assert!(steep.measured > steep.expected);
    }

    #[test]
    fn quadratic_work_with_a_small_constant_is_found_on_a_higher_rung() {
        let moves_memory = |size: usize, allowance: &Allowance| {
            let mut line = Vec::new();
            for entry in 0..size {
                if allowance.is_spent() {
                    return;
                }
                spend(100);
                line.insert(0, [entry; 2]);
            }
        };
        let steep = n_log_n(&SIZES, moves_memory).expect_err("it is quadratic");
        assert_eq!(steep.from, 1_000);
    }
}
