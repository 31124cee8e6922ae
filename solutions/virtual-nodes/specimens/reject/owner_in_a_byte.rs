//! reject: counter-wraps
//! by: hundreds_of_nodes_are_told_apart
//!
//! A lookup goes from a point to a number, which is a byte, and from there to the name. The
//! 257th node has the number of the first, and the keys of both.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;

pub type HashFn = fn(&[u8]) -> u64;

#[derive(Debug, Clone)]
pub struct HashRing {
    hash: HashFn,
    virtual_nodes: u32,
    /// Each node with its weight.
    nodes: BTreeMap<Arc<str>, u32>,
    /// Sorted by place, and by name where that is the same.
    points: Vec<(u64, Arc<str>, u8)>,
    /// The name of each number, and the next number.
    names: BTreeMap<u8, Arc<str>>,
    next: u8,
}

impl HashRing {
    pub fn new(virtual_nodes: u32) -> Self {
        Self::with_hash(virtual_nodes, sip)
    }

    pub fn with_hash(virtual_nodes: u32, hash: HashFn) -> Self {
        assert!(virtual_nodes > 0, "a node needs a point");
        Self {
            hash,
            virtual_nodes,
            nodes: BTreeMap::new(),
            points: Vec::new(),
            names: BTreeMap::new(),
            next: 0,
        }
    }

    pub fn add(&mut self, node: &str) -> bool {
        self.add_weighted(node, 1)
    }

    pub fn add_weighted(&mut self, node: &str, weight: u32) -> bool {
        if weight == 0 || self.nodes.contains_key(node) {
            return false;
        }
        let name = Arc::<str>::from(node);
        self.nodes.insert(Arc::clone(&name), weight);
        let owner = self.next;
        self.next = self.next.wrapping_add(1);
        self.names.insert(owner, Arc::clone(&name));
        let count = u64::from(weight) * u64::from(self.virtual_nodes);
        for number in 0..count {
            let label = format!("{node}#{number}");
            let point = (self.hash)(label.as_bytes());
            self.points.push((point, Arc::clone(&name), owner));
        }
        self.points.sort();
        true
    }

    pub fn remove(&mut self, node: &str) -> bool {
        if self.nodes.remove(node).is_none() {
            return false;
        }
        self.points.retain(|(_, owner, _)| **owner != *node);
        self.names.retain(|_, name| **name != *node);
        true
    }

    pub fn node_for(&self, key: &[u8]) -> Option<&str> {
        let hash = (self.hash)(key);
        let place = self.points.partition_point(|(point, ..)| *point < hash);
        let (.., owner) = self.points.get(place).or(self.points.first())?;
        self.names.get(owner).map(|name| &**name)
    }

    pub fn nodes(&self) -> impl Iterator<Item = &str> {
        self.nodes.keys().map(|node| &**node)
    }

    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    pub fn load(&self, keys: impl Iterator<Item = impl AsRef<[u8]>>) -> BTreeMap<String, usize> {
        let mut load = BTreeMap::from_iter(self.nodes().map(|node| (node.to_owned(), 0)));
        for key in keys {
            let owner = self.node_for(key.as_ref());
            if let Some(count) = owner.and_then(|node| load.get_mut(node)) {
                *count += 1;
            }
        }
        load
    }
}

fn sip(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}
