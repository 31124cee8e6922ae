//! The engine that looks over the shoulder of our own: loom's dynamic partial-order
//! reduction.
//!
//! Only the sound core of loom 0.7.3 is used, unless a program is to be explored with its
//! orderings as written. An opaque branch (`Notify::notify`)
//! makes every two operations on one object dependent, and raw park/unpark blocks
//! without tokens. loom's own `Mutex`, `Condvar`, `mpsc` and plain atomic
//! accesses miss or invent behaviour; `docs/engines.md` lists how.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::atomic::Ordering;

use loom::sync::Notify;
use loom::sync::atomic::AtomicU64;
use loom::thread;

use super::native::Threads;
use super::{Engine, Memory};
use crate::fiber::{Fiber, Resumed};

/// Of a host, in words, as `loom::thread::Builder` counts them: 512 KiB.
const STACK_WORDS: usize = 64 * 1024;

/// The most objects of a program that is explored with its orderings as written.
const CELLS: usize = 48;

/// One execution's loom objects.
struct Loom {
    objects: RefCell<Vec<Rc<Notify>>>,
    hosts: RefCell<Hosts>,
    cells: Option<Cells>,
    threads: Rc<dyn Threads>,
    /// The execution is over, and every host returns.
    closing: Cell<bool>,
}

/// loom's threads. One hosts a thread of the model after another, since loom counts every
/// thread that an execution ever had, and std programs spawn as they like.
#[derive(Default)]
struct Hosts {
    handles: Vec<thread::Thread>,
    /// What each is to host next.
    jobs: Vec<Option<(usize, Fiber)>>,
    /// The host of each thread of the model.
    host_of: Vec<usize>,
    idle: Vec<usize>,
    /// Threads of the model that the kernel has blocked.
    blocked: Vec<bool>,
    current: usize,
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

/// Handed to loom, which never sends it anywhere.
struct OnThisThread<T>(T);

// SAFETY: loom runs all coroutines of an execution on the OS thread that started its search,
// so although its `spawn` asks for `Send`, nothing is ever sent.
unsafe impl<T> Send for OnThisThread<T> {}

impl<T> OnThisThread<T> {
    fn into_inner(self) -> T {
        self.0
    }
}

impl Loom {
    /// Runs `thread` on this host, until it ends or the execution is over.
    fn host(&self, thread: usize, mut fiber: Fiber) {
        loop {
            if self.closing.get() {
                return;
            }
            self.hosts.borrow_mut().current = thread;
            match fiber.resume() {
                Resumed::Asks(work) => {
                    work.run();
                    self.close_if_over();
                }
                Resumed::Ended(end) => {
                    self.threads.ended(thread, end);
                    return self.close_if_over();
                }
            }
        }
    }

    /// As a host of its own: one thread of the model after another.
    fn serve(&self, host: usize) {
        while let Some((thread, fiber)) = self.next_job(host) {
            if !self.closing.get() {
                self.hosts.borrow_mut().current = thread;
                self.threads.goes_on(thread);
            }
            self.host(thread, fiber);
            self.hosts.borrow_mut().idle.push(host);
            while self.hosts.borrow().jobs[host].is_none() && !self.closing.get() {
                thread::park();
            }
        }
    }

    fn next_job(&self, host: usize) -> Option<(usize, Fiber)> {
        self.hosts.borrow_mut().jobs[host].take()
    }

    fn close_if_over(&self) {
        if !self.closing.get() && self.threads.is_over() {
            self.closing.set(true);
            for host in &self.hosts.borrow().handles {
                host.unpark();
            }
        }
    }
}

/// loom's threads share an execution's state.
struct Shared(Rc<Loom>);

impl Engine for Shared {
    fn step(&self, object: usize) {
        let current = self.0.hosts.borrow().current;
        if let Some(cells) = &self.0.cells {
            // Opaque branches do not order what comes before and after them.
            cells.step(object);
        } else {
            let notify = {
                let mut objects = self.0.objects.borrow_mut();
                while objects.len() <= object {
                    objects.push(Rc::new(Notify::new()));
                }
                Rc::clone(&objects[object])
            };
            notify.notify();
        }
        self.goes_on(current);
    }

    fn block(&self, object: Option<usize>) {
        let current = self.0.hosts.borrow().current;
        self.0.hosts.borrow_mut().blocked[current] = true;
        // It may be the last that could go on.
        self.0.close_if_over();
        while self.0.hosts.borrow().blocked[current] && !self.0.closing.get() {
            thread::park();
        }
        self.goes_on(current);
        if let Some(object) = object
            && !self.0.closing.get()
        {
            self.step(object);
        }
    }

