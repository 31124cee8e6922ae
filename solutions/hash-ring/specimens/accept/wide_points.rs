//! accept: a point and the rank of its name in one u128, so that one comparison decides both

use std::hash::{DefaultHasher, Hasher};

pub type HashFn = fn(&[u8]) -> u64;

#[derive(Debug, Clone)]
pub struct HashRing {
    hash: HashFn,
    names: Vec<String>,
    points: Vec<u128>,
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
            points: Vec::new(),
        }
    }

    pub fn add(&mut self, node: &str) -> bool {
        let found = self.names.binary_search_by(|name| name.as_str().cmp(node));
        if let Err(rank) = found {
            self.names.insert(rank, node.to_owned());
            self.build();
        }
        found.is_err()
    }

    pub fn remove(&mut self, node: &str) -> bool {
        let found = self.names.binary_search_by(|name| name.as_str().cmp(node));
        if let Ok(rank) = found {
            self.names.remove(rank);
            self.build();
        }
        found.is_ok()
    }

    fn build(&mut self) {
        let points = self.names.iter().map(|name| (self.hash)(name.as_bytes()));
        let wide = points
            .enumerate()
            .map(|(rank, point)| u128::from(point) << 64 | rank as u128);
        self.points = wide.collect();
        self.points.sort_unstable();
    }

    pub fn node_for(&self, key: &[u8]) -> Option<&str> {
        let from = u128::from((self.hash)(key)) << 64;
        let place = self.points.partition_point(|point| *point < from);
        let point = self.points.get(place).or(self.points.first())?;
        Some(&self.names[*point as u64 as usize])
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
