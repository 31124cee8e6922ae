//! Programs for the checks in `grade.rs`: both ways to submit, what tasks do from inside,
//! and what is left of a scheduler that has shut down.

use std::panic::panic_any;
use std::sync::{Arc, Mutex};

use grader::{
    Broken, Log, Standstill, broken_if_stuck, expect, expect_eq, join, other_threads, until_idle,
    waits,
};
use resilient_scheduler::{Scheduler, TaskError};

use crate::lab::{Answer, Awaited, Gate, Lab, Meeting, Parting, broken};

/// A submit waits for room. Whoever only asks whether there is any has an answer.
pub fn a_try_beside_a_blocked_submit() {
    let (lab, held) = Lab::held(1);
    let waiting = lab.plain("waiting");
    let blocked = lab.spawn(|lab| lab.plain("blocked"));
    until_idle();
    let calls = Log::<&str>::default();
    let (diary, made) = (lab.diary.clone(), calls.clone());
    broken_if_stuck(move |standstill| match made.snapshot().pop() {
        Some(call) if !call.is_empty() => {
            let sentence = format!("A submit waits for room, and {call} waits behind it.");
            Some(Broken::by("try-waits", sentence))
        }
        _ => diary.who_was_not_told(standstill),
    });
    calls.push("a try_submit");
    let full = matches!(lab.try_offer("quick"), Answer::Full);
    expect!(full, "try_submit found room in a queue that is full");
    calls.push("is_finished");
    expect!(
        !waiting.is_finished(),
        "is_finished said true about a task that had not started"
    );
    calls.push("");
    held.finish(&lab);
    lab.expect_ran(waiting, "waiting");
    lab.expect_ran(join(blocked, "submit"), "blocked");
}

/// What `try_submit` accepts is run as what `submit` accepts, by a worker that sleeps.
pub fn tries_alone() {
    let lab = Lab::start(1, 1);
    broken_if_stuck(|standstill| {
        let sentence = "A task that try_submit accepted is never run: the worker sleeps beside it.";
        (standstill == Standstill::Asleep).then(|| Broken::by("lost-wakeup", sentence))
    });
    for name in ["first", "second"] {
        let handle = lab.try_offer(name).expect_accepted("try_submit");
        lab.expect_ran(handle, name);
    }
    lab.scheduler.shutdown();
}

/// Three tasks that stay, on two workers.
pub fn three_tasks_on_two_workers() {
    let lab = Lab::start(2, 3);
    let gate = Gate::default();
    let names = ["first", "second", "third"];
    let handles = names.map(|name| {
        let handle = lab.submit(name, lab.diary.holds(name, &gate));
        // What comes next is the same whoever is first.
        until_idle();
        (handle, name)
    });
    let running: usize = names.iter().map(|name| lab.diary.began(name)).sum();
    expect!(
        running <= 2,
        "{running} tasks run at once, and there should be 2 workers"
    );
    expect!(
        running == 2,
        "three tasks were submitted to 2 workers, and {running} of them run"
    );
    gate.open();
    until_idle();
    for (handle, name) in handles {
        lab.expect_ran(handle, name);
    }
}

/// Two tasks wait. When one of them runs, the other one waits still, and takes room.
pub fn one_task_at_a_time() {
    let (lab, held) = Lab::held(2);
    let gate = Gate::default();
    let handles =
        ["one", "other"].map(|name| (lab.submit(name, lab.diary.holds(name, &gate)), name));
    held.finish(&lab);
    until_idle();
    let began = |name| lab.diary.began(name) > 0;
    let (running, waiting): (Vec<_>, Vec<_>) =
        handles.into_iter().partition(|(_, name)| began(*name));
    expect!(
        running.len() == 1,
        "two tasks wait for one worker, and {} of them run",
        running.len()
    );
    let next = lab
        .try_offer("next")
        .expect_accepted("try_submit, when one of two waiting tasks had started");
    let full = matches!(lab.try_offer("one more"), Answer::Full);
    expect!(
        full,
        "the capacity is 2, two accepted tasks have not started, and try_submit accepted another"
    );
    for (handle, name) in waiting {
        let cancelled = handle.cancel();
        expect!(
            cancelled,
            "task `{name}` has not started, and cancel said false about it"
        );
        gate.open();
        lab.expect_cancelled(handle, name);
    }
    for (handle, name) in running {
        lab.expect_ran(handle, name);
    }
    lab.expect_ran(next, "next");
}

