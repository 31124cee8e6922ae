//! What moves when a node joins: on the ring, and with the hash modulo n.

use crate::svg;
use crate::{owners, probe, runs};

/// The mistake that the ring repairs.
#[path = "../../../solutions/hash-ring/specimens/reject/modulo_remap.rs"]
#[allow(missing_docs, dead_code)]
mod modulo;

const MEMBERS: [&str; 5] = ["node-0", "node-1", "node-2", "node-3", "node-4"];
const OLD: usize = MEMBERS.len() - 1;
const SAMPLES: u64 = 301;
const WIDTH: f64 = 560.0;
const LEFT: f64 = 20.0;

pub(crate) fn draw() -> String {
    macro_rules! before_and_after {
        ($ring:ty) => {{
            let mut ring = <$ring>::with_hash(probe);
            for node in &MEMBERS[..OLD] {
                ring.add(node);
            }
            let before = owners(SAMPLES, &MEMBERS, |key| ring.node_for(key));
            ring.add(MEMBERS[OLD]);
            (before, owners(SAMPLES, &MEMBERS, |key| ring.node_for(key)))
        }};
    }
    let ring = before_and_after!(hash_ring::HashRing);
    let modulo = before_and_after!(modulo::HashRing);

    let mut body = svg::text(
        LEFT,
        22.0,
        "start",
        "",
        "The keys in the order of their hashes, in the colour of their node",
    );
    body += &panel(50.0, "On the ring", &ring);
    body += &panel(200.0, "Hash modulo the number of nodes", &modulo);
    svg::picture(600, 345, "What moves when a fifth node joins four", &body)
}

fn panel(top: f64, name: &str, (before, after): &(Vec<usize>, Vec<usize>)) -> String {
    let moved: Vec<bool> = before
        .iter()
        .zip(after)
        .map(|(before, after)| before != after)
        .collect();
    let share = moved.iter().filter(|moved| **moved).count() as f64 / moved.len() as f64;
    let mut panel = svg::text(LEFT, top, "start", "", name);
    panel += &strip(top + 10.0, "four nodes", before, svg::fill);
    panel += &strip(top + 42.0, "five nodes", after, svg::fill);
    let paint = |moved: bool| {
        if moved {
            svg::fill(5)
        } else {
            "class=\"rest\"".to_owned()
        }
    };
    let moves = format!("moved: {:.0} % of all keys", share * 100.0);
    panel + &strip(top + 74.0, &moves, &moved, paint)
}

fn strip<T: Copy + PartialEq>(
    top: f64,
    name: &str,
    values: &[T],
    paint: impl Fn(T) -> String,
) -> String {
    let scale = WIDTH / values.len() as f64;
    let mut strip = String::new();
    for (start, end, value) in runs(values) {
        let (x, width) = (LEFT + start as f64 * scale, (end - start) as f64 * scale);
        strip += &svg::bar(x, top, width, 14.0, &paint(value));
    }
    strip + &svg::text(LEFT, top + 26.0, "start", "small", name)
}
