//! Hashes of what the model knows, by which it tells whether anything has changed. They are
//! only compared, and only within one execution.

use std::cell::UnsafeCell;

/// A hash of a piece of state.
pub(super) fn hash(kind: u64, object: u64, value: u64) -> u64 {
    let mut mixed = kind
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(object)
        .wrapping_mul(0xbf58_476d_1ce4_e5b9)
        .wrapping_add(value);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Kinds of state.
pub(super) const OWNED: u64 = 1;
pub(super) const VALUE: u64 = 2;
pub(super) const EVENT: u64 = 3;

/// A hash of the bits of what is in there, unless that is large. What they mean does not
/// matter: they are only compared.
pub(crate) fn digest_of_bits<T: ?Sized>(value: &UnsafeCell<T>) -> Option<u64> {
    const LARGE: usize = 1 << 10;
    let size = size_of_val(value);
    // SAFETY: so many bytes are in there, and the caller holds the lock around them, so that
    // nobody else writes to them.
    (size <= LARGE).then(|| unsafe { digest_of_bytes(value.get().cast(), size) })
}

/// Not generic, so that it is compiled here and optimised, whatever calls it.
///
/// # Safety
/// So many bytes are there, and nobody writes to them.
#[inline(never)]
unsafe fn digest_of_bytes(bytes: *const u8, size: usize) -> u64 {
    let mut digest = 0_u64;
    let mut add = |word: u64| {
        digest = (digest.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    };
    let words = bytes.cast::<[u8; 8]>();
    for index in 0..size / 8 {
        // SAFETY: within the bytes. Some may be padding; volatile, so that the compiler takes
        // them as they are.
        add(u64::from_ne_bytes(unsafe {
            words.add(index).read_volatile()
        }));
    }
    for index in size / 8 * 8..size {
        // SAFETY: as above.
        add(u64::from(unsafe { bytes.add(index).read_volatile() }));
    }
    digest
}
