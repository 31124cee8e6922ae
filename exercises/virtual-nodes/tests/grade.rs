//! What a ring with virtual nodes promises, one promise per check.
//!
//! Nearly all of it is exact: the check brings the hash function, so it knows every
//! point, and compares with a scan of all of them. Chance comes in only where the
//! submission's own hash is judged, and there at a size at which a right ring fails with
//! a probability below 10^-15 and one with a quarter of the points passes with 10^-12.
//! Names and keys are fixed, so whatever the verdict is, it stays.

#[path = "../../hash-ring/tests/crowds/mod.rs"]
mod crowds;
#[path = "../../hash-ring/tests/members/mod.rs"]
mod members;
#[path = "../../hash-ring/tests/moves/mod.rs"]
mod moves;
mod numbers;
#[path = "../../hash-ring/tests/ring/mod.rs"]
mod ring;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::hint::black_box;
use std::panic::catch_unwind;
use std::time::Duration;

use grader::growth::{self, Allowance};
use grader::proptest::collection::vec;
use grader::proptest::prelude::{Strategy, any, prop_oneof};
use grader::proptest::sample::select;
use grader::{Broken, Stage, expect, expect_an_end, expect_eq, shorter};
use virtual_nodes::HashRing;

use crowds::{crowded, heaped};
use members::{ALIKE, Owners, keys, node_name};
use numbers::numbered;
use ring::{Model, mixed, written};

const STAGE: Stage = grader::stage!("../stage.toml");

/// For work whose point is its amount.
const LONG: Duration = Duration::from_secs(60);

/// The processor time for what is repeated as often as there is time for.
const PATIENCE: Duration = Duration::from_secs(3);

/// The points of a node with so many of them.
fn points(node: &str, count: u32, hash: fn(&[u8]) -> u64) -> Vec<u64> {
    let point = |number| hash(format!("{node}#{number}").as_bytes());
    (0..count).map(point).collect()
}

/// A ring on which every point and key is where its name says.
fn ring_of(virtual_nodes: u32, nodes: &[(&str, u32)]) -> HashRing {
    let mut ring = HashRing::with_hash(virtual_nodes, written);
    for (node, weight) in nodes {
        ring.add_weighted(node, *weight);
    }
    ring
}

/// Adds nodes called `node-0`, `node-1`, …
fn filled(mut ring: HashRing, nodes: usize) -> HashRing {
    for node in 0..nodes {
        ring.add(&node_name(node));
    }
    ring
}

/// A ring with the submission's own hash.
fn own_ring(virtual_nodes: u32, nodes: usize) -> HashRing {
    filled(HashRing::new(virtual_nodes), nodes)
}

/// A ring with a hash of ours.
fn ring_with(virtual_nodes: u32, nodes: usize, hash: fn(&[u8]) -> u64) -> HashRing {
    filled(HashRing::with_hash(virtual_nodes, hash), nodes)
}

/// Before a check that has a minute.
fn expect_small_rings_to_end() {
    expect_an_end("a few nodes, a lookup and a removal", || {
        let mut ring = HashRing::with_hash(3, mixed);
        for node in ALIKE {
            ring.add(node);
        }
        black_box(ring.node_for(b"user-1"));
        ring.remove(ALIKE[0]);
        black_box(ring.node_for(b"user-1"));
    });
}

/// Whose each key is.
fn owners(ring: &HashRing, keys: &[String]) -> Owners {
    let owner = |key: &String| ring.node_for(key.as_bytes()).map(str::to_owned);
    keys.iter().map(owner).collect()
}

/// Looks up keys that are written as their places.
#[track_caller]
fn expect_owners(ring: &HashRing, expected: &[(&str, &str)], why: &str) {
    let nodes = Vec::from_iter(ring.nodes()).join(", ");
    for (key, owner) in expected {
        let found = ring.node_for(key.as_bytes());
        expect_eq!(
            found,
            Some(*owner),
            "key `{key}` among the nodes {nodes}: {why}"
        );
    }
}

#[test]
fn no_virtual_nodes_is_refused() {
    STAGE.run(|| {
        let with_hash = catch_unwind(|| drop(HashRing::with_hash(0, mixed)));
        expect!(
            with_hash.is_err(),
            "with_hash(0, …) returned a ring whose nodes have no points"
        );
        let new = catch_unwind(|| drop(HashRing::new(0)));
        expect!(
            new.is_err(),
            "new(0) returned a ring whose nodes have no points"
        );
    });
}

#[test]
fn an_empty_ring_owns_no_key() {
    STAGE.run(|| {
        let mut ring = ring_of(3, &[]);
        for turn in ["new", "empty again"] {
            expect_eq!(ring.node_for(b"@7"), None, "the ring is {turn}");
            expect_eq!(ring.len(), 0, "the ring is {turn}");
            expect!(
                ring.is_empty(),
                "the ring is {turn}, and says that it is not empty"
            );
            expect_eq!(ring.nodes().next(), None, "the ring is {turn}");
            let load = ring.load(["@7", "@8"].into_iter());
            expect_eq!(load, BTreeMap::new(), "the load of a ring that is {turn}");
            ring.add("a@10,20,30");
            ring.remove("a@10,20,30");
        }
    });
}

#[test]
fn point_k_of_a_node_is_the_hash_of_its_name_and_k() {
    STAGE.run(|| {
        let ring = ring_of(3, &[("a@10,50,90", 1), ("b@30,70,20", 1)]);
        let expected = [
            ("@9", "a@10,50,90"),
            ("@10", "a@10,50,90"),
            ("@11", "b@30,70,20"),
            ("@21", "b@30,70,20"),
            ("@31", "a@10,50,90"),
            ("@51", "b@30,70,20"),
            ("@71", "a@10,50,90"),
            ("@90", "a@10,50,90"),
            ("@91", "a@10,50,90"),
        ];
        expect_owners(
            &ring,
            &expected,
            "points 0 to 2 of each node are where its name says",
        );
        // With a hash that shows the label only by its effect: any other text is elsewhere.
        let (mut ring, mut model) = (HashRing::with_hash(4, mixed), Model::default());
        for node in ["a", "a#1", "a1", "#", "", "größer ☂"] {
            ring.add(node);
            model.add(node, points(node, 4, mixed));
        }
        for key in keys(0, 300) {
            let (found, owner) = (
                ring.node_for(key.as_bytes()),
                model.owner(mixed(key.as_bytes())),
            );
            expect_eq!(
                found,
                owner,
                "key `{key}`: point k of node n is the hash of \"n#k\""
            );
        }
    });
}

