//! Hash functions that a caller may bring, and that a quick search must not rely on.

use super::ring::mixed;

/// Nearly all close together and far from both ends, and one in 64 anywhere: to guess a
/// place from the number leads astray, and so does a table by the first bits.
pub fn crowded(text: &[u8]) -> u64 {
    let hash = mixed(text);
    if hash.is_multiple_of(64) {
        hash
    } else {
        0xA5A5_0000_0000_0000 + (hash >> 40)
    }
}

/// All on one place, so that every search finds nothing but equal numbers.
pub fn heaped(_: &[u8]) -> u64 {
    7
}
