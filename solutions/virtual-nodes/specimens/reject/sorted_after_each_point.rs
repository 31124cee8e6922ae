//! reject: quadratic-change
//! by: a_change_costs_no_more_than_building_the_ring
//!
//! The list is put in order after every point instead of after every node.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;

pub type HashFn = fn(&[u8]) -> u64;

#[derive(Debug, Clone)]
pub struct HashRing {
    hash: HashFn,
    virtual_nodes: u32,
    points: Vec<(u64, Arc<str>)>,
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
            points: Vec::new(),
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
        let count = u64::from(weight) * u64::from(self.virtual_nodes);
        for number in 0..count {
            let point = self.point(&node, number);
            self.points.push((point, Arc::clone(&node)));
            self.points.sort();
        }
        self.nodes.insert(node, count);
        true
    }

    pub fn remove(&mut self, node: &str) -> bool {
        let Some((node, count)) = self.nodes.remove_entry(node) else {
            return false;
        };
        self.points.retain(|(_, owner)| *owner != node);
        count > 0
    }

    pub fn node_for(&self, key: &[u8]) -> Option<&str> {
        let hash = (self.hash)(key);
        let place = self.points.partition_point(|(point, _)| *point < hash);
        let (_, node) = self.points.get(place).or(self.points.first())?;
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
