//! `from_ptr`: an atomic over a value that lies elsewhere.
//!
//! std's atomics are their value and nothing else, so a pointer to a value is a pointer to an
//! atomic. Ours also know who they are in a model. So there is a stand-in for each address,
//! which is made when it is first asked for and stays for as long as the process: whoever asks
//! for the same address is given the same one, and the model sees one object. It keeps no
//! value: that is read and written where it lies.
//!
//! A stand-in costs some hundred bytes that are never given back, and looking it up is no
//! `const fn`, as std's `from_ptr` is.

use std::collections::HashMap;
use std::ptr::NonNull;
use std::sync::{LazyLock, Mutex, PoisonError};

use crate::model::statics::{self, Part};

/// The addresses of the stand-ins, by the name of their type and the address of their value.
static STAND_INS: LazyLock<Mutex<HashMap<(&'static str, usize), usize>>> =
    LazyLock::new(Mutex::default);

/// The stand-in of type `kind` for `value`: `new`, if there was none.
///
/// # Safety
/// All types `A` that are asked for with one `kind` have the same layout, and mean the same by
/// it.
pub(super) unsafe fn stand_in<'a, A, V>(kind: &'static str, value: NonNull<V>, new: A) -> &'a A {
    let mut known = STAND_INS.lock().unwrap_or_else(PoisonError::into_inner);
    let address = known
        .entry((kind, value.addr().get()))
        .or_insert_with(|| Box::into_raw(Box::new(new)).expose_provenance());
    // SAFETY: it is the address of a leaked box, of this type as far as anybody can tell.
    unsafe { &*std::ptr::with_exposed_provenance::<A>(*address) }
}

/// An execution meets `value` for the first time. In a static it starts each one anew; elsewhere
/// the program has just made it.
pub(super) fn enters_an_execution<A>(value: &A) {
    if statics::is_static(value) {
        statics::keep(&[Part::of_atomic(value)]);
    }
}
