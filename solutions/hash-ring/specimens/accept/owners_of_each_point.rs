//! accept: a map from point to the sorted names on it, beside a set of all names

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hasher};

pub type HashFn = fn(&[u8]) -> u64;

#[derive(Debug, Clone)]
pub struct HashRing {
    hash: HashFn,
    points: BTreeMap<u64, BTreeSet<String>>,
    names: BTreeSet<String>,
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
            names: BTreeSet::new(),
        }
    }

    pub fn add(&mut self, node: &str) -> bool {
        let here = self.points.entry((self.hash)(node.as_bytes())).or_default();
        here.insert(node.to_owned());
        self.names.insert(node.to_owned())
    }

    pub fn remove(&mut self, node: &str) -> bool {
        let point = (self.hash)(node.as_bytes());
        if let Some(here) = self.points.get_mut(&point) {
            here.remove(node);
            if here.is_empty() {
                self.points.remove(&point);
            }
        }
        self.names.remove(node)
    }

    pub fn node_for(&self, key: &[u8]) -> Option<&str> {
        let mut round = self.points.range((self.hash)(key)..).chain(&self.points);
        round
            .next()
            .and_then(|(_, here)| here.first())
            .map(String::as_str)
    }

    pub fn nodes(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    pub fn len(&self) -> usize {
        self.names.len()
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
