//! Fairness: a loop that would spin for ever lets others go on, one that ends by itself is
//! left alone.
//!
//! Whoever comes back to a place with the same stack, while nothing that the model knows has
//! changed, goes round in circles: another round would be the same again. It waits until
//! something changes, then looks again. Nothing is lost by that, for what is skipped are
//! repetitions.
//!
//! What the model knows is kept as a *digest*: each piece of state has a hash, and the digest
//! is the exclusive or of all of them. A value that changes and changes back leaves it as it
//! was. What lies behind a pointer is not in there: whoever had a lock's value in hand to
//! write to *may* have changed something. For others that counts as a change, for itself it
//! does not, and while a thread is found to repeat itself it does for nobody.

use std::time::Duration;

use super::digest::{EVENT, OWNED, VALUE, hash};
use super::state::{Status, ThreadId, Why};
use super::time::{self, Jumps};
use super::{Kernel, ObjectId};
use crate::engine::schedule::Decision;
use crate::fiber;
use crate::model::trace::{Failure, Place};

/// From this visit on, while nothing changed, a place is looked at closely.
const SUSPICIOUS: u32 = 3;

/// A loop that has gone round so often while others could go on lets them, repetition or not.
const MAX_ROUNDS: u32 = 2_000;

/// So many rounds in a row, of all threads, in which each found everything as before.
const MAX_QUIET: usize = 2_000;
/// The same once the body is over.
const MAX_QUIET_AFTERWARDS: usize = 8;

/// How many of them a story tells.
const QUIET_TO_TELL: usize = 20;

/// Stacks that are remembered for each place: one call of a helper has the helper's place.
const STACKS: usize = 4;

/// Of a whole execution.
#[derive(Debug, Default)]
pub(super) struct Fairness {
    digest: u64,
    /// How often somebody may have changed something.
    maybe: u64,
    /// Threads that wait for a change.
    polling: usize,
    /// Whether there are any of those, or some that have been roused and did not look yet.
    has_pollers: bool,
    /// Threads put to wait in a row that found everything as before.
    quiet: usize,
    jumps: Jumps,
}

/// What is known of a thread's ways.
#[derive(Debug, Default)]
pub(super) struct Habits {
    visits: Vec<Visit>,
    /// Where in `visits` the last one was: loops come by in the same order.
    last: usize,
    /// How often this thread may have changed something.
    maybe: u64,
    /// It has been found to repeat itself, and has not done anything new since.
    circling: bool,
    /// It may have changed something since it has.
    withheld: bool,
    /// Something changed while it waited, and it did not look yet.
    pub(super) roused: bool,
    /// What it saw when it was last put to wait, and where.
    waited: Option<(u64, Place)>,
    /// How often it has been.
    round: u32,
    /// Whether it looked at a clock since it last waited.
    looked: bool,
    /// How long it waits for a change, if it polls a clock.
    pause: Option<Duration>,
    /// How long it waited last for that reason, and how matters stood.
    last_pause: Option<(u64, Duration)>,
}

#[derive(Debug)]
struct Visit {
    place: Place,
    /// How matters stood.
    standing: u64,
    /// How often it has come by while they stood so.
    count: u32,
    /// How often since it last let others go first.
    rounds: u32,
    /// The round in which it came by last.
    round: u32,
    /// Its clock then.
    time: Duration,
    /// How many steps the execution had then.
    step: usize,
    stacks: [u64; STACKS],
    known: usize,
}

/// What becomes of a thread that comes to a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Visited {
    GoesOn,
    /// Everything is as it was. If it polls a clock, that goes on in so long.
    Repeats,
}

impl Fairness {
    fn toggle(&mut self, hash: u64) {
        self.digest ^= hash;
    }

    pub(super) fn woken(&mut self, was: &Status) {
        if matches!(
            was,
            Status::Waiting {
                why: Why::Change,
                ..
            }
        ) {
            self.polling -= 1;
        }
    }

    /// Counts a jump of time while `afterwards`, or before; false if there were too many.
    pub(super) fn another_jump(&mut self, afterwards: bool) -> bool {
        self.jumps.another(self.digest, afterwards)
    }
}

impl Kernel {
    /// Somebody took the lock, or gave it back.
    pub(crate) fn ownership_changed(&mut self, object: ObjectId, thread: ThreadId) {
        let owned = hash(OWNED, object.0 as u64, thread.0 as u64);
        self.fairness.toggle(owned);
    }

