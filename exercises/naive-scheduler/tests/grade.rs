//! What the scheduler promises, one promise per check.
//!
//! Only the brief's promises are checked. An id, in particular, is opaque here:
//! it may start anywhere and need not count upwards, so no check makes one up.

mod caused;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::panic::panic_any;
use std::time::Duration;

use grader::growth::{self, Allowance};
use grader::proptest::collection::vec;
use grader::proptest::prelude::{Just, Strategy, any, prop_oneof};
use grader::proptest::sample::select;
use grader::{Broken, Log, Stage, expect, expect_eq};
use naive_scheduler::{Outcome, Scheduler, Status, TaskId};

use caused::Caused;

const STAGE: Stage = grader::stage!("../stage.toml");

/// How work ends.
type End = fn() -> Outcome;
const SUCCEED: End = || Ok(());
const FAIL: End = || Err("refused".into());
const PANIC: End = || panic!("overflow");

/// Work that leaves `label` in `ran` and then ends as told. The label is moved
/// out, so this can be called once, as any task's work may demand.
fn work<T: Send + 'static>(ran: &Log<T>, label: T, end: End) -> impl FnOnce() -> Outcome + use<T> {
    let ran = ran.clone();
    move || {
        ran.push(label);
        end()
    }
}

/// The status that metadata shows; `None` where there is no metadata.
fn status(scheduler: &Scheduler, id: TaskId) -> Option<Status> {
    scheduler.metadata(id).map(|task| task.status.clone())
}

fn failed(message: &str) -> Option<Status> {
    Some(Status::Failed(message.to_owned()))
}

#[test]
fn a_submitted_task_is_pending_under_its_own_name_and_priority() {
    STAGE.run(|| {
        let mut scheduler = Scheduler::new();
        let tasks = [("mail", 0), ("", 255), ("größer ☂", 128), ("mail", 7)];
        let ids = tasks.map(|(name, priority)| scheduler.submit(name, priority, SUCCEED));
        for (id, (name, priority)) in ids.into_iter().zip(tasks) {
            let seen = scheduler.metadata(id).map(|task| {
                let status = task.status.clone();
                (task.id, task.name.as_str(), task.priority, status)
            });
            let expected = Some((id, name, priority, Status::Pending));
            expect_eq!(seen, expected, "the metadata of a new task");
        }
    });
}

#[test]
fn an_id_is_never_given_out_twice() {
    STAGE.run(|| {
        let (mut scheduler, mut given) = (Scheduler::new(), BTreeSet::new());
        for round in 0..60_u8 {
            for _ in 0..=round % 4 {
                let id = scheduler.submit("task", round % 3, SUCCEED);
                expect!(given.insert(id), "{id:?} now names two tasks");
            }
            if round % 20 == 19 {
                scheduler.run_all();
            } else {
                scheduler.run_next();
            }
        }
        for id in given {
            let found = scheduler.metadata(id).map(|task| task.id);
            expect_eq!(found, Some(id), "{id:?} no longer names its task");
        }
    });
}

/// Submits a task of each priority, runs them, and returns their places in the
/// submission order in the order in which they ran.
fn order_of(priorities: &[u8]) -> Vec<usize> {
    let (mut scheduler, ran) = (Scheduler::new(), Log::default());
    for (place, &priority) in priorities.iter().enumerate() {
        scheduler.submit(
            format!("task {place}"),
            priority,
            work(&ran, place, SUCCEED),
        );
    }
    scheduler.run_all();
    ran.snapshot()
}

#[test]
fn higher_priorities_run_first() {
    STAGE.run(|| {
        let tasks = [3, 0, 128, 255, 1, 127, 200];
        let all = Vec::from_iter(0..=u8::MAX);
        let ran = Vec::from_iter(order_of(&tasks).into_iter().map(|place| tasks[place]));
        let falling = [255, 200, 128, 127, 3, 1, 0];
        expect!(ran == falling, "the priorities ran in the order {ran:?}");
        // The least urgent first, so that the place and the priority are one number.
        let (ran, falling) = (order_of(&all), Vec::from_iter((0..256).rev()));
        expect!(
            ran == falling,
            "all 256 priorities ran in the order {ran:?}"
        );
    });
}

