//! reject: weights-ignored
//! by: a_node_has_weight_times_the_points
//!
//! The weight is added to the number of points instead of multiplied with it. Where
//! both are 2 nobody sees it; here a weight of 1 adds nothing, so unweighted rings
//! are right.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;

pub type HashFn = fn(&[u8]) -> u64;

#[derive(Debug, Clone)]
pub struct HashRing {
    hash: HashFn,
    virtual_nodes: u32,
    points: BTreeSet<(u64, Arc<str>)>,
    /// Each node with the number of its points.
    nodes: BTreeMap<Arc<str>, u64>,
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
            points: BTreeSet::new(),
            nodes: BTreeMap::new(),
        }
    }

    pub fn add(&mut self, node: &str) -> bool {
        self.add_weighted(node, 1)
    }

    pub fn add_weighted(&mut self, node: &str, weight: u32) -> bool {
        if weight == 0 || self.nodes.contains_key(node) {
            return false;
        }
        let node = Arc::<str>::from(node);
        let count = u64::from(self.virtual_nodes) + u64::from(weight) - 1;
        for number in 0..count {
            let point = self.point(&node, number);
            self.points.insert((point, Arc::clone(&node)));
        }
        self.nodes.insert(node, count);
        true
    }

    pub fn remove(&mut self, node: &str) -> bool {
        let Some((node, count)) = self.nodes.remove_entry(node) else {
            return false;
        };
        for number in 0..count {
            let point = self.point(&node, number);
            self.points.remove(&(point, Arc::clone(&node)));
        }
        true
    }

    pub fn node_for(&self, key: &[u8]) -> Option<&str> {
        let from = ((self.hash)(key), Arc::from(""));
        let (_, node) = self.points.range(from..).next().or(self.points.first())?;
        Some(node)
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
        let mut load: BTreeMap<_, _> = self.nodes().map(|node| (node, 0)).collect();
        for key in keys {
            if let Some(node) = self.node_for(key.as_ref()) {
                *load.entry(node).or_default() += 1;
            }
        }
        load.into_iter()
            .map(|(node, count)| (node.to_owned(), count))
            .collect()
    }

    fn point(&self, node: &str, number: u64) -> u64 {
        (self.hash)(format!("{node}#{number}").as_bytes())
    }
}

fn sip(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}
