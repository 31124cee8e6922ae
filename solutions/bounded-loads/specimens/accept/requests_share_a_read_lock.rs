//! accept: requests hold a read lock for as long as they look and count with atomics; changes hold the write lock

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, RwLock};

pub type HashFn = fn(&[u8]) -> u64;

pub struct Balancer {
    hash: HashFn,
    virtual_nodes: u32,
    percent: usize,
    state: RwLock<State>,
}

#[derive(Default)]
struct State {
    points: BTreeSet<(u64, String)>,
    nodes: BTreeMap<String, Node>,
    active: AtomicUsize,
    born: u64,
}

struct Node {
    load: AtomicUsize,
    /// Tells a node from another one of its name that was here before.
    born: u64,
}

pub struct Lease {
    balancer: Arc<Balancer>,
    node: String,
    born: u64,
}

impl Balancer {
    pub fn new(virtual_nodes: u32, balance_percent: u32) -> Self {
        Self::with_hash(virtual_nodes, balance_percent, sip)
    }

    pub fn with_hash(virtual_nodes: u32, balance_percent: u32, hash: HashFn) -> Self {
        assert!(virtual_nodes > 0, "a node needs a point");
        assert!(
            balance_percent >= 100,
            "there has to be room for all leases"
        );
        Self {
            hash,
            virtual_nodes,
            percent: balance_percent as usize,
            state: RwLock::default(),
        }
    }

    pub fn add(&self, node: &str) -> bool {
        let mut state = self.state.write().unwrap();
        if state.nodes.contains_key(node) {
            return false;
        }
        for number in 0..self.virtual_nodes {
            state
                .points
                .insert((self.point(node, number), node.to_owned()));
        }
        state.born += 1;
        let born = state.born;
        state.nodes.insert(
            node.to_owned(),
            Node {
                load: AtomicUsize::new(0),
                born,
            },
        );
        true
    }

    pub fn remove(&self, node: &str) -> bool {
        let mut state = self.state.write().unwrap();
        let Some(removed) = state.nodes.remove(node) else {
            return false;
        };
        *state.active.get_mut() -= removed.load.into_inner();
        for number in 0..self.virtual_nodes {
            state
                .points
                .remove(&(self.point(node, number), node.to_owned()));
        }
        true
    }

    pub fn acquire(self: &Arc<Self>, key: &[u8]) -> Option<Lease> {
        let from = ((self.hash)(key), String::new());
        let state = self.state.read().unwrap();
        if state.nodes.is_empty() {
            return None;
        }
        state.active.fetch_add(1, SeqCst);
        loop {
            let active = state.active.load(SeqCst);
            let bound = (self.percent * active).div_ceil(100 * state.nodes.len());
            let round = state
                .points
                .range(from.clone()..)
                .chain(state.points.range(..from.clone()));
            for (_, name) in round {
                let node = &state.nodes[name];
                let more = |load| (load < bound).then_some(load + 1);
                if node.load.fetch_update(SeqCst, SeqCst, more).is_ok() {
                    return Some(Lease {
                        balancer: Arc::clone(self),
                        node: name.clone(),
                        born: node.born,
                    });
                }
            }
        }
    }

    pub fn load(&self, node: &str) -> usize {
        let state = self.state.read().unwrap();
        state
            .nodes
            .get(node)
            .map_or(0, |node| node.load.load(SeqCst))
    }

    fn point(&self, node: &str, number: u32) -> u64 {
        (self.hash)(format!("{node}#{number}").as_bytes())
    }
}

impl Lease {
    pub fn node(&self) -> &str {
        &self.node
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let state = self.balancer.state.read().unwrap();
        if let Some(node) = state.nodes.get(&self.node)
            && node.born == self.born
        {
            node.load.fetch_sub(1, SeqCst);
            state.active.fetch_sub(1, SeqCst);
        }
    }
}

fn sip(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}