#[test]
fn equal_priorities_run_in_submission_order() {
    STAGE.run(|| {
        let (ran, rising) = (order_of(&[7; 12]), Vec::from_iter(0..12));
        expect!(ran == rising, "tasks 0 to 11 ran in the order {ran:?}");
        // Some sorts keep the order of a few equal ones, and of many they do not.
        let tasks = Vec::from_iter((0..1_000).map(|task| [7, 3, 200][task % 3]));
        let mut turns = Vec::from_iter(0..1_000);
        turns.sort_by_key(|task| Reverse(tasks[*task]));
        expect!(
            order_of(&tasks) == turns,
            "of 1,000 tasks with three priorities, equal ones did not run first come, first served"
        );
    });
}

/// One call of a random sequence.
#[derive(Debug, Clone)]
enum Call {
    Submit { priority: u8, fails: bool },
    RunNext,
    RunAll,
}

/// Few priorities, so that ties are common; among them both ends, and the two
/// between which a signed byte changes its sign.
fn calls() -> impl Strategy<Value = Vec<Call>> {
    let submit = (select(vec![0, 1, 2, 127, 128, 255]), any::<bool>())
        .prop_map(|(priority, fails)| Call::Submit { priority, fails });
    let call = prop_oneof![6 => submit, 3 => Just(Call::RunNext), 1 => Just(Call::RunAll)];
    vec(call, 0..40)
}

/// Makes the call at `place` of the sequence and returns the id it returned. A
/// task it submits leaves that place in `ran`.
fn make(call: &Call, place: usize, scheduler: &mut Scheduler, ran: &Log<usize>) -> Option<TaskId> {
    match *call {
        Call::Submit { priority, fails } => {
            let work = work(ran, place, if fails { FAIL } else { SUCCEED });
            Some(scheduler.submit(format!("task {place}"), priority, work))
        }
        Call::RunNext => scheduler.run_next(),
        Call::RunAll => {
            scheduler.run_all();
            None
        }
    }
}

#[test]
fn any_mix_of_calls_runs_tasks_in_the_order_of_a_sorted_list() {
    STAGE.property(calls(), |calls| {
        let (mut scheduler, ran) = (Scheduler::new(), Log::default());
        // The model: who waits, as (priority, place), in the order of their turns.
        let (mut waiting, mut expected, mut ids) = (Vec::new(), Vec::new(), Vec::new());
        for (place, call) in calls.iter().enumerate() {
            let id = make(call, place, &mut scheduler, &ran);
            ids.push(id);
            match *call {
                Call::Submit { priority, .. } => {
                    let turn = waiting.partition_point(|(other, _)| *other >= priority);
                    waiting.insert(turn, (priority, place));
                }
                Call::RunNext => {
                    let next = (!waiting.is_empty()).then(|| waiting.remove(0).1);
                    expected.extend(next);
                    let own = next.and_then(|task| ids[task]);
                    expect_eq!(id, own, "call {place} (counted from 0) chose another task");
                }
                Call::RunAll => expected.extend(waiting.drain(..).map(|(_, task)| task)),
            }
            let ran = ran.snapshot();
            expect_eq!(
                ran,
                expected,
                "submits that ran by call {place} (counted from 0)"
            );
        }
    });
}

#[test]
fn pending_counts_the_tasks_that_have_not_run() {
    STAGE.property(calls(), |calls| {
        let (mut scheduler, ran) = (Scheduler::new(), Log::default());
        let mut submitted = 0;
        for (place, call) in calls.iter().enumerate() {
            make(call, place, &mut scheduler, &ran);
            submitted += usize::from(matches!(call, Call::Submit { .. }));
            let (pending, left) = (scheduler.pending(), submitted - ran.len());
            expect_eq!(
                pending,
                left,
                "pending() after call {place} (counted from 0)"
            );
        }
    });
}

