//! accept: a tree of (point, name) pairs, asked for the range that begins at the key

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hasher};

pub type HashFn = fn(&[u8]) -> u64;

#[derive(Debug, Clone)]
pub struct HashRing {
    hash: HashFn,
    points: BTreeSet<(u64, String)>,
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
            points: BTreeSet::new(),
        }
    }

    pub fn add(&mut self, node: &str) -> bool {
        self.points.insert(self.point(node))
    }

    pub fn remove(&mut self, node: &str) -> bool {
        self.points.remove(&self.point(node))
    }

    fn point(&self, node: &str) -> (u64, String) {
        ((self.hash)(node.as_bytes()), node.to_owned())
    }

    pub fn node_for(&self, key: &[u8]) -> Option<&str> {
        let from = ((self.hash)(key), String::new());
        let point = self.points.range(from..).next().or(self.points.first())?;
        Some(&point.1)
    }

    pub fn nodes(&self) -> impl Iterator<Item = &str> {
        let names: BTreeSet<&str> = self.points.iter().map(|(_, node)| node.as_str()).collect();
        names.into_iter()
    }

    pub fn len(&self) -> usize {
        self.points.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn sip(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}
