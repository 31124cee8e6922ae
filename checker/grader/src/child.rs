//! The child's side of a check: run the body, write a record, exit.

use std::cell::RefCell;
use std::io;
use std::panic::{AssertUnwindSafe, Location, PanicHookInfo};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use model_std::model::{Patience, message_of};
use verdict::{BlindSpot, FailureKind, Finding, Place, Record, SCHEMA, Verdict};

use crate::Stage;
use crate::blind_spots;
use crate::broken::defect_named_with;
use crate::search::Searched;
use crate::source::Sources;
use crate::supervise::verdict_of;

/// Names the file for the record, and so tells a process that it is the child.
pub(crate) const RECORD_FILE: &str = "INTERLEAVE_CHILD";
/// The address space of a check, in bytes. Up to half of it may be taken by the engines and by
/// what the allocator reserves for each thread, which differs from run to run.
pub(crate) const MEMORY_LIMIT: u64 = 3 << 30;

/// The one check of this process.
static CHECK: OnceLock<Child> = OnceLock::new();
/// The last panic outside a model: its message and place.
static LAST_PANIC: Mutex<Option<(String, Option<Place>)>> = Mutex::new(None);
/// In a check over random inputs: the promise that the current input broke.
static BROKEN_INPUT: Mutex<Option<(String, Place)>> = Mutex::new(None);
thread_local! {
    /// The panics of this thread: the last, and the one before it.
    static PANICS: RefCell<[Option<String>; 2]> = const { RefCell::new([None, None]) };
}
static OVER_RANDOM_INPUTS: AtomicBool = AtomicBool::new(false);

/// This process, as the child that does the work of one check.
#[derive(Debug, Clone)]
pub(crate) struct Child {
    check: &'static str,
    grade_file: &'static str,
    record_file: PathBuf,
}

impl Child {
    /// `None` in a process that is not the child of a check.
    pub(crate) fn current(stage: Stage, check: &'static str) -> Option<Self> {
        let record_file = PathBuf::from(std::env::var_os(RECORD_FILE)?);
        let child = Self {
            check,
            grade_file: stage.grade_file,
            record_file,
        };
        // The parent starts the child with one check to run.
        let _ = CHECK.set(child.clone());
        limit_memory();
        std::panic::set_hook(Box::new(remember_panic));
        model_std::interleave::on_process_end(|call, at| {
            if let Some(child) = CHECK.get() {
                let message = format!("The submission called `{call}`, which ends the program.");
                child.failed(Finding {
                    place: Some(child.sources().location(at)),
                    ..finding(FailureKind::ProcessEnded, message)
                });
            }
        });
        Some(child)
    }

    /// Runs `body` once under a watchdog.
    pub(crate) fn run(self, deadline: Duration, body: impl FnOnce()) {
        self.watch(deadline);
        match std::panic::catch_unwind(AssertUnwindSafe(body)) {
            Ok(()) => self.passed(None, None),
            Err(payload) => self.failed(self.panicked(&*payload)),
        }
    }

    /// Ends the check when it has had so much time, from a thread of its own.
    pub(crate) fn watch(&self, deadline: Duration) {
        let child = self.clone();
        std::thread::spawn(move || {
            wait_until_lost(deadline, || false);
            let message = format!(
                "Not done after {} s: a loop that never ends, or threads that wait for each other.",
                deadline.as_secs()
            );
            child.failed(finding(FailureKind::Hang, message));
        });
    }

    /// The panic that ended the body.
    pub(crate) fn panicked(&self, payload: &(dyn std::any::Any + Send)) -> Finding {
        let last = LAST_PANIC
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let (message, place) = last.unwrap_or_else(|| (message_of(payload), None));
        Finding {
            place,
            ..panic_finding(&message)
        }
    }

    pub(crate) fn sources(&self) -> Sources {
        Sources::new(self.grade_file)
    }

    pub(crate) fn check(&self) -> &'static str {
        self.check
    }

    pub(crate) fn passed(&self, searched: Option<Searched>, seed: Option<u64>) -> ! {
        self.done(Verdict::Passed, None, searched, seed)
    }

    pub(crate) fn failed(&self, finding: Finding) -> ! {
        self.done(verdict_of(finding.kind), Some(finding), None, None)
    }

    /// What a check that passed did not see.
    fn blind_spots(&self, searched: Option<&Searched>) -> Vec<BlindSpot> {
        let of_source = blind_spots::of_source(self.grade_file, &mut self.sources());
        let of_search = searched.map(|searched| {
            let noticed = searched.blind_spots.iter().cloned();
            noticed.chain(of_source.of_a_search)
        });
        let of_search = of_search.into_iter().flatten();
        of_search.chain(of_source.everywhere).collect()
    }

    /// Writes the record and ends the process, with whatever threads are left.
    pub(crate) fn done(
        &self,
        verdict: Verdict,
        finding: Option<Finding>,
        searched: Option<Searched>,
        seed: Option<u64>,
    ) -> ! {
        let blind_spots = match verdict {
            Verdict::Passed => self.blind_spots(searched.as_ref()),
            _ => Vec::new(),
        };
        let record = Record {
            schema: SCHEMA,
            stage: String::new(),
            check: self.check.to_owned(),
            verdict,
            finding,
            search: searched.map(|searched| searched.search),
            blind_spots,
            seed,
            duration_ms: 0,
        };
        // Two threads may fail at once; the first one's story is the one to tell.
        static ONCE: Mutex<()> = Mutex::new(());
        let _once = ONCE.lock().unwrap_or_else(PoisonError::into_inner);
        match write_record(&self.record_file, &record) {
            Ok(()) => std::process::exit(0),
            Err(error) => {
                eprintln!("cannot write {}: {error}", self.record_file.display());
                std::process::exit(1)
            }
        }
    }
}

