//! reject: tombstones-kept
//! by: what_has_left_costs_no_time
//!
//! A removal only marks the point, since it is quick and the node may come back. Lookups step
//! over what is marked, and of nodes that never come back there are more every day.

use std::hash::{DefaultHasher, Hasher};

pub type HashFn = fn(&[u8]) -> u64;

#[derive(Debug, Clone)]
pub struct HashRing {
    hash: HashFn,
    /// Sorted by place, and by name where that is the same.
    points: Vec<(u64, String)>,
    /// Of each point, whether its node is there.
    alive: Vec<bool>,
    count: usize,
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
            alive: Vec::new(),
            count: 0,
        }
    }

    pub fn add(&mut self, node: &str) -> bool {
        let point = ((self.hash)(node.as_bytes()), node.to_owned());
        match self.points.binary_search(&point) {
            Ok(place) if self.alive[place] => return false,
            Ok(place) => self.alive[place] = true,
            Err(place) => {
                self.points.insert(place, point);
                self.alive.insert(place, true);
            }
        }
        self.count += 1;
        true
    }

    pub fn remove(&mut self, node: &str) -> bool {
        let point = ((self.hash)(node.as_bytes()), node.to_owned());
        match self.points.binary_search(&point) {
            Ok(place) if self.alive[place] => self.alive[place] = false,
            _ => return false,
        }
        self.count -= 1;
        true
    }

    pub fn node_for(&self, key: &[u8]) -> Option<&str> {
        let hash = (self.hash)(key);
        let place = self.points.partition_point(|(point, _)| *point < hash);
        let mut round = (place..self.points.len()).chain(0..place);
        let place = round.find(|place| self.alive[*place])?;
        Some(&self.points[place].1)
    }

    pub fn nodes(&self) -> impl Iterator<Item = &str> {
        let all = self.points.iter().zip(&self.alive);
        let alive = all.filter(|(_, alive)| **alive);
        let mut nodes = Vec::from_iter(alive.map(|((_, node), _)| node.as_str()));
        nodes.sort_unstable();
        nodes.into_iter()
    }

    pub fn len(&self) -> usize {
        self.count
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

fn sip(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}
