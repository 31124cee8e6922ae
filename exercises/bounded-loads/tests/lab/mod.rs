//! Balancers to check, and somebody who counts their leases by hand.

use std::collections::BTreeMap;
use std::sync::Arc;

use bounded_loads::{Balancer, Lease};
use grader::{count, expect, note};

use crate::members::ALIKE;
use crate::ring::{Model, mixed, written};

/// A balancer that does one thing at a time and counts by hand.
pub struct Ledger {
    pub ring: Model,
    pub percent: usize,
    /// The leases that count, of each node that is there.
    pub loads: BTreeMap<String, usize>,
}

impl Ledger {
    pub fn new(percent: u32) -> Self {
        Self {
            ring: Model::default(),
            percent: percent as usize,
            loads: BTreeMap::new(),
        }
    }

    pub fn add(&mut self, node: &str, points: Vec<u64>) -> bool {
        let new = self.ring.add(node, points);
        if new {
            self.loads.insert(node.to_owned(), 0);
        }
        new
    }

    pub fn remove(&mut self, node: &str) -> bool {
        self.loads.remove(node);
        self.ring.remove(node)
    }

    /// What a node may have after the next acquire.
    pub fn bound(&self) -> usize {
        let active = self.loads.values().sum::<usize>() + 1;
        (self.percent * active).div_ceil(100 * self.ring.nodes().len())
    }

    pub fn acquire(&mut self, hash: u64) -> Option<String> {
        let bound = (!self.loads.is_empty()).then(|| self.bound())?;
        let order = self.ring.clockwise(hash);
        let node = order
            .into_iter()
            .find(|node| self.loads[*node] < bound)?
            .to_owned();
        *self.loads.entry(node.clone()).or_default() += 1;
        Some(node)
    }

    pub fn release(&mut self, node: &str) {
        *self.loads.entry(node.to_owned()).or_default() -= 1;
    }

    /// Counts the next acquire, which must have found this node, and tells with names and
    /// figures if it has not.
    #[track_caller]
    pub fn expect_acquire(&mut self, request: &str, hash: u64, found: Option<&Lease>) {
        let before = self.loads.clone();
        let bound = (!before.is_empty()).then(|| self.bound());
        let expected = self.acquire(hash);
        let found = found.map(Lease::node);
        if found == expected.as_deref() {
            return;
        }
        let got = named(found);
        let (Some(expected), Some(bound)) = (expected, bound) else {
            return expect!(false, "{request} got {got}, and there are no nodes");
        };
        let load = |node: &str| count(before[node], "lease");
        let wrong = match found {
            None => format!("{expected} has room"),
            Some(node) if !before.contains_key(node) => format!("{node} is not there"),
            Some(node) if before[node] >= bound => format!(
                "{node}, with {}, was full, and the next with room was {expected}, with {}",
                load(node),
                load(&expected)
            ),
            Some(node) => format!(
                "{node} had room, but {expected} comes first, clockwise from the key, and had \
                 room with {}",
                load(&expected)
            ),
        };
        let (active, nodes) = (before.values().sum(), before.len());
        expect!(
            false,
            "{request} got {got}: {wrong}. With {} before, {} and {} %, a node may have at most \
             {bound}: ⌈{} × {} / (100 × {nodes})⌉.",
            count(active, "active lease"),
            count(nodes, "node"),
            self.percent,
            self.percent,
            active + 1
        );
    }
}

/// The points of a node with so many of them.
pub fn points(node: &str, count: u32, hash: fn(&[u8]) -> u64) -> Vec<u64> {
    let point = |number| hash(format!("{node}#{number}").as_bytes());
    (0..count).map(point).collect()
}

/// A balancer with one point per node, which is where its name says.
pub fn balancer_of(percent: u32, nodes: &[&str]) -> Arc<Balancer> {
    let balancer = Arc::new(Balancer::with_hash(1, percent, written));
    for node in nodes {
        balancer.add(node);
    }
    balancer
}

/// The same, and somebody who counts its leases.
pub fn counted_by_hand(percent: u32, nodes: &[&str]) -> (Arc<Balancer>, Ledger) {
    let mut ledger = Ledger::new(percent);
    for node in nodes {
        ledger.add(node, points(node, 1, written));
    }
    (balancer_of(percent, nodes), ledger)
}

/// The same of the nodes that are [`ALIKE`], with so many points each, scattered, and 100 %.
pub fn scattered(virtual_nodes: u32) -> (Arc<Balancer>, Ledger) {
    let balancer = Arc::new(Balancer::with_hash(virtual_nodes, 100, mixed));
    let mut ledger = Ledger::new(100);
    for node in ALIKE {
        balancer.add(node);
        ledger.add(node, points(node, virtual_nodes, mixed));
    }
    (balancer, ledger)
}

/// A lease, from a balancer that has nodes.
#[track_caller]
pub fn acquire(balancer: &Arc<Balancer>, key: &str) -> Lease {
    let Some(lease) = balancer.acquire(key.as_bytes()) else {
        expect!(
            false,
            "acquire(\"{key}\") gave None although there are nodes, and they are never all full: their \
             bounds add up to more than all leases"
        );
        unreachable!("the check has ended");
    };
    note!("key {key} got node {}", lease.node());
    lease
}

/// Leases that count, as part of a sentence.
pub fn that_count(leases: usize) -> String {
    let verb = if leases == 1 { "counts" } else { "count" };
    format!("{} that {verb}", count(leases, "lease"))
}

/// A node, or that there is none, as part of a sentence.
pub fn named(node: Option<&str>) -> &str {
    node.unwrap_or("no node")
}

/// Nothing is under way any more: the loads must be those of the leases that count, and
/// the next requests get what they must get.
#[track_caller]
pub fn expect_exact(balancer: &Arc<Balancer>, percent: u32, nodes: &[&str], counted: &[&Lease]) {
    let mut ledger = Ledger::new(percent);
    for node in nodes {
        ledger.add(node, points(node, 1, written));
    }
    for lease in counted {
        *ledger.loads.entry(lease.node().to_owned()).or_default() += 1;
    }
    for node in nodes {
        let (load, leases) = (balancer.load(node), ledger.loads[*node]);
        expect!(
            load == leases,
            "After all calls have returned, load(\"{node}\") is {load}, and {node} has {}",
            that_count(leases)
        );
    }
    let mut leases = Vec::new();
    let turns = nodes.len() + 1;
    for turn in 1..=turns {
        let lease = balancer.acquire(b"@0");
        let request = format!(
            "After all calls have returned, the check itself asks {} for key @0. Request {turn}",
            count(turns, "time")
        );
        ledger.expect_acquire(&request, 0, lease.as_ref());
        leases.extend(lease);
    }
}

/// Of a long text only the end counts, so that long names cost no time.
pub fn ending(text: &[u8]) -> u64 {
    mixed(&text[text.len().saturating_sub(16)..])
}

/// The memory of this process, in bytes, whichever of its threads has it. `None` where the
/// system does not tell.
pub fn resident() -> Option<usize> {
    const PAGE: usize = 4_096;
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: usize = text.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * PAGE)
}
