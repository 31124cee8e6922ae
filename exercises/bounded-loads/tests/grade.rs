//! What the balancer promises, one promise per check.
//!
//! One thread at a time, everything is exact: the check brings the hash function, keeps
//! count of the leases, and knows which node each request must get. Several at once may
//! be counted in any order, and one that is under way may be counted or not. So a `model`
//! check asks for what holds in every order, and then, when all is quiet again, for the
//! exact answer once more: whatever was miscounted meanwhile shows there.
//!
//! Which node comes next where two share a point is not promised, so no two nodes here do,
//! except where nobody is full.

mod lab;
#[path = "../../hash-ring/tests/members/mod.rs"]
mod members;
#[path = "../../hash-ring/tests/ring/mod.rs"]
mod ring;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use bounded_loads::{Balancer, Lease};
use grader::proptest::collection::vec;
use grader::proptest::prelude::{Strategy, prop_oneof};
use grader::proptest::sample::select;
use grader::{Stage, expect, expect_eq, join, shorter};

use lab::{
    Ledger, acquire, balancer_of, counted_by_hand, expect_exact, named, points, scattered,
    that_count,
};
use members::{ALIKE, keys, node_name};
use ring::{Model, mixed, written};

const STAGE: Stage = grader::stage!("../stage.toml");

#[test]
fn what_cannot_work_is_refused() {
    STAGE.run(|| {
        for percent in [0, 1, 99] {
            let made = catch_unwind(|| drop(Balancer::new(8, percent)));
            expect!(
                made.is_err(),
                "new(8, {percent}) returned a balancer that cannot place every lease"
            );
        }
        let made = catch_unwind(|| drop(Balancer::with_hash(0, 125, mixed)));
        expect!(
            made.is_err(),
            "with_hash(0, …) returned a balancer whose nodes have no points"
        );
        drop(Balancer::new(1, 100));
    });
}

#[test]
fn a_hot_key_spreads_over_the_nodes() {
    STAGE.run(|| {
        let balancer = Arc::new(Balancer::with_hash(16, 125, mixed));
        let nodes = Vec::from_iter((0..10).map(node_name));
        for node in &nodes {
            balancer.add(node);
        }
        // One that finds no node is for the checks below, as is another way of rounding.
        let leases = (0..10_000).filter_map(|_| balancer.acquire(b"celebrity"));
        let mut loads = BTreeMap::<String, usize>::new();
        for lease in &Vec::from_iter(leases) {
            *loads.entry(lease.node().to_owned()).or_default() += 1;
        }
        let (bound, room) = (1_250, 10);
        for (node, load) in loads {
            expect!(
                load <= bound + room,
                "of 10,000 leases of key celebrity, {node} has {load}: 125 % of the mean of 10 nodes \
                 is {bound}"
            );
        }
    });
}

#[test]
fn without_pressure_the_ring_decides() {
    STAGE.run(|| {
        let balancer = Arc::new(Balancer::with_hash(3, 125, written));
        let mut ring = Model::default();
        for node in ["a@10,50,90", "b@30,70,20", "c@50,91,0"] {
            expect!(balancer.add(node), "add(\"{node}\") returned false");
            ring.add(node, points(node, 3, written));
        }
        for place in (0..100).chain([u64::MAX]) {
            // Given back at once, so nobody is ever full.
            let node = acquire(&balancer, &format!("@{place}")).node().to_owned();
            let owner = ring.owner(place);
            expect!(
                Some(&*node) == owner,
                "key @{place} got node {node} while there were no leases: the first point at or after \
                 {place} is that of {}",
                named(owner)
            );
        }
    });
}

#[test]
fn the_bound_counts_the_lease_to_be() {
    STAGE.run(|| {
        // Percentages at which rounding does not matter, and two nodes: whoever does not stay
        // at home has only one place to go to.
        for percent in [100, 200] {
            let (balancer, mut ledger) = counted_by_hand(percent, &["a@10", "b@20"]);
            let mut leases = Vec::new();
            for turn in 1..=10 {
                let lease = balancer.acquire(b"@5");
                ledger.expect_acquire(&format!("lease {turn} of key @5"), 5, lease.as_ref());
                leases.extend(lease);
            }
        }
    });
}

