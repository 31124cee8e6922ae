//! reject: point-collision
//! by: many_nodes_share_a_point_in_the_order_of_their_names
//!
//! A point has an owner and one who is next. A third node on it is forgotten, and has no point
//! when the other two have left.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hasher};

pub type HashFn = fn(&[u8]) -> u64;

#[derive(Debug, Clone)]
pub struct HashRing {
    hash: HashFn,
    nodes: BTreeSet<String>,
    /// Who owns each point, and who is next.
    points: BTreeMap<u64, (String, Option<String>)>,
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
            points: BTreeMap::new(),
        }
    }

    pub fn add(&mut self, node: &str) -> bool {
        if !self.nodes.insert(node.to_owned()) {
            return false;
        }
        let point = (self.hash)(node.as_bytes());
        let mut names = self.names_at(point);
        names.insert(node.to_owned());
        self.put(point, names);
        true
    }

    pub fn remove(&mut self, node: &str) -> bool {
        let point = (self.hash)(node.as_bytes());
        let mut names = self.names_at(point);
        names.remove(node);
        self.put(point, names);
        self.nodes.remove(node)
    }

    pub fn node_for(&self, key: &[u8]) -> Option<&str> {
        let hash = (self.hash)(key);
        let mut round = self.points.range(hash..).chain(&self.points);
        round.next().map(|(_, (owner, _))| owner.as_str())
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

    fn names_at(&self, point: u64) -> BTreeSet<String> {
        let Some((owner, next)) = self.points.get(&point) else {
            return BTreeSet::new();
        };
        next.iter().chain([owner]).cloned().collect()
    }

    fn put(&mut self, point: u64, names: BTreeSet<String>) {
        let mut names = names.into_iter();
        match names.next() {
            Some(owner) => self.points.insert(point, (owner, names.next())),
            None => self.points.remove(&point),
        };
    }
}

fn sip(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}
