//! reject: weak-hash
//! by: similar_names_and_keys_spread_over_the_ring
//!
//! FNV-1a as it stands in the textbook. What is in the last letters hardly reaches
//! the high bits, so similar names lie side by side: of 256 nodes 4 get all the keys.

pub type HashFn = fn(&[u8]) -> u64;

#[derive(Debug, Clone)]
pub struct HashRing {
    hash: HashFn,
    points: Vec<(u64, String)>,
}

impl Default for HashRing {
    fn default() -> Self {
        Self::new()
    }
}

impl HashRing {
    pub fn new() -> Self {
        Self::with_hash(sip)
    }

    pub fn with_hash(hash: HashFn) -> Self {
        Self {
            hash,
            points: Vec::new(),
        }
    }

    pub fn add(&mut self, node: &str) -> bool {
        let point = ((self.hash)(node.as_bytes()), node.to_owned());
        match self.points.binary_search(&point) {
            Ok(_) => false,
            Err(place) => {
                self.points.insert(place, point);
                true
            }
        }
    }

    pub fn remove(&mut self, node: &str) -> bool {
        let before = self.points.len();
        self.points.retain(|(_, name)| name != node);
        self.points.len() < before
    }

    pub fn node_for(&self, key: &[u8]) -> Option<&str> {
        let hash = (self.hash)(key);
        let place = self.points.partition_point(|(point, _)| *point < hash);
        let (_, node) = self.points.get(place).or(self.points.first())?;
        Some(node)
    }

    pub fn nodes(&self) -> impl Iterator<Item = &str> {
        let mut nodes = Vec::from_iter(self.points.iter().map(|(_, node)| node.as_str()));
        nodes.sort();
        nodes.into_iter()
    }

    pub fn len(&self) -> usize {
        self.points.len()
    }

    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }
}

fn sip(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, step)
}