/// A task that waits for what it has submitted, on two workers.
pub fn a_task_that_meets_its_child() {
    let lab = Lab::start(2, 2);
    let meeting = Meeting::default();
    let (inside, here) = (lab.clone(), meeting.clone());
    let parent = lab.submit("parent", move || {
        let there = here.clone();
        let work = inside.diary.task("child", move || {
            there.at(1);
            "child"
        });
        let child = inside.submit("child", work);
        here.at(0);
        child
    });
    let diary = lab.diary.clone();
    broken_if_stuck(move |standstill| {
        if diary.began("child") > 0 || standstill != Standstill::Asleep {
            return diary.who_was_not_told(standstill);
        }
        let sentence = "Task `parent` has submitted task `child` and waits until it runs. One of 2 \
                        workers has nothing to do, and never begins with it.";
        Some(sentence.to_owned().into())
    });
    let Ok(child) = parent.join() else {
        broken("task `parent` returned, and its handle has no result");
    };
    lab.expect_ran(child, "child");
}

/// A task that fills the queue.
pub fn a_full_queue_from_inside() {
    let lab = Lab::start(1, 2);
    let inside = lab.clone();
    let parent = lab.submit("parent", move || {
        let first = inside.try_offer("first").expect_accepted("try_submit");
        let second = inside.plain("second");
        let full = matches!(inside.try_offer("third"), Answer::Full);
        expect!(
            full,
            "the capacity is 2, and a third task was accepted from inside of a task"
        );
        let cancelled = first.cancel();
        expect!(
            cancelled,
            "cancel said false about a task that had not started"
        );
        let next = inside
            .try_offer("next")
            .expect_accepted("try_submit after a cancel");
        (second, next)
    });
    let Ok((second, next)) = parent.join() else {
        broken("task `parent` returned, and its handle has no result");
    };
    lab.expect_ran(second, "second");
    lab.expect_ran(next, "next");
}

/// A shutdown waits for a task. Nobody gets in any more, and nobody has to wait to hear it.
pub fn offers_during(close: fn(&Scheduler)) {
    let lab = Lab::start(1, 1);
    let gate = Gate::default();
    let (inside, stays) = (lab.clone(), gate.clone());
    let holder = lab.submit("holder", move || {
        stays.enter();
        [inside.try_offer("child"), inside.offer("grandchild")].map(|answer| answer.is_closed())
    });
    gate.wait_until_entered();
    // It takes all the room. Who finds none and the door closed hears that it is closed.
    drop(lab.plain("waiting"));
    let shutdown = lab.spawn(move |lab| close(&lab.scheduler));
    until_idle();
    let calls = Log::<&str>::default();
    let made = calls.clone();
    broken_if_stuck(move |_| {
        let call = made.snapshot().pop().filter(|call| !call.is_empty())?;
        Some(format!("A shutdown waits for a task, and {call} waits for the shutdown.").into())
    });
    calls.push("a try_submit");
    let answers = lab.try_offer("late").is_closed();
    calls.push("a submit");
    let answers = [answers, lab.offer("later").is_closed()];
    calls.push("cancel");
    let (cancelled, finished) = (holder.cancel(), holder.is_finished());
    calls.push("");
    expect!(
        answers == [true; 2],
        "a shutdown had begun, and a task was offered that was not refused with Closed"
    );
    if cancelled || finished {
        let sentence = format!(
            "a task is running: cancel said {cancelled} about it, and is_finished {finished}"
        );
        Broken::by("cancel-races-start", sentence).end();
    }
    gate.open();
    join(shutdown, "a shutdown");
    let answers = holder.join();
    expect!(
        matches!(answers, Ok([true, true])),
        "a shutdown had begun, and a task was offered from inside of another that was not refused \
         with Closed"
    );
}

