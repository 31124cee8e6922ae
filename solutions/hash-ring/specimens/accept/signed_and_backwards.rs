//! accept: points as signed numbers in falling order: a ring turned by half is the same ring

use std::cmp::Reverse;
use std::hash::{DefaultHasher, Hasher};

pub type HashFn = fn(&[u8]) -> u64;

#[derive(Debug, Clone)]
pub struct HashRing {
    hash: HashFn,
    points: Vec<Reverse<(i64, String)>>,
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
        let point = Reverse(((self.hash)(node.as_bytes()) as i64, node.to_owned()));
        let found = self.points.binary_search(&point);
        if let Err(place) = found {
            self.points.insert(place, point);
        }
        found.is_err()
    }

    pub fn remove(&mut self, node: &str) -> bool {
        let before = self.points.len();
        self.points.retain(|Reverse((_, name))| name != node);
        self.points.len() < before
    }

    pub fn node_for(&self, key: &[u8]) -> Option<&str> {
        let hash = (self.hash)(key) as i64;
        let past = self
            .points
            .partition_point(|Reverse((point, _))| *point >= hash);
        let Reverse((_, node)) = match past.checked_sub(1) {
            Some(place) => &self.points[place],
            None => self.points.last()?,
        };
        Some(node)
    }

    pub fn nodes(&self) -> impl Iterator<Item = &str> {
        let mut nodes = Vec::from_iter(self.points.iter().map(|Reverse((_, node))| node.as_str()));
        nodes.sort();
        nodes.into_iter()
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