#[test]
fn each_task_runs_once_and_not_before_it_is_asked_to() {
    STAGE.run(|| {
        let (mut scheduler, ran) = (Scheduler::new(), Log::default());
        for task in 0..20 {
            scheduler.submit(format!("task {task}"), task % 3, work(&ran, task, SUCCEED));
            expect_eq!(ran.len(), 0, "submit() ran a task");
        }
        scheduler.run_next();
        scheduler.run_all();
        scheduler.run_all();
        let mut ran = ran.snapshot();
        ran.sort_unstable();
        let all = Vec::from_iter(0..20);
        expect!(ran == all, "of tasks 0 to 19, these ran: {ran:?}");
    });
}

#[test]
fn each_task_runs_the_work_it_was_submitted_with() {
    STAGE.run(|| {
        // One name for all: a name is for people, and tells no tasks apart.
        let (mut scheduler, ran) = (Scheduler::new(), Log::default());
        let tasks = [("a", 1), ("b", 1), ("c", 9), ("d", 1), ("e", 9)];
        let mut submitted = BTreeMap::new();
        for (argument, priority) in tasks {
            let id = scheduler.submit("resize", priority, work(&ran, argument, SUCCEED));
            submitted.insert(Some(id), argument);
        }
        for turn in 0..tasks.len() {
            let id = scheduler.run_next();
            let used = ran.snapshot().get(turn).copied();
            let own = submitted.get(&id).copied();
            expect_eq!(used, own, "{id:?} ran with another's arguments");
        }
        expect_eq!(ran.len(), 5, "five tasks, but not five runs");
    });
}

#[test]
fn run_next_runs_one_task_and_returns_its_id_however_it_ended() {
    STAGE.run(|| {
        let (mut scheduler, ran) = (Scheduler::new(), Log::default());
        let tasks = [("good", 3, SUCCEED), ("bad", 2, FAIL), ("ugly", 1, PANIC)];
        let names = tasks.map(|(name, ..)| name);
        let ids = tasks
            .map(|(name, priority, end)| scheduler.submit(name, priority, work(&ran, name, end)));
        for (turn, id) in ids.into_iter().enumerate() {
            let returned = scheduler.run_next();
            expect_eq!(ran.snapshot(), names[..=turn], "not one more task ran");
            expect_eq!(returned, Some(id), "{:?} ran", names[turn]);
        }
        expect_eq!(scheduler.run_next(), None, "every task has run");
    });
}

#[test]
fn run_all_counts_every_task_that_ran_failed_ones_too() {
    STAGE.run(|| {
        let (mut scheduler, ran) = (Scheduler::new(), Log::default());
        scheduler.submit("ran before", 9, SUCCEED);
        scheduler.run_next();
        for task in 0..9 {
            let end = [SUCCEED, FAIL, PANIC][task % 3];
            scheduler.submit(format!("task {task}"), 1, work(&ran, task, end));
        }
        let counted = scheduler.run_all();
        expect_eq!(ran.len(), 9, "3 succeed, 3 fail, 3 panic: not all ran");
        expect_eq!(counted, 9, "run_all() ran 9 and returned another number");
        expect_eq!(scheduler.run_all(), 0, "there is nothing left to run");
    });
}

#[test]
fn metadata_asked_for_after_the_run_shows_its_result() {
    STAGE.run(|| {
        let mut scheduler = Scheduler::new();
        let tasks = [("good", 3, SUCCEED), ("bad", 2, FAIL), ("last", 1, SUCCEED)];
        let ids = tasks.map(|(name, priority, end)| scheduler.submit(name, priority, end));
        scheduler.run_next();
        let seen = ids.map(|id| status(&scheduler, id));
        let expected = [Status::Succeeded, Status::Pending, Status::Pending].map(Some);
        expect_eq!(seen, expected, "the first of three tasks has run");
        scheduler.run_all();
        let seen = ids.map(|id| status(&scheduler, id));
        let succeeded = Some(Status::Succeeded);
        let expected = [succeeded.clone(), failed("refused"), succeeded];
        expect_eq!(seen, expected, "all three tasks have run");
    });
}

