//! Checks on ordinary threads, for what is a matter of amounts and of values. None of them
//! waits for time to pass: each ends when its tasks do.

use std::iter;
use std::panic::{panic_any, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;

use grader::{Broken, expect, expect_eq};
use resilient_scheduler::{Config, Handle, Scheduler, SubmitError, TaskError};

use crate::lab::broken;

/// More than one byte can count, and more than two can.
const FEW: usize = (1 << 8) + 300;
const MANY: usize = (1 << 16) + 300;

/// A submit that must be accepted.
#[track_caller]
fn submit<T: Send + 'static>(
    scheduler: &Scheduler,
    work: impl FnOnce() -> T + Send + 'static,
) -> Handle<T> {
    accepted(scheduler.submit(work))
}

#[track_caller]
fn accepted<T, F>(answer: Result<Handle<T>, SubmitError<F>>) -> Handle<T> {
    match answer {
        Ok(handle) => handle,
        Err(SubmitError::Full(_)) => Broken::by(
            "capacity-off-by-one",
            "a submit said Full, and there was room",
        )
        .end(),
        Err(SubmitError::Closed(_)) => broken("a submit said Closed, and nobody had shut down"),
    }
}

/// A scheduler whose only worker stays inside of a task until it is sent word.
fn held(capacity: usize) -> (Scheduler, mpsc::Sender<()>, Handle<()>) {
    let scheduler = Scheduler::start(Config {
        workers: 1,
        capacity,
    });
    let (opens, gate) = mpsc::channel::<()>();
    let (entered, enters) = mpsc::channel();
    let holder = submit(&scheduler, move || {
        let _ = entered.send(());
        let _ = gate.recv();
    });
    let begun = enters.recv().is_ok();
    expect!(begun, "a task that was accepted was dropped");
    (scheduler, opens, holder)
}

/// Capacities up to the largest there is.
pub fn any_capacity() {
    for capacity in [usize::MAX, usize::MAX - 1, usize::MAX / 2, 1 << 32, 1 << 16] {
        let (scheduler, gate, holder) = held(capacity);
        let first = submit(&scheduler, || 1);
        let second = match scheduler.try_submit(|| 2) {
            Ok(handle) => handle,
            Err(SubmitError::Full(_)) => broken(&format!(
                "the capacity is {capacity}, and try_submit said Full after one task"
            )),
            Err(SubmitError::Closed(_)) => broken("try_submit said Closed"),
        };
        let cancelled = second.cancel();
        expect!(
            cancelled,
            "cancel said false about a task that had not started"
        );
        let third = submit(&scheduler, || 3);
        let _ = gate.send(());
        let told = (holder.join().is_ok(), first.join().ok(), third.join().ok());
        expect_eq!(
            told,
            (true, Some(1), Some(3)),
            "the capacity is {capacity}, and the results of tasks are others"
        );
        scheduler.shutdown();
    }
}

/// Panics with texts of every length, with several lines, and with none.
pub fn any_text() {
    let texts = || {
        let lengths = [
            0, 1, 2, 15, 16, 31, 32, 63, 64, 127, 128, 255, 256, 1_023, 1_024, 4_096,
        ];
        let lengths = lengths.into_iter().map(|length| "x".repeat(length));
        let long = iter::once("é".repeat(70_000));
        let odd = [
            "two\nlines",
            "\n",
            " padded ",
            "tab\tand \"quotes\" {}",
            "\0",
            "line\r\n",
            "ß→🦀",
        ];
        lengths.chain(long).chain(odd.map(str::to_owned))
    };
    let scheduler = Scheduler::start(Config {
        workers: 1,
        capacity: 1,
    });
    let told = |what: String, handle: Handle<()>, text: &str| {
        let told = handle.join();
        let right = matches!(&told, Err(TaskError::Panicked(told)) if told == text);
        let told: String = format!("{told:?}").chars().take(80).collect();
        expect!(right, "{what}; its handle gave {told}");
    };
    for text in texts() {
        let shown: String = text.chars().take(20).collect();
        let what = |kind| {
            let length = text.len();
            format!("a task panicked with a {kind} of {length} bytes, {shown:?}")
        };
        let owned = text.clone();
        let handle = submit(&scheduler, move || panic_any(owned));
        told(what("String"), handle, &text);
        let literal: &'static str = text.clone().leak();
        let handle = submit(&scheduler, move || panic_any(literal));
        told(what("&str"), handle, &text);
    }
    let odd: [(&str, fn()); 4] = [
        ("a number", || panic_any(404)),
        ("a char", || panic_any('x')),
        ("a Box<str>", || panic_any(Box::<str>::from("boxed"))),
        ("nothing", || panic_any(())),
    ];
    for (payload, work) in odd {
        let handle = submit(&scheduler, work);
        told(
            format!("a task panicked with {payload}"),
            handle,
            "task panicked",
        );
    }
}

