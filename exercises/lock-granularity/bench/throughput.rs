//! Tasks per second at 1, 2 and 4 workers: the starter, which holds its lock while a
//! task runs, yours, and the reference.
//!
//! Read the ratios between the three and along the workers, not the numbers. `waiting`
//! tasks sleep, as if for a disk or a reply: they gain with every worker, whatever the
//! machine. `computing` tasks gain up to the number of cores. `empty` tasks show what
//! the scheduler itself costs; with nothing to do in parallel, more workers only meet
//! at the lock.

use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

#[path = "../../../solutions/lock-granularity/specimens/reject/execute_under_lock.rs"]
#[expect(dead_code, reason = "a whole scheduler, of which this runs tasks only")]
mod starter;

/// What a task does, and how many of them make a run of a few milliseconds.
struct Kind {
    name: &'static str,
    tasks: u64,
    task: fn(),
}

const KINDS: [Kind; 3] = [
    Kind {
        name: "waiting",
        tasks: 40,
        task: || thread::sleep(Duration::from_micros(200)),
    },
    Kind {
        name: "computing",
        tasks: 400,
        task: || {
            // Some 10 µs of work, rather than until a clock says so: a thread that
            // has no core makes no progress.
            for step in 0..20_000 {
                black_box(step);
            }
        },
    },
    Kind {
        name: "empty",
        tasks: 10_000,
        task: || {},
    },
];

/// Times `run` of one scheduler; submitting is not part of it.
macro_rules! measure {
    ($group:ident, $kind:ident, $scheduler:ident) => {
        for workers in [1, 2, 4] {
            let id = BenchmarkId::new(stringify!($scheduler), workers);
            $group.bench_with_input(id, &workers, |bencher, workers| {
                bencher.iter_custom(|rounds| {
                    let mut total = Duration::ZERO;
                    for _ in 0..rounds {
                        let scheduler = $scheduler::Scheduler::new();
                        for _ in 0..$kind.tasks {
                            let task = $kind.task;
                            scheduler.submit("", move |_| Ok(task()));
                        }
                        let start = Instant::now();
                        scheduler.run(*workers);
                        total += start.elapsed();
                    }
                    total
                });
            });
        }
    };
}

fn throughput(criterion: &mut Criterion) {
    for kind in KINDS {
        let mut group = criterion.benchmark_group(kind.name);
        group.throughput(Throughput::Elements(kind.tasks));
        group.sample_size(10);
        group.warm_up_time(Duration::from_millis(200));
        group.measurement_time(Duration::from_secs(1));
        measure!(group, kind, starter);
        measure!(group, kind, learner);
        measure!(group, kind, reference);
        group.finish();
    }
}

criterion_group!(benches, throughput);
criterion_main!(benches);