#[test]
fn a_node_has_as_many_points_as_it_should() {
    STAGE.run(|| {
        // A fourth point of a would be at 12, of b at 42.
        let ring = ring_of(3, &[("a@10,50,90", 1), ("b@40,80,100", 1)]);
        let expected = [
            ("@11", "b@40,80,100"),
            ("@41", "a@10,50,90"),
            ("@91", "b@40,80,100"),
        ];
        expect_owners(&ring, &expected, "each node has three points and no more");
        let ring = ring_of(1, &[("a@10,50,90", 1), ("b@60", 1)]);
        expect_owners(
            &ring,
            &[("@11", "b@60")],
            "each node has one point and no more",
        );
    });
}

#[test]
fn a_node_has_weight_times_the_points() {
    STAGE.run(|| {
        // With two points each, 51 would be b's, and with three, 91.
        let ring = ring_of(2, &[("a@10,50,90,130", 2), ("b@40,140", 1)]);
        let expected = [
            ("@11", "b@40,140"),
            ("@51", "a@10,50,90,130"),
            ("@91", "a@10,50,90,130"),
            ("@131", "b@40,140"),
        ];
        expect_owners(
            &ring,
            &expected,
            "a weighs 2 and has four points, b has two",
        );
        expect_eq!(ring.len(), 2, "nodes are counted, not their weights");
        let mut ring = ring_of(2, &[("a@10,50", 1)]);
        expect!(
            !ring.add_weighted("b@40,80", 0),
            "a node of weight 0 was accepted"
        );
        let nodes = Vec::from_iter(ring.nodes());
        expect_eq!(nodes, ["a@10,50"], "a node of weight 0 was refused");
        expect_owners(
            &ring,
            &[("@11", "a@10,50")],
            "a node of weight 0 was refused",
        );
        expect!(
            ring.add("b@40,80"),
            "add refused a node that had only been refused"
        );
        expect_owners(
            &ring,
            &[("@11", "b@40,80"), ("@81", "a@10,50")],
            "add is weight 1",
        );
    });
}

#[test]
fn a_node_that_is_there_is_refused_and_keeps_its_weight() {
    STAGE.run(|| {
        let mut ring = ring_of(1, &[("a@10,50,90", 1), ("b@40,80", 2)]);
        expect!(
            !ring.add_weighted("a@10,50,90", 3),
            "a node that is there was added again"
        );
        expect!(!ring.add("b@40,80"), "a node that is there was added again");
        let expected = [("@41", "b@40,80"), ("@81", "a@10,50,90")];
        expect_owners(
            &ring,
            &expected,
            "a weighs 1, b weighs 2, and both were added again",
        );
        expect!(
            ring.remove("b@40,80"),
            "remove returned false for a node that is there"
        );
        expect_owners(
            &ring,
            &[("@11", "a@10,50,90")],
            "b was added twice, and removed",
        );
        expect!(
            !ring.remove("b@40,80"),
            "remove returned true for a node that was gone"
        );
        expect_eq!(ring.len(), 1, "b was added twice, and removed");
    });
}

#[test]
fn colliding_points_belong_to_the_smaller_name() {
    STAGE.run(|| {
        for order in [
            ["a@10,50", "b@50,10", "c@30,50"],
            ["c@30,50", "b@50,10", "a@10,50"],
        ] {
            let mut ring = ring_of(2, &order.map(|node| (node, 1)));
            let expected = [("@1", "a@10,50"), ("@11", "c@30,50"), ("@31", "a@10,50")];
            expect_owners(&ring, &expected, "a owns what it shares with b and c");
            ring.remove("a@10,50");
            let expected = [("@1", "b@50,10"), ("@11", "c@30,50"), ("@31", "b@50,10")];
            expect_owners(
                &ring,
                &expected,
                "a is gone, and b owns what it shares with c",
            );
            ring.add("a@10,50");
            ring.remove("b@50,10");
            let expected = [("@1", "a@10,50"), ("@31", "a@10,50"), ("@51", "a@10,50")];
            expect_owners(&ring, &expected, "b is gone, and a shares a point with c");
        }
    });
}

#[test]
fn a_removed_node_takes_every_point_with_it() {
    STAGE.run(|| {
        let mut ring = ring_of(2, &[("a@10,50,90,130", 2), ("b@40,80", 1), ("c@100,5", 1)]);
        expect!(
            ring.remove("a@10,50,90,130"),
            "remove returned false for a node that is there"
        );
        let expected = [
            ("@6", "b@40,80"),
            ("@41", "b@40,80"),
            ("@81", "c@100,5"),
            ("@101", "c@100,5"),
        ];
        expect_owners(&ring, &expected, "a, which had four points, was removed");
        // Back with half of them.
        ring.add("a@10,50,90,130");
        let expected = [("@41", "a@10,50,90,130"), ("@81", "c@100,5")];
        expect_owners(
            &ring,
            &expected,
            "a was removed and added again, with two points",
        );
    });
}

#[test]
fn a_removal_goes_by_the_whole_name() {
    STAGE.run(|| {
        let (mut ring, mut model) = (HashRing::with_hash(4, mixed), Model::default());
        for node in ALIKE {
            ring.add(node);
            model.add(node, points(node, 4, mixed));
        }
        ring.remove(ALIKE[0]);
        model.remove(ALIKE[0]);
        let left = Vec::from_iter(ring.nodes());
        expect_eq!(left, model.nodes(), "nodes() after remove(\"node-1\")");
        for key in keys(0, 300) {
            let owner = model.owner(mixed(key.as_bytes()));
            expect_eq!(
                ring.node_for(key.as_bytes()),
                owner,
                "key `{key}`: node-1 was removed, and no other node"
            );
        }
    });
}