/// The status of a task with this work after its run.
fn status_after(work: impl FnOnce() -> Outcome + Send + 'static) -> Option<Status> {
    let mut scheduler = Scheduler::new();
    let id = scheduler.submit("task", 1, work);
    scheduler.run_next();
    status(&scheduler, id)
}

#[test]
fn an_error_becomes_failed_with_its_text() {
    STAGE.run(|| {
        // An error that displays as one text and debugs as another.
        let seen = status_after(|| Err(fmt::Error.into()));
        let expected = failed(&fmt::Error.to_string());
        expect_eq!(seen, expected, "the text is what `to_string()` gives");
    });
}

#[test]
fn a_panic_becomes_failed_with_its_message() {
    STAGE.run(|| {
        let (seen, expected) = (status_after(PANIC), failed("overflow"));
        expect_eq!(seen, expected, "the task panicked with a `&str`");
        // The payload of `panic!("row {row} is bad")`.
        let seen = status_after(|| panic_any(String::from("row 17 is bad")));
        let expected = failed("row 17 is bad");
        expect_eq!(seen, expected, "the task panicked with a `String`");
    });
}

#[test]
fn a_panic_with_any_other_payload_becomes_failed_task_panicked() {
    STAGE.run(|| {
        let seen = status_after(|| panic_any(503_u16));
        let expected = failed("task panicked");
        expect_eq!(seen, expected, "the task panicked with a `u16`");
    });
}

#[test]
fn a_panicking_task_costs_no_other_task_its_run() {
    STAGE.run(|| {
        let (mut scheduler, ran) = (Scheduler::new(), Log::default());
        scheduler.submit("before", 3, work(&ran, "before", SUCCEED));
        scheduler.submit("panics", 2, PANIC);
        scheduler.submit("panics too", 2, PANIC);
        scheduler.submit("after", 1, work(&ran, "after", SUCCEED));
        scheduler.run_all();
        expect_eq!(ran.snapshot(), ["before", "after"], "others panicked");
        expect_eq!(scheduler.pending(), 0, "run_all() ended, with panics");
        scheduler.submit("late", 1, work(&ran, "late", SUCCEED));
        scheduler.run_all();
        expect_eq!(ran.len(), 3, "a task submitted after the panics never ran");
    });
}

#[test]
fn a_scheduler_knows_the_ids_that_it_gave_out_and_no_others() {
    STAGE.run(|| {
        let (mut busy, mut scheduler) = (Scheduler::new(), Scheduler::new());
        let foreign = Vec::from_iter((0..100).map(|_| busy.submit("there", 1, SUCCEED)));
        for tasks in [0, 3] {
            let own = Vec::from_iter((0..tasks).map(|_| scheduler.submit("here", 1, SUCCEED)));
            for id in foreign.iter().chain(&own) {
                // An id from elsewhere may be equal to one of ours: then it is ours.
                let found = scheduler.metadata(*id).map(|task| task.id);
                let expected = own.contains(id).then_some(*id);
                expect_eq!(found, expected, "{id:?} looked up where {own:?} exist");
            }
        }
    });
}

#[test]
fn new_and_default_start_without_tasks() {
    STAGE.run(|| {
        for mut scheduler in [Scheduler::new(), Scheduler::default()] {
            expect_eq!(scheduler.pending(), 0, "nothing was submitted");
            expect_eq!(scheduler.run_next(), None, "nothing was submitted");
            expect_eq!(scheduler.run_all(), 0, "nothing was submitted");
            scheduler.submit("task", 5, SUCCEED);
            expect_eq!(scheduler.run_all(), 1, "one task was submitted");
        }
    });
}

/// All that this scheduler does with one task of each priority, two rounds of them:
/// how many run_all ran, in which order, and how each of them ended.
fn lived_through(mut scheduler: Scheduler) -> (usize, Vec<usize>, Vec<Option<Status>>) {
    let ran = Log::default();
    let ids = Vec::from_iter((0..512).map(|task| {
        let end = [SUCCEED, FAIL, SUCCEED, PANIC][task % 64 / 21];
        scheduler.submit("task", (task * 7) as u8, work(&ran, task, end))
    }));
    let counted = scheduler.run_all();
    let ends = ids.iter().map(|id| status(&scheduler, *id)).collect();
    (counted, ran.snapshot(), ends)
}

