//! accept: answers are remembered between two changes, in a map behind a RefCell

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hasher};

pub type HashFn = fn(&[u8]) -> u64;

#[derive(Debug, Clone)]
pub struct HashRing {
    hash: HashFn,
    points: BTreeMap<(u64, String), ()>,
    nodes: Vec<String>,
    known: RefCell<HashMap<Vec<u8>, usize>>,
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
            nodes: Vec::new(),
            known: RefCell::default(),
        }
    }

    pub fn add(&mut self, node: &str) -> bool {
        let point = ((self.hash)(node.as_bytes()), node.to_owned());
        let new = self.points.insert(point, ()).is_none();
        self.change();
        new
    }

    pub fn remove(&mut self, node: &str) -> bool {
        let point = ((self.hash)(node.as_bytes()), node.to_owned());
        let known = self.points.remove(&point).is_some();
        self.change();
        known
    }

    fn change(&mut self) {
        self.known.borrow_mut().clear();
        self.nodes = self.points.keys().map(|(_, node)| node.clone()).collect();
        self.nodes.sort();
    }

    pub fn node_for(&self, key: &[u8]) -> Option<&str> {
        let known = self.known.borrow().get(key).copied();
        let place = match known {
            Some(place) => place,
            None => {
                let from = ((self.hash)(key), String::new());
                let mut round = self.points.range(from..).chain(&self.points);
                let ((_, node), ()) = round.next()?;
                let place = self.nodes.binary_search(node).ok()?;
                self.known.borrow_mut().insert(key.to_owned(), place);
                place
            }
        };
        Some(&self.nodes[place])
    }

    pub fn nodes(&self) -> impl Iterator<Item = &str> {
        self.nodes.iter().map(String::as_str)
    }

    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn sip(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}
