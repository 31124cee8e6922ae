//! `std::time`, `std::cell`, `std::panic` and `std::collections`.

use std::cell::{Cell, LazyCell, OnceCell, RefCell};
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::panic::{self, AssertUnwindSafe};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::{MOMENT, say};

pub fn time() -> Vec<String> {
    let start = Instant::now();
    thread::sleep(MOMENT);
    let slept = start.elapsed();
    let later = start + MOMENT;
    let long = Duration::new(1, 500_000_000);
    vec![
        say((
            slept >= MOMENT,
            Instant::now() >= later,
            later - start,
            later - MOMENT == start,
        )),
        say((
            start.checked_duration_since(later),
            start.saturating_duration_since(later),
        )),
        say((
            long,
            long * 2,
            long.as_secs_f64(),
            long.checked_sub(long * 2),
            long.mul_f64(0.5),
        )),
        say(Duration::try_from_secs_f64(-1.0).is_err()),
    ]
}

pub fn calendar_time() -> Vec<String> {
    let day = UNIX_EPOCH + Duration::from_secs(86_400);
    let before = UNIX_EPOCH.duration_since(day).unwrap_err();
    let now = SystemTime::now();
    vec![
        say((
            day.duration_since(SystemTime::UNIX_EPOCH),
            before.duration(),
            before.to_string(),
        )),
        say((
            now.elapsed().is_ok(),
            day > UNIX_EPOCH,
            day.checked_sub(MOMENT) < Some(day),
        )),
    ]
}

pub fn cells() -> Vec<String> {
    let cell = Cell::new(1);
    let old = cell.replace(cell.get() + 1);
    let shared = RefCell::new(vec![1]);
    let reading = shared.borrow();
    let no_writer = shared.try_borrow_mut().is_err();
    drop(reading);
    shared.borrow_mut().push(2);
    let once = OnceCell::new();
    let set = (once.get_or_init(|| 5) + 1, once.set(6));
    let lazy = LazyCell::new(|| cell.take());
    vec![say((old, no_writer, &shared, set)), say((*lazy, cell))]
}

#[track_caller]
fn where_it_is_called() -> u32 {
    panic::Location::caller().line()
}

pub fn panics() -> Vec<String> {
    let fine = panic::catch_unwind(|| 1).ok();
    let text = panic::catch_unwind(|| {
        if fine.is_some() {
            panic!("after {fine:?}")
        }
    });
    let text = text.unwrap_err().downcast::<String>().ok();
    let any = panic::catch_unwind(|| panic::panic_any(3_u8)).unwrap_err();
    let again = panic::catch_unwind(AssertUnwindSafe(|| panic::resume_unwind(any))).unwrap_err();
    let steps = RefCell::new(Vec::new());
    struct Step<'a>(&'a RefCell<Vec<(&'static str, bool)>>, &'static str);
    impl Drop for Step<'_> {
        fn drop(&mut self) {
            self.0.borrow_mut().push((self.1, thread::panicking()));
        }
    }
    let _ = panic::catch_unwind(AssertUnwindSafe(|| {
        let _outer = Step(&steps, "outer");
        drop(Step(&steps, "early"));
        let _inner = Step(&steps, "inner");
        "no number".parse::<u8>().unwrap()
    }));
    let here = line!() == where_it_is_called();
    vec![
        say((fine, text, again.downcast::<u8>().ok())),
        say((steps, here, thread::panicking())),
    ]
}

pub fn maps() -> Vec<String> {
    let mut words = HashMap::new();
    for word in ["one", "two", "one"] {
        *words.entry(word).or_insert(0) += 1;
    }
    words
        .entry("two")
        .and_modify(|count| *count *= 10)
        .or_default();
    words.entry("three").or_insert_with(|| 3);
    let removed = match words.entry("three") {
        Entry::Occupied(entry) => entry.remove_entry(),
        Entry::Vacant(entry) => (entry.into_key(), 0),
    };
    let found = (words.get("one"), words.contains_key("four"), words["two"]);
    let found = say(found);
    let old = words.insert("one", 5);
    words.retain(|_, count| *count > 5);
    words.extend([("six", 6)]);
    let sorted: BTreeMap<_, _> = words.iter().map(|(word, count)| (*word, *count)).collect();
    let mut other = HashMap::from([("six", 6), ("two", 10)]);
    let equal = words == other;
    let mut drained: Vec<_> = other.drain().collect();
    drained.sort_unstable();
    let by_length: HashMap<usize, Vec<&str>> = HashMap::from_iter([(3, vec!["one"])]);
    vec![
        found,
        say((removed, old, sorted, equal)),
        say((drained, by_length, other.is_empty())),
    ]
}

pub fn sets() -> Vec<String> {
    let odd: HashSet<u32> = [1, 3, 5].into();
    let small: HashSet<u32> = (1..=3).collect();
    let sorted = |numbers: Vec<u32>| {
        let mut numbers = numbers;
        numbers.sort_unstable();
        numbers
    };
    let both = sorted(odd.intersection(&small).copied().collect());
    let either = sorted((&odd | &small).into_iter().collect());
    let mut seen = HashSet::new();
    let new = [1, 1, 2].map(|number| seen.insert(number));
    vec![
        say((both, either, new)),
        say((odd.is_subset(&small), seen.take(&2), seen)),
    ]
}