/// Two shutdowns at once; whoever returns looks at what is there.
pub fn two_callers(calls: [fn(&Scheduler); 2]) {
    let lab = Lab::start(1, 1);
    // A lock has two steps, and between them the task can be seen.
    let step = Mutex::new(());
    let work = lab.diary.task("only", move || drop(step.lock()));
    drop(lab.submit("only", work));
    let [one, other] = calls;
    let looks = |lab: &Lab| {
        let (began, ended) = (lab.diary.began("only"), lab.diary.ended("only"));
        expect!(
            began == ended,
            "of two shutdowns at once one returned while a task was running"
        );
        // The other caller may be alive still, and nobody else.
        if other_threads() > 1 {
            let sentence = "of two shutdowns at once one returned, and a thread of the scheduler \
                            is left";
            Broken::by("thread-outlives-owner", sentence).end();
        }
    };
    let there = lab.spawn(move |lab| {
        other(&lab.scheduler);
        looks(&lab);
    });
    one(&lab.scheduler);
    looks(&lab);
    join(there, "a shutdown");
}

/// Two callers of `shutdown_now`, and two tasks that have not started.
pub fn two_counts() {
    let (lab, held) = Lab::held(2);
    let waiting = ["first", "second"].map(|name| (lab.plain(name), name));
    let other = lab.spawn(|lab| lab.scheduler.shutdown_now());
    let opens = lab.spawn(move |lab| {
        until_idle();
        held.finish(&lab);
    });
    let own = lab.scheduler.shutdown_now();
    let theirs = join(other, "shutdown_now");
    join(opens, "join");
    expect!(
        own + theirs == 2,
        "two tasks had not started, and two calls of shutdown_now say that they cancelled {own} \
         and {theirs}"
    );
    for (handle, name) in waiting {
        lab.expect_cancelled(handle, name);
    }
}

/// Handles whose scheduler is gone.
pub fn handles_that_are_left() {
    let lab = Lab::start(1, 3);
    let bomb = lab.submit::<(), _>("bomb", || panic!("boom"));
    let names = ["first", "second"];
    let handles = names.map(|name| lab.plain(name));
    let Lab { scheduler, diary } = lab;
    scheduler.shutdown_now();
    drop(scheduler);
    expect!(
        bomb.is_finished() && !bomb.cancel(),
        "the scheduler is gone; about a task that panicked or was cancelled is_finished should say \
         true, and cancel false"
    );
    let told = bomb.join();
    expect!(
        told.is_err(),
        "a task that panics, or was cancelled, gave {told:?}"
    );
    for (handle, name) in handles.into_iter().zip(names) {
        // Asking changes nothing.
        for time in ["once", "twice"] {
            expect!(
                handle.is_finished(),
                "the scheduler is gone, is_finished was asked {time} about task `{name}`, and said \
                 false"
            );
        }
        expect!(
            !handle.cancel(),
            "the scheduler is gone, and cancel says true about task `{name}`"
        );
        let ran = diary.ended(name) == 1;
        let told = diary.join(handle, name, Awaited::End);
        let right = match &told {
            Ok(result) => ran && *result == name,
            Err(error) => !ran && matches!(error, TaskError::Cancelled),
        };
        expect!(
            right,
            "the scheduler is gone, and the handle of task `{name}`, which {}, gave {told:?}",
            if ran { "ran" } else { "did not run" }
        );
    }
}

