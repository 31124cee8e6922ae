//! A consistent-hash ring with virtual nodes, whose lookup takes the same few steps
//! whatever its size.
//!
//! It builds on the sorted list of the stage before. Three decisions are new:
//!
//! - **A point knows its node by rank**, the node's position in the sorted list of
//!   names. A name is stored once, not once per point. And since ranks are in the order
//!   of names, two points on one place are in order as plain pairs of numbers: the
//!   smaller name comes first.
//! - **Points and owners are two lists** of equal length. A search reads points only, so
//!   a cache line brings eight of them; an owner is read once, at the end.
//! - **An index over the first bits** replaces most of the search. Hashes are uniform, so
//!   the first bits of a key say nearly where it is, as the first letter of a word does
//!   in a dictionary. With about one point per bucket, what is left to search is a step
//!   or two.
//!
//! Adding or removing a node passes over all points once. That is where ranks shift,
//! too, and it is why they may: the pass is there anyway.

use std::collections::BTreeMap;

/// Where on the ring some bytes are.
pub type HashFn = fn(&[u8]) -> u64;

/// Nodes that share all keys between them, each in proportion to its weight.
#[derive(Debug, Clone)]
pub struct HashRing {
    hash: HashFn,
    virtual_nodes: u32,
    /// Sorted. A node's position here is its rank.
    nodes: Vec<String>,
    /// Sorted; equal ones are in the order of their owners.
    points: Vec<u64>,
    /// The rank of each point's node.
    owners: Vec<u32>,
    index: Index,
}

impl HashRing {
    /// An empty ring that hashes in the same way in every process.
    ///
    /// # Panics
    /// When `virtual_nodes` is 0.
    #[must_use]
    pub fn new(virtual_nodes: u32) -> Self {
        Self::with_hash(virtual_nodes, stable_hash)
    }

    /// An empty ring with the caller's hash. Point `k` of a node is `hash("node#k")`,
    /// for `k` from 0 up to `virtual_nodes` times the node's weight.
    ///
    /// # Panics
    /// When `virtual_nodes` is 0: nodes without points would be members without keys.
    #[must_use]
    pub fn with_hash(virtual_nodes: u32, hash: HashFn) -> Self {
        assert!(virtual_nodes > 0, "a node needs at least one point");
        Self {
            hash,
            virtual_nodes,
            nodes: Vec::new(),
            points: Vec::new(),
            owners: Vec::new(),
            index: Index::over(&[]),
        }
    }

    /// Adds a node of weight 1; false, and nothing changes, if it is already there.
    pub fn add(&mut self, node: &str) -> bool {
        self.add_weighted(node, 1)
    }

    /// Adds a node with `weight` times the usual number of points. False, and nothing
    /// changes, if it is already there or weighs nothing.
    ///
    /// O(p + v log v) for p points in all and v of this node.
    pub fn add_weighted(&mut self, node: &str, weight: u32) -> bool {
        let Err(place) = self.rank(node) else {
            return false;
        };
        if weight == 0 {
            return false;
        }
        let new = self.points_of(node, weight);
        self.nodes.insert(place, node.to_owned());
        self.merge(&new, place as u32);
        true
    }

    /// Removes a node and every point of it; false if it is not there. O(p).
    pub fn remove(&mut self, node: &str) -> bool {
        let Ok(place) = self.rank(node) else {
            return false;
        };
        self.nodes.remove(place);
        let gone = place as u32;
        let old = self.points.iter().zip(&self.owners);
        (self.points, self.owners) = old
            .filter(|&(_, &owner)| owner != gone)
            .map(|(&point, &owner)| (point, owner - u32::from(owner > gone)))
            .unzip();
        self.index = Index::over(&self.points);
        true
    }

    /// The node with the first point at or after the key's hash, going round at the
    /// end; `None` when there are no nodes.
    ///
    /// O(1) on average if the hash is uniform, O(log p) whatever it is.
    #[must_use]
    pub fn node_for(&self, key: &[u8]) -> Option<&str> {
        self.owner(key).map(|rank| &*self.nodes[rank])
    }

    /// All nodes, sorted by name.
    pub fn nodes(&self) -> impl Iterator<Item = &str> {
        self.nodes.iter().map(String::as_str)
    }

    /// How many nodes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are no nodes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// How many of the keys each node holds. Every node is listed, also with 0: the idle
    /// ones are what whoever asks is looking for.
    pub fn load(&self, keys: impl Iterator<Item = impl AsRef<[u8]>>) -> BTreeMap<String, usize> {
        // Counted by rank, and named at the end: once per node instead of once per key.
        let mut counts = vec![0; self.nodes.len()];
        for key in keys {
            if let Some(rank) = self.owner(key.as_ref()) {
                counts[rank] += 1;
            }
        }
        self.nodes.iter().cloned().zip(counts).collect()
    }

