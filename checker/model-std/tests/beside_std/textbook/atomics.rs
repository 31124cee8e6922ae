//! `std::sync::atomic`.

use std::sync::atomic::{self, AtomicBool, AtomicI32, AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use std::thread;

use super::say;

pub fn atomic_numbers() -> Vec<String> {
    let number = AtomicI32::new(6);
    let before = [
        number.fetch_add(1, Ordering::Relaxed),
        number.fetch_sub(2, Ordering::AcqRel),
        number.fetch_max(9, Ordering::SeqCst),
        number.fetch_min(12, Ordering::SeqCst),
        number.fetch_and(0b1100, Ordering::SeqCst),
        number.fetch_or(0b0001, Ordering::SeqCst),
        number.fetch_xor(0b0011, Ordering::SeqCst),
        number.fetch_nand(0b0010, Ordering::SeqCst),
        number.swap(-1, Ordering::SeqCst),
    ];
    let mut flag = AtomicBool::default();
    *flag.get_mut() = true;
    let flags = (
        flag.fetch_not(Ordering::SeqCst),
        flag.load(Ordering::SeqCst),
    );
    let ids = AtomicU64::from(1);
    let mut drawn = thread::scope(|scope| {
        let draw = || ids.fetch_add(1, Ordering::Relaxed);
        [scope.spawn(draw), scope.spawn(draw)].map(|thread| thread.join().unwrap())
    });
    drawn.sort_unstable();
    vec![
        say((before, &number, flags)),
        say((drawn, ids.into_inner())),
    ]
}

pub fn compare_and_exchange() -> Vec<String> {
    let value = AtomicUsize::new(1);
    let double = || {
        let mut current = value.load(Ordering::Relaxed);
        loop {
            let order = (Ordering::AcqRel, Ordering::Relaxed);
            match value.compare_exchange_weak(current, current * 2, order.0, order.1) {
                Ok(before) => break before,
                Err(now) => current = now,
            }
        }
    };
    thread::scope(|scope| {
        scope.spawn(double);
        double();
    });
    let order = Ordering::SeqCst;
    let results = [
        value.compare_exchange(4, 5, order, order),
        value.compare_exchange(4, 6, order, order),
    ];
    let even = |value: usize| value.is_multiple_of(2).then_some(value / 2);
    let updates = [
        value.fetch_update(order, order, even),
        value.fetch_update(order, order, |v| Some(v + 1)),
    ];
    vec![say((results, updates, value))]
}

pub fn spin_lock() -> Vec<String> {
    let locked = AtomicBool::new(false);
    let inside = AtomicUsize::new(0);
    let enter = || {
        while locked.swap(true, Ordering::Acquire) {
            std::hint::spin_loop();
        }
        let alone = inside.fetch_add(1, Ordering::Relaxed) == 0;
        inside.fetch_sub(1, Ordering::Relaxed);
        locked.store(false, Ordering::Release);
        alone
    };
    let both = thread::scope(|scope| {
        let other = scope.spawn(enter);
        (enter(), other.join().unwrap())
    });
    vec![say(both)]
}

pub fn atomic_pointers() -> Vec<String> {
    let mut values = [1, 2];
    let [one, two] = &mut values;
    let two: *mut i32 = two;
    let current = AtomicPtr::new(one);
    let old = current.swap(two, Ordering::AcqRel);
    let order = Ordering::SeqCst;
    let swapped = current.compare_exchange(two, std::ptr::null_mut(), order, order);
    vec![say((
        old == two,
        swapped == Ok(two),
        current.load(order).is_null(),
    ))]
}

pub fn release_and_acquire() -> Vec<String> {
    let data = AtomicUsize::new(0);
    let ready = AtomicBool::new(false);
    let seen = thread::scope(|scope| {
        scope.spawn(|| {
            data.store(42, Ordering::Relaxed);
            atomic::fence(Ordering::Release);
            ready.store(true, Ordering::Relaxed);
        });
        while !ready.load(Ordering::Relaxed) {
            thread::yield_now();
        }
        atomic::fence(Ordering::Acquire);
        data.load(Ordering::Relaxed)
    });
    vec![say(seen)]
}