#[test]
fn nodes_are_listed_and_counted_and_not_their_points() {
    STAGE.run(|| {
        let mut ring = ring_of(3, &[("b@3", 1), ("Z@2", 5), ("a@1", 2), ("", 1)]);
        let nodes = Vec::from_iter(ring.nodes().map(str::to_owned));
        expect_eq!(nodes, ["", "Z@2", "a@1", "b@3"], "four nodes were added");
        expect_eq!(ring.len(), 4, "four nodes were added");
        ring.remove("Z@2");
        let nodes = Vec::from_iter(ring.nodes().map(str::to_owned));
        expect_eq!(nodes, ["", "a@1", "b@3"], "one of four nodes was removed");
        expect_eq!(ring.len(), 3, "one of four nodes was removed");
    });
}

/// One change to the members of a ring.
#[derive(Debug, Clone)]
enum Change {
    Add(String, u32),
    Remove(String),
}

/// Places close together, at both ends and in the middle.
fn places() -> impl Strategy<Value = u64> {
    select(vec![
        0,
        1,
        2,
        3,
        u64::MAX / 2,
        u64::MAX / 2 + 1,
        u64::MAX - 1,
        u64::MAX,
    ])
}

/// Few letters and few places, so that names return and points collide.
fn changes() -> impl Strategy<Value = Vec<Change>> {
    let node = || {
        let names = (select(vec!['a', 'b']), vec(places(), 1..4));
        names.prop_map(|(name, places)| {
            let places = Vec::from_iter(places.iter().map(u64::to_string));
            format!("{name}@{}", places.join(","))
        })
    };
    let members = vec(node(), 1..6);
    members.prop_flat_map(|nodes| {
        let change = prop_oneof![
            2 => (select(nodes.clone()), 0..4_u32).prop_map(|(node, weight)| Change::Add(node, weight)),
            1 => select(nodes).prop_map(Change::Remove),
        ];
        vec(change, 0..20)
    })
}

/// What a ring goes through, and the keys that are looked up after each change.
#[derive(Debug, Clone)]
struct History {
    virtual_nodes: u32,
    changes: Vec<Change>,
    keys: Vec<u64>,
}

#[test]
fn any_history_gives_the_owners_that_a_scan_of_all_points_finds() {
    let histories = (1..4_u32, shorter(changes()), shorter(vec(places(), 1..5))).prop_map(
        |(virtual_nodes, changes, keys)| History {
            virtual_nodes,
            changes,
            keys,
        },
    );
    STAGE.property(histories, |history| {
        let History {
            virtual_nodes,
            changes,
            keys,
        } = history;
        let mut ring = HashRing::with_hash(virtual_nodes, written);
        let mut model = Model::default();
        for (turn, change) in changes.iter().enumerate() {
            let (done, expected) = match change {
                Change::Add(node, weight) => {
                    let points = points(node, weight * virtual_nodes, written);
                    let expected = !points.is_empty() && model.add(node, points);
                    (ring.add_weighted(node, *weight), expected)
                }
                Change::Remove(node) => (ring.remove(node), model.remove(node)),
            };
            expect_eq!(
                done,
                expected,
                "what change {turn} (counted from 0) returned"
            );
            let nodes = Vec::from_iter(ring.nodes());
            expect_eq!(
                nodes,
                model.nodes(),
                "nodes() after change {turn} (counted from 0)"
            );
            expect_eq!(
                ring.len(),
                nodes.len(),
                "len() after change {turn} (counted from 0)"
            );
            for key in &keys {
                let name = format!("@{key}");
                let (found, owner) = (ring.node_for(name.as_bytes()), model.owner(*key));
                expect_eq!(
                    found,
                    owner,
                    "key `{name}` after change {turn} (counted from 0)"
                );
            }
        }
    });
}

/// So many keys that a ring with a dozen nodes and a right hash gives some to each.
const SAMPLE: usize = 300;

/// The numbers and weights of some nodes, in the order in which they come or go, and the
/// number of the first of [`SAMPLE`] keys.
#[derive(Debug, Clone)]
struct Members {
    virtual_nodes: u32,
    nodes: Vec<Weighted>,
    first_key: u32,
}

#[derive(Debug, Clone)]
struct Weighted {
    node: usize,
    weight: u32,
}

fn members_and_keys() -> impl Strategy<Value = Members> {
    let node = (0..1_000_usize, 1..4_u32).prop_map(|(node, weight)| Weighted { node, weight });
    (1..20_u32, vec(node, 1..8), any::<u32>()).prop_map(|(virtual_nodes, nodes, first_key)| {
        Members {
            virtual_nodes,
            nodes,
            first_key,
        }
    })
}

#[test]
fn an_added_node_takes_keys_and_no_other_node_does() {
    STAGE.property(members_and_keys(), |members| {
        let keys = keys(members.first_key, SAMPLE);
        let mut ring = HashRing::new(members.virtual_nodes);
        for Weighted { node, weight } in members.nodes {
            let (node, before) = (node_name(node), owners(&ring, &keys));
            ring.add_weighted(&node, weight);
            let strays = moves::strays(&keys, &before, &owners(&ring, &keys), &node);
            expect!(
                strays.is_none(),
                "`{node}` was added, and {}",
                strays.unwrap_or_default()
            );
        }
    });
}

#[test]
fn a_removed_node_gives_its_keys_away_and_no_other_node_does() {
    STAGE.property(members_and_keys(), |members| {
        let keys = keys(members.first_key, SAMPLE);
        let mut ring = HashRing::new(members.virtual_nodes);
        for Weighted { node, weight } in &members.nodes {
            ring.add_weighted(&node_name(*node), *weight);
        }
        for Weighted { node, .. } in members.nodes {
            let (node, before) = (node_name(node), owners(&ring, &keys));
            ring.remove(&node);
            let after = owners(&ring, &keys);
            let strays = moves::strays(&keys, &before, &after, &node);
            expect!(
                strays.is_none(),
                "`{node}` was removed, and {}",
                strays.unwrap_or_default()
            );
            let left = after
                .iter()
                .flatten()
                .filter(|owner| **owner == node)
                .count();
            expect!(
                left == 0,
                "`{node}` was removed, and still has {left} of {SAMPLE} keys"
            );
        }
    });
}

