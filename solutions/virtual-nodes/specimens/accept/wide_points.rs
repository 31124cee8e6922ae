//! accept: point and rank in one u128, in an implicit tree that every change lays out anew

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;

pub type HashFn = fn(&[u8]) -> u64;

#[derive(Debug, Clone)]
pub struct HashRing {
    hash: HashFn,
    virtual_nodes: u32,
    /// Children of i are at 2i and 2i + 1, and the root is at 1.
    tree: Vec<u128>,
    names: Vec<Arc<str>>,
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
            tree: Vec::new(),
            names: Vec::new(),
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
        self.nodes.insert(node, count);
        self.build();
        true
    }

    pub fn remove(&mut self, node: &str) -> bool {
        let known = self.nodes.remove(node).is_some();
        self.build();
        known
    }

    fn build(&mut self) {
        self.names = self.nodes.keys().cloned().collect();
        let mut points = Vec::new();
        for (rank, (node, count)) in self.nodes.iter().enumerate() {
            let of_node = (0..*count).map(|number| u128::from(self.point(node, number)) << 64);
            points.extend(of_node.map(|point| point | rank as u128));
        }
        points.sort_unstable();
        self.tree = vec![0; points.len() + 1];
        lay_out(&mut self.tree, 1, &mut points.into_iter());
    }

    pub fn node_for(&self, key: &[u8]) -> Option<&str> {
        let from = u128::from((self.hash)(key)) << 64;
        let (mut here, mut best) = (1, None);
        while let Some(point) = self.tree.get(here) {
            if *point >= from {
                best = Some(*point);
                here *= 2;
            } else {
                here = 2 * here + 1;
            }
        }
        let best = best.or_else(|| self.leftmost())?;
        Some(&self.names[best as u64 as usize])
    }

    fn leftmost(&self) -> Option<u128> {
        let left = std::iter::successors(Some(1), |here| Some(here * 2));
        left.map_while(|here| self.tree.get(here)).last().copied()
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

fn lay_out(tree: &mut [u128], here: usize, points: &mut impl Iterator<Item = u128>) {
    if here < tree.len() {
        lay_out(tree, 2 * here, points);
        tree[here] = points.next().expect("as many points as places");
        lay_out(tree, 2 * here + 1, points);
    }
}

fn sip(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}
