//! The engine that proves: loom's dynamic partial-order reduction, bounded by
//! the number of preemptions.
//!
//! Only the sound core of loom 0.7.3 is used, unless a program is to be explored with its
//! orderings as written. An opaque branch (`Notify::notify`)
//! makes every two operations on one object dependent, and raw park/unpark blocks
//! without tokens. loom's own `Mutex`, `Condvar`, `mpsc` and plain atomic
//! accesses miss or invent behaviour; `docs/engines.md` lists how.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::atomic::Ordering;

use loom::sync::Notify;
use loom::sync::atomic::AtomicU64;
use loom::thread;

use super::{Engine, Memory, OnThisThread};

/// In words, as `loom::thread::Builder` counts them: 512 KiB.
const STACK_WORDS: usize = 64 * 1024;

/// The most objects of a program that is explored with its orderings as written.
const CELLS: usize = 48;

/// One execution's loom objects.
pub(crate) struct Loom {
    objects: RefCell<Vec<Rc<Notify>>>,
    coroutines: RefCell<Vec<thread::Thread>>,
    cells: Option<Cells>,
}

impl Loom {
    /// For the execution that is starting on this OS thread.
    pub(crate) fn new(orderings: Orderings) -> Self {
        Self {
            objects: RefCell::default(),
            coroutines: RefCell::new(vec![thread::current()]),
            cells: (orderings == Orderings::AsWritten).then(Cells::new),
        }
    }
}

/// How atomics are explored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Orderings {
    /// Every operation is sequentially consistent, whatever it says.
    Strongest,
    /// As the program says, as far as loom's memory goes: stores may linger, loads are
    /// never early.
    AsWritten,
}

impl Engine for Loom {
    fn step(&self, object: usize) {
        if let Some(cells) = &self.cells {
            // Opaque branches do not order what comes before and after them.
            cells.step(object);
            return;
        }
        let notify = {
            let mut objects = self.objects.borrow_mut();
            while objects.len() <= object {
                objects.push(Rc::new(Notify::new()));
            }
            Rc::clone(&objects[object])
        };
        notify.notify();
    }

    fn memory(&self) -> Option<&dyn Memory> {
        let cells = self.cells.as_ref()?;
        Some(cells)
    }

    fn block(&self) {
        thread::park();
    }

    fn unblock(&self, coroutine: usize) {
        self.coroutines.borrow()[coroutine].unpark();
    }

    fn spawn(&self, body: Box<dyn FnOnce()>) -> usize {
        let body = OnThisThread(body);
        let handle = thread::Builder::new()
            .stack_size(STACK_WORDS)
            .spawn(move || body.run())
            .expect("loom's spawn never fails");
        let mut coroutines = self.coroutines.borrow_mut();
        coroutines.push(handle.thread().clone());
        coroutines.len() - 1
    }

    /// loom has no such operation that can be called from outside, so this is left to
    /// the other engine.
    fn choose(&self, _options: usize) -> usize {
        0
    }

    fn limit(&self) -> usize {
        loom::MAX_THREADS
    }
}

/// The memory of an execution with orderings as written. Made before anything runs, since
/// loom wants whoever uses an atomic to have seen it made.
struct Cells(Vec<AtomicU64>);

impl Cells {
    fn new() -> Self {
        Self((0..CELLS).map(|_| AtomicU64::new(0)).collect())
    }

    fn cell(&self, cell: usize) -> &AtomicU64 {
        let cell = self.0.get(cell);
        cell.expect("programs that are explored as written have few objects")
    }

    /// Orders everything that is done to an object that is no atomic.
    fn step(&self, object: usize) {
        self.cell(object).fetch_add(0, Ordering::AcqRel);
    }
}

impl Memory for Cells {
    fn load(&self, cell: usize, order: Ordering) -> u64 {
        match order {
            // loom takes these for acquire and release alone; reading and writing at once
            // always meets the last value, which is what they promise.
            Ordering::SeqCst => self.cell(cell).fetch_add(0, order),
            _ => self.cell(cell).load(order),
        }
    }

    fn store(&self, cell: usize, value: u64, order: Ordering) {
        match order {
            Ordering::SeqCst => drop(self.cell(cell).swap(value, order)),
            _ => self.cell(cell).store(value, order),
        }
    }

    fn exchange(&self, cell: usize, order: Ordering, change: &dyn Fn(u64) -> Option<u64>) -> u64 {
        let cell = self.cell(cell);
        let mut last = 0;
        loop {
            let next = change(last).unwrap_or(last);
            match cell.compare_exchange(last, next, order, Ordering::Relaxed) {
                Ok(last) => return last,
                Err(found) => last = found,
            }
        }
    }

    fn fence(&self, order: Ordering) {
        loom::sync::atomic::fence(order);
    }
}

/// Explores `execution` until it has covered every interleaving with at most
/// `preemptions` preemptions. Does not return early: an execution that must end
/// the search parks its OS thread for ever.
pub(crate) fn search(
    preemptions: usize,
    max_branches: usize,
    orderings: Orderings,
    execution: impl Fn(Rc<dyn Engine>) + Send + Sync + 'static,
) {
    let mut builder = loom::model::Builder::new();
    builder.max_threads = loom::MAX_THREADS;
    builder.max_branches = max_branches;
    builder.max_permutations = None;
    builder.max_duration = None;
    builder.preemption_bound = Some(preemptions);
    builder.checkpoint_file = None;
    builder.checkpoint_interval = usize::MAX;
    builder.location = false;
    builder.log = false;
    builder.check(move || execution(Rc::new(Loom::new(orderings))));
}
