//! accept: six cases that check much at once
//!
//! Fewer names and less to read where one is red, but every promise is in one of
//! them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;

use scheduler_under_test::{Case, Closed, Scheduler, Start, cases};

pub fn suite() -> Vec<Case> {
    cases![alone, busy, together, at_the_end, from_inside, family]
}

fn alone(start: Start) {
    assert!(catch_unwind(AssertUnwindSafe(|| drop(start(0)))).is_err());
    drop(start(2));
    let scheduler = start(1);
    let (done, ran) = mpsc::channel();
    for _ in 0..2 {
        let done = done.clone();
        scheduler.submit(move || done.send(()).unwrap()).unwrap();
        ran.recv().unwrap();
    }
    scheduler.shutdown();
    scheduler.shutdown();
    let late = Arc::new(AtomicUsize::new(0));
    let ran = Arc::clone(&late);
    let task = move || drop(ran.fetch_add(1, Ordering::SeqCst));
    assert_eq!(scheduler.submit(task), Err(Closed));
    assert_eq!(late.load(Ordering::SeqCst), 0);
}

fn busy(start: Start) {
    let runs = Arc::new(AtomicUsize::new(0));
    let count = |runs: &Arc<AtomicUsize>| {
        let runs = Arc::clone(runs);
        move || drop(runs.fetch_add(1, Ordering::SeqCst))
    };
    let scheduler = start(1);
    scheduler.submit(|| panic!("on purpose")).unwrap();
    scheduler.submit(count(&runs)).unwrap();
    drop(scheduler);
    assert_eq!(runs.load(Ordering::SeqCst), 1);
    let scheduler = start(1);
    let (begun, has_begun) = mpsc::channel();
    let task = count(&runs);
    let work = move || {
        begun.send(()).unwrap();
        task();
    };
    scheduler.submit(work).unwrap();
    has_begun.recv().unwrap();
    scheduler.submit(count(&runs)).unwrap();
    scheduler.submit(|| panic!("on purpose")).unwrap();
    scheduler.shutdown();
    assert_eq!(runs.load(Ordering::SeqCst), 3);
}

fn together(start: Start) {
    let meeting = Arc::new(Barrier::new(3));
    let scheduler = start(2);
    for _ in 0..2 {
        let meeting = Arc::clone(&meeting);
        scheduler.submit(move || drop(meeting.wait())).unwrap();
    }
    meeting.wait();
    drop(scheduler);
}

fn at_the_end(start: Start) {
    let scheduler = start(1);
    let runs = AtomicUsize::new(0);
    let runs = Arc::new(runs);
    let first = Arc::clone(&runs);
    scheduler
        .submit(move || drop(first.fetch_add(1, Ordering::SeqCst)))
        .unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            scheduler.shutdown();
            assert_eq!(runs.load(Ordering::SeqCst), 1);
        });
        scheduler.shutdown();
        assert_eq!(runs.load(Ordering::SeqCst), 1);
    });
}

fn from_inside(start: Start) {
    let scheduler: Arc<dyn Scheduler> = Arc::from(start(1));
    let (owed, runs) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let submit = |scheduler: Arc<dyn Scheduler>| {
        let (owed, runs) = (Arc::clone(&owed), Arc::clone(&runs));
        move || {
            let child = move || drop(runs.fetch_add(1, Ordering::SeqCst));
            if scheduler.submit(child).is_ok() {
                owed.fetch_add(1, Ordering::SeqCst);
            }
            drop(scheduler);
        }
    };
    let outside = thread::spawn(submit(Arc::clone(&scheduler)));
    // Refused, if the other thread's submit is not the only one that is late.
    let _ = scheduler.submit(submit(Arc::clone(&scheduler)));
    scheduler.shutdown();
    outside.join().unwrap();
    assert_eq!(runs.load(Ordering::SeqCst), owed.load(Ordering::SeqCst));
}

fn family(start: Start) {
    let scheduler: Arc<dyn Scheduler> = Arc::from(start(2));
    let (inside, (born, birth)) = (Arc::clone(&scheduler), mpsc::channel());
    let (ended, end) = mpsc::channel();
    let parent = move || {
        inside.submit(move || born.send(()).unwrap()).unwrap();
        drop(inside);
        ended.send(birth.recv()).unwrap();
    };
    scheduler.submit(parent).unwrap();
    assert_eq!(end.recv(), Ok(Ok(())));
}
