//! What books do not show and code relies on all the same.

use std::cell::RefCell;
use std::collections::hash_map::RandomState;
use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;
use std::panic::{self, AssertUnwindSafe};
use std::rc::Rc;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Condvar, LazyLock, Mutex, Once, OnceLock, RwLock, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::{MOMENT, say};

pub fn what_is_printed() -> Vec<String> {
    let number = Mutex::new(1);
    let guard = number.lock().unwrap();
    let locked = say(&number);
    drop(guard);
    let lock = RwLock::new(2);
    let by_reader = lock.read().unwrap().to_string();
    let shown = by_reader + &lock.write().unwrap().to_string();
    let lazy = LazyLock::new(|| 3);
    let unforced = say(&lazy);
    let forced = *lazy;
    let mut state = String::new();
    Once::new().call_once_force(|known| state = say(known));
    let (sender, receiver) = mpsc::channel::<u8>();
    let mut value = 4;
    let pointer = AtomicPtr::new(&mut value);
    let same_address = format!("{pointer:p}") == format!("{:p}", pointer.load(Ordering::SeqCst));
    vec![
        locked,
        shown,
        say((unforced, forced, lazy)),
        state,
        say(OnceLock::<u8>::new()),
        say(Barrier::new(1).wait()),
        say((receiver.iter(), receiver.try_iter(), &sender)),
        say((same_address, say(Instant::now()).starts_with("Instant {"))),
        say((Mutex::new(Some(5)), Condvar::new(), Barrier::new(1))),
    ]
}

pub fn paths_to_methods() -> Vec<String> {
    let mut ids = HashMap::new();
    for word in ["a", "b", "a"] {
        // A borrow in two phases.
        ids.insert(word, ids.len());
    }
    let sizes: Vec<usize> = [HashMap::from([(1, 2)])].iter().map(HashMap::len).collect();
    let state = RandomState::new();
    let same = state.hash_one(1) == state.clone().hash_one(1);
    let mut set = HashSet::with_capacity_and_hasher(4, state);
    let new: Vec<bool> = [1, 1].into_iter().map(|n| set.insert(n)).collect();
    let odd: HashSet<i32> = ids
        .values()
        .map(|id| *id as i32)
        .filter(|id| id % 2 == 1)
        .collect();
    let taken: HashMap<_, _> = ids.extract_if(|_, id| *id == 1).collect();
    vec![
        say((sizes, same, new, odd.len())),
        say((taken, ids.get("a"))),
    ]
}

pub fn what_may_cross_threads() -> Vec<String> {
    fn shared<T: Send + Sync>(_: Option<T>) -> bool {
        true
    }
    vec![say((
        shared(None::<JoinHandle<Rc<u8>>>),
        shared(None::<mpsc::Sender<Box<dyn FnOnce() + Send>>>),
        shared(None::<thread::Thread>),
        shared(None::<RwLock<Vec<Mutex<u8>>>>),
    ))]
}

pub fn files_have_times() -> Vec<String> {
    let changed = std::env::current_exe()
        .and_then(std::fs::metadata)
        .and_then(|it| it.modified());
    let now = SystemTime::now();
    let fifty_years = Duration::from_secs(50 * 365 * 86_400);
    vec![say((
        changed.is_ok_and(|changed| changed > UNIX_EPOCH),
        now.duration_since(UNIX_EPOCH)
            .is_ok_and(|age| age > fifty_years),
    ))]
}

thread_local! {
    static LAST: RefCell<Option<Leaves>> = const { RefCell::new(None) };
}

struct Leaves(mpsc::Sender<bool>);

impl Drop for Leaves {
    fn drop(&mut self) {
        let _ = self.0.send(LAST.try_with(|_| ()).is_err());
    }
}

pub fn names_and_last_words() -> Vec<String> {
    let (sender, receiver) = mpsc::channel();
    let leaving = thread::spawn(move || LAST.set(Some(Leaves(sender))));
    let gone = receiver.recv();
    leaving.join().unwrap();
    let builder = thread::Builder::new().name("a\0b".to_owned());
    let refused = panic::catch_unwind(|| builder.spawn(|| ()).is_err()).unwrap_or(true);
    vec![say((gone, refused))]
}

/// Tells that it is over, also when it was unwound.
struct InFlight<'a>(&'a Mutex<usize>, &'a Condvar);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        *self.0.lock().unwrap() -= 1;
        self.1.notify_all();
    }
}

pub fn waiting_for_what_unwinds() -> Vec<String> {
    let (running, changed) = (Mutex::new(1), Condvar::new());
    let left = thread::scope(|scope| {
        scope.spawn(|| {
            let _ = panic::catch_unwind(AssertUnwindSafe(|| {
                let _in_flight = InFlight(&running, &changed);
                panic!("in flight");
            }));
        });
        let running = running.lock().unwrap();
        changed
            .wait_while(running, |running| *running > 0)
            .map(|left| *left)
            .ok()
    });
    vec![say((left, running.is_poisoned()))]
}

pub fn long_and_large() -> Vec<String> {
    let sum = Arc::new(Mutex::new(0));
    let thread = thread::spawn({
        let sum = Arc::clone(&sum);
        move || {
            for _ in 0..400 {
                *sum.lock().unwrap() += 1;
            }
            let large = [1_u8; 1024 * 1024];
            std::hint::black_box(&large).len()
        }
    });
    let large = thread.join().unwrap();
    let begin = Instant::now();
    while begin.elapsed() < MOMENT {
        std::hint::spin_loop();
    }
    vec![say((sum.lock().unwrap(), large))]
}

#[expect(deprecated)]
pub fn deprecated() -> Vec<String> {
    static ONCE: Once = std::sync::ONCE_INIT;
    ONCE.call_once(|| ());
    let number = AtomicUsize::new(1);
    let before = number.compare_and_swap(1, 2, Ordering::SeqCst);
    let never = (Mutex::new(()), Condvar::new());
    let waited = never.1.wait_timeout_ms(never.0.lock().unwrap(), 1);
    let waited = waited.map(|(guard, in_time)| (*guard, in_time)).is_ok();
    thread::sleep_ms(1);
    thread::park_timeout_ms(1);
    std::sync::atomic::spin_loop_hint();
    vec![say((before, number, waited, ONCE.is_completed()))]
}
