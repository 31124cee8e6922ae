//! accept: the sorted points laid out as an implicit binary tree, children of i at 2i and 2i + 1

use std::hash::{DefaultHasher, Hasher};

pub type HashFn = fn(&[u8]) -> u64;

#[derive(Debug, Clone)]
pub struct HashRing {
    hash: HashFn,
    points: Vec<(u64, String)>,
    /// Places in `points`, from 1 on.
    tree: Vec<usize>,
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
            points: Vec::new(),
            tree: Vec::new(),
        }
    }

    pub fn add(&mut self, node: &str) -> bool {
        let point = ((self.hash)(node.as_bytes()), node.to_owned());
        let found = self.points.binary_search(&point);
        if let Err(place) = found {
            self.points.insert(place, point);
            self.build();
        }
        found.is_err()
    }

    pub fn remove(&mut self, node: &str) -> bool {
        let before = self.points.len();
        self.points.retain(|(_, name)| name != node);
        self.build();
        self.points.len() < before
    }

    fn build(&mut self) {
        self.tree = vec![0; self.points.len() + 1];
        let mut places = 0..self.points.len();
        self.fill(1, &mut places);
    }

    fn fill(&mut self, here: usize, places: &mut impl Iterator<Item = usize>) {
        if here < self.tree.len() {
            self.fill(2 * here, places);
            self.tree[here] = places.next().expect("as many places as points");
            self.fill(2 * here + 1, places);
        }
    }

    pub fn node_for(&self, key: &[u8]) -> Option<&str> {
        let hash = (self.hash)(key);
        let (mut here, mut best) = (1, self.points.first()?);
        while let Some(place) = self.tree.get(here) {
            let point = &self.points[*place];
            if point.0 >= hash {
                best = point;
                here *= 2;
            } else {
                here = 2 * here + 1;
            }
        }
        Some(&best.1)
    }

    pub fn nodes(&self) -> impl Iterator<Item = &str> {
        let mut nodes = Vec::from_iter(self.points.iter().map(|(_, node)| node.as_str()));
        nodes.sort();
        nodes.into_iter()
    }

    pub fn len(&self) -> usize {
        self.points.len()
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
