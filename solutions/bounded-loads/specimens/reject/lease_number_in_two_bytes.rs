//! reject: counter-wraps
//! by: a_long_lease_outlives_tens_of_thousands_of_short_ones
//!
//! Leases are kept by number, and the numbers have two bytes. While one request goes on, 65,536
//! short ones pass, and the last of them has its number and takes it along.

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
    /// Each node with its load.
    nodes: BTreeMap<String, usize>,
    /// Each lease with its node.
    leases: BTreeMap<u16, String>,
    next: u16,
}

pub struct Lease {
    balancer: Arc<Balancer>,
    node: String,
    number: u16,
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
        state.nodes.insert(node.to_owned(), 0);
        true
    }

    pub fn remove(&self, node: &str) -> bool {
        let mut state = self.state();
        if state.nodes.remove(node).is_none() {
            return false;
        }
        state.leases.retain(|_, of| of != node);
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
        let active: usize = state.nodes.values().sum();
        let bound = (self.percent * (active + 1)).div_ceil(100 * state.nodes.len());
        let round = state
            .points
            .range(from.clone()..)
            .chain(state.points.range(..from));
        for (_, name) in round {
            let load = state.nodes.get_mut(name)?;
            if *load < bound {
                *load += 1;
                let number = state.next;
                state.next = state.next.wrapping_add(1);
                state.leases.insert(number, name.clone());
                return Some(Lease {
                    balancer: Arc::clone(self),
                    node: name.clone(),
                    number,
                });
            }
        }
        None
    }

    pub fn load(&self, node: &str) -> usize {
        self.state().nodes.get(node).copied().unwrap_or(0)
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
        let mut state = self.balancer.state();
        let state = &mut *state;
        if let Some(node) = state.leases.remove(&self.number)
            && let Some(load) = state.nodes.get_mut(&node)
        {
            *load -= 1;
        }
    }
}

fn sip(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}
