//! reject: name-matched-in-part
//! by: a_removal_goes_by_the_whole_name
//!
//! The points of every node whose name begins like that of the removed one leave too.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hasher};

pub type HashFn = fn(&[u8]) -> u64;

#[derive(Debug, Clone)]
pub struct HashRing {
    hash: HashFn,
    points: Vec<(u64, String)>,
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
            points: Vec::new(),
            nodes: BTreeSet::new(),
        }
    }

    pub fn add(&mut self, node: &str) -> bool {
        let point = ((self.hash)(node.as_bytes()), node.to_owned());
        if let Err(place) = self.points.binary_search(&point) {
            self.points.insert(place, point);
        }
        self.nodes.insert(node.to_owned())
    }

    pub fn remove(&mut self, node: &str) -> bool {
        self.points.retain(|(_, owner)| !owner.starts_with(node));
        self.nodes.remove(node)
    }

    pub fn node_for(&self, key: &[u8]) -> Option<&str> {
        if self.nodes.is_empty() {
            return None;
        }
        let hash = (self.hash)(key);
        let place = self.points.partition_point(|(point, _)| *point < hash);
        let (_, node) = self.points.get(place).or(self.points.first())?;
        Some(node)
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
