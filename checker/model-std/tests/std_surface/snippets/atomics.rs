//! Atomics: every operation, and what std says to orderings that make no sense.

use super::std;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering::{self, *};
use std::sync::atomic::{
    ATOMIC_BOOL_INIT, ATOMIC_ISIZE_INIT, ATOMIC_USIZE_INIT, AtomicBool, AtomicI8, AtomicI64,
    AtomicIsize, AtomicPtr, AtomicU16, AtomicU32, AtomicU64, AtomicUsize, compiler_fence, fence,
    spin_loop_hint,
};
use std::thread;

static COUNT: AtomicUsize = ATOMIC_USIZE_INIT;
static FLAG: AtomicBool = ATOMIC_BOOL_INIT;
static SIGNED: AtomicIsize = ATOMIC_ISIZE_INIT;
const INSIDE: u32 = AtomicU32::new(5).into_inner();
static VALUE: AtomicU64 = AtomicU64::new(3);
/// Of a pointer that is known when the program is compiled.
struct Address(*mut u64);
// SAFETY: nobody uses it but as the address of an atomic.
unsafe impl Sync for Address {}
static ADDRESS: Address = Address(VALUE.as_ptr());

/// What a panic says.
fn says<R>(f: impl FnOnce() -> R) -> String {
    let payload = catch_unwind(AssertUnwindSafe(f)).err();
    payload.map_or_else(String::new, |payload| match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => payload.downcast_ref::<&str>().unwrap_or(&"?").to_string(),
    })
}