#[test]
fn a_default_scheduler_does_what_a_new_one_does() {
    STAGE.run(|| {
        let (new, default) = (Scheduler::new(), Scheduler::default());
        let (new, default) = (lived_through(new), lived_through(default));
        expect_eq!(default.0, new.0, "512 tasks: what run_all() returned");
        expect!(
            default.1 == new.1,
            "a scheduler by default runs 512 tasks in another order than a new one"
        );
        expect!(
            default.2 == new.2,
            "in a scheduler by default, tasks end otherwise than in a new one"
        );
    });
}

/// Submits and runs so many tasks, in two ways: each is costly for another kind
/// of queue.
fn submit_and_run(tasks: usize, allowance: &Allowance) {
    let mut scheduler = Scheduler::new();
    let all_in_all_out = tasks / 4 * 3;
    for task in 0..tasks {
        // At first each task has the longest line to join; later, any place.
        let scattered = (task.wrapping_mul(2_654_435_761) >> 16) as u8;
        let priority = if task < all_in_all_out { 0 } else { scattered };
        scheduler.submit("task", priority, SUCCEED);
        if task == all_in_all_out {
            scheduler.run_all();
        } else if task > all_in_all_out + tasks / 8 {
            scheduler.run_next();
        }
        if allowance.is_spent() {
            return;
        }
    }
    scheduler.run_all();
}

#[test]
fn a_hundred_thousand_tasks_cost_n_log_n() {
    STAGE.run_within(Duration::from_secs(60), || {
        let growth = growth::n_log_n(&[1_000, 10_000, 100_000], submit_and_run);
        if let Err(steep) = growth {
            expect!(false, "submitting and running tasks: {steep}");
        }
    });
}

/// Calls that run nothing and calls that run one task, beside many that have run.
fn run_a_few_at_a_time(tasks: usize, allowance: &Allowance) {
    let mut scheduler = Scheduler::new();
    let mut first = None;
    for task in 0..tasks / 2 {
        let id = scheduler.submit("task", (task % 256) as u8, SUCCEED);
        scheduler.run_next();
        // Nothing is left for this one.
        scheduler.run_next();
        let first = *first.get_or_insert(id);
        let known = [first, id].map(|id| scheduler.metadata(id).is_some());
        expect!(
            known == [true; 2],
            "metadata() has lost a task that has run"
        );
        expect_eq!(scheduler.pending(), 0, "every task has run");
        scheduler.submit("task", (task % 256) as u8, SUCCEED);
        scheduler.run_all();
        if allowance.is_spent() {
            return;
        }
    }
}

#[test]
fn a_call_costs_no_more_when_many_tasks_have_run() {
    STAGE.run_within(Duration::from_secs(60), || {
        let growth = growth::n_log_n(&[1_000, 10_000, 100_000], run_a_few_at_a_time);
        if let Err(steep) = growth {
            expect!(
                false,
                "running and looking up a few tasks at a time: {steep}"
            );
        }
    });
}

/// More tasks than two bytes can count.
const MANY: usize = 70_000;

