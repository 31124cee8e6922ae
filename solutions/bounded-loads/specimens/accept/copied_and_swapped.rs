//! accept: every call makes a changed copy of everything and publishes it, if nobody was faster

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hasher};
use std::sync::{Arc, Mutex, MutexGuard};

pub type HashFn = fn(&[u8]) -> u64;

pub struct Balancer {
    hash: HashFn,
    virtual_nodes: u32,
    percent: usize,
    state: Mutex<Arc<State>>,
}

#[derive(Default, Clone)]
struct State {
    points: BTreeSet<(u64, String)>,
    nodes: BTreeMap<String, Node>,
    active: usize,
    born: u64,
}

#[derive(Clone)]
struct Node {
    load: usize,
    /// Tells a node from another one of its name that was here before.
    born: u64,
}

pub struct Lease {
    balancer: Arc<Balancer>,
    node: String,
    born: u64,
    published: bool,
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
        self.change(|state| self.add_to(state, node))
    }

    fn add_to(&self, state: &mut State, node: &str) -> bool {
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
        self.change(|state| self.remove_from(state, node))
    }

    fn remove_from(&self, state: &mut State, node: &str) -> bool {
        let Some(removed) = state.nodes.remove(node) else {
            return false;
        };
        state.active -= removed.load;
        for number in 0..self.virtual_nodes {
            state
                .points
                .remove(&(self.point(node, number), node.to_owned()));
        }
        true
    }

    pub fn acquire(self: &Arc<Self>, key: &[u8]) -> Option<Lease> {
        self.change(|state| self.acquire_in(state, key))
    }

    fn acquire_in(self: &Arc<Self>, state: &mut State, key: &[u8]) -> Option<Lease> {
        let from = ((self.hash)(key), String::new());
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
                let (balancer, node, born) = (Arc::clone(self), name.clone(), node.born);
                return Some(Lease {
                    balancer,
                    node,
                    born,
                    published: false,
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

    fn change<T: Done>(&self, mut change: impl FnMut(&mut State) -> T) -> T {
        loop {
            let old = Arc::clone(&self.state());
            let mut new = State::clone(&old);
            let mut done = change(&mut new);
            let mut shared = self.state();
            if Arc::ptr_eq(&shared, &old) {
                *shared = Arc::new(new);
                done.publish();
                return done;
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, Arc<State>> {
        self.state.lock().expect("nothing panics under this lock")
    }
}

impl Lease {
    pub fn node(&self) -> &str {
        &self.node
    }
}

/// What a change returns. A lease of a copy that nobody saw must not be released.
trait Done {
    fn publish(&mut self) {}
}

impl Done for bool {}

impl Done for () {}

impl Done for Option<Lease> {
    fn publish(&mut self) {
        if let Some(lease) = self {
            lease.published = true;
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if !self.published {
            return;
        }
        self.balancer.change(|state| {
            if let Some(node) = state.nodes.get_mut(&self.node)
                && node.born == self.born
            {
                node.load -= 1;
                state.active -= 1;
            }
        });
    }
}

fn sip(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}
