//! What it costs to find the node of a key among 10, 100 and 1,000 nodes with 100
//! points each. `cargo bench -p virtual-nodes-bench`; read the ratios.
//!
//! Keys are 16 bytes, and one lookup does not wait for the one before: this is
//! throughput, and includes the hash that each ring uses by default.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

/// The same ring as a sorted list and a binary search, for the structure alone.
#[path = "../../../solutions/virtual-nodes/specimens/accept/sorted_once_per_node.rs"]
#[allow(missing_docs, dead_code)]
mod binary_search;

const POINTS: u32 = 100;
/// So many that a lookup does not find its way in the cache, warm from the last time.
const KEYS: usize = 1 << 17;

fn name(node: usize) -> String {
    format!("node-{node}")
}

/// Distinct keys in no order.
fn keys() -> Vec<[u8; 16]> {
    let key = |number: usize| {
        let scattered =
            (number as u128 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
        scattered.to_le_bytes()
    };
    (0..KEYS).map(key).collect()
}

/// A node of the crate `conhash`.
#[derive(Debug, Clone)]
struct Named(String);

impl conhash::Node for Named {
    fn name(&self) -> String {
        self.0.clone()
    }
}

macro_rules! ours {
    ($ring:ty, $nodes:expr) => {{
        let mut ring = <$ring>::new(POINTS);
        for node in 0..$nodes {
            ring.add(&name(node));
        }
        ring
    }};
}

fn lookups(criterion: &mut Criterion) {
    let keys = keys();
    for nodes in [10, 100, 1_000] {
        let mut group = criterion.benchmark_group("lookup");
        macro_rules! measure {
            ($ring:literal, |$key:ident| $look:expr) => {
                let mut turn = 0;
                group.bench_function(BenchmarkId::new($ring, nodes), |bencher| {
                    bencher.iter(|| {
                        turn = (turn + 1) % KEYS;
                        let $key = &keys[turn];
                        black_box($look);
                    });
                });
            };
        }

        let ring = ours!(reference::HashRing, nodes);
        measure!("reference", |key| ring.node_for(key));
        let ring = ours!(learner::HashRing, nodes);
        measure!("learner", |key| ring.node_for(key));
        let ring = ours!(binary_search::HashRing, nodes);
        measure!("binary search", |key| ring.node_for(key));

        let mut ring = hashring::HashRing::new();
        let points = (0..nodes).flat_map(|node| (0..POINTS).map(move |point| (name(node), point)));
        ring.batch_add(points.collect());
        measure!("hashring", |key| ring.get(key));

        let mut ring = conhash::ConsistentHash::new();
        for node in 0..nodes {
            ring.add(&Named(name(node)), POINTS as usize);
        }
        measure!("conhash", |key| ring.get(key));
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(30).measurement_time(std::time::Duration::from_secs(2));
    targets = lookups
}
criterion_main!(benches);
