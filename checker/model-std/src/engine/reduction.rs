//! The strategy that proves: bounded partial-order reduction.
//!
//! Two executions that differ only in the order of steps on different objects come to the
//! same end, so one of them is enough. Whenever a thread is about to access an object that
//! another has accessed last, and nothing orders the two, the thread is *wanted* at the turn
//! before that access: there it might have come first (Flanagan and Godefroid, POPL 2005).
//! Under a bound that alone is not enough, because to stop a thread in the middle of a run
//! costs a deviation that the bound may forbid. So the thread is also wanted at the start of
//! the run, where a switch costs no more than it did (Coons, Musuvathi and McKinley, OOPSLA
//! 2013).
//!
//! Every two accesses to one object count as conflicting. So only the last access to each
//! matters: all earlier ones happened before it.

use super::strategy::{Strategy, Turn};

/// Threads alive at once, for sets of them are words.
pub(crate) const MOST_THREADS: usize = 64;

/// Every execution with at most so many deviations, but for those that come to the same end
/// as another one.
pub(crate) struct Reduction {
    bound: usize,
    /// The decisions of this execution, and what is left to try at each.
    path: Vec<Node>,
    /// How many of them it has come to.
    taken: usize,
    deviations: usize,
    /// Who had the last turn, and where its run began.
    last: Option<(usize, usize)>,
    /// The last turn.
    current: usize,
    threads: Vec<Thread>,
    alive: Vec<usize>,
    /// Which thread has each place in a set.
    places: [usize; MOST_THREADS],
    objects: Vec<Object>,
    begun: bool,
}

#[derive(Debug)]
enum Node {
    Turn(TurnNode),
    Choice {
        chosen: usize,
        options: usize,
        deviations: usize,
    },
    Circle(bool),
}

#[derive(Debug)]
struct TurnNode {
    ready: Set,
    /// Those that should go on here in some execution.
    wanted: Set,
    /// Those that have.
    tried: Set,
    /// The place of the one that does.
    chosen: usize,
    /// The place of the one that is stopped if another one does.
    stops: Option<usize>,
    /// Deviations before this turn.
    deviations: usize,
    /// The turn at which the run of the chosen one began.
    start: usize,
}

/// Of threads, by their places.
type Set = u64;

fn only(place: usize) -> Set {
    1 << place
}

#[derive(Default)]
struct Thread {
    place: usize,
    /// The length of the path when it was spawned.
    born: usize,
    will_access: Option<usize>,
    /// The last turn that let it go on where it could not.
    unblocked: Option<usize>,
    clock: Clock,
}

#[derive(Default)]
struct Object {
    /// Who accessed it last, and in which turn.
    last: Option<(usize, usize)>,
    clock: Clock,
    /// Of those who gave it back as readers: they come before writers, and not before each other.
    readers: Clock,
}

/// For each thread, the end of its last turn that happened before.
#[derive(Default)]
struct Clock(Vec<u32>);

impl Clock {
    fn knows(&self, thread: usize, turn: usize) -> bool {
        self.0.get(thread).is_some_and(|end| *end as usize > turn)
    }

    fn set(&mut self, thread: usize, turn: usize) {
        if self.0.len() <= thread {
            self.0.resize(thread + 1, 0);
        }
        self.0[thread] = u32::try_from(turn + 1).expect("an execution has a limit on its steps");
    }

    fn join(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine = (*mine).max(*theirs);
        }
    }

    fn copy(&mut self, other: &Self) {
        self.0.clear();
        self.0.extend_from_slice(&other.0);
    }
}

impl Reduction {
    pub(crate) fn new(bound: usize) -> Self {
        Self {
            bound,
            path: Vec::new(),
            taken: 0,
            deviations: 0,
            last: None,
            current: 0,
            threads: Vec::new(),
            alive: Vec::new(),
            places: [0; MOST_THREADS],
            objects: Vec::new(),
            begun: false,
        }
    }