    /// A value that the model knows is another one.
    pub(crate) fn value_changed(&mut self, object: ObjectId, before: u64, after: u64) {
        if before != after {
            let object = object.0 as u64;
            self.fairness.toggle(hash(VALUE, object, before));
            self.fairness.toggle(hash(VALUE, object, after));
        }
    }

    /// Something happened that does not come back.
    pub(crate) fn progressed(&mut self) {
        let event = hash(EVENT, 0, self.fairness.digest);
        self.fairness.digest = self.fairness.digest.wrapping_add(event | 1);
    }

    /// The current thread had something in its hands to write to.
    pub(crate) fn may_have_changed(&mut self) {
        if self.me().habits.circling {
            self.me().habits.withheld = true;
        } else {
            self.me().habits.maybe += 1;
            self.fairness.maybe += 1;
        }
    }

    /// Before somebody is chosen to go on: who polls may look again where matters stand
    /// otherwise than when it waited, and only there.
    pub(super) fn review_who_polls(&mut self) {
        if !self.fairness.has_pollers {
            return;
        }
        self.fairness.has_pollers = false;
        for thread in 0..self.threads.len() {
            let polls = self.threads[thread].waits_for() == Some(Why::Change);
            let roused = self.threads[thread].habits.roused;
            if !polls && !roused {
                continue;
            }
            self.fairness.has_pollers = true;
            let waited = self.threads[thread].habits.waited;
            let as_before = waited.is_some_and(|(before, _)| before == self.standing_for(thread));
            if polls && !as_before {
                self.threads[thread].habits.roused = true;
                self.wake(ThreadId(thread));
            } else if roused && as_before {
                self.threads[thread].habits.roused = false;
                self.threads[thread].status = self.polls(thread);
                self.engine.block_again(thread);
            }
        }
    }

    /// How matters stand for a thread.
    fn standing_for(&self, thread: usize) -> u64 {
        let by_others = self.fairness.maybe - self.threads[thread].habits.maybe;
        hash(EVENT, by_others, self.fairness.digest)
    }

    fn standing(&self) -> u64 {
        self.standing_for(self.current.0)
    }

    /// The current thread leaves the circle that it may have been in.
    pub(super) fn leaves_its_circle(&mut self) {
        let standing = self.standing();
        let habits = &self.me().habits;
        if let Some((before, place)) = habits.waited
            && habits.circling
            && before == standing
            && habits.pause.is_none()
        {
            // Nothing changed, and yet it does: its loop goes by something that the model
            // does not see.
            self.begin_again_without_judging(place);
        }
        self.does_something_new();
    }

    /// The current thread does not repeat itself.
    fn does_something_new(&mut self) {
        let habits = &mut self.me().habits;
        if !std::mem::take(&mut habits.circling) {
            return;
        }
        habits.waited = None;
        habits.pause = None;
        if std::mem::take(&mut habits.withheld) {
            self.may_have_changed();
        }
    }

    /// The current thread looks at its clock.
    pub(super) fn looks_at_its_clock(&mut self) {
        self.me().habits.looked = true;
    }

    /// The current thread comes to a place.
    pub(super) fn visit(&mut self, at: Place) -> Visited {
        self.shared.visit(at);
        let standing = self.standing();
        let me = &mut self.threads[self.current.0];
        let (time, circling, round) = (me.time, me.habits.circling, me.habits.round);
        let looked = me.habits.looked;
        let (step, taken) = (self.steps, me.held.iter().map(|held| held.since).max());
        let visit = me.habits.visit_of(at);
        visit.rounds += 1;
        if visit.standing == standing {
            visit.count += 1;
        } else {
            visit.standing = standing;
            visit.count = 1;
            if !circling {
                visit.known = 0;
            }
        }
        let slept = std::mem::replace(&mut visit.time, time) != time;
        let last_step = std::mem::replace(&mut visit.step, step);
        let in_this_round = std::mem::replace(&mut visit.round, round) == round;
        let (count, rounds) = (visit.count, visit.rounds);
        if last_step == 0 && circling {
            self.leaves_its_circle();
            return Visited::GoesOn;
        }
        if taken.is_some_and(|taken| taken >= last_step) {
            // It holds a lock that it has taken in this round, and will give back in it. Who
            // waited here would keep others from what it waits for.
            return Visited::GoesOn;
        }
        if rounds > MAX_ROUNDS && self.is_anybody_else_ready() {
            self.shared.cut(at);
            return self.repeats(at, standing);
        }
        if (count < SUSPICIOUS && !circling) || self.shared.is_not_judged(at) {
            return Visited::GoesOn;
        }
        if slept && looked && self.is_anybody_else_ready() {
            // It watches the clock, and its stack differs by no more than the time.
            return self.repeats(at, standing);
        }
        let engine = std::rc::Rc::clone(&self.engine);
        let habits = &mut self.threads[self.current.0].habits;
        let visit = habits.visit_of(at);
        let circles = engine.circles(&mut || visit.seen(fiber::digest_of_the_suspended_stack()));
        if !circles {
            self.does_something_new();
            return Visited::GoesOn;
        }
        self.decided(Decision::Circle);
        if circling && !in_this_round {
            // Elsewhere in its circle than where it has waited.
            return Visited::GoesOn;
        }
        self.repeats(at, standing)
    }