#[test]
fn order_ids_and_counts_are_right_for_many_tasks() {
    STAGE.run_within(Duration::from_secs(60), || {
        let (mut scheduler, ran) = (Scheduler::new(), Log::default());
        let priority = |task: usize| [200, 7, 7, 0, 7][task % 5];
        let mut ids = Vec::new();
        for task in 0..MANY {
            let work = work(&ran, task, SUCCEED);
            ids.push(scheduler.submit(task.to_string(), priority(task), work));
            let (pending, submitted) = (scheduler.pending(), task + 1);
            expect_eq!(pending, submitted, "pending(), before any task has run");
        }
        if !ran.is_empty() {
            Broken::by("runs-too-early", "submit() ran a task, with many pending").end();
        }
        for _ in 0..1_000 {
            scheduler.run_next();
        }
        expect_eq!(scheduler.run_all(), MANY - 1_000, "what run_all() returned");
        let mut turns = Vec::from_iter(0..MANY);
        turns.sort_by_key(|task| (Reverse(priority(*task)), *task));
        let ran = ran.snapshot();
        expect_eq!(ran.len(), MANY, "how many tasks ran");
        for (task, turn) in ran.into_iter().zip(turns) {
            let (urgency, own) = (priority(task), priority(turn));
            expect!(
                task == turn,
                "task {task} (priority {urgency}) ran before task {turn} (priority {own})"
            );
        }
        ids.push(scheduler.submit(MANY.to_string(), 7, SUCCEED));
        let different = BTreeSet::from_iter(&ids).len();
        if different < MANY + 1 {
            let sentence = "An id was given out again after many tasks had run.";
            Broken::by("id-reused", sentence).end();
        }
        for (task, id) in ids.into_iter().enumerate() {
            let found = scheduler.metadata(id).map(|found| found.name.as_str());
            let own = task.to_string();
            if found.is_none() {
                let sentence = format!("Task {task} of {MANY} has run and is known no more.");
                Broken::by("outcome-swallowed", sentence).end();
            }
            expect_eq!(
                found,
                Some(own.as_str()),
                "task {task}, looked up by its id"
            );
        }
    });
}

#[test]
fn a_dropped_scheduler_runs_nothing() {
    STAGE.run(|| {
        let ran = Log::default();
        {
            let mut scheduler = Scheduler::new();
            for task in 0..MANY {
                scheduler.submit("task", 3, work(&ran, task, SUCCEED));
            }
        }
        let ran = ran.len();
        expect!(ran == 0, "{ran} tasks ran when their scheduler was dropped");
    });
}

/// Texts of all shapes: nothing, blanks, several lines, signs that mean something
/// elsewhere, and one that is longer than anybody's buffer.
fn texts() -> Vec<String> {
    let some = [
        "",
        " ",
        "  padded\t",
        "one line\nand another\r\n\nand a last one\n",
        "\n",
        "größer ☂ \u{1F980}",
        "{} {0} %s \\n \0 \u{1b}[31m",
        "task panicked",
    ];
    let mut texts = Vec::from_iter(some.map(str::to_owned));
    texts.push("ä and so on, ".repeat(10_000));
    texts
}

/// A text as a message can show it.
fn shown(text: &str) -> String {
    let start = String::from_iter(text.chars().take(40));
    let length = text.len();
    format!("{start:?} ({length} bytes)")
}

#[track_caller]
fn expect_text(what: &str, found: Option<&str>, expected: &str) {
    if found != Some(expected) {
        let (found, expected) = (found.map(shown), shown(expected));
        let found = found.unwrap_or_else(|| "none".to_owned());
        expect!(
            false,
            "{what} was changed: expected {expected}, found {found}"
        );
    }
}

#[test]
fn every_text_is_kept_whole() {
    STAGE.run(|| {
        let why = |status: Option<Status>| match status {
            Some(Status::Failed(text)) => Some(text),
            _ => None,
        };
        for text in texts() {
            let mut scheduler = Scheduler::new();
            let id = scheduler.submit(text.clone(), 1, SUCCEED);
            for when in ["a pending task", "a task that has run"] {
                let name = scheduler.metadata(id).map(|task| task.name.as_str());
                expect_text(&format!("the name of {when}"), name, &text);
                scheduler.run_all();
            }
            let error = text.clone();
            let seen = why(status_after(move || Err(error.into())));
            expect_text("an error's text", seen.as_deref(), &text);
            let formatted = text.clone();
            let seen = why(status_after(move || panic_any(formatted)));
            expect_text(
                "the message of a panic, a `String`,",
                seen.as_deref(),
                &text,
            );
            let literal: &'static str = text.clone().leak();
            let seen = why(status_after(move || panic_any(literal)));
            expect_text("the message of a panic, a `&str`,", seen.as_deref(), &text);
        }
    });
}