    fn object(&mut self, object: usize) -> &mut Object {
        if self.objects.len() <= object {
            self.objects.resize_with(object + 1, Object::default);
        }
        &mut self.objects[object]
    }

    fn turn(&mut self, turn: usize) -> &mut TurnNode {
        match &mut self.path[turn] {
            Node::Turn(node) => node,
            node => unreachable!("an access follows a turn, not {node:?}"),
        }
    }

    /// `thread` might have come before what was done in `turn`.
    fn want(&mut self, thread: usize, turn: usize) {
        if self.threads[thread].unblocked == Some(turn) {
            // It could not have gone on before what let it go on.
            return;
        }
        self.want_at(thread, turn);
        let start = self.turn(turn).start;
        if start != turn {
            self.want_at(thread, start);
        }
    }

    fn want_at(&mut self, thread: usize, turn: usize) {
        let Thread { place, born, .. } = self.threads[thread];
        let node = self.turn(turn);
        let could = born <= turn && node.ready & only(place) != 0;
        // Whoever could not go on there yet: one of those who could leads up to it.
        node.wanted |= if could { only(place) } else { node.ready };
    }

    /// `thread` is wanted before the last access to `object`, unless it comes after that anyway.
    fn might_have_come_before(&mut self, thread: usize, object: usize) {
        if let Some((other, turn)) = self.object(object).last
            && other != thread
            && !self.threads[thread].clock.knows(other, turn)
        {
            self.want(thread, turn);
        }
    }

    /// Who has which place in the sets of this turn.
    fn set_of(&self, threads: &[usize]) -> Set {
        let places = threads.iter().map(|thread| self.threads[*thread].place);
        places.map(only).fold(0, |set, one| set | one)
    }

    /// Goes back to the last decision that is to be taken otherwise; false without one.
    fn go_back(&mut self) -> bool {
        while let Some(node) = self.path.last_mut() {
            match node {
                Node::Turn(node) => {
                    let mut left = node.wanted & node.ready & !node.tried;
                    if let Some(stopped) = node.stops
                        && node.deviations == self.bound
                    {
                        left &= only(stopped);
                    }
                    if left != 0 {
                        node.chosen = left.trailing_zeros() as usize;
                        node.tried |= only(node.chosen);
                        return true;
                    }
                }
                Node::Choice {
                    chosen,
                    options,
                    deviations,
                } => {
                    if *chosen + 1 < *options && *deviations < self.bound {
                        *chosen += 1;
                        return true;
                    }
                }
                Node::Circle(_) => {}
            }
            self.path.pop();
        }
        false
    }
}

impl Strategy for Reduction {
    fn begin(&mut self) -> bool {
        if std::mem::replace(&mut self.begun, true) && !self.go_back() {
            return false;
        }
        self.taken = 0;
        self.deviations = 0;
        self.last = None;
        self.threads.clear();
        self.alive.clear();
        self.objects.clear();
        true
    }

    fn next(&mut self, turn: Turn<'_>) -> Option<usize> {
        let index = self.taken;
        self.taken += 1;
        self.current = index;
        let ready = self.set_of(turn.ready);
        if index == self.path.len() {
            let chosen = self.threads[turn.ordinary()].place;
            let stops = turn.would_go_on.then(|| self.threads[turn.current].place);
            self.path.push(Node::Turn(TurnNode {
                ready,
                wanted: 0,
                tried: only(chosen),
                chosen,
                stops,
                deviations: self.deviations,
                start: index,
            }));
        }
        let last = self.last;
        let places = self.places;
        let Node::Turn(node) = &mut self.path[index] else {
            return None;
        };
        if node.ready != ready {
            return None;
        }
        let thread = places[node.chosen];
        node.start = match last {
            Some((runner, start)) if runner == thread => start,
            _ => index,
        };
        let start = node.start;
        let deviates = node.stops.is_some_and(|stopped| stopped != node.chosen);
        self.deviations += usize::from(deviates);
        self.last = Some((thread, start));
        Some(thread)
    }

