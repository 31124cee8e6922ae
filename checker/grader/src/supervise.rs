//! The parent's side of a check: a child process, a deadline, and a verdict
//! whatever became of it.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use verdict::render::{self, Style};
use verdict::{FailureKind, Finding, Manifest, Record, SCHEMA, Verdict, environment};

use crate::{Stage, child};

/// What a check has asked itself to do in a fresh process.
const ANEW: &str = "INTERLEAVE_ANEW";

/// A child ends by itself: a search has a budget of executions and steps, everything else a
/// watchdog that is patient with a busy machine. This is for when even those cannot run.
const DEADLINE: Duration = Duration::from_secs(3600);
const DEEP_DEADLINE: Duration = Duration::from_secs(6 * 3600);
/// How long to wait for output when a check is over: a process that it has started may
/// keep the pipe open for ever.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// Lines of a submission's output worth showing.
const OUTPUT_LINES: usize = 10;
/// The longest line worth showing.
const OUTPUT_WIDTH: usize = 200;

/// Whether this grade was asked to look deeper.
pub(crate) fn is_deep() -> bool {
    std::env::var_os(environment::DEEP).is_some_and(|value| value != "0" && !value.is_empty())
}

/// Runs the check in a child process, reports, and fails the test if it failed.
pub(crate) fn check(stage: Stage, name: &str) {
    let started = Instant::now();
    let manifest = Manifest::parse(stage.manifest, Path::new("stage.toml"));
    let stage_name = manifest
        .as_ref()
        .map_or("", |manifest| &manifest.name)
        .to_owned();
    let mut record = run_child(name).unwrap_or_else(|finding| Record {
        schema: SCHEMA,
        stage: String::new(),
        check: name.to_owned(),
        verdict: verdict_of(finding.kind),
        finding: Some(*finding),
        search: None,
        blind_spots: Vec::new(),
        seed: None,
        duration_ms: 0,
    });
    record.stage = stage_name;
    record.duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    match manifest {
        Ok(manifest) => teach(&mut record, &manifest),
        Err(error) => fail_on_manifest(&mut record, &error.to_string()),
    }
    report(&record);
}