#[test]
fn a_full_node_passes_the_request_clockwise() {
    STAGE.run(|| {
        let (balancer, mut ledger) = counted_by_hand(100, &["b@40", "d@90", "a@60", "c@20"]);
        let mut leases = Vec::new();
        // Twice round all four, each as full as the others allow.
        for turn in 1..=8 {
            let lease = acquire(&balancer, "@30");
            ledger.expect_acquire(&format!("lease {turn} of key @30"), 30, Some(&lease));
            leases.push(lease);
        }
        // With a hash that scatters: whoever hashes once more lands elsewhere.
        let (balancer, mut ledger) = scattered(16);
        for turn in 1..=100 {
            let lease = acquire(&balancer, "celebrity");
            let request = format!("lease {turn} of key celebrity");
            ledger.expect_acquire(&request, mixed(b"celebrity"), Some(&lease));
            leases.push(lease);
        }
    });
}

#[test]
fn the_bound_is_computed_without_rounding() {
    const NODES: [&str; 10] = [
        "a@10", "b@20", "c@30", "d@40", "e@50", "f@60", "g@70", "h@80", "i@90", "j@0",
    ];
    STAGE.run(|| {
        // Where the bound is a whole number, a fraction in floating point may be a little more,
        // and its ceiling is one more: 1.1 × 100 comes to 111, and 25 / 3 × 120 / 100 to 11. Each
        // way to write the formula has numbers of its own for that.
        let few = (2..NODES.len()).flat_map(|nodes| {
            let percents = [102, 110, 111, 112, 116, 120, 140, 150, 175];
            percents.map(|percent| (nodes, percent, 200))
        });
        let many = [101, 107, 110, 115, 129, 150].map(|percent| (NODES.len(), percent, 2_000));
        for (nodes, percent, turns) in few.chain(many) {
            let (balancer, mut ledger) = counted_by_hand(percent, &NODES[..nodes]);
            let mut leases = Vec::new();
            for turn in 1..=turns {
                let lease = acquire(&balancer, "@5");
                ledger.expect_acquire(&format!("lease {turn} of key @5"), 5, Some(&lease));
                leases.push(lease);
            }
        }
    });
}

#[test]
fn no_percentage_is_too_large_to_compute_with() {
    STAGE.run(|| {
        // Twice the second is 2^32, which is 0 to whoever counts in 32 bits.
        for percent in [u32::MAX, 1 << 31] {
            let (balancer, mut ledger) = counted_by_hand(percent, &["a@10", "b@20"]);
            let mut leases = Vec::new();
            for turn in 1..=5 {
                let acquired = catch_unwind(AssertUnwindSafe(|| balancer.acquire(b"@5")));
                let Ok(lease) = acquired else {
                    return expect!(
                        false,
                        "acquire panicked at lease {turn} of key @5, with a balance_percent of \
                         {percent}, which is allowed"
                    );
                };
                ledger.expect_acquire(&format!("lease {turn} of key @5"), 5, lease.as_ref());
                leases.extend(lease);
            }
        }
    });
}

