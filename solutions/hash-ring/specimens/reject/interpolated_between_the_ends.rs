//! reject: relies-on-a-good-hash
//! by: a_lookup_costs_log_n
//!
//! A search by interpolation: the next guess is where the key would be if the points between
//! both ends were spread evenly. One far point among many close ones moves each guess by a
//! single step.

use std::hash::{DefaultHasher, Hasher};

pub type HashFn = fn(&[u8]) -> u64;

#[derive(Debug, Clone)]
pub struct HashRing {
    hash: HashFn,
    /// Sorted by place, and by name where that is the same.
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
        let Err(place) = self.points.binary_search(&point) else {
            return false;
        };
        self.points.insert(place, point);
        true
    }

    pub fn remove(&mut self, node: &str) -> bool {
        let point = ((self.hash)(node.as_bytes()), node.to_owned());
        let Ok(place) = self.points.binary_search(&point) else {
            return false;
        };
        self.points.remove(place);
        true
    }

    pub fn node_for(&self, key: &[u8]) -> Option<&str> {
        let hash = (self.hash)(key);
        let (mut low, mut high) = (0, self.points.len());
        while low < high {
            let (first, last) = (self.points[low].0, self.points[high - 1].0);
            if first >= hash {
                break;
            }
            if last < hash {
                low = high;
                break;
            }
            let (way, whole) = (u128::from(hash - first), u128::from(last - first));
            let guess = low + (way * (high - 1 - low) as u128 / whole) as usize;
            if self.points[guess].0 < hash {
                low = guess + 1;
            } else if guess > low && self.points[guess - 1].0 >= hash {
                high = guess;
            } else {
                low = guess;
                break;
            }
        }
        let place = low;
        let (_, node) = self.points.get(place).or(self.points.first())?;
        Some(node)
    }

    pub fn nodes(&self) -> impl Iterator<Item = &str> {
        let mut nodes = Vec::from_iter(self.points.iter().map(|(_, node)| node.as_str()));
        nodes.sort_unstable();
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
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}
