//! reject: keys-moved-between-old-nodes
//! by: a_removed_node_gives_its_keys_away_and_no_other_node_does
//!
//! Jump consistent hashing moves the fewest keys when the last bucket comes or goes.
//! Here buckets are the names in order, so a node in the middle renumbers all behind
//! it.

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
        let mut hash = (self.hash)(key);
        let (mut bucket, mut next) = (None, 0);
        while next < self.points.len() {
            bucket = Some(next);
            hash = hash.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
            let step = (1_u64 << 31) as f64 / ((hash >> 33) + 1) as f64;
            next = ((next + 1) as f64 * step) as usize;
        }
        self.nodes().nth(bucket?)
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