/// A handle that is asked at any moment.
pub fn a_look_and_a_join() {
    let lab = Lab::start(1, 1);
    let handle = lab.plain("only");
    let finished = handle.is_finished();
    let before = waits();
    lab.expect_ran(handle, "only");
    expect!(
        !finished || waits() == before,
        "is_finished said true, and then join waited"
    );
}

/// A panic, another task, and the end.
pub fn a_panic_and_the_end() {
    let lab = Lab::start(1, 2);
    let bomb = lab.submit::<(), _>("bomb", || panic_any(404));
    let plain = lab.plain("plain");
    let told = bomb.join();
    let right = matches!(&told, Err(TaskError::Panicked(text)) if text == "task panicked");
    expect!(
        right,
        "a task panicked with a payload that is no text; its handle gave {told:?}"
    );
    lab.expect_ran(plain, "plain");
    lab.scheduler.shutdown();
    expect_eq!(
        other_threads(),
        0,
        "a task panicked, a shutdown returned, and threads are left"
    );
}

/// Two panics; then the queue holds as many as before.
pub fn room_after_panics() {
    let lab = Lab::start(1, 1);
    for name in ["one bomb", "another bomb"] {
        let told = lab.submit::<(), _>(name, || panic!("boom")).join();
        expect!(
            matches!(told, Err(TaskError::Panicked(_))),
            "a task panicked, and its handle gave {told:?}"
        );
    }
    let gate = Gate::default();
    let holder = lab.submit("holder", lab.diary.holds("holder", &gate));
    gate.wait_until_entered();
    let waiting = lab
        .try_offer("waiting")
        .expect_accepted("try_submit, after two panics,");
    let full = matches!(lab.try_offer("one more"), Answer::Full);
    expect!(
        full,
        "two tasks panicked, and now two fit where the capacity is 1"
    );
    gate.open();
    lab.expect_ran(holder, "holder");
    lab.expect_ran(waiting, "waiting");
    lab.scheduler.shutdown();
}

/// Results whose destructors call `try_submit`, of tasks whose handle is dropped at any
/// moment.
pub fn a_result_that_submits() {
    let lab = Lab::start(1, 2);
    let calls = Log::<String>::default();
    let (diary, made) = (lab.diary.clone(), calls.clone());
    broken_if_stuck(move |standstill| match made.snapshot().pop() {
        Some(call) if !call.is_empty() => Some(call.into()),
        _ => diary.who_was_not_told(standstill),
    });
    let result = Parting {
        what: "the result of task `returns`",
        scheduler: Arc::clone(&lab.scheduler),
        calls: calls.clone(),
    };
    drop(lab.submit("returns", move || result));
    until_idle();
    lab.scheduler.shutdown();
}

