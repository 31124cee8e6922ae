//! What a check notes down beside the program that it checks: the search tries every order of
//! that, although nothing in the program tells these orders apart.

use std::collections::BTreeSet;
use std::sync::{Mutex as RealMutex, PoisonError};
use std::time::Duration;

use model_std::model::{Aside, Limits, Method, Orderings, Outcome, explore_by, until_idle};
use model_std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use model_std::sync::{Arc, Mutex};
use model_std::thread::spawn;

const LIMITS: Limits = Limits {
    deviations: 1,
    executions: 10_000,
    steps: u64::MAX,
    random: 0,
    second_look: None,
    orderings: Orderings::Strongest,
    least_deviations: None,
    finest_steps: false,
    stall: Duration::from_secs(10),
};

#[derive(Default)]
struct Diary {
    aside: Aside,
    entries: RealMutex<String>,
}

impl Diary {
    fn note(&self, entry: &str) {
        self.aside.touched();
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.push_str(entry);
    }
}

/// Every diary that `body` and what it leaves running write.
fn diaries(body: impl Fn(&Arc<Diary>) + Send + Sync + 'static) -> BTreeSet<String> {
    let seen = Arc::new(RealMutex::new(BTreeSet::new()));
    let all = Arc::clone(&seen);
    let outcome = explore_by(Method::Deviations, LIMITS, move || {
        let diary = Arc::default();
        body(&diary);
        until_idle();
        let entries = diary.entries.lock().unwrap().clone();
        all.lock().unwrap().insert(entries);
    });
    assert!(matches!(outcome, Outcome::Complete(_)), "{outcome:?}");
    let seen = seen.lock().unwrap();
    seen.clone()
}

fn both() -> BTreeSet<String> {
    ["ab", "ba"].map(str::to_owned).into()
}

#[test]
fn after_steps_on_different_locks() {
    let seen = diaries(|diary| {
        let theirs = Arc::clone(diary);
        spawn(move || {
            drop(Mutex::new(()).lock());
            theirs.note("a");
        });
        drop(Mutex::new(()).lock());
        diary.note("b");
    });
    assert_eq!(seen, both());
}

#[test]
fn between_steps_and_without_any() {
    let seen = diaries(|diary| {
        let theirs = Arc::clone(diary);
        let count = Arc::new(AtomicUsize::new(0));
        spawn(move || {
            count.fetch_add(1, SeqCst);
            theirs.note("a");
            count.fetch_add(1, SeqCst);
        });
        let theirs = Arc::clone(diary);
        spawn(move || theirs.note("b"));
    });
    assert_eq!(seen, both());
}

#[test]
fn in_a_destructor_at_a_thread_s_end() {
    struct Last(Arc<Diary>, &'static str);

    impl Drop for Last {
        fn drop(&mut self) {
            self.0.note(self.1);
        }
    }

    let seen = diaries(|diary| {
        for entry in ["a", "b"] {
            let last = Last(Arc::clone(diary), entry);
            spawn(move || drop(Mutex::new(last).into_inner()));
        }
    });
    assert_eq!(seen, both());
}