/// Many tasks, which wait for a worker that is held.
struct Crowd {
    scheduler: Scheduler,
    gate: mpsc::Sender<()>,
    holder: Handle<()>,
    handles: Vec<Handle<usize>>,
    runs: Arc<[AtomicUsize]>,
}

/// Those that are cancelled one by one: where a short number would mean another task.
const UNWANTED: [usize; 9] = [0, 1, 255, 256, 257, 512, 65_535, 65_536, 65_537];

impl Crowd {
    fn gather(tasks: usize) -> Self {
        let (scheduler, gate, holder) = held(tasks);
        let runs: Arc<[AtomicUsize]> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
        let offer = |number: usize| {
            let runs = Arc::clone(&runs);
            // Not `submit`: where it finds no room it waits.
            accepted(scheduler.try_submit(move || {
                runs[number].fetch_add(1, SeqCst);
                number
            }))
        };
        let handles: Vec<_> = (0..tasks).map(offer).collect();
        let full = matches!(scheduler.try_submit(|| ()), Err(SubmitError::Full(_)));
        if !full {
            let sentence = format!(
                "the capacity is {tasks}, so many tasks wait, and another one was accepted"
            );
            Broken::by("capacity-off-by-one", sentence).end();
        }
        // Not in the order in which they came.
        for number in UNWANTED.into_iter().rev().filter(|number| *number < tasks) {
            for (call, right) in [("once", true), ("twice", false)] {
                let said = handles[number].cancel();
                expect!(
                    said == right,
                    "{tasks} tasks waited. Number {number} was cancelled {call}, and cancel said {said}"
                );
            }
        }
        Self {
            scheduler,
            gate,
            holder,
            handles,
            runs,
        }
    }

    /// How many were cancelled by nobody in particular. Each of the others has run, and
    /// every handle says which it was.
    fn cancelled_at_the_end(self) -> usize {
        let held = self.holder.join();
        expect!(
            held.is_ok(),
            "a task returned, and its handle gave {held:?}"
        );
        let (tasks, mut cancelled) = (self.handles.len(), 0);
        for (number, handle) in self.handles.into_iter().enumerate() {
            let unwanted = UNWANTED.contains(&number);
            let ran = self.runs[number].load(SeqCst);
            let told = handle.join();
            let right = match &told {
                Ok(result) => ran == 1 && *result == number && !unwanted,
                Err(error) => ran == 0 && matches!(error, TaskError::Cancelled),
            };
            expect!(
                right,
                "of {tasks} tasks number {number} {}ran {ran} times, and its handle gave {told:?}",
                if unwanted { "was cancelled, " } else { "" }
            );
            cancelled += usize::from(told.is_err() && !unwanted);
        }
        cancelled
    }
}

/// Many tasks wait, some are cancelled, and the rest is run.
pub fn many_tasks_run() {
    let (scheduler, gate, _) = held(4);
    let _ = gate.send(());
    for number in 1..=FEW {
        // Nobody prints such a panic.
        let told = submit(&scheduler, || -> () { resume_unwind(Box::new("boom")) }).join();
        expect!(
            matches!(&told, Err(TaskError::Panicked(text)) if text == "boom"),
            "task {number} panicked, as all before it; its handle says {told:?}"
        );
    }
    let crowd = Crowd::gather(FEW);
    let _ = crowd.gate.send(());
    crowd.scheduler.shutdown();
    let cancelled = crowd.cancelled_at_the_end();
    expect_eq!(
        cancelled,
        0,
        "{FEW} tasks waited for a shutdown, and some of them were cancelled"
    );
}

