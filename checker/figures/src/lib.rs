//! The pictures of the book, drawn from what the references do.
//!
//! Nothing in them is made up: every arc and bar is the answer of a reference, or of the
//! specimen that a picture warns of, to calls made here.

mod balance;
mod join;
mod ring;
mod svg;

/// Each picture with the name of its file.
#[must_use]
pub fn all() -> Vec<(&'static str, String)> {
    vec![
        ("hash-ring.svg", ring::draw()),
        ("virtual-nodes-balance.svg", balance::draw()),
        ("hash-ring-join.svg", join::draw()),
    ]
}

/// A hash under which eight bytes are their own place on the ring, so that the ring can be
/// asked what is where. All other texts are scattered.
fn probe(text: &[u8]) -> u64 {
    if let Ok(place) = text.try_into() {
        return u64::from_le_bytes(place);
    }
    let mut hash = 0xCBF2_9CE4_8422_2325_u64;
    for byte in text {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
    }
    hash = (hash ^ (hash >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    hash ^ (hash >> 32)
}

/// Evenly distributed places on the ring. Their last digits follow no pattern, as those of
/// hashes: a remainder depends on nothing else.
fn places(count: u64) -> impl Iterator<Item = u64> {
    let scattered = |turn: u64| turn.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    (0..count).map(move |turn| turn * (u64::MAX / count) + scattered(turn))
}

/// The owners of evenly distributed places, as numbers of the nodes.
fn owners<'a>(count: u64, nodes: &[&str], owner: impl Fn(&[u8]) -> Option<&'a str>) -> Vec<usize> {
    let number = |place: u64| {
        let owner = owner(&place.to_le_bytes());
        nodes.iter().position(|node| Some(*node) == owner)
    };
    places(count).filter_map(number).collect()
}

/// Neighbours with the same value, as one: where it begins, where it ends, and the value.
fn runs<T: Copy + PartialEq>(values: &[T]) -> Vec<(usize, usize, T)> {
    let mut runs: Vec<(usize, usize, T)> = Vec::new();
    for (place, value) in values.iter().enumerate() {
        match runs.last_mut() {
            Some((_, end, last)) if last == value => *end = place + 1,
            _ => runs.push((place, place + 1, *value)),
        }
    }
    runs
}
