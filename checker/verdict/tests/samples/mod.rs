//! Records made by hand, as the grader would leave them.

use verdict::{
    BlindSpot, Counterexample, Event, FailureKind, Finding, Lane, Method, Pass, Place, Record,
    SCHEMA, Search, Verdict, Whose,
};

const FILE: &str = "exercises/race-fixed/src/lib.rs";

fn record(check: &str, verdict: Verdict, finding: Option<Finding>) -> Record {
    Record {
        schema: SCHEMA,
        stage: "race-fixed".into(),
        check: check.into(),
        verdict,
        finding,
        search: Some(Search {
            passes: vec![Pass {
                engine: "native".into(),
                method: Method::Deviations,
                bound: Some(2),
                covered: Some(2),
                executions: 1_034,
                complete: true,
            }],
            complete: true,
            threads: 3,
            missed_by_the_proof: false,
        }),
        blind_spots: vec![],
        seed: None,
        duration_ms: 61,
    }
}

fn finding(kind: FailureKind, defect: &str, message: &str) -> Finding {
    Finding {
        kind,
        defect: Some(defect.into()),
        message: message.into(),
        place: None,
        why: Some(
            "A payment that two workers both find pending is charged twice. Interviewers look \
             for it first, since the program is right in every run on a quiet machine."
                .into(),
        ),
        try_next: Some(
            "Between which two lines must no other worker come? What would have to happen \
             there in one step?"
                .into(),
        ),
        input: None,
        counterexample: None,
        output: vec![],
    }
}

fn place(file: &str, line: u32, source: &str) -> Place {
    let whose = if file.ends_with("grade.rs") {
        Whose::Check
    } else {
        Whose::Learner
    };
    Place {
        file: file.into(),
        line,
        column: 18,
        source: source.into(),
        whose,
    }
}

fn lanes<const N: usize>(names: [&str; N]) -> Vec<Lane> {
    names
        .map(|name| Lane {
            name: name.into(),
            spawned_at: None,
        })
        .into()
}

fn step(lane: usize, action: &str, line: u32, source: &str) -> Event {
    Event {
        lane,
        action: action.into(),
        object: None,
        detail: None,
        place: (line > 0).then(|| place(FILE, line, source)),
        preempted: false,
    }
}

fn in_check(event: Event, line: u32, source: &str) -> Event {
    let file = "exercises/race-fixed/tests/grade.rs";
    Event {
        place: Some(place(file, line, source)),
        ..event
    }
}

fn on(object: &str, event: Event) -> Event {
    Event {
        object: Some(object.into()),
        ..event
    }
}

fn with(detail: &str, event: Event) -> Event {
    Event {
        detail: Some(detail.into()),
        ..event
    }
}

fn after_switch(event: Event) -> Event {
    Event {
        preempted: true,
        ..event
    }
}

pub fn passed() -> Record {
    record("each_attempt_runs_exactly_once", Verdict::Passed, None)
}

pub fn deadlock() -> Record {
    let queue = "Mutex<VecDeque<TaskId>> (lib.rs:40)";
    let records = "Mutex<HashMap<TaskId, Record>> (lib.rs:41)";
    let mut finding = finding(
        FailureKind::Deadlock,
        "lock-order-inversion",
        "Every thread waits for another one: the worker holds the queue and wants the records, \
         the canceller holds the records and wants the queue.",
    );
    finding.counterexample = Some(Counterexample {
        preemptions: 1,
        lanes: lanes(["main", "worker 1"]),
        events: vec![
            on(
                "worker 1",
                step(0, "spawn", 52, "scope.spawn(|| self.work());"),
            ),
            on(
                records,
                step(
                    0,
                    "lock",
                    71,
                    "let mut records = self.records.lock().unwrap();",
                ),
            ),
            after_switch(on(
                queue,
                step(1, "lock", 88, "let mut queue = self.queue.lock().unwrap();"),
            )),
            on(
                records,
                step(
                    1,
                    "blocked",
                    91,
                    "let mut records = self.records.lock().unwrap();",
                ),
            ),
            on(
                queue,
                step(
                    0,
                    "blocked",
                    73,
                    "self.queue.lock().unwrap().retain(|&t| t != id);",
                ),
            ),
        ],
        schedule: "0*4 1*2".into(),
        standing: vec![
            "main waits for Mutex<VecDeque<TaskId>> (lib.rs:40), which worker 1 holds since \
             lib.rs:88"
                .into(),
            "worker 1 waits for Mutex<HashMap<TaskId, Record>> (lib.rs:41), which main holds \
             since lib.rs:71"
                .into(),
        ],
    });
    record(
        "cancel_and_run_finish_together",
        Verdict::Failed,
        Some(finding),
    )
}

pub fn lost_update() -> Record {
    let state = "Mutex<State> (lib.rs:40)";
    let mut finding = finding(
        FailureKind::Expectation,
        "check-then-act",
        "task 1 ran 2 times although its first attempt succeeded",
    );
    let spawn = "scope.spawn(|| self.work());";
    let peek = "let next = self.state.lock().unwrap().next_pending();";
    let claim = "self.state.lock().unwrap().mark_running(id);";
    let ran = |lane| {
        let event = step(lane, "note", 0, "");
        in_check(with("task 1 runs", event), 31, "note!(\"task 1 runs\");")
    };
    finding.counterexample = Some(Counterexample {
        preemptions: 1,
        lanes: lanes(["main", "worker 1", "worker 2"]),
        events: vec![
            in_check(
                step(0, "spawn", 0, ""),
                28,
                "let s = Arc::new(Scheduler::new(1));",
            ),
            on("worker 1", step(0, "spawn", 52, spawn)),
            on("worker 2", step(0, "spawn", 52, spawn)),
            on(state, step(1, "lock", 88, peek)),
            on(state, step(1, "unlock", 88, peek)),
            after_switch(on(state, step(2, "lock", 88, peek))),
            on(state, step(2, "unlock", 88, peek)),
            on(state, step(2, "lock", 92, claim)),
            on(state, step(2, "unlock", 92, claim)),
            ran(2),
            on(state, step(1, "lock", 92, claim)),
            on(state, step(1, "unlock", 92, claim)),
            ran(1),
        ],
        schedule: "0*4 1*2".into(),
        standing: vec![],
    });
    record(
        "each_attempt_runs_exactly_once",
        Verdict::Failed,
        Some(finding),
    )
}

