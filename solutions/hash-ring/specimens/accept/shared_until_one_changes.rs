//! accept: clones share one list until one of them changes, and that one gets a copy first

use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;

pub type HashFn = fn(&[u8]) -> u64;

#[derive(Debug, Clone)]
pub struct HashRing {
    hash: HashFn,
    /// Sorted by place, and by name where that is the same.
    points: Arc<Vec<(u64, String)>>,
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
            points: Arc::default(),
        }
    }

    pub fn add(&mut self, node: &str) -> bool {
        let point = ((self.hash)(node.as_bytes()), node.to_owned());
        let Err(place) = self.points.binary_search(&point) else {
            return false;
        };
        Arc::make_mut(&mut self.points).insert(place, point);
        true
    }

    pub fn remove(&mut self, node: &str) -> bool {
        let point = ((self.hash)(node.as_bytes()), node.to_owned());
        let Ok(place) = self.points.binary_search(&point) else {
            return false;
        };
        Arc::make_mut(&mut self.points).remove(place);
        true
    }

    pub fn node_for(&self, key: &[u8]) -> Option<&str> {
        let hash = (self.hash)(key);
        let place = self.points.partition_point(|(point, _)| *point < hash);
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