snippets! { EVERYWHERE:
    integers => {
        let a = AtomicU16::new(5);
        let all = [
            a.fetch_add(1, Relaxed), a.fetch_sub(2, AcqRel), a.fetch_and(6, SeqCst), a.fetch_nand(3, SeqCst),
            a.fetch_or(1, SeqCst), a.fetch_xor(7, SeqCst), a.fetch_max(9, SeqCst), a.fetch_min(2, SeqCst),
            a.swap(8, SeqCst),
        ];
        (all, a.load(Acquire), a.into_inner())
    }
    integers_wrap => {
        let (a, b) = (AtomicI8::new(i8::MAX), AtomicU64::new(0));
        a.fetch_add(1, SeqCst);
        b.fetch_sub(1, SeqCst);
        (a, b)
    }
    booleans => {
        let a = AtomicBool::new(true);
        let all = [
            a.fetch_not(SeqCst), a.fetch_and(true, SeqCst), a.fetch_or(true, SeqCst), a.fetch_xor(true, SeqCst),
            a.fetch_nand(true, SeqCst), a.swap(false, SeqCst),
        ];
        (all, a)
    }
    exchanges => {
        let a = AtomicI64::new(1);
        let strong = [a.compare_exchange(1, 2, AcqRel, Relaxed), a.compare_exchange(1, 3, SeqCst, SeqCst)];
        let weak = loop {
            if let Ok(before) = a.compare_exchange_weak(2, 4, Release, Relaxed) { break before; }
        };
        (strong, weak, a.compare_and_swap(4, 5, SeqCst), a.compare_and_swap(4, 6, Release), a.compare_and_swap(5, 6, AcqRel), a)
    }
    exchanges_of_others => {
        let (flag, mut value) = (AtomicBool::new(false), 1);
        let pointer = AtomicPtr::new(&raw mut value);
        let other = std::ptr::null_mut();
        let swapped = (flag.compare_and_swap(false, true, Acquire), pointer.compare_and_swap(&raw mut value, other, Relaxed) == &raw mut value);
        (swapped, flag, pointer.load(SeqCst).is_null())
    }
    updates_by_a_function => {
        let a = AtomicUsize::new(1);
        let some = a.fetch_update(SeqCst, Relaxed, |n| Some(n + 1));
        let none = a.fetch_update(SeqCst, Relaxed, |n| (n > 9).then_some(0));
        (some, none, a)
    }
    #[cfg(since_1_95)]
    updates => {
        let (a, b) = (AtomicUsize::new(1), AtomicBool::new(false));
        let mut value = 1;
        let p = AtomicPtr::new(&raw mut value);
        let before = a.update(SeqCst, Relaxed, |n| n + 1);
        let other = b.update(AcqRel, Acquire, |b| !b);
        (before, other, p.update(SeqCst, SeqCst, |_| std::ptr::null_mut()) == &raw mut value, a, b)
    }
    #[cfg(since_1_95)]
    updates_that_may_refuse => {
        let (a, b) = (AtomicI8::new(1), AtomicBool::new(false));
        (a.try_update(SeqCst, Relaxed, |n| n.checked_add(1)), a.try_update(SeqCst, SeqCst, |_| None), b.try_update(SeqCst, SeqCst, |b| b.then_some(b)), a)
    }
    #[cfg(since_1_95)]
    updates_of_many_threads => {
        let a = AtomicUsize::new(0);
        thread::scope(|scope| {
            scope.spawn(|| a.update(Relaxed, Relaxed, |n| n + 1));
            a.update(Relaxed, Relaxed, |n| n + 2);
        });
        a
    }
    #[cfg(since_1_91)]
    pointers_move => {
        let mut values = [1_u32, 2, 3];
        let start = values.as_mut_ptr();
        let p = AtomicPtr::new(start);
        let at = |p: *mut u32| (p.addr() - start.addr()) as u8;
        [p.fetch_ptr_add(2, Relaxed), p.fetch_ptr_sub(1, Relaxed), p.fetch_byte_add(4, Relaxed), p.fetch_byte_sub(8, Relaxed), p.load(Relaxed)].map(at)
    }
    #[cfg(since_1_91)]
    pointers_carry_tags => {
        let mut value = 5_u64;
        let p = AtomicPtr::new(&raw mut value);
        let tags = [p.fetch_or(1, SeqCst), p.fetch_xor(3, SeqCst), p.fetch_and(!7, SeqCst)].map(|p| p.addr() % 8);
        // SAFETY: the tags are off again.
        (tags, unsafe { *p.load(SeqCst) })
    }
    pointers_are_printed => {
        let p = AtomicPtr::<u8>::default();
        (format!("{p:p} {p:?} {:p} {p:10p}", p.load(SeqCst)), p.into_inner().is_null())
    }
    constants => { (INSIDE, COUNT.load(SeqCst), FLAG.load(SeqCst), SIGNED.load(SeqCst), ADDRESS.0 == VALUE.as_ptr()) }
    made_from_values => {
        let mut a: AtomicU64 = 7.into();
        *a.get_mut() += 1;
        (a, AtomicBool::from(true), AtomicU32::default(), AtomicBool::default())
    }
    fences => {
        fence(Acquire);
        compiler_fence(SeqCst);
        spin_loop_hint();
        std::hint::spin_loop();
    }
    orderings_that_make_no_sense => {
        let a = AtomicU32::new(0);
        // As variables, for as literals std does not compile them.
        let [acquire, release, both, relaxed]: [Ordering; 4] = std::hint::black_box([Acquire, Release, AcqRel, Relaxed]);
        [
            says(|| a.load(release)), says(|| a.load(both)), says(|| a.store(1, acquire)), says(|| a.store(1, both)),
            says(|| a.compare_exchange(0, 1, SeqCst, release)), says(|| a.compare_exchange_weak(9, 1, SeqCst, both)),
            says(|| fence(relaxed)), says(|| a.load(relaxed)),
        ]
    }
    an_atomic_over_a_value => {
        let mut value = 5_u64;
        // SAFETY: it is used as an atomic only, until it is read at the end.
        let a = unsafe { AtomicU64::from_ptr(&raw mut value) };
        let before = a.fetch_add(1, SeqCst);
        a.store(a.load(SeqCst) * 2, SeqCst);
        (before, a.as_ptr() == &raw mut value, format!("{a:?}"), value)
    }
    an_atomic_over_a_value_of_each_execution => {
        let mut values = [1_u32, 2];
        let start = values.as_mut_ptr();
        // SAFETY: as above.
        let [a, b] = [0, 1].map(|index| unsafe { AtomicU32::from_ptr(start.add(index)) });
        (a.swap(10, SeqCst), b.fetch_max(20, SeqCst), a.load(SeqCst), values)
    }
    an_atomic_over_a_pointer_and_a_flag => {
        let (mut value, mut flag) = (1_u8, false);
        let mut pointer = &raw mut value;
        // SAFETY: as above.
        let (p, f) = unsafe { (AtomicPtr::from_ptr(&raw mut pointer), AtomicBool::from_ptr(&raw mut flag)) };
        p.store(std::ptr::null_mut(), SeqCst);
        f.fetch_not(SeqCst);
        (pointer.is_null(), flag)
    }
    two_threads_over_one_value => {
        let mut value = 0_u64;
        let address = AtomicPtr::new(&raw mut value);
        let add = || {
            // SAFETY: as above.
            unsafe { AtomicU64::from_ptr(address.load(SeqCst)) }.fetch_add(1, SeqCst);
        };
        thread::scope(|scope| {
            scope.spawn(add);
            add();
        });
        value
    }
}
