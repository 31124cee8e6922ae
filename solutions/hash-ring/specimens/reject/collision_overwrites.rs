//! reject: point-collision
//! by: two_nodes_on_one_point_belong_to_the_smaller_name
//!
//! A map from point to node has room for one node per point. The second one replaces
//! the first, which is then gone without having been removed.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};

pub type HashFn = fn(&[u8]) -> u64;

#[derive(Debug, Clone)]
pub struct HashRing {
    hash: HashFn,
    points: BTreeMap<u64, String>,
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
        }
    }

    pub fn add(&mut self, node: &str) -> bool {
        let point = (self.hash)(node.as_bytes());
        self.points.insert(point, node.to_owned()).as_deref() != Some(node)
    }

    pub fn remove(&mut self, node: &str) -> bool {
        let before = self.points.len();
        self.points.retain(|_, name| name != node);
        self.points.len() < before
    }

    pub fn node_for(&self, key: &[u8]) -> Option<&str> {
        let hash = (self.hash)(key);
        let mut round = self.points.range(hash..).chain(&self.points);
        round.next().map(|(_, node)| node.as_str())
    }

    pub fn nodes(&self) -> impl Iterator<Item = &str> {
        let mut nodes = Vec::from_iter(self.points.values().map(String::as_str));
        nodes.sort();
        nodes.into_iter()
    }

    pub fn len(&self) -> usize {
        self.points.len()
    }

    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }
}

fn sip(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}
