//! reject: relies-on-a-good-hash
//! by: a_lookup_costs_log_n
//!
//! Where hashes are spread evenly, a number says where in the list it is, give or take a point
//! or two, and the search walks from there. Nodes that lie close together are all within that
//! walk.

use std::hash::{DefaultHasher, Hasher};

pub type HashFn = fn(&[u8]) -> u64;

#[derive(Debug, Clone)]
pub struct HashRing {
    hash: HashFn,
    /// Sorted by place, and by name where that is the same.
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
        let Err(place) = self.points.binary_search(&point) else {
            return false;
        };
        self.points.insert(place, point);
        true
    }

    pub fn remove(&mut self, node: &str) -> bool {
        let point = ((self.hash)(node.as_bytes()), node.to_owned());
        let Ok(place) = self.points.binary_search(&point) else {
            return false;
        };
        self.points.remove(place);
        true
    }

    pub fn node_for(&self, key: &[u8]) -> Option<&str> {
        let hash = (self.hash)(key);
        // The share of the ring that is before the key is the share of the points.
        let share = u128::from(hash) * self.points.len() as u128;
        let mut place = (share >> 64) as usize;
        while place < self.points.len() && self.points[place].0 < hash {
            place += 1;
        }
        while place > 0 && self.points[place - 1].0 >= hash {
            place -= 1;
        }
        let (_, node) = self.points.get(place).or(self.points.first())?;
        Some(node)
    }

    pub fn nodes(&self) -> impl Iterator<Item = &str> {
        let mut nodes = Vec::from_iter(self.points.iter().map(|(_, node)| node.as_str()));
        nodes.sort_unstable();
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