pub fn panic() -> Record {
    let mut finding = finding(
        FailureKind::Panic,
        "panic-kills-worker",
        "a task panicked with \"card declined\", and the panic came out of `run`: no task after \
         it was run",
    );
    finding.place = Some(place(FILE, 97, "let outcome = (task.work)();"));
    finding.output = vec!["charging card 1".into(), "charging card 2".into()];
    let mut record = record(
        "a_panicking_task_does_not_stop_the_others",
        Verdict::Failed,
        Some(finding),
    );
    record.search = None;
    record
}

pub fn property() -> Record {
    let mut finding = finding(
        FailureKind::Expectation,
        "unstable-priority",
        "tasks of equal priority did not run in the order of their submission\n\n  \
         expected: [TaskId(0), TaskId(1)]\n  actual:   [TaskId(1), TaskId(0)]",
    );
    finding.input = Some("[\n    Submit { priority: 3 },\n    Submit { priority: 3 },\n]".into());
    let mut record = record(
        "equal_priorities_run_in_order",
        Verdict::Failed,
        Some(finding),
    );
    record.search = None;
    record.seed = Some(4_127_768_713);
    record
}

pub fn long_story() -> Record {
    let mut record = lost_update();
    let story = record
        .finding
        .as_mut()
        .and_then(|finding| finding.counterexample.as_mut());
    if let Some(story) = story {
        let push = "self.state.lock().unwrap().push(record);";
        let submits = (0..8).flat_map(|task| {
            let submit = with(&format!("task {task}"), step(0, "note", 0, ""));
            [
                in_check(submit, 24, ""),
                step(0, "lock", 60, push),
                step(0, "unlock", 60, push),
            ]
        });
        story.events.splice(1..1, submits);
        story
            .events
            .push(with("1", step(0, "join", 55, "worker.join().unwrap();")));
        story.events.push(with(
            "a panic message that is far too long to stand on the line of the source that raised \
             it, and for a line of its own as well",
            step(0, "panic", 55, "worker.join().unwrap();"),
        ));
    }
    record
}

pub fn many_threads() -> Record {
    let mut record = lost_update();
    let story = record
        .finding
        .as_mut()
        .and_then(|finding| finding.counterexample.as_mut());
    if let Some(story) = story {
        story.lanes = lanes([
            "main",
            "payments",
            "a-thread-with-a-long-name",
            "worker 3",
            "worker 4",
        ]);
        let queue = "exercises/race-fixed/src/queue.rs";
        let steps = (0..5).map(|lane| Event {
            place: Some(place(queue, 7, "self.ready.wait(guard).unwrap()")),
            ..with(
                "7",
                on(
                    "Condvar (queue.rs:3)",
                    step(lane, "compare_exchange", 0, ""),
                ),
            )
        });
        story.events.extend(steps);
    }
    record
}

pub fn timed_out() -> Record {
    let mut finding = finding(
        FailureKind::Hang,
        "busy-wait",
        "the check did not end within 30 seconds; these threads were still running: worker 1",
    );
    finding.place = Some(place(FILE, 64, "while !self.done.load(Relaxed) {}"));
    let mut record = record(
        "run_returns_when_all_is_done",
        Verdict::TimedOut,
        Some(finding),
    );
    record.search = None;
    record
}

/// Passed, with both kinds of blind spots.
#[allow(dead_code, reason = "not everybody who shares these samples needs it")]
pub fn blind_spots() -> Record {
    let mut record = passed();
    if let Some(search) = &mut record.search {
        search.complete = false;
        search.passes[0].covered = Some(1);
        search.passes[0].complete = false;
    }
    record.blind_spots = vec![
        BlindSpot::Bound {
            covered: Some(1),
            asked: 2,
            busiest: Some(place(
                FILE,
                88,
                "let mut state = self.state.lock().unwrap();",
            )),
        },
        BlindSpot::Loop {
            at: place(FILE, 91, "while !self.done.load(SeqCst) {"),
        },
    ];
    record
}

pub fn inconclusive() -> Record {
    let mut finding = finding(
        FailureKind::Budget,
        "",
        "the search was ended after 20 seconds and 400,000 executions; what it saw was right",
    );
    finding.defect = None;
    finding.why = None;
    let mut record = record(
        "cancelled_tasks_never_run",
        Verdict::Inconclusive,
        Some(finding),
    );
    if let Some(search) = &mut record.search {
        search.complete = false;
    }
    record
}

pub fn error() -> Record {
    let mut finding = finding(
        FailureKind::Internal,
        "",
        "the check panicked in its own code",
    );
    (finding.defect, finding.why, finding.try_next) = (None, None, None);
    finding.place = Some(place("exercises/race-fixed/tests/grade.rs", 12, "map[&id]"));
    record("stats_add_up", Verdict::Error, Some(finding))
}
