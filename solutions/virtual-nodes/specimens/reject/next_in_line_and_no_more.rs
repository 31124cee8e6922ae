//! reject: point-collision
//! by: many_nodes_share_a_point_in_the_order_of_their_names
//!
//! A point knows who has it and who has it next. If a third node is there, it has no point left
//! by the time the first two have gone.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;

pub type HashFn = fn(&[u8]) -> u64;

#[derive(Debug, Clone)]
pub struct HashRing {
    hash: HashFn,
    virtual_nodes: u32,
    /// Each node with the places of its points.
    nodes: BTreeMap<Arc<str>, BTreeSet<u64>>,
    /// Who has the point, and who has it next.
    points: BTreeMap<u64, (Arc<str>, Option<Arc<str>>)>,
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
            points: BTreeMap::new(),
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
        let count = u64::from(weight) * u64::from(self.virtual_nodes);
        let place = |number: u64| (self.hash)(format!("{node}#{number}").as_bytes());
        let places = Vec::from_iter((0..count).map(place));
        for place in &places {
            let (own, here) = (Arc::clone(&name), self.points.remove(place));
            let owners = match here {
                None => (own, None),
                Some((first, next)) if own < first => {
                    (own, Some(next.unwrap_or(first.clone()).min(first)))
                }
                Some((first, next)) if own == first => (first, next),
                Some((first, next)) => {
                    (first, Some(next.map_or(own.clone(), |next| next.min(own))))
                }
            };
            self.points.insert(*place, owners);
        }
        self.nodes.insert(name, places.into_iter().collect());
        true
    }

    pub fn remove(&mut self, node: &str) -> bool {
        let Some(places) = self.nodes.remove(node) else {
            return false;
        };
        for place in places {
            let owners = match self.points.remove(&place) {
                Some((first, next)) if *first == *node => next.map(|next| (next, None)),
                Some((first, next)) => Some((first, next.filter(|next| **next != *node))),
                None => None,
            };
            if let Some(owners) = owners {
                self.points.insert(place, owners);
            }
        }
        true
    }

    pub fn node_for(&self, key: &[u8]) -> Option<&str> {
        let hash = (self.hash)(key);
        let mut round = self.points.range(hash..).chain(&self.points);
        let (_, owners) = round.next()?;
        Some(&owners.0)
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