/// One call on a balancer.
#[derive(Debug, Clone)]
enum Call {
    Add(&'static str),
    Remove(&'static str),
    Acquire(u64),
    Release(usize),
}

/// What a balancer goes through.
#[derive(Debug, Clone)]
struct History {
    balance_percent: u32,
    calls: Vec<Call>,
}

/// Nodes with two points each, no two on one place.
const NODES: [&str; 5] = ["a@10,60", "b@20,70", "c@30,40", "d@5,80", "e@50,0"];

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let node = || select(NODES.to_vec());
    let call = prop_oneof![
        2 => node().prop_map(Call::Add),
        1 => node().prop_map(Call::Remove),
        // Few places, so that some are hot.
        8 => select(vec![0, 9, 10, 45, 85]).prop_map(Call::Acquire),
        4 => (0..50_usize).prop_map(Call::Release),
    ];
    // Some nodes to begin with, or most calls would find none.
    (1..=NODES.len(), vec(call, 0..50)).prop_map(|(count, calls)| {
        let first = NODES[..count].iter().map(|node| Call::Add(node));
        first.chain(calls).collect()
    })
}

#[test]
fn any_history_keeps_the_bound_at_every_step() {
    let percents = select(vec![100, 101, 110, 125, 150, 200, 1_000]);
    let histories = (percents, shorter(calls())).prop_map(|(balance_percent, calls)| History {
        balance_percent,
        calls,
    });
    STAGE.property(histories, |history| {
        let (percent, calls) = (history.balance_percent, history.calls);
        let balancer = Arc::new(Balancer::with_hash(2, percent, written));
        let mut ledger = Ledger::new(percent);
        // Each with whether it still counts.
        let mut leases: Vec<(Lease, bool)> = Vec::new();
        for (turn, call) in calls.iter().enumerate() {
            match *call {
                Call::Add(node) => {
                    let expected = ledger.add(node, points(node, 2, written));
                    let added = balancer.add(node);
                    expect!(
                        added == expected,
                        "call {turn} (counted from 0), add(\"{node}\"), returned {added}"
                    );
                }
                Call::Remove(node) => {
                    let (removed, expected) = (balancer.remove(node), ledger.remove(node));
                    expect!(
                        removed == expected,
                        "call {turn} (counted from 0), remove(\"{node}\"), returned {removed}"
                    );
                    for (lease, counts) in &mut leases {
                        *counts &= lease.node() != node;
                    }
                }
                Call::Acquire(place) => {
                    let lease = balancer.acquire(format!("@{place}").as_bytes());
                    let request = format!("call {turn} (counted from 0), acquire(\"@{place}\"),");
                    ledger.expect_acquire(&request, place, lease.as_ref());
                    leases.extend(lease.map(|lease| (lease, true)));
                }
                Call::Release(_) if leases.is_empty() => {}
                Call::Release(which) => {
                    let (lease, counts) = leases.remove(which % leases.len());
                    if counts {
                        ledger.release(lease.node());
                    }
                }
            }
            for node in NODES {
                let expected = ledger.loads.get(node).copied().unwrap_or(0);
                let load = balancer.load(node);
                expect!(
                    load == expected,
                    "load(\"{node}\") is {load} after call {turn} (counted from 0), and {node} has {}",
                    that_count(expected)
                );
            }
        }
    });
}

#[test]
fn a_removed_node_gets_nothing_and_its_leases_end() {
    STAGE.run(|| {
        let nodes = ["a@10", "b@20", "c@30"];
        let balancer = balancer_of(100, &nodes);
        let (old, other) = (acquire(&balancer, "@5"), acquire(&balancer, "@25"));
        expect_eq!(
            (old.node(), other.node()),
            ("a@10", "c@30"),
            "keys `@5` and `@25`"
        );
        expect!(
            balancer.remove("a@10"),
            "remove returned false for a node that is there"
        );
        expect!(
            !balancer.remove("a@10"),
            "remove returned true for a node that was gone"
        );
        expect_eq!(balancer.load("a@10"), 0, "node a was removed, with a lease");
        expect_eq!(
            old.node(),
            "a@10",
            "a lease still says which node it was for"
        );
        expect_eq!(
            acquire(&balancer, "@5").node(),
            "b@20",
            "key `@5` after node a was removed"
        );
        drop(old);
        expect_eq!(
            balancer.load("a@10"),
            0,
            "the lease of a removed node was dropped"
        );
        expect_exact(&balancer, 100, &nodes[1..], &[&other]);
    });
}

#[test]
fn a_removal_goes_by_the_whole_name() {
    STAGE.run(|| {
        let (balancer, mut ledger) = scattered(4);
        let mut leases = Vec::new();
        for key in keys(0, 12) {
            leases.extend(balancer.acquire(key.as_bytes()));
            ledger.acquire(mixed(key.as_bytes()));
        }
        balancer.remove(ALIKE[0]);
        ledger.remove(ALIKE[0]);
        for node in &ALIKE[1..] {
            let (load, leases) = (balancer.load(node), ledger.loads[*node]);
            expect!(
                load == leases,
                "node-1 was removed, and the load of {node} is {load} now, with {leases} leases: it \
                 is another node"
            );
        }
        for key in keys(100, 100) {
            let lease = balancer.acquire(key.as_bytes());
            let request = format!("after node-1 was removed, key {key}");
            ledger.expect_acquire(&request, mixed(key.as_bytes()), lease.as_ref());
            leases.extend(lease);
        }
    });
}

#[test]
fn a_node_that_comes_back_starts_at_nothing() {
    STAGE.run(|| {
        let nodes = ["a@10", "b@20"];
        let balancer = balancer_of(100, &nodes);
        let (old, other) = (acquire(&balancer, "@5"), acquire(&balancer, "@5"));
        expect_eq!(
            (old.node(), other.node()),
            ("a@10", "b@20"),
            "two leases for `@5`"
        );
        balancer.remove("a@10");
        expect!(
            balancer.add("a@10"),
            "add refused a node that had been removed"
        );
        expect_eq!(
            balancer.load("a@10"),
            0,
            "node a was removed with a lease, and is back"
        );
        let new = acquire(&balancer, "@5");
        expect_eq!(
            new.node(),
            "a@10",
            "key `@5`: node a is back, without leases"
        );
        drop(old);
        expect_eq!(
            balancer.load("a@10"),
            1,
            "a lease from before the removal was dropped"
        );
        expect_exact(&balancer, 100, &nodes, &[&new, &other]);
        expect!(
            !balancer.add("a@10"),
            "add returned true for a node that is there"
        );
        expect_eq!(
            balancer.load("a@10"),
            1,
            "a node that is there was added again"
        );
    });
}

#[test]
fn without_nodes_nothing_is_acquired_or_counted() {
    STAGE.run(|| {
        let balancer = balancer_of(100, &[]);
        for _ in 0..10 {
            expect!(
                balancer.acquire(b"@5").is_none(),
                "acquire found a node, and there are none"
            );
        }
        expect_eq!(balancer.load("a@10"), 0, "the load of an unknown node");
        expect!(
            !balancer.remove("a@10"),
            "remove returned true for an unknown node"
        );
        balancer.add("a@10");
        balancer.add("b@20");
        // Had one of the ten counted, the bound would be higher now.
        expect_exact(&balancer, 100, &["a@10", "b@20"], &[]);
        balancer.remove("a@10");
        balancer.remove("b@20");
        expect!(
            balancer.acquire(b"@5").is_none(),
            "acquire found a node, and all were removed"
        );
    });
}

#[test]
fn a_lease_is_given_back_however_its_owner_ends() {
    STAGE.run(|| {
        let nodes = ["a@10", "b@20"];
        let balancer = balancer_of(100, &nodes);
        for _ in 0..3 {
            let panicked = catch_unwind(AssertUnwindSafe(|| {
                let _lease = acquire(&balancer, "@5");
                panic!("the request failed");
            }));
            expect!(panicked.is_err(), "a panic went missing");
            expect_exact(&balancer, 100, &nodes, &[]);
        }
        // Dropped by another thread than the one that acquired it.
        let lease = acquire(&balancer, "@5");
        join(thread::spawn(move || drop(lease)), "dropping a lease");
        expect_exact(&balancer, 100, &nodes, &[]);
    });
}

#[test]
fn every_balancer_of_every_process_agrees() {
    let of_this_process = |step: usize| {
        let balancer = Arc::new(Balancer::new(16, 125));
        for turn in 0..20 {
            balancer.add(&node_name(turn * step % 20));
        }
        let owner = |key: String| Some(balancer.acquire(key.as_bytes())?.node().to_owned());
        keys(0, 200).into_iter().map(owner).collect()
    };
    if members::is_asked() {
        return members::answer(of_this_process(1));
    }
    STAGE.run(move || {
        let (keys, first) = (keys(0, 200), of_this_process(1));
        let reordered = "one to which the same nodes were added in another order";
        let ask = || members::ask_another_process("every_balancer_of_every_process_agrees");
        for (other, whose) in [
            (Some(of_this_process(7)), reordered),
            (ask(), "that of another process"),
        ] {
            let Some(other) = other else {
                return expect!(
                    false,
                    "another process that was asked for its owners has no answer"
                );
            };
            let differ = members::disagreement(&keys, &first, &other, whose);
            expect!(differ.is_none(), "{}", differ.unwrap_or_default());
        }
    });
}

#[test]
fn two_acquires_at_once_keep_the_bound() {
    STAGE.model(|| {
        let nodes = ["a@10", "b@20"];
        let balancer = balancer_of(100, &nodes);
        let theirs = Arc::clone(&balancer);
        let other = thread::spawn(move || acquire(&theirs, "@5"));
        let own = acquire(&balancer, "@5");
        let other = join(other, "acquire");
        expect!(
            own.node() != other.node(),
            "two leases on {}, and none on the other node: the bound is 1",
            own.node()
        );
        expect_exact(&balancer, 100, &nodes, &[&own, &other]);
    });
}

#[test]
fn three_acquires_at_once_keep_the_bound() {
    STAGE.model(|| {
        let nodes = ["a@10", "b@20"];
        // One, two, two: the bound for the first, the second and the third.
        let balancer = balancer_of(125, &nodes);
        let acquire_aside = || {
            let theirs = Arc::clone(&balancer);
            thread::spawn(move || acquire(&theirs, "@5"))
        };
        let others = [acquire_aside(), acquire_aside()];
        let own = acquire(&balancer, "@5");
        let [one, two] = others.map(|other| join(other, "acquire"));
        for node in nodes {
            let load = balancer.load(node);
            expect!(
                load <= 2,
                "{load} of three leases are on {node}: the bound is 2"
            );
        }
        expect_exact(&balancer, 125, &nodes, &[&own, &one, &two]);
    });
}

#[test]
fn two_releases_at_once_are_both_counted() {
    STAGE.model(|| {
        let nodes = ["a@10", "b@20"];
        let balancer = balancer_of(125, &nodes);
        let leases = [acquire(&balancer, "@5"), acquire(&balancer, "@5")];
        let [one, two] = leases;
        expect_eq!(balancer.load("a@10"), 2, "two leases for `@5` at 125 %");
        let other = thread::spawn(move || drop(one));
        drop(two);
        join(other, "dropping a lease");
        expect_exact(&balancer, 125, &nodes, &[]);
    });
}

#[test]
fn an_acquire_that_is_overtaken_still_finds_a_node() {
    STAGE.model(|| {
        let nodes = ["a@10", "b@20"];
        let balancer = balancer_of(100, &nodes);
        let lease = acquire(&balancer, "@5");
        let theirs = Arc::clone(&balancer);
        // The bound is 1 for the first of these and 2 for the second. Whoever is first may
        // find a full, and b taken by the other one.
        let overtaken = thread::spawn(move || acquire(&theirs, "@5"));
        let own = acquire(&balancer, "@15");
        let other = join(overtaken, "acquire");
        expect_exact(&balancer, 100, &nodes, &[&lease, &own, &other]);
    });
}

#[test]
fn a_release_makes_room_and_never_confuses_an_acquire() {
    STAGE.model(|| {
        let nodes = ["a@10", "b@20"];
        let balancer = balancer_of(100, &nodes);
        let lease = acquire(&balancer, "@5");
        let release = thread::spawn(move || drop(lease));
        // On a or on b, depending on who is first; but on one of them.
        let own = acquire(&balancer, "@5");
        join(release, "dropping a lease");
        expect_exact(&balancer, 100, &nodes, &[&own]);
    });
}

#[test]
fn with_one_node_there_is_always_room() {
    STAGE.model(|| {
        let balancer = balancer_of(100, &["a@10"]);
        let lease = acquire(&balancer, "@5");
        let release = thread::spawn(move || drop(lease));
        let own = acquire(&balancer, "@5");
        join(release, "dropping a lease");
        expect_exact(&balancer, 100, &["a@10"], &[&own]);
    });
}

#[test]
fn a_removal_ends_the_lease_of_an_acquire_at_the_same_time() {
    STAGE.model(|| {
        let balancer = balancer_of(100, &["a@10", "b@20"]);
        let theirs = Arc::clone(&balancer);
        let acquiring = thread::spawn(move || acquire(&theirs, "@5"));
        expect!(
            balancer.remove("a@10"),
            "remove returned false for a node that is there"
        );
        expect_eq!(balancer.load("a@10"), 0, "remove(\"a@10\") had returned");
        let lease = join(acquiring, "acquire");
        if lease.node() == "a@10" {
            expect_exact(&balancer, 100, &["b@20"], &[]);
        } else {
            expect_exact(&balancer, 100, &["b@20"], &[&lease]);
        }
        balancer.add("a@10");
        let ended = lease.node() == "a@10";
        let counted = if ended { vec![] } else { vec![&lease] };
        expect_exact(&balancer, 100, &["a@10", "b@20"], &counted);
    });
}

#[test]
fn a_late_release_leaves_a_returned_node_alone() {
    STAGE.model(|| {
        let nodes = ["a@10", "b@20"];
        let balancer = balancer_of(100, &nodes);
        let lease = acquire(&balancer, "@5");
        let release = thread::spawn(move || drop(lease));
        balancer.remove("a@10");
        balancer.add("a@10");
        let own = acquire(&balancer, "@5");
        join(release, "dropping a lease");
        expect_eq!(
            own.node(),
            "a@10",
            "key `@5`: node a had come back without leases"
        );
        expect_exact(&balancer, 100, &nodes, &[&own]);
    });
}

#[test]
fn an_acquire_sees_all_of_a_change_or_nothing() {
    STAGE.model(|| {
        // Full, as long as it is alone and only half of the other node is there.
        let balancer = balancer_of(100, &["b@20"]);
        let lease = acquire(&balancer, "@5");
        let theirs = Arc::clone(&balancer);
        let adding = thread::spawn(move || theirs.add("a@10"));
        let own = acquire(&balancer, "@5");
        expect!(join(adding, "add"), "add returned false for a new node");
        expect_exact(&balancer, 100, &["a@10", "b@20"], &[&lease, &own]);
    });
}

#[test]
fn of_two_equal_changes_at_once_one_wins() {
    STAGE.model(|| {
        let balancer = balancer_of(100, &["b@20"]);
        let aside = |change: fn(&Balancer) -> bool| {
            let theirs = Arc::clone(&balancer);
            thread::spawn(move || change(&theirs))
        };
        let adding = aside(|balancer| balancer.add("a@10"));
        let (own, other) = (balancer.add("a@10"), join(adding, "add"));
        expect!(
            own != other,
            "two adds of one node at once both returned {own}"
        );
        expect_exact(&balancer, 100, &["a@10", "b@20"], &[]);
        let removing = aside(|balancer| balancer.remove("a@10"));
        let (own, other) = (balancer.remove("a@10"), join(removing, "remove"));
        expect!(
            own != other,
            "two removals of one node at once both returned {own}"
        );
        expect_exact(&balancer, 100, &["b@20"], &[]);
    });
}

#[test]
fn a_node_added_while_it_is_removed_is_whole_or_gone() {
    STAGE.model(|| {
        let balancer = balancer_of(100, &["a@10", "b@20"]);
        let theirs = Arc::clone(&balancer);
        let removing = thread::spawn(move || theirs.remove("a@10"));
        // Refused before the removal, and done after it.
        let added = balancer.add("a@10");
        expect!(
            join(removing, "remove"),
            "remove returned false for a node that is there"
        );
        if added {
            expect_exact(&balancer, 100, &["a@10", "b@20"], &[]);
        } else {
            expect_exact(&balancer, 100, &["b@20"], &[]);
        }
    });
}

#[test]
fn two_nodes_added_at_once_are_both_there() {
    STAGE.model(|| {
        let balancer = balancer_of(100, &[]);
        let theirs = Arc::clone(&balancer);
        let adding = thread::spawn(move || theirs.add("a@10"));
        expect!(balancer.add("b@20"), "add returned false for a new node");
        expect!(join(adding, "add"), "add returned false for a new node");
        expect_exact(&balancer, 100, &["a@10", "b@20"], &[]);
    });
}
