//! Consistent hashing with bounded loads, without one lock around everything.
//!
//! Three things are shared, and each is shared in the cheapest way that is right:
//!
//! - **Who is there** changes once an hour and is read by every request. It is an
//!   immutable [`Ring`] that is replaced as a whole, so a reader never sees half of a
//!   change, and holds a lock only while it copies a pointer.
//! - **The load of a node** is one atomic number, and `fetch_update` makes "is there
//!   room?" and "then it is mine" one step. Checking first and counting afterwards is
//!   the race that this stage is about.
//! - **The number of leases in all** is another. It is raised *before* a node is looked
//!   for and lowered *after* one was given back, so it is never less than what the nodes
//!   hold together, and some node is always below the bound.
//!
//! What this gives up against a single mutex is one moment that everybody agrees on: the
//! bound is computed from a number that is a little older than the load it is compared
//! with. It can be off by the calls that are under way, and by no more.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// Where on the ring some bytes are.
pub type HashFn = fn(&[u8]) -> u64;

/// Hands out leases on nodes: those for one key at one node, as long as that is not too
/// far above the mean.
pub struct Balancer {
    hash: HashFn,
    virtual_nodes: u32,
    balance_percent: usize,
    ring: RwLock<Arc<Ring>>,
    /// Held by whoever changes the ring, so that two changes are not built on the same
    /// old one. Requests never wait for it.
    changing: Mutex<()>,
    /// The leases that count, and the acquires under way.
    active: AtomicUsize,
}

/// The nodes at one moment. Never changed once it is shared.
#[derive(Default)]
struct Ring {
    /// Sorted by name.
    nodes: Vec<Arc<Node>>,
    /// Sorted by place, and on one place by name.
    points: Vec<(u64, Arc<Node>)>,
}

struct Node {
    name: String,
    /// How many leases it has; [`ENDED`] once it has been removed.
    load: AtomicUsize,
}

/// The load of a node that was removed. No bound is above it, so nobody gets in, and
/// whoever leaves sees that there is nothing left to be counted. One number for both
/// facts is what makes "still there, and one less" a single step.
///
/// A node that comes back is a new [`Node`]: the old leases know the old one.
const ENDED: usize = usize::MAX;

/// A request that a node is working on. Dropped, it is over.
pub struct Lease {
    balancer: Arc<Balancer>,
    node: Arc<Node>,
}

impl Balancer {
    /// A balancer without nodes that hashes in the same way in every process.
    ///
    /// # Panics
    /// As [`Balancer::with_hash`].
    #[must_use]
    pub fn new(virtual_nodes: u32, balance_percent: u32) -> Self {
        Self::with_hash(virtual_nodes, balance_percent, stable_hash)
    }

    /// A balancer without nodes. Point `k` of a node is `hash("node#k")`, for `k` below
    /// `virtual_nodes`; no node takes more than `balance_percent` of the mean load.
    ///
    /// # Panics
    /// When `virtual_nodes` is 0, or `balance_percent` is below 100: then the nodes
    /// could not take all leases even if they shared them evenly.
    #[must_use]
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

    /// Adds a node, without leases; false if it is already there.
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

    /// Removes a node and ends its leases; false if it is not there.
    pub fn remove(&self, node: &str) -> bool {
        let _alone = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let ring = self.ring();
        let Ok(place) = ring.find(node) else {
            return false;
        };
        let mut nodes = ring.nodes.clone();
        let node = nodes.remove(place);
        self.publish(nodes);
        // A request that still has the old ring may take a lease until here, and no
        // longer. All that were taken are counted in the number that this replaces.
        let ended = node.load.swap(ENDED, SeqCst);
        self.active.fetch_sub(ended, SeqCst);
        true
    }

    /// A lease on the first node, clockwise from the key, that is not full; `None` if
    /// there are no nodes.
    pub fn acquire(self: &Arc<Self>, key: &[u8]) -> Option<Lease> {
        let hash = (self.hash)(key);
        loop {
            let ring = self.ring();
            if ring.nodes.is_empty() {
                return None;
            }
            // Counted before it is taken, or two requests could both be the first.
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
            // Never all full at once: the bound times the nodes is at least `active`,
            // which counts all that they hold and us. So others have moved meanwhile:
            // filled a place behind us, or changed the nodes. Look again, with today's
            // numbers. Somebody gets on each time, so this ends.
            self.active.fetch_sub(1, SeqCst);
        }
    }

    /// How many leases a node has; 0 for one that is not there.
    #[must_use]
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

    /// The nodes as they are now. The lock is held for the copy of a pointer.
    fn ring(&self) -> Arc<Ring> {
        let ring = self.ring.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&ring)
    }

    /// Builds a ring of these nodes, and then lets everybody see it at once.
    fn publish(&self, nodes: Vec<Arc<Node>>) {
        let mut points = Vec::with_capacity(nodes.len() * self.virtual_nodes as usize);
        for node in &nodes {
            for number in 0..self.virtual_nodes {
                let label = format!("{}#{number}", node.name);
                points.push(((self.hash)(label.as_bytes()), Arc::clone(node)));
            }
        }
        // Stable, and the nodes come in the order of their names: so do equal points.
        points.sort_by_key(|(point, _)| *point);
        let ring = Arc::new(Ring { nodes, points });
        let mut shared = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut *shared, ring);
        drop(shared);
        // Freeing a large ring takes a while. Nobody has to wait for that.
        drop(old);
    }
}

impl Ring {
    /// Where the node is in the list, or where it would have to go.
    fn find(&self, node: &str) -> Result<usize, usize> {
        self.nodes
            .binary_search_by(|other| other.name.as_str().cmp(node))
    }

    /// The nodes as a walk from `hash` meets them, once round, each at each of its points.
    fn clockwise(&self, hash: u64) -> impl Iterator<Item = &Arc<Node>> {
        let start = self.points.partition_point(|(point, _)| *point < hash);
        let (before, after) = self.points.split_at(start);
        after.iter().chain(before).map(|(_, node)| node)
    }
}

impl Node {
    /// One lease more, if that is not more than `bound`.
    fn take_below(&self, bound: usize) -> bool {
        let more = |load: usize| (load < bound).then(|| load + 1);
        self.load.fetch_update(SeqCst, SeqCst, more).is_ok()
    }

    /// One lease less; false if it had ended already.
    fn give_back(&self) -> bool {
        let less = |load: usize| (load != ENDED).then(|| load - 1);
        self.load.fetch_update(SeqCst, SeqCst, less).is_ok()
    }
}

impl Lease {
    /// The node that was chosen, also when it has been removed since.
    #[must_use]
    pub fn node(&self) -> &str {
        &self.node.name
    }
}

/// In `drop`, so that no way out forgets it: not an early return, not a panic.
impl Drop for Lease {
    fn drop(&mut self) {
        // In this order: `active` may count too many for a moment, never too few.
        if self.node.give_back() {
            self.balancer.active.fetch_sub(1, SeqCst);
        }
    }
}

/// FNV-1a and a finalizer; the stages before say why it is spelled out, and why FNV
/// alone is not enough.
fn stable_hash(bytes: &[u8]) -> u64 {
    let mut hash = 0xCBF2_9CE4_8422_2325_u64;
    for &byte in bytes {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
    }
    for multiplier in [0xFF51_AFD7_ED55_8CCD, 0xC4CE_B9FE_1A85_EC53] {
        hash = (hash ^ (hash >> 33)).wrapping_mul(multiplier);
    }
    hash ^ (hash >> 33)
}
