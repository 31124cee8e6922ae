//! A consistent-hash ring with one point per node: a sorted list and a binary search.
//!
//! Two decisions carry it:
//!
//! - The ring is its points, sorted. There is no second structure to keep in step:
//!   a node exists exactly if its point does, and what a lookup sees is what `add`
//!   and `remove` left behind.
//! - A point is a hash *and* a name. Two nodes whose hashes are equal are two points
//!   all the same, in the order of their names. No collision can overwrite anything,
//!   and the tie is broken by the sort order instead of by a special case.
//!
//! Where a node's points lie depends on its name alone, never on how many other nodes
//! there are. That is what `hash % n` gets wrong, and all of consistent hashing.

/// Where on the ring some bytes are. The ring is the numbers from 0 to `u64::MAX`,
/// and after the last one comes the first.
pub type HashFn = fn(&[u8]) -> u64;

/// Nodes that share all keys between them; a node more or less moves its own share of
/// the keys and no others.
#[derive(Debug, Clone)]
pub struct HashRing {
    hash: HashFn,
    points: Vec<Point>,
}

/// Where a node is on the ring. The derived order compares the fields from the top:
/// by place, and among equals by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Point {
    at: u64,
    node: String,
}

impl Default for HashRing {
    fn default() -> Self {
        Self::new()
    }
}

impl HashRing {
    /// An empty ring that hashes in the same way in every process.
    #[must_use]
    pub fn new() -> Self {
        Self::with_hash(stable_hash)
    }

    /// An empty ring with the caller's hash: the point of a node is `hash(name)`.
    #[must_use]
    pub fn with_hash(hash: HashFn) -> Self {
        Self {
            hash,
            points: Vec::new(),
        }
    }

    /// Adds a node; false, and nothing changes, if it is already there.
    ///
    /// O(log n) to find the place and O(n) to make room there. Memory is moved in one
    /// piece, so 10,000 nodes cost some microseconds, at a moment when data is about
    /// to cross the network anyway. Lookups are what has to be fast.
    pub fn add(&mut self, node: &str) -> bool {
        match self.position(node) {
            Ok(_) => false,
            Err(place) => {
                let at = (self.hash)(node.as_bytes());
                let node = node.to_owned();
                self.points.insert(place, Point { at, node });
                true
            }
        }
    }

    /// Removes a node; false, and nothing changes, if it is not there.
    pub fn remove(&mut self, node: &str) -> bool {
        // `remove` keeps the order; `swap_remove` is faster and would break it.
        let found = self.position(node).map(|place| self.points.remove(place));
        found.is_ok()
    }

    /// The node whose point is the first at or after the key's hash, going round at
    /// the end; `None` when there are no nodes. O(log n).
    #[must_use]
    pub fn node_for(&self, key: &[u8]) -> Option<&str> {
        let hash = (self.hash)(key);
        // "At or after": all that is skipped lies strictly before the key.
        let place = self.points.partition_point(|point| point.at < hash);
        // Past the last point comes the first one. An empty ring has neither, so it
        // needs no case of its own.
        let point = self.points.get(place).or_else(|| self.points.first())?;
        Some(&point.node)
    }

    /// All nodes, sorted by name.
    pub fn nodes(&self) -> impl Iterator<Item = &str> {
        // The points are in another order. Sorting here costs whoever lists the
        // nodes; a second, sorted list would cost every change and could disagree.
        let mut nodes: Vec<&str> = self.points.iter().map(|point| &*point.node).collect();
        nodes.sort_unstable();
        nodes.into_iter()
    }

    /// How many nodes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// Whether there are no nodes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// Where the node's point is, or where it would have to go. One search answers
    /// both questions, because names take part in the order.
    fn position(&self, node: &str) -> Result<usize, usize> {
        let at = (self.hash)(node.as_bytes());
        self.points
            .binary_search_by(|point| (point.at, &*point.node).cmp(&(at, node)))
    }
}

/// FNV-1a, and then a finalizer.
///
/// Every process, on every machine and with every compiler, must come to the same
/// number, so it is spelled out here. `RandomState` is seeded anew in each process, and
/// `DefaultHasher` may become another algorithm with the next release of Rust.
///
/// FNV alone is not enough for a ring. Its last step hardly moves the high bits, so
/// texts that differ in their last letter only, as `node-1` and `node-2` do, land
/// beside each other, and a ring is read from the high bits down. The finalizer lets
/// every bit of the result depend on every bit before it.
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
