//! The engine of our own: fibers, one after another, as a [`Strategy`] says.

use std::cell::RefCell;
use std::rc::Rc;

use super::Engine;
use super::reduction::MOST_THREADS;
use super::strategy::{Strategy, Turn};
use crate::fiber::{End, Fiber, Resumed};

/// What happens to an execution's threads besides running. On the host.
pub(crate) trait Threads {
    /// `thread` goes on.
    fn goes_on(&self, thread: usize);

    /// `thread` has ended.
    fn ended(&self, thread: usize, end: End);

    /// Whether the execution is over, whoever could still go on.
    fn is_over(&self) -> bool;

    /// The program did not come to the same turn again under the same decisions.
    fn diverged(&self);
}

/// One execution after another.
struct Native(RefCell<State>);

struct State {
    strategy: Box<dyn Strategy>,
    tasks: Vec<Task>,
    /// In ascending order.
    ready: Vec<usize>,
    current: usize,
    /// What the current thread has asked for since it was resumed.
    asked: Asked,
}

struct Task {
    /// `None` while it runs, and once it has ended.
    fiber: Option<Fiber>,
    /// The object of its next step.
    next: Option<usize>,
    /// The object of a step that it comes to when it is no longer blocked.
    then: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// Nothing that needs a decision.
    Nothing,
    Step,
    Block,
}

impl State {
    fn make_ready(&mut self, thread: usize) {
        if let Err(place) = self.ready.binary_search(&thread) {
            self.ready.insert(place, thread);
        }
    }

    fn make_unready(&mut self, thread: usize) {
        if let Ok(place) = self.ready.binary_search(&thread) {
            self.ready.remove(place);
        }
    }

    /// Tells the strategy something of the current thread.
    fn of_current(&mut self, tell: impl FnOnce(&mut dyn Strategy, usize)) {
        tell(&mut *self.strategy, self.current);
    }

    /// Lets the next thread go on: which, and its fiber.
    fn decide(&mut self) -> Option<(usize, Fiber)> {
        let turn = Turn {
            current: self.current,
            would_go_on: self.ready.contains(&self.current),
            ready: &self.ready,
        };
        let next = self.strategy.next(turn)?;
        self.current = next;
        self.asked = Asked::Nothing;
        let task = &mut self.tasks[next];
        if let Some(object) = task.next.take() {
            self.strategy.accesses(next, object);
        }
        let fiber = task.fiber.take().expect("who is ready does not run");
        Some((next, fiber))
    }
}

impl Native {
    /// Runs the threads of one execution until nobody goes on.
    fn execute(&self, threads: &dyn Threads) {
        while !threads.is_over() && !self.0.borrow().ready.is_empty() {
            let decided = self.0.borrow_mut().decide();
            let Some((thread, mut fiber)) = decided else {
                return threads.diverged();
            };
            threads.goes_on(thread);
            let then = self.0.borrow_mut().tasks[thread].then.take();
            if let Some(object) = then {
                self.step(object);
                self.0.borrow_mut().tasks[thread].fiber = Some(fiber);
                continue;
            }
            loop {
                match fiber.resume() {
                    Resumed::Asks(work) => {
                        work.run();
                        if threads.is_over() || self.0.borrow().asked != Asked::Nothing {
                            self.0.borrow_mut().tasks[thread].fiber = Some(fiber);
                            break;
                        }
                    }
                    Resumed::Ended(end) => {
                        self.0.borrow_mut().make_unready(thread);
                        threads.ended(thread, end);
                        self.0.borrow_mut().strategy.ended(thread);
                        break;
                    }
                }
            }
        }
    }
}

impl Engine for Native {
    fn step(&self, object: usize) {
        let mut state = self.0.borrow_mut();
        let current = state.current;
        state.asked = Asked::Step;
        state.tasks[current].next = Some(object);
        state.strategy.will_access(current, object);
    }

    fn block(&self, object: Option<usize>) {
        let mut state = self.0.borrow_mut();
        let current = state.current;
        state.asked = Asked::Block;
        state.tasks[current].then = object;
        state.make_unready(current);
    }

    fn block_again(&self, thread: usize) {
        self.0.borrow_mut().make_unready(thread);
    }

    fn unblock(&self, thread: usize) {
        let mut state = self.0.borrow_mut();
        state.make_ready(thread);
        state.strategy.unblocked(thread);
    }

    fn spawn(&self, fiber: Fiber) {
        let mut state = self.0.borrow_mut();
        let thread = state.tasks.len();
        let parent = (thread > 0).then_some(state.current);
        state.tasks.push(Task {
            fiber: Some(fiber),
            next: None,
            then: None,
        });
        state.make_ready(thread);
        state.strategy.spawned(parent, thread);
    }

    fn choose(&self, options: usize) -> usize {
        self.0.borrow_mut().strategy.choose(options)
    }

    fn circles(&self, look: &mut dyn FnMut() -> bool) -> bool {
        self.0.borrow_mut().strategy.circles(look)
    }

    fn publish(&self, object: usize) {
        self.0
            .borrow_mut()
            .of_current(|strategy, me| strategy.publishes(me, object));
    }

    fn covers(&self, object: usize) {
        self.0
            .borrow_mut()
            .of_current(|strategy, me| strategy.covers(me, object));
    }

    fn can_look(&self) -> bool {
        true
    }

    fn looks_at(&self, object: usize) {
        self.0
            .borrow_mut()
            .of_current(|strategy, me| strategy.looks_at(me, object));
    }

    fn publish_as_reader(&self, object: usize) {
        self.0
            .borrow_mut()
            .of_current(|strategy, me| strategy.publishes_as_reader(me, object));
    }

    fn follow_readers(&self, object: usize) {
        self.0
            .borrow_mut()
            .of_current(|strategy, me| strategy.follows_readers(me, object));
    }

    fn follow(&self, other: usize) {
        self.0
            .borrow_mut()
            .of_current(|strategy, me| strategy.follows(me, other));
    }

    fn limit(&self) -> usize {
        MOST_THREADS
    }
}

/// Runs one execution after another, as `strategy` decides. Each is begun by `begin`, which
/// spawns its first thread, or says that there are to be no more; its threads are left as they
/// are before `end`. An execution that fails parks its OS thread for ever.
pub(crate) fn search(
    strategy: Box<dyn Strategy>,
    threads: &dyn Threads,
    mut begin: impl FnMut(Rc<dyn Engine>) -> bool,
    mut end: impl FnMut(),
) {
    let engine = Rc::new(Native(RefCell::new(State {
        strategy,
        tasks: Vec::new(),
        ready: Vec::new(),
        current: 0,
        asked: Asked::Nothing,
    })));
    loop {
        {
            let mut state = engine.0.borrow_mut();
            state.tasks.clear();
            state.ready.clear();
            state.current = 0;
            state.asked = Asked::Nothing;
            if !state.strategy.begin() {
                return;
            }
        }
        if !begin(Rc::clone(&engine) as Rc<dyn Engine>) {
            return;
        }
        engine.execute(threads);
        engine.0.borrow_mut().tasks.clear();
        end();
    }
}
