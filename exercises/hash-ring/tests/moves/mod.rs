//! What becomes of the keys when a member comes or goes.

use super::members::Owners;

/// The keys that moved when `node` was added or removed, although it is neither
/// where they were nor where they are; as a sentence's part.
pub fn strays(keys: &[String], before: &Owners, after: &Owners, node: &str) -> Option<String> {
    let mut strays = keys
        .iter()
        .zip(before.iter().zip(after))
        .filter_map(|(key, owners)| match owners {
            (Some(old), Some(new)) if old != new && old != node && new != node => {
                Some((key, old, new))
            }
            _ => None,
        });
    let (key, old, new) = strays.next()?;
    let count = strays.count() + 1;
    Some(format!(
        "of {} keys {count} moved between other nodes, as `{key}` did from `{old}` to `{new}`",
        keys.len()
    ))
}