/// Runs the current check once more in a fresh process, where [`anew`] gives it `word`,
/// and says whether it passes there: for what one process cannot have twice, such as
/// statics that nobody has touched.
#[must_use]
pub fn passes_anew(word: &str) -> bool {
    let (Some(check), Ok(program)) = (child::current_check(), std::env::current_exe()) else {
        return false;
    };
    let status = only(&program, check)
        .env_remove(child::RECORD_FILE)
        .env_remove(environment::RECORDS)
        .env(ANEW, word)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

/// What [`passes_anew`] was given, in the process that it has started.
#[must_use]
pub fn anew() -> Option<String> {
    std::env::var(ANEW).ok()
}

/// The test binary, for one check alone.
fn only(program: &Path, check: &str) -> Command {
    let mut command = Command::new(program);
    command
        .args([check, "--exact", "--nocapture", "--test-threads=1"])
        .stdin(Stdio::null());
    command
}

/// The record that the child left, or what its end says without one.
fn run_child(name: &str) -> Result<Record, Box<Finding>> {
    let broken = |doing: &str, error: &dyn std::fmt::Display| {
        Box::new(child::finding(
            FailureKind::Internal,
            format!("{doing}: {error}"),
        ))
    };
    let record_file =
        std::env::temp_dir().join(format!("interleave-{}-{name}.json", std::process::id()));
    let program =
        std::env::current_exe().map_err(|error| broken("cannot find the test", &error))?;
    let mut command = only(&program, name);
    command
        .env(child::RECORD_FILE, &record_file)
        .env("RUST_BACKTRACE", "0")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for (variable, _) in std::env::vars_os() {
        // The engine reads these; a grade does not depend on them.
        if variable.to_string_lossy().starts_with("LOOM_") {
            command.env_remove(variable);
        }
    }
    let mut child = command
        .spawn()
        .map_err(|error| broken("cannot start the check", &error))?;
    let out = collect(child.stdout.take());
    let err = collect(child.stderr.take());
    let deadline = if is_deep() { DEEP_DEADLINE } else { DEADLINE };
    let status = wait(&mut child, deadline).map_err(|error| broken("cannot wait", &error))?;
    let mut output = out.recv_timeout(LAST_WORDS).unwrap_or_default();
    output.extend(err.recv_timeout(LAST_WORDS).unwrap_or_default());

    let text = std::fs::read_to_string(&record_file);
    // Best effort: it lies in the system's temporary folder.
    let _ = std::fs::remove_file(&record_file);
    let Some(status) = status else {
        let message = format!("The check did not end within {} s.", deadline.as_secs());
        return Err(Box::new(Finding {
            output: tail(output),
            ..child::finding(FailureKind::Hang, message)
        }));
    };
    match text
        .ok()
        .and_then(|text| serde_json::from_str::<Record>(&text).ok())
    {
        Some(mut record) => {
            if let Some(finding) = &mut record.finding {
                finding.output = tail(output);
            }
            Ok(record)
        }
        None => Err(Box::new(post_mortem(status, output))),
    }
}

/// Waits for the child; kills it at the deadline and returns `None`.
fn wait(child: &mut Child, deadline: Duration) -> std::io::Result<Option<ExitStatus>> {
    const SHORTEST: Duration = Duration::from_millis(1);
    const LONGEST: Duration = Duration::from_millis(20);
    let started = Instant::now();
    let mut pause = SHORTEST;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if started.elapsed() > deadline {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(pause);
        pause = (pause * 2).min(LONGEST);
    }
}

/// Reads a pipe to its end and keeps the last lines, so that a submission can
/// neither block on a full pipe nor fill our memory.
fn collect(pipe: Option<impl Read + Send + 'static>) -> Receiver<Vec<String>> {
    let (collected, lines) = channel();
    thread::spawn(move || {
        let mut last = std::collections::VecDeque::new();
        let Some(pipe) = pipe else { return };
        let mut pipe = BufReader::new(pipe);
        let mut line = Vec::new();
        // A read error ends the output as its end does.
        while pipe
            .by_ref()
            .take(64 << 10)
            .read_until(b'\n', &mut line)
            .is_ok_and(|n| n > 0)
        {
            last.push_back(String::from_utf8_lossy(&line).trim_end().to_owned());
            line.clear();
            if last.len() > 4 * OUTPUT_LINES {
                last.pop_front();
            }
        }
        // Nobody waits for it any more if it comes too late.
        let _ = collected.send(last.into());
    });
    lines
}

/// In what std prints when a thread's stack is full: with the number of the thread, which
/// is another one each time.
const STACK_OVERFLOWED: &str = "has overflowed its stack";

/// The last lines of a submission's own output.
fn tail(output: Vec<String>) -> Vec<String> {
    let harness = |line: &str| {
        line.is_empty()
            || line.starts_with("running 1 test")
            || line.starts_with("test ")
            || line.contains(STACK_OVERFLOWED)
            || line == "fatal runtime error: stack overflow, aborting"
    };
    let mut lines: Vec<String> = output
        .into_iter()
        .filter(|line| !harness(line))
        .map(|line| line.chars().take(OUTPUT_WIDTH).collect())
        .collect();
    lines.drain(..lines.len().saturating_sub(OUTPUT_LINES));
    lines
}

/// What became of a child that left no record.
fn post_mortem(status: ExitStatus, output: Vec<String>) -> Finding {
    let said = |text: &str| output.iter().any(|line| line.contains(text));
    let (kind, message) = if said(STACK_OVERFLOWED) {
        (
            FailureKind::ProcessEnded,
            "The stack overflowed: something calls itself without end, or keeps too much on the stack."
                .to_owned(),
        )
    } else if said("memory allocation of") {
        (
            FailureKind::OutOfMemory,
            format!(
                "The submission asked for more than {} GiB of memory.",
                child::MEMORY_LIMIT >> 30
            ),
        )
    } else {
        (
            FailureKind::ProcessEnded,
            format!("The process ended ({status}) before the check did, so nothing was checked."),
        )
    };
    Finding {
        output: tail(output),
        ..child::finding(kind, message)
    }
}

/// How a check ended that failed in this way.
pub(crate) fn verdict_of(kind: FailureKind) -> Verdict {
    match kind {
        FailureKind::Hang => Verdict::TimedOut,
        FailureKind::Budget | FailureKind::TooLong => Verdict::Inconclusive,
        FailureKind::TooManyThreads
        | FailureKind::StaticState
        | FailureKind::Nondeterminism
        | FailureKind::Internal => Verdict::Error,
        FailureKind::Expectation
        | FailureKind::Unwritten
        | FailureKind::Panic
        | FailureKind::Deadlock
        | FailureKind::SelfDeadlock
        | FailureKind::Asleep
        | FailureKind::Livelock
        | FailureKind::ProcessEnded
        | FailureKind::OutOfMemory
        | FailureKind::SingleThreaded => Verdict::Failed,
    }
}

/// Adds what the manifest says about the check that failed.
fn teach(record: &mut Record, manifest: &Manifest) {
    let Some(spec) = manifest.check(&record.check) else {
        return fail_on_manifest(record, &format!("check `{}` is not listed", record.check));
    };
    let Some(finding) = &mut record.finding else {
        return;
    };
    if !matches!(record.verdict, Verdict::Failed | Verdict::TimedOut) {
        return;
    }
    // A check that has seen which defect it is leaves the lesson to the one that is
    // there for it.
    let teacher = match &finding.defect {
        Some(defect) => {
            let others = manifest.checks.iter();
            let mut teachers = std::iter::once(spec).chain(others);
            Some(teachers.find(|c| c.defect == *defect).unwrap_or(spec))
        }
        None => {
            let defect = spec.defect_for(finding.kind);
            finding.defect = defect.map(str::to_owned);
            defect.map(|_| spec)
        }
    };
    let (why, try_next) = match teacher {
        Some(spec) => (&*spec.why, &*spec.try_next),
        None => lesson(finding.kind),
    };
    finding.why = Some(why.to_owned());
    finding.try_next = Some(try_next.to_owned());
}

/// Why a kind of failure matters and what to try, whatever was being checked.
fn lesson(kind: FailureKind) -> (&'static str, &'static str) {
    match kind {
        FailureKind::ProcessEnded | FailureKind::OutOfMemory => (
            "A library that takes its process down takes everyone else's work with it.",
            "Find the call or the loop that ends it. What could be returned instead?",
        ),
        FailureKind::Deadlock | FailureKind::Asleep => (
            "A deadlock stops one request today and the whole service at the next peak.",
            "Read the last lines upwards: who waits for what, and who could have given it?",
        ),
        FailureKind::SelfDeadlock => (
            "A thread that waits for itself waits for ever, and so does everybody else who needs \
             that lock.",
            "Which call takes the lock for the second time, and where does the life of the first \
             guard end?",
        ),
        FailureKind::Livelock | FailureKind::Hang => (
            "A loop that cannot end burns a core and answers nobody.",
            "What would have to change for the loop to end, and who is to change it?",
        ),
        FailureKind::Unwritten => (
            "Every check that needs this part waits for it.",
            "Write it, and grade again. The brief says what it promises.",
        ),
        FailureKind::Panic => (
            "Callers did nothing wrong here, so a panic turns their good request into an outage.",
            "Which assumption does the panicking line make, and which call breaks it?",
        ),
        FailureKind::Expectation
        | FailureKind::SingleThreaded
        | FailureKind::TooManyThreads
        | FailureKind::Budget
        | FailureKind::TooLong
        | FailureKind::StaticState
        | FailureKind::Nondeterminism
        | FailureKind::Internal => (
            "A promise of the brief does not hold.",
            "Compare what the brief says with what happened above.",
        ),
    }
}

fn fail_on_manifest(record: &mut Record, problem: &str) {
    record.verdict = Verdict::Error;
    record.finding = Some(child::finding(
        FailureKind::Internal,
        format!("stage.toml: {problem}"),
    ));
}

/// Leaves the record where it was asked for, prints it, and fails the test.
fn report(record: &Record) {
    if let Some(folder) = std::env::var_os(environment::RECORDS) {
        let path = Path::new(&folder).join(format!("{}.json", record.check));
        if let Err(error) = child::write_record(&path, record) {
            println!("{}: {error}", path.display());
        }
    }
    print!("{}", render::record(record, Style::for_stdout()));
    if record.verdict != Verdict::Passed {
        // Without the hook: the verdict above has said everything.
        std::panic::resume_unwind(Box::new("the check did not pass"));
    }
}
