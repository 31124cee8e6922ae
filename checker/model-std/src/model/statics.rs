//! Statics start every execution as the program starts: with their first value.
//!
//! The first value of a static is a constant, so its bits are all there is to it. When a model
//! first touches an object that lies in a static, the bits of its mutable parts are kept; at
//! the start of every execution they are put back. What was there is forgotten, not dropped:
//! it belongs to a program that has ended.

use std::cell::UnsafeCell;
use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use super::kernel;

/// A mutable part of an object, which may be in a static.
#[derive(Clone, Copy)]
pub(crate) struct Part {
    start: *mut u8,
    size: usize,
}

impl Part {
    /// The inside of `cell`.
    pub(crate) fn of<T: ?Sized>(cell: &UnsafeCell<T>) -> Self {
        Self {
            start: cell.get().cast(),
            size: size_of_val(cell),
        }
    }

    /// An atomic.
    pub(crate) fn of_atomic<A>(atomic: &A) -> Self {
        Self {
            start: std::ptr::from_ref(atomic).cast_mut().cast(),
            size: size_of::<A>(),
        }
    }
}

/// The first bits of one part.
struct Kept {
    part: Part,
    bits: Box<[u8]>,
}

// SAFETY: a part of a static, which is there for as long as the process. Its bits are only
// read and written between executions, or by the one thread of an execution that has just
// reached it.
unsafe impl Send for Kept {}

/// What is kept of the statics that a search has touched, whichever OS thread it ran on.
#[derive(Default)]
pub(super) struct Statics(Mutex<Vec<Kept>>);

impl fmt::Debug for Statics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Statics").finish_non_exhaustive()
    }
}

/// Whether an object at this address is there for as long as the process: it lies in a part
/// of the program that was loaded, and may be written to.
pub(crate) fn is_static<T: ?Sized>(object: &T) -> bool {
    let address = std::ptr::from_ref(object).cast::<u8>().addr();
    segments::WRITABLE
        .iter()
        .any(|(start, end)| (*start..*end).contains(&address))
}

/// Keeps the bits of these parts of a static, as they are before a model first changes them.
pub(crate) fn keep(parts: &[Part]) {
    let shared = kernel::with(|kernel| Arc::clone(&kernel.shared));
    shared.statics.keep(parts);
}

impl Statics {
    fn keep(&self, parts: &[Part]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for part in parts {
            if kept.iter().any(|known| known.part.start == part.start) {
                continue;
            }
            let mut bits = vec![0; part.size];
            for (offset, bit) in bits.iter_mut().enumerate() {
                // SAFETY: within the part. Volatile, so that bytes of padding are taken as they
                // are; nobody else is in there, for all threads of a model take turns.
                *bit = unsafe { part.start.add(offset).read_volatile() };
            }
            kept.push(Kept {
                part: *part,
                bits: bits.into(),
            });
        }
    }

    /// Puts back what was kept of every static.
    pub(super) fn start_anew(&self) {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for known in kept.iter() {
            for (offset, bit) in known.bits.iter().enumerate() {
                // SAFETY: as above, and between executions nothing of the old value is used any
                // more. Every part is inside an `UnsafeCell` or an atomic, so it may be written to
                // through a shared reference.
                unsafe { known.part.start.add(offset).write_volatile(*bit) };
            }
        }
    }
}

#[cfg(target_os = "linux")]
mod segments {
    use super::LazyLock;

    /// The writable segments of the program and its libraries, as addresses.
    pub(super) static WRITABLE: LazyLock<Vec<(usize, usize)>> = LazyLock::new(|| {
        let mut found: Vec<(usize, usize)> = Vec::new();
        // SAFETY: `note` is called before this returns, with the pointer that is passed here.
        unsafe { libc::dl_iterate_phdr(Some(note), (&raw mut found).cast()) };
        found
    });

    extern "C" fn note(
        object: *mut libc::dl_phdr_info,
        _size: libc::size_t,
        found: *mut libc::c_void,
    ) -> libc::c_int {
        // SAFETY: the system passes a description of a loaded object, and what was handed to
        // `dl_iterate_phdr`.
        let (object, found) = unsafe { (&*object, &mut *found.cast::<Vec<(usize, usize)>>()) };
        for index in 0..usize::from(object.dlpi_phnum) {
            // SAFETY: there are so many headers.
            let header = unsafe { &*object.dlpi_phdr.add(index) };
            if header.p_type == libc::PT_LOAD && header.p_flags & libc::PF_W != 0 {
                let start = object.dlpi_addr as usize + header.p_vaddr as usize;
                found.push((start, start + header.p_memsz as usize));
            }
        }
        0
    }
}

/// Where the system does not tell, no object counts as a static: one that carries a value from
/// one execution to the next is named, and the check is not done.
#[cfg(not(target_os = "linux"))]
mod segments {
    use super::LazyLock;

    pub(super) static WRITABLE: LazyLock<Vec<(usize, usize)>> = LazyLock::new(Vec::new);
}
