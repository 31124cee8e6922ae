//! accept: no lock around the state: a thread owns it, and everybody sends it jobs

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hasher};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex};
use std::thread;

pub type HashFn = fn(&[u8]) -> u64;

type Job = Box<dyn FnOnce(&mut State) + Send>;

pub struct Balancer {
    hash: HashFn,
    virtual_nodes: u32,
    percent: usize,
    owner: Mutex<Sender<Job>>,
}

/// Belongs to one thread; everybody else asks it.
#[derive(Default)]
struct State {
    points: BTreeSet<(u64, String)>,
    nodes: BTreeMap<String, Node>,
    active: usize,
    born: u64,
}

struct Node {
    load: usize,
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
        let (owner, jobs) = mpsc::channel::<Job>();
        thread::spawn(move || {
            let mut state = State::default();
            for job in jobs {
                job(&mut state);
            }
        });
        Self {
            hash,
            virtual_nodes,
            percent: balance_percent as usize,
            owner: Mutex::new(owner),
        }
    }

    pub fn add(&self, node: &str) -> bool {
        let (node, points) = (node.to_owned(), self.points(node));
        self.ask(move |state| {
            if state.nodes.contains_key(&node) {
                return false;
            }
            state
                .points
                .extend(points.into_iter().map(|point| (point, node.clone())));
            state.born += 1;
            let born = state.born;
            state.nodes.insert(node, Node { load: 0, born });
            true
        })
    }

    pub fn remove(&self, node: &str) -> bool {
        let node = node.to_owned();
        self.ask(move |state| {
            state.points.retain(|(_, owner)| *owner != node);
            let removed = state.nodes.remove(&node);
            state.active -= removed.as_ref().map_or(0, |node| node.load);
            removed.is_some()
        })
    }

    pub fn acquire(self: &Arc<Self>, key: &[u8]) -> Option<Lease> {
        let (from, percent) = (((self.hash)(key), String::new()), self.percent);
        let (node, born) = self.ask(move |state| {
            let room = 100 * state.nodes.len().max(1);
            let bound = (percent * (state.active + 1)).div_ceil(room);
            let round = state
                .points
                .range(from.clone()..)
                .chain(state.points.range(..from));
            for (_, name) in round {
                let node = state.nodes.get_mut(name)?;
                if node.load < bound {
                    node.load += 1;
                    state.active += 1;
                    return Some((name.clone(), node.born));
                }
            }
            None
        })?;
        Some(Lease {
            balancer: Arc::clone(self),
            node,
            born,
        })
    }

    pub fn load(&self, node: &str) -> usize {
        let node = node.to_owned();
        self.ask(move |state| state.nodes.get(&node).map_or(0, |node| node.load))
    }

    fn points(&self, node: &str) -> Vec<u64> {
        let label = |number| format!("{node}#{number}");
        (0..self.virtual_nodes)
            .map(|number| (self.hash)(label(number).as_bytes()))
            .collect()
    }

    fn ask<T: Send + 'static>(&self, job: impl FnOnce(&mut State) -> T + Send + 'static) -> T {
        let (answer, answered) = mpsc::channel();
        let job: Job = Box::new(move |state| drop(answer.send(job(state))));
        self.owner
            .lock()
            .unwrap()
            .send(job)
            .expect("the owner lives as long as we do");
        answered.recv().expect("the owner answers")
    }
}

impl Lease {
    pub fn node(&self) -> &str {
        &self.node
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let (node, born) = (self.node.clone(), self.born);
        self.balancer.ask(move |state| {
            if let Some(node) = state.nodes.get_mut(&node)
                && node.born == born
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
