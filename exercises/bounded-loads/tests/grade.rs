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
#[path = "../../virtual-nodes/tests/numbers/mod.rs"]
mod numbers;
#[path = "../../hash-ring/tests/ring/mod.rs"]
mod ring;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use bounded_loads::{Balancer, Lease};
use grader::growth::Allowance;
use grader::proptest::collection::vec;
use grader::proptest::prelude::{Strategy, prop_oneof};
use grader::proptest::sample::select;
use grader::{Stage, expect, expect_an_end, expect_eq, join, shorter};

use lab::{
    Ledger, acquire, balancer_of, counted_by_hand, ending, expect_exact, named, points, resident,
    scattered, that_count,
};
use members::{ALIKE, keys, node_name};
use numbers::numbered;
use ring::{Model, mixed, written};

const STAGE: Stage = grader::stage!("../stage.toml");

/// For work whose point is its amount.
const LONG: Duration = Duration::from_secs(60);

/// For what is repeated as often as there is time for: a slow balancer passes with fewer turns.
const PATIENCE: Duration = Duration::from_secs(25);

/// Before a check that has a minute.
fn expect_small_balancers_to_end() {
    expect_an_end("a few nodes, two leases and a removal", || {
        let (balancer, _) = scattered(3);
        let leases = [balancer.acquire(b"user-1"), balancer.acquire(b"user-1")];
        balancer.remove(ALIKE[0]);
        drop(leases);
    });
}

