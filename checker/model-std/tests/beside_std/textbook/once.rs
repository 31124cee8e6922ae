//! What is made once, and what is shared.

use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Once, OnceLock, Weak};
use std::thread;

use super::say;

pub fn once() -> Vec<String> {
    let once = Once::new();
    let calls = AtomicUsize::new(0);
    let call = || once.call_once(|| _ = calls.fetch_add(1, Ordering::SeqCst));
    thread::scope(|scope| {
        scope.spawn(call);
        call();
    });
    let fails = Once::new();
    let failed = panic::catch_unwind(AssertUnwindSafe(|| fails.call_once(|| panic!("first"))));
    let again = panic::catch_unwind(AssertUnwindSafe(|| fails.call_once(|| ())));
    let mut poisoned = false;
    fails.call_once_force(|state| poisoned = state.is_poisoned());
    fails.wait();
    vec![
        say((calls.into_inner(), once.is_completed())),
        say((
            failed.is_err(),
            again.is_err(),
            poisoned,
            fails.is_completed(),
        )),
    ]
}

pub fn once_locks() -> Vec<String> {
    static NAME: OnceLock<String> = OnceLock::new();
    let length = thread::spawn(|| NAME.get_or_init(|| "name".to_owned()).len());
    let mine = NAME.get_or_init(|| "name".to_owned());
    let mut own = OnceLock::new();
    let empty = own.get().copied();
    let set = [own.set(1), own.set(2)];
    if let Some(value) = own.get_mut() {
        *value += 1;
    }
    let shown = say(&own);
    let taken = (own.take(), own.into_inner());
    vec![
        say((length.join().unwrap(), mine)),
        say((empty, set, taken)),
        shown,
    ]
}

pub fn lazy_locks() -> Vec<String> {
    static TABLE: LazyLock<Vec<u32>> = LazyLock::new(|| (1..4).collect());
    let sum = thread::spawn(|| TABLE.iter().sum::<u32>());
    let length = TABLE.len();
    let calls = AtomicUsize::new(0);
    let lazy = LazyLock::new(|| calls.fetch_add(1, Ordering::SeqCst));
    let forced = (*LazyLock::force(&lazy), *lazy, calls.load(Ordering::SeqCst));
    let fails: LazyLock<u8> = LazyLock::new(|| panic!("no value"));
    let twice = [(); 2].map(|()| panic::catch_unwind(AssertUnwindSafe(|| *fails)).is_err());
    vec![say((sum.join().unwrap(), length)), say((forced, twice))]
}

struct Node {
    parent: Weak<Node>,
    name: &'static str,
}

pub fn shared_ownership() -> Vec<String> {
    let mut shared = Arc::new(vec![1]);
    let weak = Arc::downgrade(&shared);
    let other = thread::spawn({
        let shared = Arc::clone(&shared);
        move || shared.len()
    });
    let length = other.join().unwrap();
    let counts = (Arc::strong_count(&shared), Arc::weak_count(&shared));
    Arc::make_mut(&mut shared).push(2);
    let gone = weak.upgrade();
    let same = Arc::ptr_eq(&shared, &Arc::clone(&shared));
    let own = Arc::try_unwrap(shared);
    let node = Arc::new_cyclic(|parent| Node {
        parent: parent.clone(),
        name: "root",
    });
    let name = node.parent.upgrade().map(|node| node.name);
    vec![
        say((length, counts, gone, same, own)),
        say(name),
        say(Arc::<str>::from("text")),
    ]
}
