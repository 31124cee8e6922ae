//! What the schedulable std costs: `cargo bench -p model-std-bench`. Read the ratios.
//!
//! Inside a model against the same program written for loom by hand, per execution.
//! Outside of one against std itself.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use model_std::model::{Limits, Method, Orderings, Outcome, explore_by};
use model_std_bench::{on_loom, on_model_std};

const BOUNDS: [usize; 2] = [2, 3];

type Program = fn();

const PROGRAMS: [(&str, Program, Program); 2] = [
    ("counter", on_model_std::counter, on_loom::counter),
    ("queue", on_model_std::queue, on_loom::queue),
];

/// Executions of a complete search with this bound alone.
fn search_model_std(program: Program, bound: usize) -> u64 {
    let limits = Limits {
        deviations: bound,
        executions: u64::MAX,
        steps: u64::MAX,
        random: 0,
        second_look: None,
        orderings: Orderings::Strongest,
        least_deviations: None,
        finest_steps: false,
        stall: Duration::from_secs(60),
    };
    match explore_by(Method::Deviations, limits, program) {
        Outcome::Complete(coverage) => coverage.passes.iter().map(|pass| pass.executions).sum(),
        other => panic!("the program is right: {other:?}"),
    }
}

/// The same for loom by hand, over the bounds up to this one as well. Its bound is not a number
/// of preemptions, so it tries fewer.
fn search_loom(program: Program, bound: usize) -> u64 {
    let executions = Arc::new(AtomicU64::new(0));
    for bound in 0..=bound {
        let counted = Arc::clone(&executions);
        let (done, ended) = mpsc::channel();
        std::thread::spawn(move || {
            let mut builder = loom::model::Builder::new();
            builder.preemption_bound = Some(bound);
            builder.check(move || {
                counted.fetch_add(1, Relaxed);
                program();
            });
            done.send(()).expect("somebody waits");
        });
        ended.recv().expect("the program is right");
    }
    executions.load(Relaxed)
}

fn inside_a_model(criterion: &mut Criterion) {
    for (name, ours, by_hand) in PROGRAMS {
        for bound in BOUNDS {
            let counts = [search_model_std(ours, bound), search_loom(by_hand, bound)];
            println!(
                "{name}, bounds 0 to {bound}: {} executions, by hand {}: {:.2} times as many",
                counts[0],
                counts[1],
                counts[0] as f64 / counts[1] as f64
            );
            let mut group = criterion.benchmark_group(format!("executions/{name}/{bound}"));
            group.sample_size(10);
            group.throughput(Throughput::Elements(counts[0]));
            group.bench_function(BenchmarkId::from_parameter("model-std"), |bench| {
                bench.iter(|| search_model_std(ours, bound));
            });
            group.throughput(Throughput::Elements(counts[1]));
            group.bench_function(BenchmarkId::from_parameter("loom by hand"), |bench| {
                bench.iter(|| search_loom(by_hand, bound));
            });
            group.finish();
        }
    }
}

fn outside_a_model(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("uncontended lock");
    let real = std::sync::Mutex::new(0_u64);
    group.bench_function("std", |bench| {
        bench.iter(|| *black_box(&real).lock().unwrap() += 1);
    });
    let ours = model_std::sync::Mutex::new(0_u64);
    group.bench_function("model-std", |bench| {
        bench.iter(|| *black_box(&ours).lock().unwrap() += 1);
    });
    group.finish();

    let mut group = criterion.benchmark_group("channel round trip");
    let (sender, receiver) = std::sync::mpsc::channel();
    group.bench_function("std", |bench| {
        bench.iter(|| {
            sender.send(black_box(1)).unwrap();
            receiver.recv().unwrap()
        });
    });
    let (sender, receiver) = model_std::sync::mpsc::channel();
    group.bench_function("model-std", |bench| {
        bench.iter(|| {
            sender.send(black_box(1)).unwrap();
            receiver.recv().unwrap()
        });
    });
    group.finish();
}

criterion_group! {
    name = cost;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3));
    targets = outside_a_model, inside_a_model
}
criterion_main!(cost);