#[test]
fn what_cannot_work_is_refused() {
    STAGE.run(|| {
        for (virtual_nodes, percent, lacks) in [
            (8, 0, "room for all leases"),
            (8, 1, "room for all leases"),
            (8, 99, "room for all leases"),
            (0, 125, "points for its nodes"),
            (0, 100, "points for its nodes"),
        ] {
            let new = catch_unwind(|| drop(Balancer::new(virtual_nodes, percent)));
            expect!(
                new.is_err(),
                "new({virtual_nodes}, {percent}) returned a balancer without {lacks}"
            );
            let made = catch_unwind(|| drop(Balancer::with_hash(virtual_nodes, percent, mixed)));
            expect!(
                made.is_err(),
                "with_hash({virtual_nodes}, {percent}, …) returned a balancer without {lacks}"
            );
        }
        drop(Balancer::new(1, 100));
        drop(Balancer::with_hash(1, 100, mixed));
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

#[test]
fn a_balancer_of_new_keeps_the_bound() {
    STAGE.run(|| {
        const NODES: usize = 5;
        for percent in [100, 125, 150, 200, u32::MAX] {
            let balancer = Arc::new(Balancer::new(8, percent));
            for node in 0..NODES {
                balancer.add(&node_name(node));
            }
            // Where the nodes are is up to the hash: the first that the key meets is called the
            // first here, and so on. Which of them each request gets is not.
            let (mut leases, mut met, mut loads) = (Vec::new(), Vec::new(), [0; NODES]);
            for turn in 1..=20 {
                let lease = acquire(&balancer, "celebrity");
                let node = lease.node().to_owned();
                if !met.contains(&node) {
                    met.push(node.clone());
                }
                let found = met.iter().position(|known| *known == node);
                let bound = (percent as usize * turn).div_ceil(100 * NODES);
                let expected = loads.iter().position(|load| *load < bound).unwrap_or(0);
                expect!(
                    found == Some(expected),
                    "lease {turn} of key celebrity, at {percent} % on {NODES} nodes of a balancer of \
                     new, went to {node}; the loads, in the order in which the key met the nodes, \
                     were {loads:?}, and a node may have at most {bound}"
                );
                loads[expected] += 1;
                let load = balancer.load(&node);
                expect!(
                    load == loads[expected],
                    "load(\"{node}\") is {load}, and {node} has {}",
                    that_count(loads[expected])
                );
                leases.push(lease);
            }
            drop(leases);
            let left: usize = met.iter().map(|node| balancer.load(node)).sum();
            expect!(left == 0, "all leases were dropped, and {left} count");
        }
    });
}

#[test]
fn the_hash_of_new_spreads_the_keys() {
    STAGE.run_within(LONG, || {
        expect_small_balancers_to_end();
        const NODES: usize = 16;
        let (keys, balancer) = (keys(0, 2_000), Arc::new(Balancer::new(64, 125)));
        let mut held = BTreeMap::from_iter((0..NODES).map(|node| (node_name(node), 0)));
        for node in held.keys() {
            balancer.add(node);
        }
        for key in &keys {
            // Given back at once, so nobody is ever full.
            let node = acquire(&balancer, key).node().to_owned();
            *held.entry(node).or_default() += 1;
        }
        let mean = keys.len() / NODES;
        for (node, keys) in held {
            expect!(
                keys * 4 >= mean && keys * 2 <= mean * 5,
                "2,000 keys without pressure, on {NODES} nodes with 64 points each, placed by the \
                 hash of new: {node} has {keys}, and the mean is {mean}"
            );
        }
    });
}

static HASHED: AtomicUsize = AtomicUsize::new(0);

/// Stops whoever hashes billions of points of nodes that are not there.
fn endless(text: &[u8]) -> u64 {
    expect!(
        HASHED.fetch_add(1, SeqCst) < 100_000,
        "nothing was added, and the hash function was called 100,000 times"
    );
    mixed(text)
}

#[test]
fn every_legal_number_makes_a_balancer() {
    STAGE.run(|| {
        let numbers = [255, 256, 65_535, 65_536, 65_636, 1 << 31, u32::MAX];
        for number in numbers {
            for (virtual_nodes, percent) in [(number, 100), (8, number), (number, number)] {
                let (virtual_nodes, percent) = (virtual_nodes, percent.max(100));
                let what =
                    format!("of a balancer with {virtual_nodes} virtual nodes at {percent} %");
                HASHED.store(0, SeqCst);
                for balancer in [
                    Balancer::with_hash(virtual_nodes, percent, endless),
                    Balancer::new(virtual_nodes, percent),
                ] {
                    let balancer = Arc::new(balancer);
                    expect!(
                        balancer.acquire(b"user-1").is_none(),
                        "acquire, {what}, found a node, and there are none"
                    );
                    expect!(
                        !balancer.remove("a"),
                        "remove, {what}, found a node that never was"
                    );
                    expect_eq!(balancer.load("a"), 0, "the load of no node, {what}");
                }
            }
        }
    });
}

#[test]
fn hundreds_of_nodes_and_leases_are_told_apart() {
    STAGE.run_within(LONG, || {
        expect_small_balancers_to_end();
        const NODES: usize = 600;
        // So high that a hot key stays at home, unless less is made of it.
        for percent in [1_000_000, u32::MAX] {
            let balancer = Arc::new(Balancer::with_hash(1, percent, mixed));
            let mut ring = Model::default();
            for node in (0..NODES).map(node_name) {
                balancer.add(&node);
                ring.add(&node, points(&node, 1, mixed));
            }
            for key in keys(0, 100) {
                let lease = acquire(&balancer, &key);
                let owner = ring.owner(mixed(key.as_bytes()));
                expect!(
                    Some(lease.node()) == owner,
                    "key {key} got node {} of 600 while there were no leases: the first point at or \
                     after it is that of {}",
                    lease.node(),
                    named(owner)
                );
            }
            let home = acquire(&balancer, "celebrity").node().to_owned();
            let mut leases = Vec::new();
            for turn in 1..=300 {
                let lease = acquire(&balancer, "celebrity");
                let bound = (percent as usize * turn).div_ceil(100 * NODES);
                expect!(
                    lease.node() == home,
                    "lease {turn} of key celebrity got node {} of 600: at {percent} % its own, \
                     {home}, may have {bound}",
                    lease.node()
                );
                leases.push(lease);
                let load = balancer.load(&home);
                expect!(load == turn, "load(\"{home}\") is {load}, and it has {turn} leases");
            }
        }
    });
}

#[test]
fn points_are_numbered_past_65_535() {
    STAGE.run_within(LONG, || {
        expect_small_balancers_to_end();
        let balancer = Arc::new(Balancer::with_hash(65_600, 125, numbered));
        for node in ["begin", "end"] {
            expect!(balancer.add(node), "add(\"{node}\") returned false");
        }
        for number in [0, 1, 255, 256, 257, 65_535, 65_536, 65_599] {
            let lease = acquire(&balancer, &format!("key#{number}"));
            expect!(
                lease.node() == "begin",
                "with 65,600 virtual nodes, begin has a point number {number}, and a key that is \
                 exactly on it got node {}",
                lease.node()
            );
        }
        let lease = acquire(&balancer, "end");
        expect!(
            lease.node() == "end",
            "a key behind the last of 65,600 points of begin, and before those of end, got node {}",
            lease.node()
        );
    });
}

#[test]
fn an_old_lease_stays_old_however_often_its_node_returns() {
    STAGE.run_within(LONG, || {
        expect_small_balancers_to_end();
        let balancer = balancer_of(100, &["a@10"]);
        // Past 2^16: whoever numbers what comes back counts past that. The leases are those that
        // would be taken for new ones then, and some more.
        let (mut old, allowance) = (Vec::new(), Allowance::of(PATIENCE));
        for turn in 0..66_000 {
            if turn < 600 || (33_000..33_600).contains(&turn) {
                old.push(acquire(&balancer, "@5"));
            } else if allowance.is_spent() {
                break;
            }
            balancer.remove("a@10");
            balancer.add("a@10");
        }
        let new = acquire(&balancer, "@5");
        let count = old.len();
        for (turn, lease) in old.into_iter().enumerate() {
            drop(lease);
            if turn % 10 == 0 {
                let load = balancer.load("a@10");
                expect!(
                    load == 1,
                    "node a was removed and added again, tens of thousands of times, and has one lease \
                     from since then; its load is {load} after {} older ones were dropped",
                    turn + 1
                );
            }
        }
        let load = balancer.load("a@10");
        expect!(
            load == 1,
            "node a has one lease, and its load is {load} after {count} from before its last return \
             were dropped"
        );
        expect_exact(&balancer, 100, &["a@10"], &[&new]);
    });
}

#[test]
fn a_long_lease_outlives_tens_of_thousands_of_short_ones() {
    STAGE.run_within(LONG, || {
        expect_small_balancers_to_end();
        let nodes = ["a@10", "b@20"];
        let balancer = balancer_of(100, &nodes);
        let long = acquire(&balancer, "@5");
        let allowance = Allowance::of(PATIENCE);
        for turn in (1..=66_000).take_while(|_| !allowance.is_spent()) {
            let short = acquire(&balancer, "@5");
            expect!(
                short.node() == "b@20",
                "short lease number {turn} for key @5 got node {}: a has a lease that is still \
                 held, and the bound is 1",
                short.node()
            );
        }
        expect_exact(&balancer, 100, &nodes, &[&long]);
        drop(long);
        expect_exact(&balancer, 100, &nodes, &[]);
    });
}

#[test]
fn names_and_keys_count_to_their_end() {
    STAGE.run(|| {
        let balancer = Arc::new(Balancer::with_hash(2, 125, mixed));
        let mut ring = Model::default();
        let mut names = Vec::from(
            ["", " ", "n", "n ", "n\n1", "n\n2", "n#0", "#", "größer ☂"].map(str::to_owned),
        );
        for length in [31, 63, 127, 255, 1_000, 65_536] {
            names.extend(["1", "2", "3"].map(|end| format!("{}{end}", "n".repeat(length))));
        }
        for name in &names {
            expect!(
                balancer.add(name),
                "add(\"{}\"), of {} bytes, returned false for a new name",
                members::short(name),
                name.len()
            );
            ring.add(name, points(name, 2, mixed));
        }
        let mut keys = Vec::from_iter((0..=u8::MAX).map(|byte| vec![0xFF, byte]));
        keys.push(Vec::new());
        for length in [31, 63, 127, 255, 1_000, 65_536] {
            keys.extend((0..3_u8).map(|end| [vec![b'\n'; length], vec![end]].concat()));
        }
        for (removed, step) in [(false, names.len()), (true, 2)] {
            for name in names.iter().step_by(step).filter(|_| removed) {
                expect!(
                    balancer.remove(name),
                    "remove(\"{}\") did not find the node",
                    members::short(name)
                );
                ring.remove(name);
            }
            for key in &keys {
                // Given back at once, so nobody is ever full.
                let lease = balancer.acquire(key);
                let (found, owner) = (lease.as_ref().map(Lease::node), ring.owner(mixed(key)));
                expect!(
                    found == owner,
                    "a key of {} bytes that ends with {:02x?} got node {}: without pressure it \
                     should be {}",
                    key.len(),
                    key.last(),
                    members::named(found),
                    members::named(owner)
                );
            }
        }
    });
}

#[test]
fn a_shared_point_outlives_its_owner() {
    STAGE.run(|| {
        // In the order of `str`, which is neither that of their lengths nor of their numbers.
        let sharing = ["B@10", "a10@10", "a9@10", "aa@10", "b@10", "é@10"];
        for step in [1, 5] {
            let balancer = balancer_of(125, &["z@50"]);
            for turn in 0..sharing.len() {
                balancer.add(sharing[turn * step % sharing.len()]);
            }
            for owner in sharing {
                for key in ["@5", "@10", "@51"] {
                    // Given back at once, so nobody is ever full.
                    let node = acquire(&balancer, key).node().to_owned();
                    expect!(
                        node == owner,
                        "key {key} got node {node}: the next point belongs to {owner}, the smallest \
                         name that is on it by now"
                    );
                }
                balancer.remove(owner);
            }
            let node = acquire(&balancer, "@5").node().to_owned();
            expect!(node == "z@50", "key @5 got node {node}: all on 10 were removed");
        }
    });
}

#[test]
fn what_is_over_takes_no_memory() {
    STAGE.run_within(LONG, || {
        expect_small_balancers_to_end();
        const LONG_TEXT: usize = 100_000;
        const LIMIT: usize = 64 << 20;
        let balancer = Arc::new(Balancer::with_hash(1, 125, ending));
        balancer.add(&"stays".repeat(LONG_TEXT / 5));
        let mut before = None;
        for turn in 0..2_000 {
            let text = format!("{}{turn}", "n".repeat(LONG_TEXT));
            balancer.add(&text);
            drop(balancer.acquire(text.as_bytes()));
            let lease = balancer.acquire(text.as_bytes());
            balancer.remove(&text);
            drop(lease);
            drop(balancer.acquire(text.as_bytes()));
            // A system that does not tell has a limit for the process all the same.
            let now = resident().unwrap_or(0);
            // The first few find room for what every turn needs.
            if turn == 20 {
                before = Some(now);
            }
            let grown = before.map_or(0, |before| now.saturating_sub(before));
            expect!(
                grown <= LIMIT,
                "{turn} nodes came and went, with leases for keys as long as their names, {LONG_TEXT} \
                 bytes; one node is left, and the process has grown by {} MiB",
                grown >> 20
            );
        }
    });
}

#[test]
fn every_point_of_a_new_node_shows_at_once() {
    STAGE.model(|| {
        let balancer = Arc::new(Balancer::with_hash(2, 1_000, written));
        balancer.add("b@20,70");
        let theirs = Arc::clone(&balancer);
        let adding = thread::spawn(move || theirs.add("a@10,60"));
        // Both keys are a's as soon as it is there.
        let leases = ["@5", "@55", "@5"].map(|key| acquire(&balancer, key));
        expect!(join(adding, "add"), "add returned false for a new node");
        let of_a = [0, 1, 2].map(|turn| leases[turn].node() == "a@10,60");
        expect!(
            of_a.is_sorted(),
            "of key @5, key @55 and key @5 again, these got node a, which was being added: {of_a:?}; \
             one point of it was there, and then another was not"
        );
    });
}

#[test]
fn every_point_of_a_removed_node_goes_at_once() {
    STAGE.model(|| {
        let balancer = Arc::new(Balancer::with_hash(2, 1_000, written));
        balancer.add("b@20,70");
        balancer.add("a@10,60");
        let theirs = Arc::clone(&balancer);
        let removing = thread::spawn(move || theirs.remove("a@10,60"));
        let of_b = ["@5", "@55", "@5"].map(|key| acquire(&balancer, key).node() == "b@20,70");
        expect!(
            join(removing, "remove"),
            "remove returned false for a node that is there"
        );
        expect!(
            of_b.is_sorted(),
            "of key @5, key @55 and key @5 again, these got node b, while a was being removed: \
             {of_b:?}; one point of a was gone, and then another was there"
        );
    });
}

#[test]
fn a_load_is_never_less_than_what_is_held() {
    STAGE.model(|| {
        let balancer = balancer_of(100, &["a@10", "b@20"]);
        let held = acquire(&balancer, "@5");
        let theirs = Arc::clone(&balancer);
        let other = thread::spawn(move || drop(acquire(&theirs, "@15")));
        let load = balancer.load("a@10");
        expect!(
            load >= 1,
            "load(\"a@10\") is {load} while another thread acquires, and a has a lease that is held"
        );
        join(other, "acquire");
        expect_exact(&balancer, 100, &["a@10", "b@20"], &[&held]);
    });
}

#[test]
fn a_removal_and_a_release_at_once_end_a_lease_once() {
    STAGE.model(|| {
        let balancer = balancer_of(100, &["a@10", "b@20"]);
        let (ending, staying) = (acquire(&balancer, "@5"), acquire(&balancer, "@5"));
        let release = thread::spawn(move || drop(ending));
        balancer.remove("a@10");
        join(release, "dropping a lease");
        expect_exact(&balancer, 100, &["b@20"], &[&staying]);
        balancer.add("a@10");
        expect_exact(&balancer, 100, &["a@10", "b@20"], &[&staying]);
    });
}

#[test]
fn one_node_added_while_another_is_removed() {
    STAGE.model(|| {
        let balancer = balancer_of(100, &["a@10"]);
        let theirs = Arc::clone(&balancer);
        let removing = thread::spawn(move || theirs.remove("a@10"));
        expect!(balancer.add("b@20"), "add returned false for a new node");
        expect!(
            join(removing, "remove"),
            "remove returned false for a node that is there"
        );
        expect_exact(&balancer, 100, &["b@20"], &[]);
    });
}

#[test]
fn a_lease_may_outlive_everything_else() {
    STAGE.model(|| {
        let balancer = balancer_of(100, &["a@10", "b@20"]);
        let (one, other) = (acquire(&balancer, "@5"), acquire(&balancer, "@5"));
        let release = thread::spawn(move || drop(one));
        drop(balancer);
        expect_eq!(
            other.node(),
            "b@20",
            "the node of a lease whose balancer nobody else has"
        );
        join(release, "dropping a lease");
        drop(other);
    });
}

#[test]
fn an_acquire_finds_room_while_a_node_is_removed() {
    STAGE.model(|| {
        let balancer = balancer_of(100, &["a@10", "b@20"]);
        let held = acquire(&balancer, "@15");
        let theirs = Arc::clone(&balancer);
        let removing = thread::spawn(move || theirs.remove("a@10"));
        // With both nodes a has room, and b has when it is alone; with a half gone, nobody may have.
        let own = acquire(&balancer, "@5");
        expect!(
            join(removing, "remove"),
            "remove returned false for a node that is there"
        );
        if own.node() == "a@10" {
            expect_exact(&balancer, 100, &["b@20"], &[&held]);
        } else {
            expect_exact(&balancer, 100, &["b@20"], &[&held, &own]);
        }
    });
}
