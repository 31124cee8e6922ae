//! reject: ended-leases-count
//! by: a_removal_and_a_release_at_once_end_a_lease_once
//!
//! The drop of a lease lowers the total under one lock and the load of its node under the next.
//! If the node is removed in between, its load takes the same lease off the total once more.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hasher};
use std::sync::{Arc, Mutex, MutexGuard};

pub type HashFn = fn(&[u8]) -> u64;

pub struct Balancer {
    hash: HashFn,
    virtual_nodes: u32,
    percent: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    points: BTreeSet<(u64, String)>,
    nodes: BTreeMap<String, Node>,
    active: usize,
    born: u64,
}

struct Node {
    load: usize,
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
            state: Mutex::default(),
        }
    }

    pub fn add(&self, node: &str) -> bool {
        let mut state = self.state();
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
        state.nodes.insert(node.to_owned(), Node { load: 0, born });
        true
    }

    pub fn remove(&self, node: &str) -> bool {
        let mut state = self.state();
        let Some(removed) = state.nodes.remove(node) else {
            return false;
        };
        state.active = state.active.saturating_sub(removed.load);
        for number in 0..self.virtual_nodes {
            state
                .points
                .remove(&(self.point(node, number), node.to_owned()));
        }
        true
    }

    pub fn acquire(self: &Arc<Self>, key: &[u8]) -> Option<Lease> {
        let from = ((self.hash)(key), String::new());
        let mut state = self.state();
        let state = &mut *state;
        if state.nodes.is_empty() {
            return None;
        }
        let bound = (self.percent * (state.active + 1)).div_ceil(100 * state.nodes.len());
        let round = state
            .points
            .range(from.clone()..)
            .chain(state.points.range(..from));
        for (_, name) in round {
            let node = state.nodes.get_mut(name)?;
            if node.load < bound {
                node.load += 1;
                state.active += 1;
                return Some(Lease {
                    balancer: Arc::clone(self),
                    node: name.clone(),
                    born: node.born,
                });
            }
        }
        None
    }

    pub fn load(&self, node: &str) -> usize {
        self.state().nodes.get(node).map_or(0, |node| node.load)
    }

    fn point(&self, node: &str, number: u32) -> u64 {
        (self.hash)(format!("{node}#{number}").as_bytes())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics under this lock")
    }
}

impl Lease {
    pub fn node(&self) -> &str {
        &self.node
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut guard = self.balancer.state();
        let state = &mut *guard;
        if let Some(node) = state.nodes.get_mut(&self.node)
            && node.born == self.born
        {
            let _ = node;
            state.active -= 1;
        } else {
            return;
        }
        drop(guard);
        let mut state = self.balancer.state();
        if let Some(node) = state.nodes.get_mut(&self.node)
            && node.born == self.born
        {
            node.load -= 1;
        }
    }
}

fn sip(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}
