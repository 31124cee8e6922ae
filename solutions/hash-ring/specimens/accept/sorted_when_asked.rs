//! accept: changes only mark the list; the first lookup after them sorts it, behind a RefCell

use std::cell::RefCell;
use std::hash::{DefaultHasher, Hasher};

pub type HashFn = fn(&[u8]) -> u64;

#[derive(Debug, Clone)]
pub struct HashRing {
    hash: HashFn,
    names: Vec<String>,
    /// Places in `names`, in ring order; `None` after a change.
    order: RefCell<Option<Vec<(u64, usize)>>>,
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
            names: Vec::new(),
            order: RefCell::new(None),
        }
    }

    pub fn add(&mut self, node: &str) -> bool {
        let new = !self.names.iter().any(|name| name == node);
        if new {
            self.names.push(node.to_owned());
            self.names.sort_unstable();
            self.order.take();
        }
        new
    }

    pub fn remove(&mut self, node: &str) -> bool {
        let found = self.names.iter().position(|name| name == node);
        if let Some(place) = found {
            self.names.remove(place);
            self.order.take();
        }
        found.is_some()
    }

    pub fn node_for(&self, key: &[u8]) -> Option<&str> {
        let mut order = self.order.borrow_mut();
        let order = order.get_or_insert_with(|| {
            let points = self.names.iter().map(|name| (self.hash)(name.as_bytes()));
            let mut order: Vec<_> = points
                .enumerate()
                .map(|(place, point)| (point, place))
                .collect();
            order.sort_unstable();
            order
        });
        let hash = (self.hash)(key);
        let at = order.partition_point(|(point, _)| *point < hash);
        let (_, place) = order.get(at).or(order.first())?;
        Some(&self.names[*place])
    }

    pub fn nodes(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    pub fn len(&self) -> usize {
        self.names.len()
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
