//! A ring that is too slow to ship and too simple to be wrong, and hash functions
//! that put points where a check wants them. Every stage of the track is compared
//! with it.

use std::collections::BTreeMap;

/// The nodes of a ring, each with its points.
#[derive(Debug, Default, Clone)]
pub struct Model(BTreeMap<String, Vec<u64>>);

impl Model {
    /// False: it is already there.
    pub fn add(&mut self, node: &str, points: impl IntoIterator<Item = u64>) -> bool {
        let new = !self.0.contains_key(node);
        if new {
            self.0.insert(node.to_owned(), points.into_iter().collect());
        }
        new
    }

    /// False: it is not there.
    pub fn remove(&mut self, node: &str) -> bool {
        self.0.remove(node).is_some()
    }

    /// Sorted by name.
    pub fn nodes(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }

    /// All nodes in the order in which a walk from `hash` meets them. Of two nodes
    /// on one point, the smaller name comes first.
    pub fn clockwise(&self, hash: u64) -> Vec<&str> {
        let nearest = |points: &Vec<u64>| points.iter().map(|point| point.wrapping_sub(hash)).min();
        let mut met: Vec<_> = self
            .0
            .iter()
            .map(|(node, points)| (nearest(points), node))
            .collect();
        met.sort();
        met.into_iter().map(|(_, node)| node.as_str()).collect()
    }

    /// Whose the keys with that hash are.
    pub fn owner(&self, hash: u64) -> Option<&str> {
        self.clockwise(hash).into_iter().next()
    }
}

/// A hash that can be read off a text: that of `a@7` is 7. Several numbers are
/// the points of a node with several: `a@7,90#1` is on 90, and so is `a@7,90#3`,
/// two further on.
pub fn written(text: &[u8]) -> u64 {
    let Some((_, after)) = split(text, b'@') else {
        return mixed(text);
    };
    let (points, number) = split(after, b'#').unwrap_or((after, b"0"));
    let points: Vec<&[u8]> = points.split(|byte| *byte == b',').collect();
    let (number, count) = (decimal(number), points.len() as u64);
    let point = decimal(points[(number % count) as usize]);
    point.wrapping_add(number / count * 2)
}

/// A hash that scatters similar texts over the whole ring.
pub fn mixed(text: &[u8]) -> u64 {
    let mut hash = 0xCBF2_9CE4_8422_2325;
    for byte in text {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
    }
    hash = (hash ^ (hash >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    hash ^ (hash >> 32)
}

fn split(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let place = text.iter().position(|byte| *byte == at)?;
    Some((&text[..place], &text[place + 1..]))
}

fn decimal(text: &[u8]) -> u64 {
    let digits = text.iter().filter(|byte| byte.is_ascii_digit());
    digits.fold(0, |number, digit| {
        u64::wrapping_add(u64::wrapping_mul(number, 10), u64::from(digit - b'0'))
    })
}
