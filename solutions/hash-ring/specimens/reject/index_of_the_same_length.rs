//! reject: order-dependent-ring
//! by: a_clone_and_its_original_answer_for_themselves
//!
//! Lookups search an index, which is made anew when it has another length than the list of
//! nodes. One that has left and one that has come since the last lookup make no difference to
//! that.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hasher};

pub type HashFn = fn(&[u8]) -> u64;

#[derive(Debug, Clone)]
pub struct HashRing {
    hash: HashFn,
    nodes: BTreeSet<String>,
    /// Sorted points, made by the first lookup that needs them.
    index: RefCell<Vec<(u64, String)>>,
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
            nodes: BTreeSet::new(),
            index: RefCell::default(),
        }
    }

    pub fn add(&mut self, node: &str) -> bool {
        self.nodes.insert(node.to_owned())
    }

    pub fn remove(&mut self, node: &str) -> bool {
        self.nodes.remove(node)
    }

    pub fn node_for(&self, key: &[u8]) -> Option<&str> {
        let mut index = self.index.borrow_mut();
        if index.len() != self.nodes.len() {
            let points = self.nodes.iter();
            *index = points
                .map(|node| ((self.hash)(node.as_bytes()), node.clone()))
                .collect();
            index.sort();
        }
        let hash = (self.hash)(key);
        let place = index.partition_point(|(point, _)| *point < hash);
        let (_, node) = index.get(place).or(index.first())?;
        self.nodes
            .get(node)
            .or(self.nodes.first())
            .map(String::as_str)
    }

    pub fn nodes(&self) -> impl Iterator<Item = &str> {
        self.nodes.iter().map(String::as_str)
    }

    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }
}

fn sip(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}