    fn choose(&mut self, options: usize) -> usize {
        let index = self.taken;
        self.taken += 1;
        if index == self.path.len() {
            self.path.push(Node::Choice {
                chosen: 0,
                options,
                deviations: self.deviations,
            });
        }
        // A path that leads elsewhere than before is noticed at the next turn.
        let chosen = match self.path[index] {
            Node::Choice { chosen, .. } => chosen,
            _ => 0,
        };
        self.deviations += usize::from(chosen != 0);
        chosen
    }

    fn circles(&mut self, look: &mut dyn FnMut() -> bool) -> bool {
        let index = self.taken;
        self.taken += 1;
        // Looked at again each time, for later looks compare with it; but what was found at
        // first stands, since what is left over on a stack may differ.
        let found = look();
        if index == self.path.len() {
            self.path.push(Node::Circle(found));
        }
        match self.path[index] {
            Node::Circle(found) => found,
            _ => found,
        }
    }

    fn spawned(&mut self, parent: Option<usize>, thread: usize) {
        debug_assert_eq!(thread, self.threads.len(), "threads are counted up");
        let taken = self.set_of(&self.alive);
        let place = (!taken).trailing_zeros() as usize;
        let mut clock = Clock::default();
        if let Some(parent) = parent {
            clock.copy(&self.threads[parent].clock);
        }
        self.threads.push(Thread {
            place,
            born: self.taken,
            will_access: None,
            unblocked: None,
            clock,
        });
        self.alive.push(thread);
        self.places[place] = thread;
    }

    fn ended(&mut self, thread: usize) {
        self.alive.retain(|alive| *alive != thread);
    }

    fn will_access(&mut self, thread: usize, object: usize) {
        self.threads[thread].will_access = Some(object);
        self.might_have_come_before(thread, object);
    }

    fn looks_at(&mut self, thread: usize, object: usize) {
        self.might_have_come_before(thread, object);
        self.covers(thread, object);
    }

    fn accesses(&mut self, thread: usize, object: usize) {
        self.threads[thread].will_access = None;
        self.covers(thread, object);
    }

    fn covers(&mut self, thread: usize, object: usize) {
        let turn = self.current;
        for index in 0..self.alive.len() {
            let other = self.alive[index];
            if self.threads[other].will_access == Some(object) {
                self.want(other, turn);
            }
        }
        self.object(object).last = Some((thread, turn));
        let (mine, theirs) = (
            &mut self.threads[thread].clock,
            &mut self.objects[object].clock,
        );
        mine.set(thread, turn);
        mine.join(theirs);
        theirs.copy(mine);
    }

    fn unblocked(&mut self, thread: usize) {
        self.threads[thread].unblocked = Some(self.current);
    }

    fn publishes(&mut self, thread: usize, object: usize) {
        self.object(object);
        self.objects[object].clock.join(&self.threads[thread].clock);
    }

    fn publishes_as_reader(&mut self, thread: usize, object: usize) {
        self.object(object);
        let readers = &mut self.objects[object].readers;
        readers.join(&self.threads[thread].clock);
    }

    fn follows_readers(&mut self, thread: usize, object: usize) {
        self.object(object);
        let readers = &self.objects[object].readers;
        self.threads[thread].clock.join(readers);
    }

    fn follows(&mut self, thread: usize, other: usize) {
        let mut clock = std::mem::take(&mut self.threads[thread].clock);
        clock.join(&self.threads[other].clock);
        self.threads[thread].clock = clock;
    }
}

#[cfg(test)]
mod tests {
    use super::super::toy::paths;
    use super::*;

    #[test]
    fn each_schedule_within_the_bound_is_visited_once() {
        assert_eq!(paths(Reduction::new(0)), ["aabb"]);
        let mut once = paths(Reduction::new(1));
        once.sort();
        assert_eq!(once, ["aabb", "abba", "bbaa"]);
        let mut all = paths(Reduction::new(9));
        assert_eq!(all.len(), 6);
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 6, "two schedules were visited twice");
    }
}
