//! Stacks of their own for the threads of a model.
//!
//! A thread's code runs on a [`Fiber`]; whoever resumes it is its *host*. What concerns
//! the scheduler is asked of the host ([`on_host`]), which does it on its own stack while
//! the fiber is suspended. So no frame of ours lies between two of the submission's that
//! outlives a switch, and a fiber can be left as it is: not one more line of its code
//! runs, no destructor, no unwinding, just as in a process that has ended.

mod overflow;
mod stacks;

use std::cell::Cell;
use std::io;
use std::ptr::NonNull;

use corosensei::stack::{DefaultStack, Stack};
use corosensei::trap::CoroutineTrapHandler;
use corosensei::{Coroutine, CoroutineResult, Yielder};

pub(crate) use overflow::watch as watch_for_overflows;

/// Of the stack of a main thread, in bytes.
pub(crate) const MAIN_STACK: usize = 8 << 20;
/// What std gives a thread for whom nobody asked for more or less.
pub(crate) const THREAD_STACK: usize = 2 << 20;

/// Below this much is left of a stack, the kernel is not entered: an overflow inside of it
/// could not be told.
const RESERVE: usize = 64 << 10;

/// How a fiber ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Its job returned.
    Returned,
    /// Its stack was not large enough.
    Overflowed,
}

/// What a fiber asks its host to do.
struct Request {
    work: *mut dyn FnMut(),
    link: NonNull<Link>,
    /// The lowest address of the stack that matters while it is suspended.
    top: usize,
}

type Link = Yielder<(), Request>;

/// The fiber that runs on this OS thread.
#[derive(Clone, Copy)]
struct Running {
    /// `None` until its own code has begun.
    link: Option<NonNull<Link>>,
    /// The lowest address at which the kernel may be entered.
    floor: usize,
    trap: CoroutineTrapHandler<End>,
}

