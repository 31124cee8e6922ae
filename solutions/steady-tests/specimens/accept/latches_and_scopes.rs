//! accept: scoped threads, and latches made of a condvar
//!
//! No channels and no counters: tasks open latches, and whoever needs to know
//! waits at one.

use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use scheduler_under_test::{Case, Closed, Scheduler, Start, cases};

pub fn suite() -> Vec<Case> {
    cases![
        needs_a_worker,
        runs_while_open,
        ends_idle,
        drains,
        refuses_afterwards,
        decides_for_a_racing_submit,
        ends_again,
        ends_for_two,
        ends_by_drop,
        survives_a_panic,
        uses_both_workers,
        lets_a_task_wait_for_its_own,
        answers_a_task_that_submits,
    ]
}

#[derive(Clone, Default)]
struct Latch(Arc<(Mutex<usize>, Condvar)>);

impl Latch {
    fn count_up(&self) {
        *self.0.0.lock().unwrap() += 1;
        self.0.1.notify_all();
    }

    fn wait_for(&self, count: usize) {
        let now = self.0.0.lock().unwrap();
        drop(self.0.1.wait_while(now, |now| *now < count).unwrap());
    }

    fn now(&self) -> usize {
        *self.0.0.lock().unwrap()
    }

    fn counted(&self, scheduler: &dyn Scheduler) -> Result<(), Closed> {
        let latch = self.clone();
        scheduler.submit(move || latch.count_up())
    }
}

fn needs_a_worker(start: Start) {
    let refused = thread::spawn(move || drop(start(0))).join();
    assert!(refused.is_err());
}

fn runs_while_open(start: Start) {
    let scheduler = start(1);
    let latch = Latch::default();
    for count in 1..=2 {
        latch.counted(&*scheduler).unwrap();
        latch.wait_for(count);
    }
}

fn ends_idle(start: Start) {
    drop(start(2));
    start(1).shutdown();
}

fn drains(start: Start) {
    let scheduler = start(1);
    let (begun, ended) = (Latch::default(), Latch::default());
    let (begins, ends) = (begun.clone(), ended.clone());
    scheduler
        .submit(move || {
            begins.count_up();
            ends.count_up();
        })
        .unwrap();
    ended.counted(&*scheduler).unwrap();
    ended.counted(&*scheduler).unwrap();
    begun.wait_for(1);
    scheduler.shutdown();
    assert_eq!(ended.now(), 3);
}

fn refuses_afterwards(start: Start) {
    let scheduler = start(1);
    scheduler.shutdown();
    let latch = Latch::default();
    assert!(latch.counted(&*scheduler).is_err());
    assert_eq!(latch.now(), 0);
}

fn decides_for_a_racing_submit(start: Start) {
    let scheduler = start(1);
    let latch = Latch::default();
    let accepted = thread::scope(|scope| {
        let submit = scope.spawn(|| latch.counted(&*scheduler).is_ok());
        scheduler.shutdown();
        submit.join().unwrap()
    });
    assert_eq!(latch.now(), usize::from(accepted));
}

fn ends_again(start: Start) {
    let scheduler = start(1);
    scheduler.shutdown();
    scheduler.shutdown();
}

fn ends_for_two(start: Start) {
    let scheduler = start(1);
    let latch = Latch::default();
    latch.counted(&*scheduler).unwrap();
    let end = || {
        scheduler.shutdown();
        assert_eq!(latch.now(), 1);
    };
    thread::scope(|scope| {
        scope.spawn(end);
        end();
    });
}

fn ends_by_drop(start: Start) {
    let latch = Latch::default();
    let scheduler = start(1);
    latch.counted(&*scheduler).unwrap();
    drop(scheduler);
    assert_eq!(latch.now(), 1);
}

fn survives_a_panic(start: Start) {
    let scheduler = start(1);
    let latch = Latch::default();
    scheduler.submit(|| panic!("on purpose")).unwrap();
    latch.counted(&*scheduler).unwrap();
    latch.wait_for(1);
    scheduler.shutdown();
}

fn uses_both_workers(start: Start) {
    let scheduler = start(2);
    let latch = Latch::default();
    for _ in 0..2 {
        let latch = latch.clone();
        scheduler
            .submit(move || {
                latch.count_up();
                latch.wait_for(2);
            })
            .unwrap();
    }
    latch.wait_for(2);
}

fn lets_a_task_wait_for_its_own(start: Start) {
    let scheduler: Arc<dyn Scheduler> = Arc::from(start(2));
    let (inside, latch, over) = (Arc::clone(&scheduler), Latch::default(), Latch::default());
    let ends = over.clone();
    scheduler
        .submit(move || {
            latch.counted(&*inside).unwrap();
            drop(inside);
            latch.wait_for(1);
            ends.count_up();
        })
        .unwrap();
    over.wait_for(1);
}

fn answers_a_task_that_submits(start: Start) {
    let scheduler: Arc<dyn Scheduler> = Arc::from(start(1));
    let (latch, accepted) = (Latch::default(), Latch::default());
    let (inside, child, told) = (Arc::clone(&scheduler), latch.clone(), accepted.clone());
    scheduler
        .submit(move || {
            if child.counted(&*inside).is_ok() {
                told.count_up();
            }
            drop(inside);
        })
        .unwrap();
    scheduler.shutdown();
    assert_eq!(latch.now(), accepted.now());
}