    fn block_again(&self, thread: usize) {
        self.0.hosts.borrow_mut().blocked[thread] = true;
    }

    fn unblock(&self, thread: usize) {
        let mut hosts = self.0.hosts.borrow_mut();
        hosts.blocked[thread] = false;
        let host = hosts.host_of[thread];
        hosts.handles[host].unpark();
    }

    fn spawn(&self, fiber: Fiber) {
        let mut hosts = self.0.hosts.borrow_mut();
        let thread = hosts.host_of.len();
        hosts.blocked.push(false);
        if thread == 0 {
            // The body, on the host that loom itself has started.
            hosts.handles.push(thread::current());
            hosts.jobs.push(Some((thread, fiber)));
            hosts.host_of.push(0);
            return;
        }
        if let Some(host) = hosts.idle.pop() {
            hosts.host_of.push(host);
            hosts.jobs[host] = Some((thread, fiber));
            hosts.handles[host].unpark();
            return;
        }
        let host = hosts.handles.len();
        hosts.host_of.push(host);
        hosts.jobs.push(Some((thread, fiber)));
        drop(hosts);
        let served = OnThisThread(Rc::clone(&self.0));
        let handle = thread::Builder::new()
            .stack_size(STACK_WORDS)
            .spawn(move || served.into_inner().serve(host))
            .expect("loom's spawn never fails");
        self.0
            .hosts
            .borrow_mut()
            .handles
            .push(handle.thread().clone());
    }

    /// loom has no such operation that can be called from outside, so this is left to
    /// the other engine.
    fn choose(&self, _options: usize) -> usize {
        0
    }

    fn memory(&self) -> Option<&dyn Memory> {
        self.0.cells.is_some().then_some(self as &dyn Memory)
    }

    fn limit(&self) -> usize {
        loom::MAX_THREADS
    }
}

/// Every operation may let other threads run before it returns.
impl Memory for Shared {
    fn load(&self, cell: usize, order: Ordering) -> u64 {
        self.on_cells(|cells| cells.load(cell, order))
    }

    fn store(&self, cell: usize, value: u64, order: Ordering) {
        self.on_cells(|cells| cells.store(cell, value, order));
    }

    fn exchange(&self, cell: usize, order: Ordering, change: &dyn Fn(u64) -> Option<u64>) -> u64 {
        self.on_cells(|cells| cells.exchange(cell, order, change))
    }

    fn fence(&self, order: Ordering) {
        self.on_cells(|_| loom::sync::atomic::fence(order));
    }
}

impl Shared {
    fn on_cells<R>(&self, operation: impl FnOnce(&Cells) -> R) -> R {
        let current = self.0.hosts.borrow().current;
        let cells = self.0.cells.as_ref();
        let result = operation(cells.expect("asked for only where there are some"));
        self.goes_on(current);
        result
    }

    fn goes_on(&self, thread: usize) {
        if !self.0.closing.get() {
            self.0.hosts.borrow_mut().current = thread;
            self.0.threads.goes_on(thread);
        }
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

impl Cells {
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
}

/// Explores executions with loom's bound on preemptions, or without one until there are no
/// more. Each is begun by `begin`, which spawns its first thread, and its threads are left as
/// they are before `end`. An execution that must end the search parks its OS thread for ever.
pub(crate) fn search(
    preemptions: Option<usize>,
    max_branches: usize,
    orderings: Orderings,
    threads: impl Fn() -> Rc<dyn Threads> + Send + Sync + 'static,
    begin: impl Fn(Rc<dyn Engine>) + Send + Sync + 'static,
    end: impl Fn() + Send + Sync + 'static,
) {
    let mut builder = loom::model::Builder::new();
    builder.max_threads = loom::MAX_THREADS;
    builder.max_branches = max_branches;
    builder.max_permutations = None;
    builder.max_duration = None;
    builder.preemption_bound = preemptions;
    builder.checkpoint_file = None;
    builder.checkpoint_interval = usize::MAX;
    builder.location = false;
    builder.log = false;
    builder.check(move || {
        let loom = Rc::new(Loom {
            objects: RefCell::default(),
            hosts: RefCell::default(),
            cells: (orderings == Orderings::AsWritten).then(Cells::new),
            threads: threads(),
            closing: Cell::new(false),
        });
        begin(Rc::new(Shared(Rc::clone(&loom))));
        let (thread, body) = loom.next_job(0).expect("the body is the first thread");
        loom.threads.goes_on(thread);
        loom.host(thread, body);
        // What the body left behind goes on until nobody can.
        while !loom.closing.get() {
            thread::park();
        }
        end();
    });
}