#[test]
fn load_counts_every_key_and_lists_every_node() {
    STAGE.run(|| {
        let ring = ring_of(2, &[("a@10,50", 1), ("b@40,80", 1), ("idle@41,51", 1)]);
        let keys = ["@1", "@1", "@1", "@45", "@20", "@90", "@20"];
        let expected = [("a@10,50", 5), ("b@40,80", 2), ("idle@41,51", 0)];
        let expected = BTreeMap::from(expected.map(|(node, count)| (node.to_owned(), count)));
        expect_eq!(
            ring.load(keys.into_iter()),
            expected,
            "the load of the keys {keys:?}"
        );
        let owned = keys.map(|key| key.as_bytes().to_vec());
        expect_eq!(
            ring.load(owned.into_iter()),
            expected,
            "the same keys, as vectors of bytes"
        );
        let nothing = BTreeMap::from_iter(expected.into_keys().map(|node| (node, 0)));
        let found = ring.load(std::iter::empty::<[u8; 4]>());
        expect_eq!(found, nothing, "the load of no keys");
    });
}

#[test]
fn a_clone_goes_its_own_way() {
    STAGE.run(|| {
        let mut ring = ring_of(2, &[("a@10,50", 1), ("b@40,80", 1)]);
        let mut clone = ring.clone();
        ring.remove("a@10,50");
        clone.add("c@15,60");
        expect_owners(&ring, &[("@12", "b@40,80")], "c was added to the clone");
        expect_owners(
            &clone,
            &[("@5", "a@10,50")],
            "a was removed from the original",
        );
        expect_owners(&clone, &[("@12", "c@15,60")], "c was added to this clone");
    });
}