/// The check that this process is the child of.
pub(crate) fn current_check() -> Option<&'static str> {
    CHECK.get().map(Child::check)
}

/// Does a little work, and breaks a promise of the check when it has no end.
pub(crate) fn expect_an_end(what: &str, at: &'static Location<'static>, work: impl FnOnce()) {
    /// Far from what little work needs on any machine.
    const TIME: Duration = Duration::from_secs(3);
    let message = format!(
        "{what}: not done after {} s, so a loop never ends",
        TIME.as_secs()
    );
    let is_over = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&is_over);
    std::thread::spawn(move || {
        if wait_until_lost(TIME, || seen.load(SeqCst)) {
            broken(message, at);
        }
    });
    work();
    is_over.store(true, SeqCst);
}

/// Returns `true` when the other threads have had so much time, and `false` when it is over
/// before.
fn wait_until_lost(time: Duration, is_over: impl Fn() -> bool) -> bool {
    let mut patience = Patience::of(time);
    while !is_over() {
        if patience.is_at_its_end() {
            return true;
        }
        std::thread::sleep(Patience::LOOK);
    }
    false
}

/// A promise does not hold, outside a model.
pub(crate) fn broken(message: String, at: &'static Location<'static>) {
    let Some(child) = CHECK.get() else {
        panic!("`expect!` outside a check: {message}");
    };
    let place = child.sources().location(at);
    if OVER_RANDOM_INPUTS.load(SeqCst) {
        let mut broken = BROKEN_INPUT.lock().unwrap_or_else(PoisonError::into_inner);
        broken.get_or_insert((message, place));
        drop(broken);
        // Without the hook: the promise above is what is told.
        std::panic::resume_unwind(Box::new("the input breaks a promise"));
    }
    child.failed(Finding {
        place: Some(place),
        defect: defect_named_with(&message),
        ..finding(FailureKind::Expectation, message)
    });
}

/// From now on a broken promise unwinds, so that other inputs can be tried.
pub(crate) fn over_random_inputs() {
    OVER_RANDOM_INPUTS.store(true, SeqCst);
}

/// The promise that the last input broke.
pub(crate) fn take_broken() -> Option<Finding> {
    let broken = BROKEN_INPUT
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    broken.map(|(message, place)| Finding {
        place: Some(place),
        ..finding(FailureKind::Expectation, message)
    })
}

/// A panic that no promise allows.
pub(crate) fn panic_finding(message: &str) -> Finding {
    if message.starts_with("not yet implemented") {
        let message = "Not written yet: the starter's `todo!()` is still there.";
        return finding(FailureKind::Unwritten, message.to_owned());
    }
    let message = format!("The submission panicked: {message}");
    finding(FailureKind::Panic, message)
}

/// Where a panic is shown to come from: not in our stand-in for std.
pub(crate) fn panic_place(file: &str, line: u32, sources: &mut Sources) -> Option<Place> {
    (!is_ours(file)).then(|| sources.place(file, line, 1))
}

/// Whether that file is of our stand-in for std.
pub(crate) fn is_ours(file: &str) -> bool {
    Path::new(file).starts_with(model_std::interleave::source_folder())
}

/// A finding that only says what happened.
pub(crate) fn finding(kind: FailureKind, message: String) -> Finding {
    Finding {
        kind,
        defect: None,
        message,
        place: None,
        why: None,
        try_next: None,
        input: None,
        counterexample: None,
        output: Vec::new(),
    }
}

/// Writes whole or not at all, so that a reader never sees half a record.
pub(crate) fn write_record(path: &Path, record: &Record) -> io::Result<()> {
    let partial = path.with_extension("partial");
    std::fs::write(&partial, serde_json::to_vec_pretty(record)?)?;
    std::fs::rename(&partial, path)
}

/// Panics of a submission's threads are part of what is checked, not of what is
/// printed.
fn remember_panic(info: &PanicHookInfo<'_>) {
    let place = info
        .location()
        .zip(CHECK.get())
        .and_then(|(at, child)| panic_place(at.file(), at.line(), &mut child.sources()));
    let message = message_of(info.payload());
    if message == PANIC_WHILE_UNWINDING
        && let Some(child) = CHECK.get()
    {
        child.failed(finding(FailureKind::ProcessEnded, aborting()));
    }
    let at = info.location().map_or_else(String::new, |at| {
        let file = Path::new(at.file()).file_name().unwrap_or_default();
        format!(" ({}:{})", file.display(), at.line())
    });
    PANICS.with_borrow_mut(|[last, before]| {
        *before = last.replace(format!("\"{message}\"{at}"));
    });
    *LAST_PANIC.lock().unwrap_or_else(PoisonError::into_inner) = Some((message, place));
}

/// What std says before it aborts because a destructor panicked during another panic.
const PANIC_WHILE_UNWINDING: &str = "panic in a destructor during cleanup";

/// What led to an abort of that kind.
fn aborting() -> String {
    let told = PANICS
        .take()
        .map(|panic| panic.unwrap_or_else(|| "unknown".to_owned()));
    let [in_destructor, first] = told;
    format!(
        "The process was aborted: a destructor panicked while another panic was unwinding. The \
         first panic was {first}, and the one in the destructor {in_destructor}."
    )
}

/// A submission that allocates without bound fails alone. Where there is no such
/// limit, the operating system's has to do.
fn limit_memory() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let at_most = |bytes| Rlimit {
            current: Some(bytes),
            maximum: Some(bytes),
        };
        // Not granted is not an error: the limit protects the machine, no verdict.
        let _ = setrlimit(Resource::As, at_most(MEMORY_LIMIT));
        let _ = setrlimit(Resource::Core, at_most(0));
    }
}