    fn repeats(&mut self, at: Place, standing: u64) -> Visited {
        let habits = &mut self.me().habits;
        let as_before = habits.waited == Some((standing, at));
        habits.circling = true;
        habits.withheld = false;
        habits.waited = Some((standing, at));
        habits.round += 1;
        let round = habits.round;
        let visit = habits.visit_of(at);
        visit.rounds = 0;
        visit.round = round;
        habits.pause = std::mem::take(&mut habits.looked).then(|| {
            let pause = match habits.last_pause {
                Some((before, pause)) if before == standing => time::longer(pause),
                _ => time::FIRST_PAUSE,
            };
            habits.last_pause = Some((standing, pause));
            pause
        });
        self.fairness.quiet = if as_before {
            self.fairness.quiet + 1
        } else {
            0
        };
        if self.has_been_quiet() && self.does_everybody_go_in_circles() {
            // Each rouses the others in its round, so nobody ever waits for long.
            self.end_with(Failure::Livelock);
        }
        Visited::Repeats
    }

    /// How a thread waits for a change.
    pub(super) fn polls(&mut self, thread: usize) -> Status {
        self.fairness.polling += 1;
        self.fairness.has_pollers = true;
        let thread = &self.threads[thread];
        let pause = thread.habits.pause;
        Status::Waiting {
            why: Why::Change,
            until: pause.map(|pause| time::later(thread.time, pause)),
        }
    }

    /// Whether those who poll have looked often enough, and all is as it was.
    pub(super) fn has_been_quiet(&self) -> bool {
        self.fairness.quiet
            > if self.is_afterwards() {
                MAX_QUIET_AFTERWARDS
            } else {
                MAX_QUIET
            }
    }

    fn does_everybody_go_in_circles(&self) -> bool {
        let mut threads = self.threads.iter();
        threads.all(|thread| thread.status != Status::Ready || thread.habits.circling)
    }

    /// Whether what happens now has been told: the same rounds, again and again.
    pub(super) fn has_been_told(&self) -> bool {
        self.fairness.quiet > QUIET_TO_TELL
    }

    /// Whether anybody waits for a change.
    pub(super) fn does_anybody_poll(&self) -> bool {
        self.fairness.polling > 0
    }
}

impl Habits {
    fn visit_of(&mut self, at: Place) -> &mut Visit {
        let count = self.visits.len();
        let next = (0..count)
            .map(|offset| (self.last + 1 + offset) % count)
            .find(|index| std::ptr::eq(self.visits[*index].place, at));
        // The one before is asked for last, and is the one that asks twice in a row.
        let index = next.unwrap_or_else(|| {
            self.visits.push(Visit {
                place: at,
                standing: 0,
                count: 0,
                rounds: 0,
                round: 0,
                time: Duration::ZERO,
                step: 0,
                stacks: [0; STACKS],
                known: 0,
            });
            count
        });
        self.last = index;
        &mut self.visits[index]
    }

    /// The place that it came to most often.
    pub(super) fn favourite(&self) -> Option<(Place, u32)> {
        let visits = self.visits.iter().map(|visit| (visit.place, visit.rounds));
        visits.max_by_key(|(_, rounds)| *rounds)
    }
}

impl Visit {
    /// Whether that stack has been here before while matters stood as they do; it is
    /// remembered.
    fn seen(&mut self, stack: u64) -> bool {
        if self.stacks[..self.known.min(STACKS)].contains(&stack) {
            return true;
        }
        self.stacks[self.known % STACKS] = stack;
        self.known += 1;
        false
    }
}
