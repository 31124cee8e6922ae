//! accept: numbers for nodes in order of arrival, and a comparison by name where points collide

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hasher};

pub type HashFn = fn(&[u8]) -> u64;

#[derive(Debug, Clone)]
pub struct HashRing {
    hash: HashFn,
    virtual_nodes: u32,
    points: Vec<(u64, u32)>,
    ids: HashMap<String, u32>,
    names: HashMap<u32, String>,
    next: u32,
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
            ids: HashMap::new(),
            names: HashMap::new(),
            next: 0,
        }
    }

    pub fn add(&mut self, node: &str) -> bool {
        self.add_weighted(node, 1)
    }

    pub fn add_weighted(&mut self, node: &str, weight: u32) -> bool {
        if weight == 0 || self.ids.contains_key(node) {
            return false;
        }
        let id = self.next;
        self.next += 1;
        self.ids.insert(node.to_owned(), id);
        self.names.insert(id, node.to_owned());
        for number in 0..u64::from(weight) * u64::from(self.virtual_nodes) {
            self.points.push((self.point(node, number), id));
        }
        let names = &self.names;
        let by_name = |id: &u32| names.get(id);
        self.points.sort_by(|(one, a), (other, b)| {
            one.cmp(other).then_with(|| by_name(a).cmp(&by_name(b)))
        });
        true
    }

    pub fn remove(&mut self, node: &str) -> bool {
        let Some(id) = self.ids.remove(node) else {
            return false;
        };
        self.names.remove(&id);
        self.points.retain(|(_, owner)| *owner != id);
        true
    }

    pub fn node_for(&self, key: &[u8]) -> Option<&str> {
        let hash = (self.hash)(key);
        let place = self.points.partition_point(|(point, _)| *point < hash);
        let (_, id) = self.points.get(place).or(self.points.first())?;
        self.names.get(id).map(String::as_str)
    }

    pub fn nodes(&self) -> impl Iterator<Item = &str> {
        let mut names = Vec::from_iter(self.ids.keys().map(String::as_str));
        names.sort();
        names.into_iter()
    }

    pub fn len(&self) -> usize {
        self.ids.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
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