/// Two tasks that meet, on two workers, when those of `before` have run.
pub fn two_tasks_that_meet(capacity: usize, before: &[&'static str]) {
    let lab = Lab::start(2, capacity);
    for name in before {
        lab.expect_ran(lab.plain(name), name);
    }
    // Whoever has nothing to do sleeps.
    until_idle();
    let meeting = Meeting::default();
    let handles = ["left", "right"].into_iter().enumerate().map(|(at, name)| {
        let meeting = meeting.clone();
        let work = lab.diary.task(name, move || {
            meeting.at(at);
            name
        });
        (lab.submit(name, work), name)
    });
    let handles = Vec::from_iter(handles);
    let diary = lab.diary.clone();
    broken_if_stuck(move |standstill| {
        if diary.began("left") + diary.began("right") > 1 || standstill != Standstill::Asleep {
            return diary.who_was_not_told(standstill);
        }
        let sentence = "Two tasks were accepted that wait for each other, there should be 2 workers, \
                        and only one of the tasks runs.";
        Some(sentence.to_owned().into())
    });
    until_idle();
    for (handle, name) in handles {
        lab.expect_ran(handle, name);
    }
}

/// Offers and a cancel at once: each has an answer that depends on no other.
pub fn answers_beside_others() {
    let (lab, held) = Lab::held(3);
    let first = lab.plain("first");
    let second = lab.plain("second");
    let other = lab.spawn(move |lab| {
        let cancelled = second.cancel();
        (cancelled, second, lab.try_offer("left"))
    });
    let own = first.cancel();
    let right = lab.try_offer("right");
    let (theirs, second, left) = join(other, "cancel and try_submit");
    if !own || !theirs {
        let sentence = format!(
            "two tasks that had not started were cancelled at once, and cancel said {own} and {theirs}"
        );
        Broken::by("cancel-races-start", sentence).end();
    }
    let left = left.expect_accepted("try_submit beside another");
    let right = right.expect_accepted("try_submit beside another");
    held.finish(&lab);
    lab.expect_cancelled(first, "first");
    lab.expect_cancelled(second, "second");
    lab.expect_ran(left, "left");
    lab.expect_ran(right, "right");
}

/// Room for one. If two were accepted the first has started, so both cannot be cancelled.
pub fn two_offers_and_two_cancels() {
    let lab = Lab::start(1, 1);
    let answers = ["first", "second"].map(|name| (lab.try_offer(name), name));
    let mut cancelled = 0;
    for (answer, name) in answers {
        match answer {
            Answer::Accepted(handle) if handle.cancel() => cancelled += 1,
            Answer::Accepted(handle) => lab.expect_ran(handle, name),
            Answer::Full => {}
            Answer::Closed => broken("try_submit said Closed, and nobody had shut down"),
        }
    }
    expect!(
        cancelled < 2,
        "the capacity is 1, and two tasks were accepted before either had started"
    );
}

/// What cancelled tasks captured, when nobody has their handles any more.
pub fn orphans_that_submit() {
    let (lab, held) = Lab::held(3);
    let calls = Log::<String>::default();
    let (diary, made) = (lab.diary.clone(), calls.clone());
    broken_if_stuck(move |standstill| match made.snapshot().pop() {
        Some(call) if !call.is_empty() => Some(call.into()),
        _ => diary.who_was_not_told(standstill),
    });
    let submit = |what| {
        let captured = Parting {
            what,
            scheduler: Arc::clone(&lab.scheduler),
            calls: calls.clone(),
        };
        lab.submit(what, move || drop(captured))
    };
    let unwanted = submit("what a cancelled task captured, whose handle is gone,");
    let _ = unwanted.cancel();
    drop(unwanted);
    drop(submit("what a task captured, whose handle is gone,"));
    // Whoever sweeps the queue for a new task does it now.
    drop(lab.try_offer("next"));
    let shutdown = lab.spawn(|lab| lab.scheduler.shutdown_now());
    until_idle();
    held.open();
    join(shutdown, "shutdown_now");
}

/// A submit waits for room, and somebody waits for a result. A cancel is news for one of them.
pub fn a_cancel_beside_a_join() {
    let (lab, held) = Lab::held(1);
    let unwanted = lab.plain("unwanted");
    let (gate, running) = held.take_apart();
    let joining = lab.spawn(move |lab| lab.expect_ran(running, "holder"));
    let blocked = lab.spawn(|lab| lab.plain("blocked"));
    until_idle();
    let diary = lab.diary.clone();
    broken_if_stuck(move |standstill| {
        if diary.accepted("blocked") || standstill != Standstill::Asleep {
            return diary.who_was_not_told(standstill);
        }
        let sentence = "A cancel has made room, and the submit that waits for it sleeps on, while \
                        somebody else waits for a result.";
        Some(sentence.to_owned().into())
    });
    let cancelled = unwanted.cancel();
    expect!(
        cancelled,
        "cancel said false about a task that had not started"
    );
    // The worker is still held.
    let blocked = join(blocked, "submit");
    gate.open();
    join(joining, "join");
    lab.expect_cancelled(unwanted, "unwanted");
    lab.expect_ran(blocked, "blocked");
}
