//! reject: clone-shares-state
//! by: a_clone_goes_its_own_way
//!
//! The points are behind an `Arc<Mutex>`, as if the ring were shared between threads,
//! and the derived clone copies the pointer to them.

use std::hash::{DefaultHasher, Hasher};
use std::sync::{Arc, Mutex};

pub type HashFn = fn(&[u8]) -> u64;

#[derive(Debug, Clone)]
pub struct HashRing {
    hash: HashFn,
    points: Arc<Mutex<Vec<(u64, &'static str)>>>,
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
        let mut points = self.points.lock().unwrap();
        let found = points.binary_search(&((self.hash)(node.as_bytes()), node));
        if let Err(place) = found {
            let node: &'static str = node.to_owned().leak();
            points.insert(place, ((self.hash)(node.as_bytes()), node));
        }
        found.is_err()
    }

    pub fn remove(&mut self, node: &str) -> bool {
        let mut points = self.points.lock().unwrap();
        let before = points.len();
        points.retain(|(_, name)| *name != node);
        points.len() < before
    }

    pub fn node_for(&self, key: &[u8]) -> Option<&str> {
        let points = self.points.lock().unwrap();
        let hash = (self.hash)(key);
        let place = points.partition_point(|(point, _)| *point < hash);
        points.get(place).or(points.first()).map(|(_, node)| *node)
    }

    pub fn nodes(&self) -> impl Iterator<Item = &str> {
        let points = self.points.lock().unwrap();
        let mut nodes = Vec::from_iter(points.iter().map(|(_, node)| *node));
        nodes.sort();
        nodes.into_iter()
    }

    pub fn len(&self) -> usize {
        self.points.lock().unwrap().len()
    }

    pub fn is_empty(&self) -> bool {
        self.points.lock().unwrap().is_empty()
    }
}

fn sip(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}