#[test]
fn a_failure_says_what_the_brief_says_and_no_more() {
    STAGE.run(|| {
        let seen = status_after(|| Err(Caused("the disk is full".to_owned()).into()));
        let text = failed("the disk is full");
        expect_eq!(
            seen,
            text,
            "the error has a source; its `to_string()` is asked"
        );
        let other = failed("task panicked");
        let kind = "the payload is neither a `&str` nor a `String`, but";
        let seen = status_after(|| panic_any(Box::<str>::from("text")));
        expect_eq!(seen, other, "{kind} a `Box<str>`");
        let seen = status_after(|| panic_any('c'));
        expect_eq!(seen, other, "{kind} a `char`");
        let seen = status_after(|| panic_any(-1_i32));
        expect_eq!(seen, other, "{kind} an `i32`");
        let seen = status_after(|| panic_any(Caused("the disk is full".to_owned())));
        expect_eq!(seen, other, "{kind} an error");
        let boxed = || Box::<dyn std::error::Error + Send + Sync>::from("text");
        let seen = status_after(move || panic_any(boxed()));
        expect_eq!(seen, other, "{kind} a boxed error");
    });
}

/// What a task is submitted with.
#[derive(Debug, Clone)]
enum Step {
    Submit {
        name: String,
        priority: u8,
        end: usize,
    },
    RunNext,
    RunAll,
}

/// Any name and any priority, and often those of another task.
fn steps() -> impl Strategy<Value = Vec<Step>> {
    let name = prop_oneof![Just("mail".to_owned()), "(?s).{0,6}"];
    let priority = prop_oneof![Just(255), any::<u8>()];
    // A panic takes longer than all the rest of a run.
    let end = prop_oneof![4 => Just(0), 3 => Just(1), 1 => 2..4_usize];
    let submit = (name, priority, end).prop_map(|(name, priority, end)| Step::Submit {
        name,
        priority,
        end,
    });
    let step = prop_oneof![6 => submit, 3 => Just(Step::RunNext), 1 => Just(Step::RunAll)];
    vec(step, 0..30)
}

#[test]
fn every_record_is_right_after_every_call() {
    STAGE.property(steps(), |steps| {
        let ends: [(End, Status); 4] = [
            (SUCCEED, Status::Succeeded),
            (FAIL, Status::Failed("refused".to_owned())),
            (PANIC, Status::Failed("overflow".to_owned())),
            (|| panic_any(7), Status::Failed("task panicked".to_owned())),
        ];
        let (mut scheduler, ran) = (Scheduler::new(), Log::<usize>::default());
        let mut submitted = Vec::new();
        for (place, step) in steps.into_iter().enumerate() {
            let before = ran.len();
            let mut counted = 0;
            match step {
                Step::Submit {
                    name,
                    priority,
                    end,
                } => {
                    let (work, end) = (work(&ran, submitted.len(), ends[end].0), &ends[end].1);
                    let id = scheduler.submit(name.clone(), priority, work);
                    submitted.push((id, name, priority, end));
                }
                Step::RunNext => counted = usize::from(scheduler.run_next().is_some()),
                Step::RunAll => counted = scheduler.run_all(),
            }
            let ran = ran.snapshot();
            let began = ran.len() - before;
            if counted != began {
                let call = format!("call {place} (counted from 0)");
                let sentence = format!("{call} ran {began} tasks and told of {counted}");
                Broken::by("failed-runs-not-counted", sentence).end();
            }
            for (task, (id, name, priority, end)) in submitted.iter().enumerate() {
                let status = if ran.contains(&task) {
                    (*end).clone()
                } else {
                    Status::Pending
                };
                let expected = Some((*id, name.as_str(), *priority, &status));
                let found = scheduler.metadata(*id);
                let found =
                    found.map(|task| (task.id, task.name.as_str(), task.priority, &task.status));
                expect_eq!(
                    found,
                    expected,
                    "the record of task {task} after call {place} (both counted from 0)"
                );
            }
        }
    });
}
