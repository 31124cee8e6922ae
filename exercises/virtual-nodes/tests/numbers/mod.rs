//! A hash function for nodes with very many points.

/// Point `k` of every node is `k` steps of 2^40 from 0, so that each point shows its number.
/// Those of a node whose name begins with `end` are close together, behind 65,599 such steps.
pub fn numbered(text: &[u8]) -> u64 {
    let digits = text.split(|byte| *byte == b'#').nth(1).unwrap_or_default();
    let number = digits
        .iter()
        .fold(0, |number, digit| number * 10 + u64::from(digit - b'0'));
    if text.starts_with(b"end") {
        (65_599 << 40) + (1 << 39) + number
    } else {
        number << 40
    }
}
