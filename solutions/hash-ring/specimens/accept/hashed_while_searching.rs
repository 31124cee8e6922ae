//! accept: only names are kept, in ring order; the search hashes the few that it compares with

use std::hash::{DefaultHasher, Hasher};

pub type HashFn = fn(&[u8]) -> u64;

#[derive(Debug, Clone)]
pub struct HashRing {
    hash: HashFn,
    /// By hash, then by name.
    names: Vec<String>,
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
        }
    }

    pub fn add(&mut self, node: &str) -> bool {
        let found = self.find(node);
        if let Err(place) = found {
            self.names.insert(place, node.to_owned());
        }
        found.is_err()
    }

    pub fn remove(&mut self, node: &str) -> bool {
        let found = self.find(node);
        if let Ok(place) = found {
            self.names.remove(place);
        }
        found.is_ok()
    }

    fn find(&self, node: &str) -> Result<usize, usize> {
        let point = |name: &str| (self.hash)(name.as_bytes());
        let at = (point(node), node);
        self.names
            .binary_search_by(|name| (point(name), name.as_str()).cmp(&at))
    }

    pub fn node_for(&self, key: &[u8]) -> Option<&str> {
        let before = |name: &String| (self.hash)(name.as_bytes()) < (self.hash)(key);
        let place = self.names.partition_point(before);
        self.names
            .get(place)
            .or(self.names.first())
            .map(String::as_str)
    }

    pub fn nodes(&self) -> impl Iterator<Item = &str> {
        let mut names = Vec::from_iter(self.names.iter().map(String::as_str));
        names.sort();
        names.into_iter()
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
