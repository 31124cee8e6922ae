//! What a task costs from its submit to its end, on two workers: the reference and
//! yours beside the pools that one would otherwise take.
//!
//! Read the ratios within a run. `empty` tasks measure nothing but the pool: 100,000 of
//! them, submitted by one thread as fast as it can. Tasks of `10us` show what is left of
//! the differences when there is something to do.
//!
//! Only `reference` and `yours` give the caller a handle with a result; for the others a
//! task is a closure that is never heard of again. `reference` has room for all tasks,
//! as the unbounded queues of the others do; `reference-1024` makes the submitter wait.

use std::collections::VecDeque;
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, SyncSender};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

// As files rather than as crates: on the std that the other pools are built on, and
// without building the checker for a bench. Paths in yours that begin with `crate::`
// have to begin with `super::` or `self::` for that.
#[path = "../src/lib.rs"]
#[allow(dead_code, reason = "a whole scheduler, of which this runs tasks only")]
mod learner;
#[path = "../../../solutions/resilient-scheduler/src/lib.rs"]
#[allow(dead_code, reason = "a whole scheduler, of which this runs tasks only")]
mod reference;

const WORKERS: usize = 2;

type Task = Box<dyn FnOnce() + Send>;

/// Something that runs tasks until it is dropped.
trait Pool {
    fn run(&self, task: impl FnOnce() + Send + 'static);
}

impl Pool for reference::Scheduler {
    fn run(&self, task: impl FnOnce() + Send + 'static) {
        let accepted = self.submit(task);
        assert!(accepted.is_ok());
    }
}

impl Pool for learner::Scheduler {
    fn run(&self, task: impl FnOnce() + Send + 'static) {
        let accepted = self.submit(task);
        assert!(accepted.is_ok());
    }
}

impl Pool for threadpool::ThreadPool {
    fn run(&self, task: impl FnOnce() + Send + 'static) {
        self.execute(task);
    }
}

impl Pool for rayon::ThreadPool {
    fn run(&self, task: impl FnOnce() + Send + 'static) {
        self.spawn(task);
    }
}

/// A channel and threads that receive from it.
struct Channel(Option<crossbeam_channel::Sender<Task>>, Vec<JoinHandle<()>>);

impl Channel {
    fn start() -> Self {
        let (queue, tasks) = crossbeam_channel::unbounded::<Task>();
        let worker = |_| {
            let tasks = tasks.clone();
            thread::spawn(move || tasks.into_iter().for_each(|task| task()))
        };
        Self(Some(queue), (0..WORKERS).map(worker).collect())
    }
}

impl Pool for Channel {
    fn run(&self, task: impl FnOnce() + Send + 'static) {
        let sent = self
            .0
            .as_ref()
            .is_some_and(|queue| queue.send(Box::new(task)).is_ok());
        assert!(sent);
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        drop(self.0.take());
        self.1.drain(..).for_each(|worker| drop(worker.join()));
    }
}

/// A queue under a mutex and a condvar, as the books have it.
struct Textbook(Arc<Queue>, Vec<JoinHandle<()>>);

/// The tasks, whether more may come, and a signal that either has changed.
type Queue = (Mutex<(VecDeque<Task>, bool)>, Condvar);

impl Textbook {
    fn start() -> Self {
        let shared = Arc::new((Mutex::new((VecDeque::<Task>::new(), true)), Condvar::new()));
        let worker = |_| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                loop {
                    let queue = shared.0.lock().expect("nothing panics under it");
                    let waits = |queue: &mut (VecDeque<Task>, bool)| queue.0.is_empty() && queue.1;
                    let queue = shared.1.wait_while(queue, waits);
                    let task = queue.expect("nothing panics under it").0.pop_front();
                    let Some(task) = task else { return };
                    task();
                }
            })
        };
        let workers = (0..WORKERS).map(worker).collect();
        Self(shared, workers)
    }
}

impl Pool for Textbook {
    fn run(&self, task: impl FnOnce() + Send + 'static) {
        let task = Box::new(task);
        let mut queue = self.0.0.lock().expect("nothing panics under it");
        queue.0.push_back(task);
        self.0.1.notify_one();
    }
}

impl Drop for Textbook {
    fn drop(&mut self) {
        self.0.0.lock().expect("nothing panics under it").1 = false;
        self.0.1.notify_all();
        self.1.drain(..).for_each(|worker| drop(worker.join()));
    }
}

/// From the first submit to the end of the last task. Starting and ending the pool is
/// not part of it.
fn time<P: Pool>(start: impl Fn() -> P, rounds: u64, tasks: usize, work: fn()) -> Duration {
    let mut total = Duration::ZERO;
    for _ in 0..rounds {
        let pool = start();
        let left = Arc::new(AtomicUsize::new(tasks));
        let (done, all_done): (SyncSender<()>, _) = mpsc::sync_channel(1);
        let begin = Instant::now();
        for _ in 0..tasks {
            let (left, done) = (Arc::clone(&left), done.clone());
            pool.run(move || {
                work();
                if left.fetch_sub(1, Ordering::AcqRel) == 1 {
                    // The measuring thread is waiting for it.
                    let _ = done.send(());
                }
            });
        }
        let ended = all_done.recv();
        total += begin.elapsed();
        assert!(ended.is_ok());
    }
    total
}

fn pools(criterion: &mut Criterion) {
    // Nobody keeps the handles, which makes the starter panic in every task. To print
    // that a million times is not what is measured.
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if thread::current().name() == Some("main") {
            report(panic);
        }
    }));
    let kinds: [(&str, usize, fn()); 2] = [
        ("empty", 100_000, || {}),
        // Some 10 µs of work, rather than until a clock says so: a thread that has no
        // core makes no progress.
        ("10us", 1_000, || {
            for step in 0..20_000 {
                black_box(step);
            }
        }),
    ];
    for (name, tasks, work) in kinds {
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements(tasks as u64));
        group.sample_size(10);
        group.warm_up_time(Duration::from_millis(300));
        group.measurement_time(Duration::from_secs(2));
        macro_rules! measure {
            ($id:literal, $start:expr) => {
                group.bench_function($id, |bencher| {
                    bencher.iter_custom(|rounds| time(|| $start, rounds, tasks, work));
                });
            };
        }
        let config = |capacity| reference::Config {
            workers: WORKERS,
            capacity,
        };
        measure!("textbook", Textbook::start());
        measure!("threadpool", threadpool::ThreadPool::new(WORKERS));
        measure!("rayon", rayon_pool());
        measure!("crossbeam-channel", Channel::start());
        measure!("reference", reference::Scheduler::start(config(tasks)));
        measure!("reference-1024", reference::Scheduler::start(config(1024)));
        measure!(
            "yours",
            learner::Scheduler::start(learner::Config {
                workers: WORKERS,
                capacity: tasks,
            })
        );
        group.finish();
    }
}

fn rayon_pool() -> rayon::ThreadPool {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(WORKERS).build();
    pool.expect("threads can be started")
}

criterion_group!(benches, pools);
criterion_main!(benches);