#[test]
fn every_ring_of_every_process_agrees() {
    let of_this_process = |step: usize| {
        let mut ring = HashRing::new(16);
        for turn in 0..20 {
            ring.add(&node_name(turn * step % 20));
        }
        owners(&ring, &keys(0, 200))
    };
    if members::is_asked() {
        return members::answer(of_this_process(1));
    }
    STAGE.run(move || {
        let (keys, first) = (keys(0, 200), of_this_process(1));
        let reordered = "one to which the same nodes were added in another order";
        for (other, whose) in [
            (Some(of_this_process(7)), reordered),
            (
                members::ask_another_process("every_ring_of_every_process_agrees"),
                "that of another process",
            ),
            (
                members::ask_another_process("every_ring_of_every_process_agrees"),
                "that of a third process",
            ),
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

/// `user-0000000`, `user-0000001`, …: counted up in place, for there are a million.
fn million() -> impl Iterator<Item = [u8; 12]> {
    let mut next = *b"user-0000000";
    (0..1 << 20).map(move |_| {
        let key = next;
        for digit in next.iter_mut().rev() {
            if *digit == b'9' {
                *digit = b'0';
            } else {
                *digit += 1;
                break;
            }
        }
        key
    })
}

/// Asks for the load of a million keys on 256 nodes with 128 points each; `points` says
/// what places those.
#[track_caller]
fn expect_balance(ring: &HashRing, points: &str) {
    let listed = ring.load(million());
    expect_eq!(
        listed.values().sum::<usize>(),
        1 << 20,
        "the keys that load() counts, of 2^20"
    );
    // That every node is listed is for another check: one that is not has no keys.
    let mean = 4096.0;
    let loads: [f64; 256] = std::array::from_fn(|node| {
        let count = listed.get(&node_name(node)).copied().unwrap_or_default();
        count as f64 / mean
    });
    let least = loads.into_iter().fold(f64::INFINITY, f64::min);
    let most = loads.into_iter().fold(0.0, f64::max);
    let squares = loads.map(|load| (load - 1.0).powi(2));
    let variation = (squares.iter().sum::<f64>() / 256.0).sqrt();
    expect!(
        variation <= 0.125 && most <= 2.0 && least >= 0.4,
        "a million keys on 256 nodes with 128 points each, {points}: the least loaded node has \
         {least:.2} of the mean, the most loaded {most:.2}, the coefficient of variation is \
         {variation:.2}; 128 well-spread points give about 0.75, 1.25 and 0.09"
    );
}

#[test]
fn the_load_is_balanced() {
    // With a hash that is known to spread: what is uneven now is for want of points.
    STAGE.run_within(LONG, || {
        expect_small_rings_to_end();
        let ring = ring_with(128, 256, mixed);
        expect_balance(&ring, "placed by a hash that spreads well");
    });
}

#[test]
fn the_hash_of_new_spreads_the_points() {
    STAGE.run_within(LONG, || {
        expect_small_rings_to_end();
        let ring = own_ring(128, 256);
        expect_balance(&ring, "placed by the hash of new()");
    });
}

#[test]
fn a_new_node_takes_its_share() {
    STAGE.run_within(LONG, || {
        expect_small_rings_to_end();
        let keys = keys(0, 20_000);
        for nodes in [3, 6, 10, 16] {
            let mut ring = ring_with(128, nodes, mixed);
            let before = owners(&ring, &keys);
            ring.add("newcomer");
            let after = owners(&ring, &keys);
            let moved = before
                .iter()
                .zip(&after)
                .filter(|(before, after)| before != after)
                .count();
            let fair = keys.len() / (nodes + 1);
            let ratio = moved as f64 / fair as f64;
            expect!(
                (0.4..=2.0).contains(&ratio),
                "of 20,000 keys on {nodes} nodes, {moved} moved when one more was added; its share \
                 is {fair}"
            );
        }
    });
}

#[test]
fn a_removed_nodes_keys_go_to_many_nodes() {
    STAGE.run_within(LONG, || {
        expect_small_rings_to_end();
        let (keys, mut ring) = (keys(0, 20_000), ring_with(128, 10, mixed));
        let before = owners(&ring, &keys);
        ring.remove("node-3");
        let heirs = before
            .iter()
            .zip(owners(&ring, &keys))
            .filter(|(before, after)| *before != after);
        let heirs = BTreeSet::from_iter(heirs.map(|(_, after)| after));
        expect!(
            heirs.len() >= 5,
            "one of 10 nodes was removed, and its keys went to {} of the other nine",
            heirs.len()
        );
    });
}

thread_local! {
    static HASHED: Cell<usize> = const { Cell::new(0) };
}

fn counted(text: &[u8]) -> u64 {
    HASHED.set(HASHED.get() + 1);
    mixed(text)
}

/// A ring that has been used once.
fn warm_ring(virtual_nodes: u32, nodes: usize, hash: fn(&[u8]) -> u64) -> HashRing {
    let ring = ring_with(virtual_nodes, nodes, hash);
    black_box(ring.node_for(b"first"));
    ring
}

#[test]
fn a_lookup_does_not_hash_the_points_again() {
    STAGE.run(|| {
        let lookups = 500;
        let ring = warm_ring(64, 32, labels_counted);
        HASHED.set(0);
        for key in keys(0, lookups) {
            black_box(ring.node_for(key.as_bytes()));
        }
        let hashed = HASHED.get();
        expect!(
            hashed == 0,
            "{lookups} lookups among 2,048 points hashed {hashed} labels of points once more"
        );
    });
}

/// Counts what a point is made of, and no keys: how often those are hashed is nobody's business.
fn labels_counted(text: &[u8]) -> u64 {
    HASHED.set(HASHED.get() + usize::from(text.contains(&b'#')));
    mixed(text)
}

#[test]
fn a_lookup_costs_log_n() {
    STAGE.run_within(LONG, || {
        expect_small_rings_to_end();
        const POINTS: u32 = 64;
        let keys = keys(0, 1_000);
        for (hash, kind) in [
            (mixed as fn(&[u8]) -> u64, "well-spread"),
            (crowded, "crowded"),
            (heaped, "colliding"),
        ] {
            // By the number of points. Small enough for a ring that is built anew by every
            // change: that is allowed.
            let sizes = [4, 32, 256].map(|nodes| nodes * POINTS as usize);
            let ring = |points: usize| warm_ring(POINTS, points / POINTS as usize, hash);
            let rings = BTreeMap::from(sizes.map(|points| (points, ring(points))));
            // Lookups in proportion to the points, so that n log n in all is log n for each.
            let lookups = |points: usize, allowance: &Allowance| {
                for key in keys.iter().cycle().take(points * 4) {
                    black_box(rings[&points].node_for(key.as_bytes()));
                    if allowance.is_spent() {
                        return;
                    }
                }
            };
            if let Err(steep) = growth::n_log_n(&sizes, lookups) {
                let sentence =
                    format!("4 lookups per point, by the number of {kind} points: {steep}");
                if kind != "well-spread" {
                    Broken::by("relies-on-a-good-hash", sentence).end();
                }
                expect!(false, "{sentence}");
            }
        }
    });
}

#[test]
fn a_change_costs_no_more_than_building_the_ring() {
    STAGE.run_within(LONG, || {
        expect_small_rings_to_end();
        let sizes = [64, 256, 1_024].map(|virtual_nodes| virtual_nodes * 4);
        let ring = |points: usize| warm_ring(points as u32 / 4, 4, mixed);
        let rings = BTreeMap::from(sizes.map(|points| (points, ring(points))));
        let changes = |points: usize, allowance: &Allowance| {
            for _ in 0..5 {
                let mut ring = rings[&points].clone();
                ring.add("guest");
                ring.remove("node-1");
                black_box(ring.node_for(b"user-1"));
                if allowance.is_spent() {
                    return;
                }
            }
        };
        if let Err(steep) = growth::n_log_n(&sizes, changes) {
            expect!(
                false,
                "clone, add, remove, by the number of points: {steep}"
            );
        }
    });
}

/// Of a long text only the end counts, so that long names cost no time.
fn ending(text: &[u8]) -> u64 {
    mixed(&text[text.len().saturating_sub(16)..])
}

#[test]
fn a_point_costs_the_same_memory_whatever_the_name() {
    STAGE.run_within(LONG, || {
        expect_small_rings_to_end();
        const NODES: usize = 16;
        const POINTS: usize = NODES * 256;
        const NAME: usize = 10_000;
        // Room for an index of any reasonable size.
        const LIMIT: usize = (16 << 20) + POINTS * 1_024 + 4 * NODES * NAME;
        let names = Vec::from_iter((0..NODES).map(|node| format!("{node:0>NAME$}")));
        let mut ring = HashRing::with_hash((POINTS / NODES) as u32, ending);
        let used = allocation_counter::measure(|| {
            for name in &names {
                ring.add(name);
            }
        });
        expect!(
            used.bytes_current <= LIMIT as i64,
            "{NODES} nodes with names of {NAME} letters and 256 points each keep {} KiB; the names \
             are {} KiB",
            used.bytes_current >> 10,
            (NODES * NAME) >> 10
        );
        expect_eq!(ring.len(), NODES, "so many nodes were added");
    });
}

#[test]
fn every_number_of_virtual_nodes_makes_a_ring() {
    STAGE.run(|| {
        for virtual_nodes in [1, 255, 256, 65_535, 65_536, 1 << 31, u32::MAX] {
            let ring = HashRing::with_hash(virtual_nodes, endless);
            HASHED.set(0);
            for mut ring in [ring.clone(), ring, HashRing::new(virtual_nodes)] {
                let what = format!("of a ring with {virtual_nodes} virtual nodes");
                expect_eq!(ring.node_for(b"user-1"), None, "the owner {what}");
                expect_eq!(ring.len(), 0, "the length {what}");
                expect!(
                    !ring.remove("a"),
                    "remove, {what}, found a node that never was"
                );
                expect!(
                    !ring.add_weighted("a", 0),
                    "add_weighted, {what}, accepted a node of weight 0"
                );
            }
            expect_few_hashes("an empty ring was asked to remove and refuse");
        }
    });
}

#[test]
fn a_refusal_is_cheap_whatever_the_weight() {
    STAGE.run(|| {
        // Whoever makes the points first, or multiplies in 32 bits, notices here.
        for virtual_nodes in [1, 3] {
            let mut ring = HashRing::with_hash(virtual_nodes, endless);
            ring.add("a");
            let before = ring.node_for(b"user-1").map(str::to_owned);
            HASHED.set(0);
            for weight in [2, 1 << 31, u32::MAX] {
                expect!(
                    !ring.add_weighted("a", weight),
                    "a node that is there was added again, with weight {weight}"
                );
            }
            expect_few_hashes("a node that is there was refused, with large weights");
            expect_eq!(
                ring.node_for(b"user-1").map(str::to_owned),
                before,
                "the owner of user-1 after a refusal"
            );
            expect_eq!(ring.len(), 1, "one node was added, and refused again");
        }
    });
}

/// Stops whoever hashes the billions of labels of a node that does not come, or is not there.
fn endless(text: &[u8]) -> u64 {
    if HASHED.get() > 1_000_000 {
        expect_few_hashes("nothing was to be added or removed");
    }
    counted(text)
}

#[track_caller]
fn expect_few_hashes(when: &str) {
    let hashed = HASHED.get();
    expect!(
        hashed <= 10_000,
        "{when}, and the hash function was called {hashed} times and more"
    );
}

#[test]
fn points_are_numbered_past_65_535() {
    STAGE.run_within(LONG, || {
        expect_small_rings_to_end();
        // So many points by the virtual nodes, by the weight, and by both.
        for (virtual_nodes, weight) in [(65_600, 1), (1, 65_600), (400, 164)] {
            let mut ring = HashRing::with_hash(virtual_nodes, numbered);
            let begin = ("begin", weight);
            for (node, weight) in [begin, ("end", 1)] {
                expect!(
                    ring.add_weighted(node, weight),
                    "add_weighted(\"{node}\", {weight}) returned false for a new node"
                );
            }
            for number in [0, 1, 127, 128, 255, 256, 257, 32_768, 65_535, 65_536, 65_598, 65_599] {
                let found = ring.node_for(format!("key#{number}").as_bytes());
                expect!(
                    found == Some("begin"),
                    "with {virtual_nodes} virtual nodes and weight {weight}, node begin has a point \
                     number {number}, and a key that is exactly on it belongs to {}",
                    members::named(found)
                );
            }
            let found = ring.node_for(b"end");
            expect!(
                found == Some("end"),
                "with {virtual_nodes} virtual nodes and weight {weight}, node begin has no point \
                 number 65,600; a key between number 65,599 and 65,600 belongs to {}, and should \
                 to end, whose points are there",
                members::named(found)
            );
            ring.remove("begin");
            let found = ring.node_for(b"key#65536");
            expect!(found == Some("end"), "begin was removed, and has keys left");
        }
    });
}

/// Looks up these keys, which are where `hash` puts them.
#[track_caller]
fn expect_same(
    ring: &HashRing,
    model: &Model,
    keys: &[String],
    hash: fn(&[u8]) -> u64,
    when: &str,
) {
    for key in keys {
        let (found, owner) = (
            ring.node_for(key.as_bytes()),
            model.owner(hash(key.as_bytes())),
        );
        expect!(
            found == owner,
            "key `{}` belongs to {} {when}: it should be {}",
            members::short(key),
            members::named(found),
            members::named(owner)
        );
    }
}

#[test]
fn hundreds_of_nodes_are_told_apart() {
    STAGE.run(|| {
        // More than a byte can number.
        let (count, keys) = (600, keys(0, 200));
        let (mut ring, mut model) = (HashRing::with_hash(2, mixed), Model::default());
        for node in (0..count).map(node_name) {
            ring.add(&node);
            model.add(&node, points(&node, 2, mixed));
        }
        expect_eq!(ring.len(), count, "so many nodes were added");
        expect_same(&ring, &model, &keys, mixed, "among 600 nodes");
        for node in (0..count).step_by(3).map(node_name) {
            ring.remove(&node);
            model.remove(&node);
        }
        expect_eq!(ring.len(), 400, "200 of 600 nodes were removed");
        expect_same(
            &ring,
            &model,
            &keys,
            mixed,
            "after 200 of 600 nodes were removed",
        );
    });
}

/// Names in the order of `str`, which is neither that of their lengths nor of their numbers.
const SHARING: [&str; 6] = ["B@10", "a10@10", "a9@10", "aa@10", "b@10", "é@10"];

#[test]
fn many_nodes_share_a_point_in_the_order_of_their_names() {
    STAGE.run(|| {
        for step in [1, 5] {
            // The second point of each is beside the first, at 12, and they share that as well.
            let mut ring = ring_of(2, &[("z@50", 1)]);
            for turn in 0..SHARING.len() {
                ring.add(SHARING[turn * step % SHARING.len()]);
            }
            // A second time, which changes nothing.
            ring.add(SHARING[4]);
            for (gone, owner) in SHARING.into_iter().enumerate() {
                let why = format!("{} nodes share that point", SHARING.len() - gone);
                let expected = ["@5", "@10", "@11", "@12", "@53"].map(|key| (key, owner));
                expect_owners(&ring, &expected, &why);
                ring.remove(owner);
            }
            expect_owners(&ring, &[("@5", "z@50")], "all that shared a point are gone");
            // Back, and gone in the opposite order.
            for node in SHARING {
                ring.add(node);
            }
            for node in SHARING.into_iter().skip(1).rev() {
                ring.remove(node);
                expect_owners(&ring, &[("@10", SHARING[0])], "it has the smallest name");
            }
        }
    });
}

#[test]
fn a_node_may_have_several_points_on_one_place() {
    STAGE.run(|| {
        // All labels of a node on one place, and beside it those of another.
        let mut ring = ring_of(3, &[("a@10,10,10", 1), ("b@10,10,20", 2), ("c@30", 1)]);
        expect_owners(
            &ring,
            &[("@5", "a@10,10,10"), ("@11", "b@10,10,20")],
            "a has three points on 10",
        );
        expect!(
            ring.remove("a@10,10,10"),
            "remove returned false for a node that is there"
        );
        let expected = [("@5", "b@10,10,20"), ("@20", "b@10,10,20"), ("@25", "c@30")];
        expect_owners(&ring, &expected, "a is gone, with three points on 10");
        expect!(
            ring.remove("b@10,10,20"),
            "remove returned false for a node that is there"
        );
        expect_owners(&ring, &[("@5", "c@30"), ("@15", "c@30")], "only c is left");
        ring.add("a@10,10,10");
        expect_owners(&ring, &[("@5", "a@10,10,10"), ("@11", "c@30")], "a is back");
    });
}

#[test]
fn tens_of_thousands_of_changes_confuse_nothing() {
    STAGE.run_within(LONG, || {
        expect_small_rings_to_end();
        let mut ring = ring_of(1, &[("a@10", 1), ("b@20", 1), ("c@30,40", 2)]);
        // Past 2^16: whoever numbers what comes counts past that. With changes that are slow, and
        // may be, it does not get there.
        let (turns, allowance) = (70_000, Allowance::of(PATIENCE));
        for turn in (1..=turns).take_while(|_| !allowance.is_spent()) {
            let added = ring.add("guest@15");
            let with = ring.node_for(b"@12");
            expect!(
                added && with == Some("guest@15"),
                "guest@15 was added for the {turn}th time: add returned {added}, and key `@12` \
                 belongs to {}",
                members::named(with)
            );
            let removed = ring.remove("guest@15");
            let without = ring.node_for(b"@12");
            expect!(
                removed && without == Some("b@20"),
                "guest@15 was removed for the {turn}th time: remove returned {removed}, and key \
                 `@12` belongs to {}",
                members::named(without)
            );
        }
        let expected = [
            ("@5", "a@10"),
            ("@25", "c@30,40"),
            ("@31", "c@30,40"),
            ("@41", "a@10"),
        ];
        expect_owners(&ring, &expected, "a guest came and went, time and again");
        expect_eq!(ring.len(), 3, "a guest came and went, time and again");
    });
}

#[test]
fn long_names_and_keys_count_to_their_end() {
    STAGE.run(|| {
        let (mut ring, mut model) = (HashRing::with_hash(2, mixed), Model::default());
        let lengths = [15, 31, 63, 64, 127, 128, 255, 256, 1_000, 4_096, 65_536];
        let long = |letter: &str, length| {
            ["1", "2", "3"].map(|end| format!("{}{end}", letter.repeat(length)))
        };
        let mut names = Vec::from_iter(lengths.iter().flat_map(|length| long("n", *length)));
        // Alike to whoever reads a line, trims what it reads, or takes a label apart.
        let alike = [
            "n\n1", "n\n2", "n", "n ", "n\t", "n\n", "\n", " ", "n#0", "n#1", "#", "##",
        ];
        names.extend(alike.map(str::to_owned));
        for name in &names {
            expect!(
                ring.add(name),
                "add(\"{}\"), of {} bytes, returned false for a new name",
                members::short(name),
                name.len()
            );
            model.add(name, points(name, 2, mixed));
        }
        expect_eq!(ring.len(), names.len(), "so many names were added");
        let mut keys = Vec::from_iter(lengths.iter().flat_map(|length| long("k", *length)));
        keys.extend((0..100).map(|key| format!("user\n{key}")));
        expect_same(&ring, &model, &keys, mixed, "among long names");
        for name in names.iter().step_by(2) {
            expect!(
                ring.remove(name),
                "remove(\"{}\") did not find the node",
                members::short(name)
            );
            model.remove(name);
        }
        expect_same(
            &ring,
            &model,
            &keys,
            mixed,
            "after half of the names were removed",
        );
    });
}

#[test]
fn len_and_is_empty_count_the_members() {
    STAGE.run(|| {
        let mut ring = HashRing::with_hash(2, heaped);
        let mut members = BTreeSet::new();
        // Added with the weight that is written behind, 1 without.
        for call in [
            "-a", "+a0", "+a1", "+a2", "+a0", "+b3", "-c", "+c2", "+b", "-b", "-b", "-", "-a",
            "-c", "-c", "+", "+a",
        ] {
            let (adds, rest) = (call.starts_with('+'), &call[1..]);
            let (node, weight) = rest.split_at(rest.len().min(1));
            let weight = weight.parse().unwrap_or(1);
            let what = match adds {
                true => format!("add_weighted({node:?}, {weight})"),
                false => format!("remove({node:?})"),
            };
            let (done, expected) = match adds {
                true => (
                    ring.add_weighted(node, weight),
                    weight > 0 && members.insert(node),
                ),
                false => (ring.remove(node), members.remove(node)),
            };
            expect_eq!(done, expected, "what {what} returned");
            expect_eq!(ring.len(), members.len(), "len() after {what}");
            let empty = ring.is_empty();
            expect!(
                empty == members.is_empty(),
                "is_empty() is {empty} after {what}, and there are {} nodes",
                members.len()
            );
            // Asked for owners while it lists its nodes.
            let mut listed = Vec::new();
            for node in ring.nodes() {
                expect!(
                    ring.node_for(b"user-1").is_some(),
                    "no owner while nodes() is under way, after {what}"
                );
                listed.push(node);
            }
            expect_eq!(
                listed,
                Vec::from_iter(members.iter().copied()),
                "nodes() after {what}"
            );
            black_box(format!("{ring:?}"));
        }
    });
}

#[test]
fn load_takes_any_number_of_keys_from_any_iterator() {
    STAGE.run(|| {
        let ring = ring_of(2, &[("a@10,50", 1), ("b@40,80", 1)]);
        let load = |a, b| BTreeMap::from([("a@10,50".to_owned(), a), ("b@40,80".to_owned(), b)]);
        // More than two bytes can count, all with one owner.
        let hot = std::iter::repeat_n("@1", 70_000);
        expect_eq!(
            ring.load(hot),
            load(70_000, 0),
            "the load of 70,000 times key @1"
        );
        // An iterator that knows nothing of its length, and one that cannot say how long it is.
        let mut left = 5;
        let counted_down = std::iter::from_fn(|| {
            left -= 1;
            (left >= 0).then_some("@20")
        });
        expect_eq!(
            ring.load(counted_down),
            load(0, 5),
            "five keys of an iterator without a length"
        );
        let filtered = (0..100_u32)
            .filter(|key| key % 10 == 5)
            .map(|key| format!("@{key}"));
        expect_eq!(
            ring.load(filtered),
            load(4, 6),
            "every tenth key, from 5 to 95"
        );
        // The iterator asks the same ring while load asks the iterator.
        let of_a = (0..100_u32).map(|key| format!("@{key}")).filter(|key| {
            let found = ring.node_for(key.as_bytes());
            found == Some("a@10,50") && !ring.load(std::iter::once(key)).is_empty()
        });
        expect_eq!(
            ring.load(of_a),
            load(40, 0),
            "those of 100 keys that belong to a"
        );
        let mut clone = ring.clone();
        clone.remove("b@40,80");
        clone.add("b@40,80");
        let of_b = (0..100_u32)
            .map(|key| format!("@{key}"))
            .filter(|key| clone.node_for(key.as_bytes()) == Some("b@40,80"));
        expect_eq!(
            clone.load(of_b),
            load(0, 60),
            "those of 100 keys that belong to b"
        );
    });
}

/// A ring, its clone, and what becomes of both.
#[derive(Debug, Clone)]
struct Family {
    virtual_nodes: u32,
    before: Vec<Change>,
    /// Whether the ring is asked before it is cloned.
    asked: bool,
    original: Vec<Change>,
    clone: Vec<Change>,
    keys: Vec<u64>,
}

fn families() -> impl Strategy<Value = Family> {
    let changes = || shorter(changes());
    let keys = shorter(vec(places(), 1..5));
    (
        1..4_u32,
        changes(),
        any::<bool>(),
        changes(),
        changes(),
        keys,
    )
        .prop_map(
            |(virtual_nodes, before, asked, original, clone, keys)| Family {
                virtual_nodes,
                before,
                asked,
                original,
                clone,
                keys,
            },
        )
}

/// One change after the other, and no question between them.
fn go_through(ring: &mut HashRing, model: &mut Model, virtual_nodes: u32, changes: &[Change]) {
    for change in changes {
        match change {
            Change::Add(node, weight) => {
                ring.add_weighted(node, *weight);
                if *weight > 0 {
                    model.add(node, points(node, weight * virtual_nodes, written));
                }
            }
            Change::Remove(node) => {
                ring.remove(node);
                model.remove(node);
            }
        }
    }
}

#[test]
fn a_clone_and_its_original_answer_for_themselves() {
    STAGE.property(families(), |family| {
        let keys = Vec::from_iter(family.keys.iter().map(|key| format!("@{key}")));
        let count = family.virtual_nodes;
        let (mut ring, mut model) = (HashRing::with_hash(count, written), Model::default());
        go_through(&mut ring, &mut model, count, &family.before);
        if family.asked {
            expect_same(&ring, &model, &keys, written, "before it is cloned");
        }
        let (mut clone, mut other) = (ring.clone(), model.clone());
        go_through(&mut ring, &mut model, count, &family.original);
        go_through(&mut clone, &mut other, count, &family.clone);
        for _ in 0..2 {
            expect_same(&ring, &model, &keys, written, "in the ring that was cloned");
            expect_same(&clone, &other, &keys, written, "in the clone");
        }
        expect_eq!(
            Vec::from_iter(clone.nodes()),
            other.nodes(),
            "nodes() of the clone"
        );
    });
}

#[test]
fn a_clone_has_the_hash_of_its_original() {
    STAGE.run(|| {
        let keys = keys(0, 300);
        for (ring, made_by) in [
            (own_ring(16, 20), "new(16)"),
            (warm_ring(16, 20, mixed), "with_hash(16, …)"),
        ] {
            let (mut ring, mut clone) = (ring.clone(), ring);
            for ring in [&mut ring, &mut clone] {
                ring.add_weighted("guest", 3);
                ring.remove("node-3");
            }
            let (one, other) = (owners(&ring, &keys), owners(&clone, &keys));
            let whose = "its clone, after the same changes";
            let differ = members::disagreement(&keys, &one, &other, whose);
            expect!(
                differ.is_none(),
                "a ring of {made_by}: {}",
                differ.unwrap_or_default()
            );
        }
    });
}

#[test]
fn what_has_left_costs_no_time() {
    STAGE.run_within(LONG, || {
        expect_small_rings_to_end();
        let keys = keys(0, 1_000);
        // By the number of guests that have come and gone: two nodes are there in the end.
        let sizes = [50, 400, 3_200];
        let visited = |guests: usize| {
            let mut ring = warm_ring(1, 2, mixed);
            for guest in 0..guests {
                let guest = format!("guest-{guest}");
                ring.add(&guest);
                ring.remove(&guest);
            }
            black_box(ring.node_for(b"first"));
            ring
        };
        let rings = BTreeMap::from(sizes.map(|guests| (guests, visited(guests))));
        let lookups = |guests: usize, allowance: &Allowance| {
            for key in keys.iter().cycle().take(guests * 2) {
                black_box(rings[&guests].node_for(key.as_bytes()));
                if allowance.is_spent() {
                    return;
                }
            }
        };
        if let Err(steep) = growth::n_log_n(&sizes, lookups) {
            expect!(
                false,
                "2 lookups per guest among the 2 nodes that have stayed, by the number of guests \
                 that came and went: {steep}"
            );
        }
    });
}

#[test]
fn what_has_left_takes_no_memory() {
    STAGE.run_within(LONG, || {
        expect_small_rings_to_end();
        const GUESTS: usize = 300;
        const NAME: usize = 200_000;
        // Room for an index of any reasonable size.
        const LIMIT: i64 = 16 << 20;
        let mut ring = warm_ring(1, 8, ending);
        let mut kept = 0;
        for guest in 0..GUESTS {
            let name = format!("{}{guest}", "n".repeat(NAME));
            let used = allocation_counter::measure(|| {
                ring.add(&name);
                black_box(ring.node_for(b"user-1"));
                ring.remove(&name);
                black_box(ring.node_for(b"user-1"));
            });
            kept += used.bytes_current;
            expect!(
                kept <= LIMIT,
                "{} nodes with names of {NAME} letters came and went, and the ring of 8 nodes has \
                 grown by {} KiB",
                guest + 1,
                kept >> 10
            );
        }
    });
}
