//! reject: keys-moved-between-old-nodes
//! by: a_removed_node_gives_its_keys_away_and_no_other_node_does
//!
//! Points know their node by its number in the sorted list of names. When one leaves,
//! the numbers behind it change, and the points still have the old ones.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};

pub type HashFn = fn(&[u8]) -> u64;

#[derive(Debug, Clone)]
pub struct HashRing {
    hash: HashFn,
    virtual_nodes: u32,
    points: Vec<(u64, usize)>,
    nodes: Vec<String>,
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
            nodes: Vec::new(),
        }
    }

    pub fn add(&mut self, node: &str) -> bool {
        self.add_weighted(node, 1)
    }

    pub fn add_weighted(&mut self, node: &str, weight: u32) -> bool {
        let found = self
            .nodes
            .binary_search_by(|other| other.as_str().cmp(node));
        let Err(rank) = found else {
            return false;
        };
        if weight == 0 {
            return false;
        }
        for (_, owner) in &mut self.points {
            *owner += usize::from(*owner >= rank);
        }
        let count = u64::from(weight) * u64::from(self.virtual_nodes);
        let points = (0..count).map(|number| (self.point(node, number), rank));
        let points = Vec::from_iter(points);
        self.points.extend(points);
        self.points.sort();
        self.nodes.insert(rank, node.to_owned());
        true
    }

    pub fn remove(&mut self, node: &str) -> bool {
        let found = self
            .nodes
            .binary_search_by(|other| other.as_str().cmp(node));
        let Ok(rank) = found else {
            return false;
        };
        self.nodes.remove(rank);
        self.points.retain(|(_, owner)| *owner != rank);
        true
    }

    pub fn node_for(&self, key: &[u8]) -> Option<&str> {
        let hash = (self.hash)(key);
        let place = self.points.partition_point(|(point, _)| *point < hash);
        let (_, owner) = self.points.get(place).or(self.points.first())?;
        self.nodes
            .get(*owner)
            .or(self.nodes.last())
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
