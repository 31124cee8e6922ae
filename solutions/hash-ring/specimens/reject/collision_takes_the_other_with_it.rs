//! reject: point-collision
//! by: two_nodes_on_one_point_belong_to_the_smaller_name
//!
//! Colliding nodes share an entry and the smaller name owns it. Removing either of
//! them removes the entry, and the healthy one has no point any more.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hasher};

pub type HashFn = fn(&[u8]) -> u64;

#[derive(Debug, Clone)]
pub struct HashRing {
    hash: HashFn,
    points: BTreeMap<u64, String>,
    nodes: BTreeSet<String>,
}

impl Default for HashRing {
    fn default() -> Self {
        Self::new()
    }
}

impl HashRing {
    pub fn new() -> Self {
        Self::with_hash(sip)
    }

    pub fn with_hash(hash: HashFn) -> Self {
        Self {
            hash,
            points: BTreeMap::new(),
            nodes: BTreeSet::new(),
        }
    }

    pub fn add(&mut self, node: &str) -> bool {
        let point = (self.hash)(node.as_bytes());
        let owner = self.points.entry(point).or_insert(node.to_owned());
        if node < owner.as_str() {
            *owner = node.to_owned();
        }
        self.nodes.insert(node.to_owned())
    }

    pub fn remove(&mut self, node: &str) -> bool {
        let known = self.nodes.remove(node);
        if known {
            self.points.remove(&(self.hash)(node.as_bytes()));
        }
        known
    }

    pub fn node_for(&self, key: &[u8]) -> Option<&str> {
        let hash = (self.hash)(key);
        let mut round = self.points.range(hash..).chain(&self.points);
        round.next().map(|(_, node)| node.as_str())
    }

    pub fn nodes(&self) -> impl Iterator<Item = &str> {
        self.nodes.iter().map(String::as_str)
    }

    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }
}

fn sip(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}
