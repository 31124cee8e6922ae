//! reject: two-step-counter
//! by: two_releases_at_once_are_both_counted
//!
//! A release reads the total and writes it back lowered. Two of them at once lower it
//! by one.

use std::hash::{DefaultHasher, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

pub type HashFn = fn(&[u8]) -> u64;

pub struct Balancer {
    hash: HashFn,
    virtual_nodes: u32,
    balance_percent: usize,
    ring: RwLock<Arc<Ring>>,
    changing: Mutex<()>,
    active: AtomicUsize,
}

#[derive(Default)]
struct Ring {
    nodes: Vec<Arc<Node>>,
    points: Vec<(u64, Arc<Node>)>,
}

struct Node {
    name: String,
    load: AtomicUsize,
}

const ENDED: usize = usize::MAX;

pub struct Lease {
    balancer: Arc<Balancer>,
    node: Arc<Node>,
}

impl Balancer {
    pub fn new(virtual_nodes: u32, balance_percent: u32) -> Self {
        Self::with_hash(virtual_nodes, balance_percent, sip)
    }

    pub fn with_hash(virtual_nodes: u32, balance_percent: u32, hash: HashFn) -> Self {
        assert!(virtual_nodes > 0, "a node needs at least one point");
        assert!(
            balance_percent >= 100,
            "below 100 percent of the mean there is no room for all leases"
        );
        Self {
            hash,
            virtual_nodes,
            balance_percent: balance_percent as usize,
            ring: RwLock::default(),
            changing: Mutex::default(),
            active: AtomicUsize::new(0),
        }
    }

    pub fn add(&self, node: &str) -> bool {
        let _alone = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let ring = self.ring();
        let Err(place) = ring.find(node) else {
            return false;
        };
        let node = Arc::new(Node {
            name: node.to_owned(),
            load: AtomicUsize::new(0),
        });
        let mut nodes = ring.nodes.clone();
        nodes.insert(place, node);
        self.publish(nodes);
        true
    }

    pub fn remove(&self, node: &str) -> bool {
        let _alone = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let ring = self.ring();
        let Ok(place) = ring.find(node) else {
            return false;
        };
        let mut nodes = ring.nodes.clone();
        let node = nodes.remove(place);
        self.publish(nodes);
        let ended = node.load.swap(ENDED, SeqCst);
        self.active.fetch_sub(ended, SeqCst);
        true
    }

    pub fn acquire(self: &Arc<Self>, key: &[u8]) -> Option<Lease> {
        let hash = (self.hash)(key);
        loop {
            let ring = self.ring();
            if ring.nodes.is_empty() {
                return None;
            }
            let active = self.active.fetch_add(1, SeqCst) + 1;
            let bound = (self.balance_percent * active).div_ceil(100 * ring.nodes.len());
            for node in ring.clockwise(hash) {
                if node.take_below(bound) {
                    return Some(Lease {
                        balancer: Arc::clone(self),
                        node: Arc::clone(node),
                    });
                }
            }
            self.active.fetch_sub(1, SeqCst);
        }
    }

    pub fn load(&self, node: &str) -> usize {
        let ring = self.ring();
        let Ok(place) = ring.find(node) else {
            return 0;
        };
        match ring.nodes[place].load.load(SeqCst) {
            ENDED => 0,
            load => load,
        }
    }

    fn ring(&self) -> Arc<Ring> {
        let ring = self.ring.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&ring)
    }

    fn publish(&self, nodes: Vec<Arc<Node>>) {
        let mut points = Vec::with_capacity(nodes.len() * self.virtual_nodes as usize);
        for node in &nodes {
            for number in 0..self.virtual_nodes {
                let label = format!("{}#{number}", node.name);
                points.push(((self.hash)(label.as_bytes()), Arc::clone(node)));
            }
        }
        points.sort_by_key(|(point, _)| *point);
        let ring = Arc::new(Ring { nodes, points });
        let mut shared = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut *shared, ring);
        drop(shared);
        drop(old);
    }
}

impl Ring {
    fn find(&self, node: &str) -> Result<usize, usize> {
        self.nodes
            .binary_search_by(|other| other.name.as_str().cmp(node))
    }

    fn clockwise(&self, hash: u64) -> impl Iterator<Item = &Arc<Node>> {
        let start = self.points.partition_point(|(point, _)| *point < hash);
        let (before, after) = self.points.split_at(start);
        after.iter().chain(before).map(|(_, node)| node)
    }
}

impl Node {
    fn take_below(&self, bound: usize) -> bool {
        let more = |load: usize| (load < bound).then(|| load + 1);
        self.load.fetch_update(SeqCst, SeqCst, more).is_ok()
    }

    fn give_back(&self) -> bool {
        let less = |load: usize| (load != ENDED).then(|| load - 1);
        self.load.fetch_update(SeqCst, SeqCst, less).is_ok()
    }
}

impl Lease {
    pub fn node(&self) -> &str {
        &self.node.name
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.node.give_back() {
            let active = self.balancer.active.load(SeqCst);
            self.balancer.active.store(active - 1, SeqCst);
        }
    }
}

fn sip(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}
