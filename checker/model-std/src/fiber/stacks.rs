//! Stacks are mapped once and used again: for each of an execution's threads anew would
//! cost more than the thread itself.

use std::cell::RefCell;
use std::io;

use corosensei::stack::DefaultStack;

thread_local! {
    /// Those that nobody uses, by their size.
    static UNUSED: RefCell<Vec<(usize, Vec<DefaultStack>)>> = const { RefCell::new(Vec::new()) };
}

/// A stack of `size` bytes.
pub(super) fn take(size: usize) -> io::Result<DefaultStack> {
    let used_before = UNUSED.with_borrow_mut(|unused| {
        let (_, stacks) = unused.iter_mut().find(|(known, _)| *known == size)?;
        stacks.pop()
    });
    used_before.map_or_else(|| DefaultStack::new(size), Ok)
}

/// Keeps a stack for the next that asks for one of its size.
pub(super) fn give_back(size: usize, stack: DefaultStack) {
    // An OS thread that ends has no use for it, and unmaps it.
    let _ = UNUSED.try_with(|unused| {
        let mut unused = unused.borrow_mut();
        match unused.iter_mut().find(|(known, _)| *known == size) {
            Some((_, stacks)) => stacks.push(stack),
            None => unused.push((size, vec![stack])),
        }
    });
}
