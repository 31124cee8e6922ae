//! reject: relies-on-a-good-hash
//! by: a_lookup_costs_log_n
//!
//! A table by the first bits of a hash says where to begin, and from there it is a walk. Nodes
//! that lie close together are all in one bucket.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hasher};

pub type HashFn = fn(&[u8]) -> u64;

#[derive(Debug, Clone)]
pub struct HashRing {
    hash: HashFn,
    names: BTreeSet<String>,
    points: Vec<(u64, String)>,
    /// The first point at or after the beginning of each bucket.
    index: Vec<usize>,
    shift: u32,
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
            names: BTreeSet::new(),
            points: Vec::new(),
            index: Vec::new(),
            shift: 63,
        }
    }

    pub fn add(&mut self, node: &str) -> bool {
        let new = self.names.insert(node.to_owned());
        self.build();
        new
    }

    pub fn remove(&mut self, node: &str) -> bool {
        let known = self.names.remove(node);
        self.build();
        known
    }

    fn build(&mut self) {
        let point = |name: &String| ((self.hash)(name.as_bytes()), name.clone());
        self.points = self.names.iter().map(point).collect();
        self.points.sort();
        self.shift = 63 - self.points.len().max(1).ilog2();
        self.index.clear();
        for (place, (point, _)) in self.points.iter().enumerate() {
            let bucket = (point >> self.shift) as usize;
            while self.index.len() <= bucket {
                self.index.push(place);
            }
        }
    }

    pub fn node_for(&self, key: &[u8]) -> Option<&str> {
        let hash = (self.hash)(key);
        let bucket = (hash >> self.shift) as usize;
        let from = self.index.get(bucket).copied().unwrap_or(self.points.len());
        let mut rest = self.points[from..]
            .iter()
            .skip_while(|(point, _)| *point < hash);
        let (_, node) = rest.next().or(self.points.first())?;
        Some(node)
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
