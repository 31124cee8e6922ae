//! accept: one program, and a table of what to do with it
//!
//! Every case is the same program with other numbers: so many workers, so many
//! tasks, one of them panics, and one of the ways to end.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;

use scheduler_under_test::{Case, Closed, Scheduler, Start};

pub fn suite() -> Vec<Case> {
    let case = |name, test| Case { name, test };
    vec![
        case("zero workers", |start| {
            assert!(catch_unwind(AssertUnwindSafe(|| drop(start(0)))).is_err());
        }),
        case("idle, shut down", |start| {
            program(start, 2, &[], End::Shutdown)
        }),
        case("idle, shut down twice", |start| {
            program(start, 1, &[], End::Twice)
        }),
        case("queued, shut down", |start| {
            program(start, 1, &[Counts, Counts], End::Shutdown)
        }),
        case("queued, dropped", |start| {
            program(start, 1, &[Counts], End::Drop)
        }),
        case("queued, shut down by two", |start| {
            program(start, 1, &[Counts], End::ByTwo)
        }),
        case("after a panic", |start| {
            program(start, 1, &[Panics, Counts], End::Shutdown)
        }),
        case("two that meet", |start| {
            program(start, 2, &[Meets, Meets], End::Shutdown)
        }),
        case("one that meets its child", |start| {
            program(start, 2, &[Raises], End::Shutdown)
        }),
        case("one that submits", |start| {
            program(start, 1, &[Submits], End::Shutdown)
        }),
        case("a submit beside the shutdown", |start| {
            program(start, 1, &[], End::BesideASubmit)
        }),
        case("open, one after the other", |start| {
            program(start, 1, &[Reports, Reports], End::Drop)
        }),
        case("running, shut down", |start| {
            program(start, 1, &[Begins], End::Shutdown)
        }),
    ]
}

#[derive(Clone, Copy)]
enum Task {
    Counts,
    /// The test waits for it before it goes on.
    Reports,
    /// The test waits until it has begun.
    Begins,
    Panics,
    /// With another one, and with the test.
    Meets,
    Submits,
    /// Submits another and waits for it.
    Raises,
}

use Task::{Begins, Counts, Meets, Panics, Raises, Reports, Submits};

#[derive(Clone, Copy)]
enum End {
    Shutdown,
    Twice,
    Drop,
    ByTwo,
    BesideASubmit,
}

fn program(start: Start, workers: usize, tasks: &[Task], end: End) {
    let scheduler: Arc<dyn Scheduler> = Arc::from(start(workers));
    let owed = Arc::new(Mutex::new(0_usize));
    let done = Arc::new(Mutex::new(0));
    let meeting = Arc::new(Barrier::new(3));
    for task in tasks {
        let (done, owed, meeting) = (Arc::clone(&done), Arc::clone(&owed), Arc::clone(&meeting));
        let (here, there) = mpsc::channel::<()>();
        let waits = matches!(task, Reports | Begins);
        *owed.lock().unwrap() += usize::from(!matches!(task, Panics));
        let inside = matches!(task, Submits | Raises).then(|| Arc::clone(&scheduler));
        let task = *task;
        let work = move || {
            match task {
                Counts | Reports => {}
                Begins => drop(here.send(())),
                Panics => panic!("on purpose"),
                Meets => drop(meeting.wait()),
                Raises => {
                    let (cries, cry) = mpsc::channel();
                    let child = move || drop(cries.send(()));
                    if inside.is_some_and(|inside| inside.submit(child).is_ok()) {
                        drop(cry.recv());
                    }
                }
                Submits => {
                    let counter = Arc::clone(&done);
                    let child = move || *counter.lock().unwrap() += 1;
                    if inside.is_some_and(|inside| inside.submit(child).is_ok()) {
                        *owed.lock().unwrap() += 1;
                    }
                }
            }
            *done.lock().unwrap() += 1;
            let _ = here.send(());
        };
        assert_eq!(scheduler.submit(work), Ok(()));
        if waits {
            assert_eq!(there.recv(), Ok(()));
        }
    }
    if let [Meets, ..] = tasks {
        meeting.wait();
    }
    let all_done = |owed: usize| assert_eq!(*done.lock().unwrap(), owed);
    match end {
        End::Shutdown => scheduler.shutdown(),
        End::Twice => {
            scheduler.shutdown();
            scheduler.shutdown();
        }
        End::Drop => {
            drop(scheduler);
            return all_done(*owed.lock().unwrap());
        }
        End::ByTwo => thread::scope(|scope| {
            scope.spawn(|| {
                scheduler.shutdown();
                all_done(1);
            });
            scheduler.shutdown();
            all_done(1);
        }),
        End::BesideASubmit => thread::scope(|scope| {
            scope.spawn(|| {
                let counter = Arc::clone(&done);
                let answer = scheduler.submit(move || *counter.lock().unwrap() += 1);
                *owed.lock().unwrap() += usize::from(answer.is_ok());
            });
            scheduler.shutdown();
        }),
    }
    let owed = *owed.lock().unwrap();
    all_done(owed);
    let late = Arc::clone(&done);
    let answer = scheduler.submit(move || *late.lock().unwrap() += 1);
    assert_eq!(answer, Err(Closed));
    all_done(owed);
}