thread_local! {
    static RUNNING: Cell<Option<Running>> = const { Cell::new(None) };
    /// The used part of the stack that was suspended last.
    static SUSPENDED: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

/// A stack, and the code that runs on it.
pub(crate) struct Fiber {
    /// Taken out only to give the stack back.
    coroutine: Option<Coroutine<(), Request, End, DefaultStack>>,
    running: Running,
    base: usize,
    size: usize,
}

/// What a fiber did when it was resumed.
pub(crate) enum Resumed {
    /// It asks for something: call it, then resume the fiber again.
    Asks(Work),
    Ended(End),
}

/// Something to do for a suspended fiber, before it is resumed.
pub(crate) struct Work(*mut dyn FnMut());

impl Work {
    pub(crate) fn run(self) {
        // SAFETY: it points to a closure in a frame of the fiber, which stays suspended, and
        // its stack as it is, until it is resumed; and nobody else calls it.
        unsafe { (*self.0)() }
    }
}

impl Fiber {
    /// A fiber that will run `job`, with at least `size` bytes for it. `job` must not unwind.
    ///
    /// # Errors
    /// If there is no memory for the stack.
    pub(crate) fn new(size: usize, job: Box<dyn FnOnce()>) -> io::Result<Self> {
        let size = size.saturating_add(RESERVE);
        let stack = stacks::take(size)?;
        let (base, limit) = (stack.base().get(), stack.limit().get());
        let coroutine = Coroutine::with_stack(stack, move |link: &Link, ()| {
            let running = RUNNING.get();
            RUNNING.set(running.map(|running| Running {
                link: Some(NonNull::from(link)),
                ..running
            }));
            job();
            End::Returned
        });
        let running = Running {
            link: None,
            floor: limit + RESERVE,
            trap: coroutine.trap_handler(),
        };
        Ok(Self {
            coroutine: Some(coroutine),
            running,
            base,
            size,
        })
    }

    /// Runs its code up to the next thing that it asks for.
    pub(crate) fn resume(&mut self) -> Resumed {
        let coroutine = self
            .coroutine
            .as_mut()
            .expect("in place until it is dropped");
        RUNNING.set(Some(self.running));
        let result = coroutine.resume(());
        RUNNING.set(None);
        match result {
            CoroutineResult::Yield(request) => {
                self.running.link = Some(request.link);
                // What lies at the very base is the link to whoever resumes it.
                SUSPENDED.set((request.top, self.base - 64));
                Resumed::Asks(Work(request.work))
            }
            CoroutineResult::Return(end) => Resumed::Ended(end),
        }
    }
}

impl Drop for Fiber {
    /// Leaves its code where it is.
    fn drop(&mut self) {
        let Some(mut coroutine) = self.coroutine.take() else {
            return;
        };
        // SAFETY: what lies on the stack is forgotten as if its thread had stopped for ever:
        // nothing of it is used again, and what others were lent from it is kept by code
        // that never runs again either, since all fibers of an execution end together.
        unsafe { coroutine.force_reset() };
        stacks::give_back(self.size, coroutine.into_stack());
    }
}

/// Whether the code of a fiber runs here, rather than that of its host.
pub(crate) fn is_running() -> bool {
    RUNNING.get().is_some_and(|running| running.link.is_some())
}

/// Does `work` on the stack of the host; on the host itself, at once.
pub(crate) fn on_host<R>(work: impl FnOnce() -> R) -> R {
    let Some(link) = RUNNING.get().and_then(|running| running.link) else {
        return work();
    };
    let mut work = Some(work);
    let mut result = None;
    suspend(link, &mut || {
        let work = work.take().expect("a host does it once");
        result = Some(work());
    });
    result.expect("a host resumes a fiber after it has done what was asked")
}

/// Suspends the running fiber until its host has called `work`, and resumes it. A frame of
/// its own, at whose entry the compiler saves all registers of the caller.
#[inline(never)]
fn suspend(link: NonNull<Link>, work: &mut dyn FnMut()) {
    let here = 0_usize;
    let top = std::ptr::from_ref(std::hint::black_box(&here)).addr();
    let work: *mut (dyn FnMut() + '_) = work;
    // SAFETY: only the lifetime changes. `work` is called while this frame is suspended, or
    // never.
    let work = unsafe { std::mem::transmute::<*mut (dyn FnMut() + '_), *mut dyn FnMut()>(work) };
    // SAFETY: the link lies at the base of the stack that this very frame is on.
    unsafe { link.as_ref() }.suspend(Request { work, link, top });
}

/// Whether the running fiber has too little left of its stack to enter the kernel. On a
/// host there is always enough.
pub(crate) fn is_nearly_full() -> bool {
    let here = 0_u8;
    let here = std::ptr::from_ref(std::hint::black_box(&here)).addr();
    RUNNING.get().is_some_and(|running| here < running.floor)
}

/// Never returns to the code of the running fiber: its host is told that its stack was too
/// small.
pub(crate) fn give_up_on_the_stack(tell: fn()) -> ! {
    loop {
        on_host(tell);
    }
}

/// A digest of what lies on the stack that was suspended last, its saved registers
/// included. Two suspensions of one thread in one execution that differ in nothing have
/// the same.
pub(crate) fn digest_of_the_suspended_stack() -> u64 {
    let (top, base) = SUSPENDED.get();
    let mut digest = 0_u64;
    let mut address = top.next_multiple_of(size_of::<u64>());
    while address < base {
        let word = std::ptr::with_exposed_provenance::<u64>(address);
        // SAFETY: within the mapped part of a suspended stack, which nobody writes to. Its
        // words may be padding, or left over; they are only ever compared. Volatile, so that
        // the compiler takes them as they are.
        let word = unsafe { word.read_volatile() };
        digest = (digest.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
        address += size_of::<u64>();
    }
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run_to_end(fiber: &mut Fiber) -> End {
        loop {
            match fiber.resume() {
                Resumed::Asks(work) => work.run(),
                Resumed::Ended(end) => return end,
            }
        }
    }

    #[test]
    fn a_fiber_asks_its_host() {
        let job = || {
            let sum: usize = (0..4).map(|n| on_host(|| n + 1)).sum();
            assert_eq!(sum, 10);
        };
        let mut fiber = Fiber::new(THREAD_STACK, Box::new(job)).unwrap();
        assert_eq!(run_to_end(&mut fiber), End::Returned);
    }

    #[test]
    fn what_is_left_behind_does_nothing_more() {
        struct Loud;
        impl Drop for Loud {
            fn drop(&mut self) {
                panic!("it was dropped");
            }
        }
        for _ in 0..3 {
            let loud = Loud;
            let job = || {
                let _loud = loud;
                on_host(|| ());
            };
            let mut fiber = Fiber::new(THREAD_STACK, Box::new(job)).unwrap();
            assert!(matches!(fiber.resume(), Resumed::Asks(_)));
            drop(fiber);
        }
        // Nor what never began.
        let loud = Loud;
        drop(Fiber::new(THREAD_STACK, Box::new(move || drop(loud))).unwrap());
    }

    #[test]
    fn an_overflow_ends_the_fiber_and_nothing_else() {
        #[expect(unconditional_recursion, reason = "it is what the test is about")]
        fn deeper(frame: [u64; 64]) -> u64 {
            let frame = std::hint::black_box(frame);
            deeper(frame) + frame[0]
        }
        watch_for_overflows();
        for size in [THREAD_STACK, MAIN_STACK] {
            let job = || {
                std::hint::black_box(deeper([0; 64]));
            };
            let mut fiber = Fiber::new(size, Box::new(job)).unwrap();
            assert_eq!(run_to_end(&mut fiber), End::Overflowed);
        }
    }
}
