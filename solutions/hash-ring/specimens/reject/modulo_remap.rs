//! reject: modulo-remap
//! by: an_added_node_takes_keys_and_no_other_node_does
//!
//! The nodes are numbered, and a key goes to the number that is left when its hash is
//! divided by their count. The eleventh node moves ten keys of eleven.

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
        let place = (self.hash)(key).checked_rem(self.points.len() as u64)?;
        Some(&self.points[place as usize].1)
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
