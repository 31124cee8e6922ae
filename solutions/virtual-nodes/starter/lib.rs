//! A consistent-hash ring in which each node has several points.
//!
//! So it says. It compiles, it is tidy and its tests pass. Grade it, see how the load is
//! spread, and make it right; keep what you like of it, or nothing.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};

/// Where on the ring a key or a point is.
pub type HashFn = fn(&[u8]) -> u64;

/// Nodes that share all keys between them.
#[derive(Debug, Clone)]
pub struct HashRing {
    hash: HashFn,
    /// Every node has that many points, times its weight.
    virtual_nodes: u32,
    weights: BTreeMap<String, u32>,
    points: BTreeMap<u64, String>,
}

impl HashRing {
    /// An empty ring with a hash of our choice.
    pub fn new(virtual_nodes: u32) -> Self {
        Self::with_hash(virtual_nodes, sip_hash)
    }

    /// An empty ring with the caller's hash.
    pub fn with_hash(virtual_nodes: u32, hash: HashFn) -> Self {
        assert!(virtual_nodes > 0, "a node needs at least one point");
        Self {
            hash,
            virtual_nodes,
            weights: BTreeMap::new(),
            points: BTreeMap::new(),
        }
    }

    /// Adds a node of weight 1; false if it is already there.
    pub fn add(&mut self, node: &str) -> bool {
        self.add_weighted(node, 1)
    }

    /// Adds a node with `weight` times the usual points; false if it is already there,
    /// or weighs nothing.
    pub fn add_weighted(&mut self, node: &str, weight: u32) -> bool {
        if weight == 0 || self.weights.contains_key(node) {
            return false;
        }
        self.weights.insert(node.to_owned(), weight);
        let points = weight * self.virtual_nodes;
        for _ in 0..points {
            self.points.insert(self.point(node), node.to_owned());
        }
        true
    }

    /// Removes a node with all its points; false if it is not there.
    pub fn remove(&mut self, node: &str) -> bool {
        self.points.remove(&self.point(node));
        self.weights.remove(node).is_some()
    }

    /// The node that holds the key; `None` without nodes.
    pub fn node_for(&self, key: &[u8]) -> Option<&str> {
        let mut round = self.points.range((self.hash)(key)..).chain(&self.points);
        round.next().map(|(_, node)| node.as_str())
    }

    /// All nodes, sorted by name.
    pub fn nodes(&self) -> impl Iterator<Item = &str> {
        self.weights.keys().map(String::as_str)
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.weights.len()
    }

    /// Whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.weights.is_empty()
    }

    /// How many of the keys each node holds.
    pub fn load(&self, keys: impl Iterator<Item = impl AsRef<[u8]>>) -> BTreeMap<String, usize> {
        let mut load = BTreeMap::new();
        for key in keys {
            if let Some(node) = self.node_for(key.as_ref()) {
                *load.entry(node.to_owned()).or_default() += 1;
            }
        }
        load
    }

    /// Where a node is on the ring.
    fn point(&self, node: &str) -> u64 {
        (self.hash)(format!("{node}#0").as_bytes())
    }
}

/// Seeded with a constant, so every process gets the same.
fn sip_hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring() -> HashRing {
        let mut ring = HashRing::new(100);
        assert!(ring.add("a"));
        assert!(ring.add_weighted("b", 2));
        assert!(!ring.add("b"));
        ring
    }

    #[test]
    fn every_key_has_a_node() {
        let keys = || (0..1_000_u32).map(u32::to_le_bytes);
        let ring = ring();
        assert!(keys().all(|key| ring.node_for(&key).is_some()));
        assert_eq!(ring.load(keys()).values().sum::<usize>(), 1_000);
    }

    #[test]
    fn nodes_are_counted_and_not_points() {
        let ring = ring();
        assert_eq!(ring.len(), 2);
        assert_eq!(ring.nodes().collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn a_removed_node_holds_nothing() {
        let mut ring = ring();
        assert!(ring.remove("b"));
        assert!(!ring.remove("b"));
        assert_eq!(ring.node_for(b"user-1"), Some("a"));
    }
}