/// Many tasks wait, some are cancelled, and then the rest at once.
pub fn many_tasks_are_cancelled() {
    let crowd = Crowd::gather(MANY);
    // The call returns when the worker has ended, so somebody else lets that go on, once
    // the scheduler refuses tasks. There is room for one: that of those cancelled before.
    let (counted, extra) = thread::scope(|scope| {
        let counted = scope.spawn(|| crowd.scheduler.shutdown_now());
        let mut extra = Vec::new();
        loop {
            match crowd.scheduler.try_submit(|| ()) {
                Ok(handle) if handle.cancel() => thread::yield_now(),
                Ok(handle) => extra.push(handle),
                Err(SubmitError::Closed(_)) => break,
                Err(SubmitError::Full(_)) => broken(&format!(
                    "of {MANY} waiting tasks {} were cancelled, and there is no room for one",
                    UNWANTED.len()
                )),
            }
        }
        let _ = crowd.gate.send(());
        (counted.join(), extra)
    });
    let Ok(counted) = counted else {
        broken("shutdown_now panicked");
    };
    let extra = extra.into_iter().map(Handle::join);
    let extra = extra.filter(Result::is_err).count();
    let cancelled = crowd.cancelled_at_the_end() + extra;
    expect!(
        counted == cancelled,
        "shutdown_now cancelled {cancelled} tasks and returned {counted}"
    );
}

/// More tasks than two bytes can count, one after another. The handles of the first two are
/// kept, and each knows its own task still when others wait.
pub fn one_task_after_another() {
    let scheduler = Scheduler::start(Config {
        workers: 1,
        capacity: 4,
    });
    let run = |number: usize| {
        let told = submit(&scheduler, move || number).join();
        expect!(
            matches!(told, Ok(told) if told == number),
            "a task returns {number}, and its handle gave {told:?}"
        );
    };
    let kept = [0, 1].map(|number| {
        let handle = submit(&scheduler, move || number);
        while !handle.is_finished() {
            thread::yield_now();
        }
        handle
    });
    let mut count = kept.len();
    for wrap in [1 << 8, 1 << 16] {
        // Up to shortly before a number of that size is back where it was, whatever it is
        // that is numbered; then the same a few times.
        while count < wrap - 16 {
            run(count);
            count += 1;
        }
        while count < wrap + 16 {
            beside_tasks_that_wait(&scheduler, &kept, count);
            count += 1 + WAITING.len();
        }
    }
    let told = kept.map(|handle| handle.join().ok());
    expect_eq!(
        told,
        [Some(0), Some(1)],
        "two results were asked for after {count} other tasks, and are others"
    );
}

const WAITING: [usize; 4] = [10, 11, 12, 13];

/// Asks old handles about their tasks, while others wait for a worker.
fn beside_tasks_that_wait(scheduler: &Scheduler, old: &[Handle<usize>], count: usize) {
    let (opens, gate) = mpsc::channel::<()>();
    let (entered, enters) = mpsc::channel();
    let holder = submit(scheduler, move || {
        let _ = entered.send(());
        let _ = gate.recv();
    });
    let _ = enters.recv();
    let waiting = WAITING.map(|number| submit(scheduler, move || number));
    for handle in old {
        expect!(
            !handle.cancel(),
            "a task had ended, {count} others came after it, and cancel said true about it"
        );
    }
    expect!(
        !waiting.iter().any(Handle::is_finished),
        "{count} tasks have run, and is_finished said true about one that waits"
    );
    let _ = opens.send(());
    let told = waiting.map(|handle| handle.join().ok());
    expect_eq!(
        told,
        WAITING.map(Some),
        "{count} tasks had run, and the results of the next are others"
    );
    let held = holder.join();
    expect!(
        held.is_ok(),
        "a task returned, and its handle gave {held:?}"
    );
}

/// As many tasks meet as there are workers, and after as many panics again.
pub fn many_workers() {
    for workers in [3, 5, 8] {
        let scheduler = Scheduler::start(Config {
            workers,
            capacity: 2 * workers,
        });
        for round in 0..2 {
            let meeting = Arc::new(Barrier::new(workers));
            let all: Vec<_> = (0..workers)
                .map(|_| {
                    let meeting = Arc::clone(&meeting);
                    submit(&scheduler, move || {
                        meeting.wait();
                    })
                })
                .collect();
            for handle in all {
                let told = handle.join();
                expect!(
                    told.is_ok(),
                    "in round {round} a task has no result: {told:?}"
                );
            }
            let bombs: Vec<_> = (0..2 * workers)
                .map(|_| submit(&scheduler, || panic_any(404)))
                .collect();
            for bomb in bombs {
                let told: Result<(), _> = bomb.join();
                expect!(
                    matches!(told, Err(TaskError::Panicked(_))),
                    "a task panicked, and its handle gave {told:?}"
                );
            }
        }
    }
}
