//! reject: linear-lookup
//! by: a_lookup_does_not_hash_the_nodes_again
//!
//! Only names are kept, and each lookup computes all the points again to find the
//! nearest.

use std::hash::{DefaultHasher, Hasher};

pub type HashFn = fn(&[u8]) -> u64;

#[derive(Debug, Clone)]
pub struct HashRing {
    hash: HashFn,
    points: Vec<(u64, String)>,
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
            points: Vec::new(),
        }
    }

    pub fn add(&mut self, node: &str) -> bool {
        let point = ((self.hash)(node.as_bytes()), node.to_owned());
        match self.points.binary_search(&point) {
            Ok(_) => false,
            Err(place) => {
                self.points.insert(place, point);
                true
            }
        }
    }

    pub fn remove(&mut self, node: &str) -> bool {
        let before = self.points.len();
        self.points.retain(|(_, name)| name != node);
        self.points.len() < before
    }

    pub fn node_for(&self, key: &[u8]) -> Option<&str> {
        let hash = (self.hash)(key);
        let distance = |node: &&str| (self.hash)(node.as_bytes()).wrapping_sub(hash);
        // `nodes` is sorted by name, and of equal distances the first one wins.
        self.nodes().min_by_key(distance)
    }

    pub fn nodes(&self) -> impl Iterator<Item = &str> {
        let mut nodes = Vec::from_iter(self.points.iter().map(|(_, node)| node.as_str()));
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
