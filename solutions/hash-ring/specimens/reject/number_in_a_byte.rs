//! reject: counter-wraps
//! by: hundreds_of_nodes_are_told_apart
//!
//! Nodes are numbered as they come, in a byte. The 257th gets the number of the first one, and
//! the name that belongs to that number is its own from then on.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};

pub type HashFn = fn(&[u8]) -> u64;

#[derive(Debug, Clone)]
pub struct HashRing {
    hash: HashFn,
    /// Each point with the name and the number of its node.
    points: BTreeMap<(u64, String), u8>,
    /// The number of each node, and the way back.
    numbers: BTreeMap<String, u8>,
    names: BTreeMap<u8, String>,
    next: u8,
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
            numbers: BTreeMap::new(),
            names: BTreeMap::new(),
            next: 0,
        }
    }

    pub fn add(&mut self, node: &str) -> bool {
        if self.numbers.contains_key(node) {
            return false;
        }
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        let point = (self.hash)(node.as_bytes());
        self.points.insert((point, node.to_owned()), number);
        self.numbers.insert(node.to_owned(), number);
        self.names.insert(number, node.to_owned());
        true
    }

    pub fn remove(&mut self, node: &str) -> bool {
        let Some(number) = self.numbers.remove(node) else {
            return false;
        };
        self.names.remove(&number);
        self.points
            .remove(&((self.hash)(node.as_bytes()), node.to_owned()));
        true
    }

    pub fn node_for(&self, key: &[u8]) -> Option<&str> {
        let from = ((self.hash)(key), String::new());
        let (_, number) = self
            .points
            .range(from..)
            .next()
            .or(self.points.iter().next())?;
        self.names.get(number).map(String::as_str)
    }

    pub fn nodes(&self) -> impl Iterator<Item = &str> {
        self.numbers.keys().map(String::as_str)
    }

    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }
}

fn sip(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}
