//! Kinds of mistakes that a search can make, and the programs by which each is told: wrong
//! programs that must not pass, and right ones that must not be accused. What std promises is
//! the measure, also where it promises little.

mod missed;
mod right;

use std::time::Duration;

use model_std::model::{
    Coverage, Failure, Limits, Orderings, Outcome, Report, SecondLook, explore,
};

const LIMITS: Limits = Limits {
    deviations: 2,
    executions: 400_000,
    steps: u64::MAX,
    random: 200,
    second_look: Some(SecondLook {
        bound: Some(2),
        executions: 2_000,
    }),
    orderings: Orderings::Strongest,
    least_deviations: None,
    finest_steps: false,
    stall: Duration::from_secs(10),
};

const MOMENT: Duration = Duration::from_millis(1);

fn fails(what: &str, body: impl Fn() + Send + Sync + 'static) -> Report {
    match explore(LIMITS, body) {
        Outcome::Failed(_, report) => {
            assert!(!report.missed, "{what}: only loom found it");
            *report
        }
        other => panic!("{what}: {other:?}"),
    }
}

fn deadlocks(what: &str, body: impl Fn() + Send + Sync + 'static) {
    let report = fails(what, body);
    assert!(
        matches!(report.failure, Failure::Deadlock),
        "{what}: {report:#?}"
    );
}

fn passes(what: &str, body: impl Fn() + Send + Sync + 'static) -> Coverage {
    match explore(LIMITS, body) {
        Outcome::Complete(coverage) => {
            assert!(coverage.cut_loop.is_none(), "{what}: {coverage:?}");
            coverage
        }
        other => panic!("{what}: {other:#?}"),
    }
}