    /// The rank of the node that holds the key.
    fn owner(&self, key: &[u8]) -> Option<usize> {
        let hash = (self.hash)(key);
        let bucket = self.index.bucket(hash);
        // A bucket holds a point or two, unless the hash is poor: then all of them may
        // be in one, and a binary search is still one.
        let within = self.points[bucket.clone()].partition_point(|point| *point < hash);
        // Past its end, the first point of the next bucket is the next point.
        let next = self.owners.get(bucket.start + within);
        // Past the last point comes the first one; an empty ring has neither.
        let owner = next.or_else(|| self.owners.first())?;
        Some(*owner as usize)
    }

    /// Where the node is in the list, or where it would have to go.
    fn rank(&self, node: &str) -> Result<usize, usize> {
        self.nodes
            .binary_search_by(|other| other.as_str().cmp(node))
    }

    /// Where a node of that weight has its points, sorted.
    fn points_of(&self, node: &str, weight: u32) -> Vec<u64> {
        // Two `u32` may be more than a `u32` when multiplied.
        let count = u64::from(weight) * u64::from(self.virtual_nodes);
        let point = |number| (self.hash)(format!("{node}#{number}").as_bytes());
        let mut points: Vec<u64> = (0..count).map(point).collect();
        points.sort_unstable();
        points
    }

    /// Merges the sorted points of a node that has just been given `rank` into the
    /// others. The owners from that rank on have moved up by one.
    fn merge(&mut self, new: &[u64], rank: u32) {
        let size = self.points.len() + new.len();
        let (mut points, mut owners) = (Vec::with_capacity(size), Vec::with_capacity(size));
        let mut put = |point, owner| {
            points.push(point);
            owners.push(owner);
        };
        let mut new = new.iter().copied().peekable();
        for (&point, &owner) in self.points.iter().zip(&self.owners) {
            let owner = owner + u32::from(owner >= rank);
            while let Some(earlier) = new.next_if(|&own| (own, rank) < (point, owner)) {
                put(earlier, rank);
            }
            put(point, owner);
        }
        new.for_each(|point| put(point, rank));
        self.index = Index::over(&points);
        (self.points, self.owners) = (points, owners);
    }
}

/// Where in a sorted list of points those with the same first bits are.
///
/// It has about as many buckets as there are points, so that of uniform points each
/// holds one on average.
#[derive(Debug, Clone)]
struct Index {
    /// How many bits of a hash do not count.
    shift: u32,
    /// The place of the first point that is not before each bucket, and at the end the
    /// number of points.
    starts: Vec<u32>,
}

impl Index {
    /// # Panics
    /// When there are 2^32 points or more, which is 50 GB of them.
    fn over(points: &[u64]) -> Self {
        let length = u32::try_from(points.len()).expect("fewer than 2^32 points");
        // At least two buckets: shifting by all 64 bits is not defined.
        let buckets = points.len().next_power_of_two().max(2);
        let shift = u64::BITS - buckets.trailing_zeros();
        let mut starts = Vec::with_capacity(buckets + 1);
        for (place, point) in (0..length).zip(points) {
            let bucket = (point >> shift) as usize;
            // This bucket begins here, and so do the empty ones before it.
            while starts.len() <= bucket {
                starts.push(place);
            }
        }
        starts.resize(buckets + 1, length);
        Self { shift, starts }
    }

    /// The places of the points that share the first bits of `hash`.
    fn bucket(&self, hash: u64) -> std::ops::Range<usize> {
        let bucket = (hash >> self.shift) as usize;
        self.starts[bucket] as usize..self.starts[bucket + 1] as usize
    }
}

/// Takes eight bytes at a time and mixes them in by a multiplication whose two halves
/// are folded onto each other, so that every bit of the input reaches the high bits too.
///
/// A ring is read from the high bits down, and its labels differ in their last digits:
/// a hash that is good enough for a table (FNV, CRC32, `h * 31 + b`) makes points of one
/// node neighbours, and neighbours are as good as a few points. Spelled out, because it has
/// to be the same in every process and with every compiler. It is quick rather than
/// hard to predict: where strangers choose the keys, use a keyed hash.
fn stable_hash(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    // The length tells a text from the same text with zeros behind it.
    let mut hash = fold(bytes.len() as u64 ^ MULTIPLIERS[0], MULTIPLIERS[1]);
    for word in words {
        hash = fold(hash ^ u64::from_le_bytes(*word), MULTIPLIERS[1]);
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    fold(hash ^ u64::from_le_bytes(last), MULTIPLIERS[2])
}

/// Odd, and with ones and zeros in no pattern: the fractional digits of √2, √3 and
/// √5, the first made odd.
const MULTIPLIERS: [u64; 3] = [
    0x6A09_E667_F3BC_C909,
    0xBB67_AE85_84CA_A73B,
    0x3C6E_F372_FE94_F82B,
];

fn fold(one: u64, other: u64) -> u64 {
    let product = u128::from(one) * u128::from(other);
    (product >> 64) as u64 ^ product as u64
}
