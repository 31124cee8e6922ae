//! What a ring with one point per node promises, one promise per check.
//!
//! Nearly all of it is exact: the check brings the hash function, so it knows every
//! point, and compares with a scan of all of them. Only what the brief says is
//! checked. How the points are kept, when they are sorted and how often a key is
//! hashed is the submission's own business, as long as lookups do not slow down with
//! the number of nodes.

mod crowds;
mod members;
mod moves;
mod ring;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::hint::black_box;
use std::time::Duration;

use grader::growth::{self, Allowance};
use grader::proptest::collection::vec;
use grader::proptest::prelude::{Strategy, any, prop_oneof};
use grader::proptest::sample::select;
use grader::{Broken, Stage, expect, expect_an_end, expect_eq, shorter};
use hash_ring::HashRing;

use crowds::{crowded, heaped};
use members::{ALIKE, Owners, keys, node_name};
use ring::{Model, mixed, written};

const STAGE: Stage = grader::stage!("../stage.toml");

/// For work whose point is its amount.
const LONG: Duration = Duration::from_secs(60);

/// The processor time for what is repeated as often as there is time for.
const PATIENCE: Duration = Duration::from_secs(3);

/// A ring on which every node and key is where its name says.
fn ring_of(nodes: &[&str]) -> HashRing {
    let mut ring = HashRing::with_hash(written);
    for node in nodes {
        ring.add(node);
    }
    ring
}

/// A ring with the submission's own hash and nodes called `node-0`, `node-1`, …
fn own_ring(nodes: usize) -> HashRing {
    let mut ring = HashRing::new();
    for node in 0..nodes {
        ring.add(&node_name(node));
    }
    ring
}

/// Before a check that has a minute.
fn expect_small_rings_to_end() {
    expect_an_end("a few nodes, a lookup and a removal", || {
        let mut ring = HashRing::with_hash(mixed);
        for node in ALIKE {
            ring.add(node);
        }
        black_box(ring.node_for(b"user-1"));
        ring.remove(ALIKE[0]);
        black_box(ring.node_for(b"user-1"));
    });
}

fn owners(ring: &HashRing, keys: &[String]) -> Owners {
    let owner = |key: &String| ring.node_for(key.as_bytes()).map(str::to_owned);
    keys.iter().map(owner).collect()
}

/// Looks up a key that is written as its place.
#[track_caller]
fn expect_owner(ring: &HashRing, key: &str, owner: Option<&str>, why: &str) {
    let found = ring.node_for(key.as_bytes());
    let nodes = Vec::from_iter(ring.nodes()).join(", ");
    expect_eq!(found, owner, "key `{key}` among the nodes {nodes}: {why}");
}

#[test]
fn an_empty_ring_owns_no_key() {
    STAGE.run(|| {
        let mut ring = ring_of(&[]);
        expect_owner(&ring, "@7", None, "there are no nodes");
        expect_eq!(ring.len(), 0, "a new ring has no nodes");
        expect!(ring.is_empty(), "a new ring says that it is not empty");
        expect_eq!(ring.nodes().next(), None, "a new ring has no nodes");
        ring.add("a@10");
        ring.remove("a@10");
        expect_owner(&ring, "@7", None, "the only node was removed");
        expect!(ring.is_empty(), "the only node was removed");
        let nobody = HashRing::new();
        expect_eq!(nobody.node_for(b"user-1"), None, "there are no nodes");
    });
}

#[test]
fn a_single_node_owns_every_key() {
    STAGE.run(|| {
        let ring = ring_of(&["a@10"]);
        for key in ["@0", "@9", "@10", "@11", "@18446744073709551615"] {
            expect_owner(&ring, key, Some("a@10"), "there is only one node");
        }
        let own = own_ring(1);
        for key in keys(0, 100) {
            let owner = own.node_for(key.as_bytes());
            expect_eq!(owner, Some("node-0"), "key `{key}`: there is only one node");
        }
    });
}

#[test]
fn a_key_belongs_to_the_next_point_after_it() {
    STAGE.run(|| {
        let ring = ring_of(&["c@30", "a@20", "b@10"]);
        for (key, owner) in [
            ("@0", "b@10"),
            ("@9", "b@10"),
            ("@11", "a@20"),
            ("@29", "c@30"),
        ] {
            expect_owner(&ring, key, Some(owner), "the next point is that node's");
        }
        // Three places in the upper half, where a signed number is negative.
        let ring = ring_of(&[
            "low@5",
            "high@9223372036854775808",
            "top@18446744073709551000",
        ]);
        for (key, owner) in [
            ("@9223372036854775807", "high@9223372036854775808"),
            ("@9223372036854775809", "top@18446744073709551000"),
        ] {
            expect_owner(&ring, key, Some(owner), "the next point is that node's");
        }
    });
}

#[test]
fn a_key_on_a_point_belongs_to_that_point() {
    STAGE.run(|| {
        let nodes = ["a@0", "b@10", "c@11", "d@18446744073709551615"];
        let ring = ring_of(&nodes);
        for node in nodes {
            let key = node.trim_start_matches(char::is_alphabetic);
            expect_owner(&ring, key, Some(node), "it is exactly on that node's point");
        }
    });
}

#[test]
fn past_the_last_point_comes_the_first() {
    STAGE.run(|| {
        let ring = ring_of(&["b@20", "c@30", "a@10"]);
        for key in ["@31", "@1000", "@18446744073709551615"] {
            expect_owner(
                &ring,
                key,
                Some("a@10"),
                "no point follows, so it is round the end",
            );
        }
        expect_owner(&ring, "@0", Some("a@10"), "the first point follows");
    });
}

#[test]
fn two_nodes_on_one_point_belong_to_the_smaller_name() {
    STAGE.run(|| {
        for order in [["b@10", "a@10", "z@50"], ["a@10", "z@50", "b@10"]] {
            let mut ring = ring_of(&order);
            expect_eq!(ring.len(), 3, "two of the three nodes have equal points");
            for key in ["@10", "@3", "@51"] {
                expect_owner(&ring, key, Some("a@10"), "a and b share the next point");
            }
            expect!(
                ring.remove("a@10"),
                "remove(\"a@10\") did not find the node"
            );
            expect_owner(
                &ring,
                "@10",
                Some("b@10"),
                "a is gone, and b is on the same point",
            );
            expect!(
                ring.add("a@10"),
                "add(\"a@10\") found a node that had been removed"
            );
            expect!(
                ring.remove("b@10"),
                "remove(\"b@10\") did not find the node"
            );
            expect_owner(
                &ring,
                "@10",
                Some("a@10"),
                "b is gone, and a is on the same point",
            );
        }
    });
}

#[test]
fn adding_a_node_twice_is_refused_and_changes_nothing() {
    STAGE.run(|| {
        let mut ring = ring_of(&["a@10", "b@20"]);
        expect!(!ring.add("a@10"), "the second add of a node returned true");
        expect_eq!(ring.len(), 2, "a was added twice, b once");
        let nodes = Vec::from_iter(ring.nodes());
        expect_eq!(nodes, ["a@10", "b@20"], "a was added twice, b once");
        expect!(
            ring.remove("a@10"),
            "remove returned false for a node that is there"
        );
        expect_owner(&ring, "@5", Some("b@20"), "a was added twice, and removed");
        expect!(
            !ring.remove("a@10"),
            "remove returned true for a node that was gone"
        );
        expect!(
            !ring.remove("c@30"),
            "remove returned true for a node that never was"
        );
        expect_owner(
            &ring,
            "@25",
            Some("b@20"),
            "removing a stranger changes nothing",
        );
    });
}

#[test]
fn a_removed_node_leaves_nothing_behind() {
    STAGE.run(|| {
        let nodes = ["a@10", "b@20", "c@30", "d@40", "e@50"];
        let mut ring = ring_of(&nodes);
        for gone in ["b@20", "d@40"] {
            expect!(
                ring.remove(gone),
                "remove(\"{gone}\") did not find the node"
            );
        }
        for (key, owner) in [
            ("@15", "c@30"),
            ("@20", "c@30"),
            ("@35", "e@50"),
            ("@45", "e@50"),
        ] {
            expect_owner(&ring, key, Some(owner), "nodes b and d were removed");
        }
        expect_eq!(ring.len(), 3, "five nodes were added and two removed");
        expect!(ring.add("d@40"), "add found a node that had been removed");
        expect_owner(&ring, "@35", Some("d@40"), "d was removed and added again");
    });
}

#[test]
fn a_removal_goes_by_the_whole_name() {
    STAGE.run(|| {
        let (mut ring, mut model) = (HashRing::with_hash(mixed), Model::default());
        for node in ALIKE {
            ring.add(node);
            model.add(node, [mixed(node.as_bytes())]);
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
fn nodes_are_listed_by_name() {
    STAGE.run(|| {
        // By place it is c, b, a, Z; by name, capitals come first.
        let mut ring = ring_of(&["b@20", "a@30", "Z@40", "c@10", ""]);
        let nodes = Vec::from_iter(ring.nodes().map(str::to_owned));
        expect_eq!(
            nodes,
            ["", "Z@40", "a@30", "b@20", "c@10"],
            "five nodes were added"
        );
        ring.remove("b@20");
        let nodes = Vec::from_iter(ring.nodes().map(str::to_owned));
        expect_eq!(nodes, ["", "Z@40", "a@30", "c@10"], "b was removed");
        expect_eq!(ring.len(), 4, "five nodes were added and one removed");
    });
}

#[test]
fn names_and_keys_are_hashed_as_they_are() {
    STAGE.run(|| {
        let mut ring = HashRing::with_hash(mixed);
        let mut model = Model::default();
        for node in ["a", "A", " a", "größer ☂", "", "a\0"] {
            expect!(ring.add(node), "add({node:?}) returned false");
            model.add(node, [mixed(node.as_bytes())]);
        }
        // Not text, and alike where they are made into text.
        for key in 0..=u8::MAX {
            for key in [&[key][..], &[key, 0xFF], &[0xC3, key, 0x00]] {
                let owner = model.owner(mixed(key));
                expect_eq!(
                    ring.node_for(key),
                    owner,
                    "the key with the bytes {key:02x?}"
                );
            }
        }
        expect_eq!(ring.node_for(b""), model.owner(mixed(b"")), "the empty key");
    });
}

#[test]
fn the_order_of_adding_does_not_matter() {
    STAGE.run(|| {
        let keys = keys(0, 500);
        let first = owners(&own_ring(40), &keys);
        for step in [7, 11, 39] {
            let mut ring = HashRing::new();
            for turn in 0..40 {
                ring.add(&node_name(turn * step % 40));
            }
            ring.add("guest");
            ring.remove("guest");
            let whose = "one to which the same nodes were added in another order";
            let differ = members::disagreement(&keys, &first, &owners(&ring, &keys), whose);
            expect!(differ.is_none(), "{}", differ.unwrap_or_default());
        }
    });
}

/// One change to the members of a ring.
#[derive(Debug, Clone)]
enum Change {
    Add(String),
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
    let node =
        || (select(vec!['a', 'b', 'c']), places()).prop_map(|(name, at)| format!("{name}@{at}"));
    let change = prop_oneof![
        2 => node().prop_map(Change::Add),
        1 => node().prop_map(Change::Remove),
    ];
    vec(change, 0..30)
}

/// What a ring goes through, and the keys that are looked up after each change.
#[derive(Debug, Clone)]
struct History {
    changes: Vec<Change>,
    keys: Vec<u64>,
}

#[test]
fn any_history_gives_the_owners_that_a_scan_of_all_points_finds() {
    let histories = (shorter(changes()), shorter(vec(places(), 1..5)))
        .prop_map(|(changes, keys)| History { changes, keys });
    STAGE.property(histories, |History { changes, keys }| {
        let (mut ring, mut model) = (HashRing::with_hash(written), Model::default());
        for (turn, change) in changes.iter().enumerate() {
            let (done, expected) = match change {
                Change::Add(node) => (ring.add(node), model.add(node, [written(node.as_bytes())])),
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

/// The numbers of some nodes, in the order in which they come or go, and that of the first
/// of [`SAMPLE`] keys.
#[derive(Debug, Clone)]
struct Members {
    nodes: Vec<usize>,
    first_key: u32,
}

fn members_and_keys() -> impl Strategy<Value = Members> {
    (vec(0..1_000_usize, 1..12), any::<u32>())
        .prop_map(|(nodes, first_key)| Members { nodes, first_key })
}

#[test]
fn an_added_node_takes_keys_and_no_other_node_does() {
    STAGE.property(members_and_keys(), |Members { nodes, first_key }| {
        let (keys, mut ring) = (keys(first_key, SAMPLE), HashRing::new());
        for node in nodes {
            let (node, before) = (node_name(node), owners(&ring, &keys));
            ring.add(&node);
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
    STAGE.property(members_and_keys(), |Members { nodes, first_key }| {
        let (keys, mut ring) = (keys(first_key, SAMPLE), HashRing::new());
        for node in &nodes {
            ring.add(&node_name(*node));
        }
        for node in nodes {
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
fn a_default_ring_behaves_as_a_new_one() {
    STAGE.run(|| {
        let (keys, mut default) = (keys(0, 500), HashRing::default());
        expect!(default.is_empty(), "a default ring has nodes");
        for node in 0..20 {
            default.add(&node_name(node));
        }
        let (found, expected) = (owners(&default, &keys), owners(&own_ring(20), &keys));
        expect_eq!(
            found,
            expected,
            "the owners of 500 keys, default() and new()"
        );
    });
}

#[test]
fn a_clone_goes_its_own_way() {
    STAGE.run(|| {
        let mut ring = ring_of(&["a@10", "b@20"]);
        let mut clone = ring.clone();
        ring.remove("a@10");
        clone.add("c@15");
        expect_owner(&ring, "@12", Some("b@20"), "c was added to the clone");
        expect_owner(
            &clone,
            "@5",
            Some("a@10"),
            "a was removed from the original",
        );
        expect_owner(&clone, "@12", Some("c@15"), "c was added to this clone");
    });
}

#[test]
fn every_ring_of_every_process_agrees() {
    let of_this_process = || owners(&own_ring(20), &keys(0, 200));
    if members::is_asked() {
        return members::answer(of_this_process());
    }
    STAGE.run(move || {
        let (keys, first) = (keys(0, 200), of_this_process());
        let differ = members::disagreement(&keys, &first, &of_this_process(), "the next one");
        expect!(differ.is_none(), "{}", differ.unwrap_or_default());
        for _ in 0..2 {
            let other = members::ask_another_process("every_ring_of_every_process_agrees");
            let Some(other) = other else {
                return expect!(
                    false,
                    "another process that was asked for its owners has no answer"
                );
            };
            // Which keys these are changes from run to run, and would say no more.
            let differ = members::disagreement(&keys, &first, &other, "that of another process");
            expect!(
                differ.is_none(),
                "the rings of two processes give the same keys to different nodes"
            );
        }
    });
}

#[test]
fn similar_names_and_keys_spread_over_the_ring() {
    STAGE.run(|| {
        let owners = BTreeSet::from_iter(owners(&own_ring(256), &keys(0, 20_000)));
        expect!(
            owners.len() >= 128,
            "of 256 nodes, {} hold 20,000 keys, and the others none; about 250 should have some",
            owners.len()
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

/// A ring of so many nodes that has been used once.
fn warm_ring(nodes: usize, hash: fn(&[u8]) -> u64) -> HashRing {
    let mut ring = HashRing::with_hash(hash);
    for node in 0..nodes {
        ring.add(&node_name(node));
    }
    black_box(ring.node_for(b"first"));
    ring
}

#[test]
fn a_lookup_does_not_hash_the_nodes_again() {
    STAGE.run(|| {
        let (nodes, lookups) = (1_000, 500);
        let ring = warm_ring(nodes, counted);
        HASHED.set(0);
        for key in keys(0, lookups) {
            black_box(ring.node_for(key.as_bytes()));
        }
        let each = HASHED.get() / lookups;
        // One will do. Some search by hashing what they compare with.
        expect!(
            each <= 64,
            "each lookup among {nodes} nodes called the hash function {each} times"
        );
    });
}

/// Far enough apart to tell, and small enough for a ring that is built anew by every
/// change: that is allowed.
const SIZES: [usize; 3] = [50, 400, 3_200];

/// The same, where anything worse than log n shows sooner.
const SMALLER: [usize; 3] = [50, 400, 1_600];

fn warm_rings<const N: usize>(
    sizes: [usize; N],
    hash: fn(&[u8]) -> u64,
) -> BTreeMap<usize, HashRing> {
    sizes
        .into_iter()
        .map(|nodes| (nodes, warm_ring(nodes, hash)))
        .collect()
}

#[test]
fn a_lookup_costs_log_n() {
    STAGE.run_within(LONG, || {
        expect_small_rings_to_end();
        let keys = keys(0, 1_000);
        for (hash, kind, sizes) in [
            (mixed as fn(&[u8]) -> u64, "well-spread", SIZES),
            (crowded, "crowded", SMALLER),
            (heaped, "colliding", SMALLER),
        ] {
            let rings = warm_rings(sizes, hash);
            // Lookups in proportion to the nodes, so that n log n in all is log n for each.
            let lookups = |nodes: usize, allowance: &Allowance| {
                for key in keys.iter().cycle().take(nodes * 20) {
                    black_box(rings[&nodes].node_for(key.as_bytes()));
                    if allowance.is_spent() {
                        return;
                    }
                }
            };
            if let Err(steep) = growth::n_log_n(&sizes, lookups) {
                let sentence =
                    format!("20 lookups per node, by the number of {kind} nodes: {steep}");
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
        // Large rings are built when the small ones were cheap to change.
        let [small, larger @ ..] = SMALLER;
        for large in larger {
            let rings = warm_rings([small, large], mixed);
            let changes = |nodes: usize, allowance: &Allowance| {
                for turn in 0..20 {
                    let mut ring = rings[&nodes].clone();
                    ring.add("guest");
                    ring.remove(&node_name(turn));
                    black_box(ring.node_for(b"user-1"));
                    if allowance.is_spent() {
                        return;
                    }
                }
            };
            if let Err(steep) = growth::n_log_n(&[small, large], changes) {
                expect!(false, "clone, add, remove, by the number of nodes: {steep}");
            }
        }
    });
}

#[test]
fn len_and_is_empty_count_the_members() {
    STAGE.run(|| {
        let mut ring = HashRing::with_hash(heaped);
        let mut members = BTreeSet::new();
        for call in [
            "-a", "+a", "+a", "+b", "-c", "+c", "+b", "-b", "-b", "-", "-a", "-c", "-c", "+", "+a",
        ] {
            let (adds, node) = (call.starts_with('+'), &call[1..]);
            let what = format!("{}({node:?})", if adds { "add" } else { "remove" });
            let (done, expected) = match adds {
                true => (ring.add(node), members.insert(node)),
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
        let (mut ring, mut model) = (HashRing::with_hash(mixed), Model::default());
        for node in (0..count).map(node_name) {
            ring.add(&node);
            model.add(&node, [mixed(node.as_bytes())]);
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
            let mut ring = ring_of(&["z@50"]);
            for turn in 0..SHARING.len() {
                ring.add(SHARING[turn * step % SHARING.len()]);
            }
            // A second time, which changes nothing.
            ring.add(SHARING[4]);
            for (gone, owner) in SHARING.into_iter().enumerate() {
                for key in ["@5", "@10", "@51"] {
                    let why = format!("{} nodes share that point", SHARING.len() - gone);
                    expect_owner(&ring, key, Some(owner), &why);
                }
                ring.remove(owner);
            }
            expect_owner(
                &ring,
                "@5",
                Some("z@50"),
                "all that shared a point are gone",
            );
            // Back, and gone in the opposite order.
            for node in SHARING {
                ring.add(node);
            }
            for node in SHARING.into_iter().skip(1).rev() {
                ring.remove(node);
                expect_owner(&ring, "@10", Some(SHARING[0]), "it has the smallest name");
            }
        }
    });
}

#[test]
fn tens_of_thousands_of_changes_confuse_nothing() {
    STAGE.run_within(LONG, || {
        expect_small_rings_to_end();
        let mut ring = ring_of(&["a@10", "b@20", "c@30"]);
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
        for (key, owner) in [("@5", "a@10"), ("@25", "c@30"), ("@31", "a@10")] {
            expect_owner(
                &ring,
                key,
                Some(owner),
                "a guest came and went, time and again",
            );
        }
        expect_eq!(ring.len(), 3, "a guest came and went, time and again");
    });
}

#[test]
fn long_names_and_keys_count_to_their_end() {
    STAGE.run(|| {
        let (mut ring, mut model) = (HashRing::with_hash(mixed), Model::default());
        let lengths = [15, 31, 63, 64, 127, 128, 255, 256, 1_000, 4_096, 65_536];
        let long = |letter: &str, length| {
            ["1", "2", "3"].map(|end| format!("{}{end}", letter.repeat(length)))
        };
        let mut names = Vec::from_iter(lengths.iter().flat_map(|length| long("n", *length)));
        // Alike to whoever reads a line, or trims what it reads.
        names.extend(["n\n1", "n\n2", "n", "n ", "n\t", "n\n", "\n", " "].map(str::to_owned));
        for name in &names {
            expect!(
                ring.add(name),
                "add(\"{}\"), of {} bytes, returned false for a new name",
                members::short(name),
                name.len()
            );
            model.add(name, [mixed(name.as_bytes())]);
        }
        expect_eq!(ring.len(), names.len(), "so many names were added");
        let mut keys = Vec::from_iter(lengths.iter().flat_map(|length| long("k", *length)));
        keys.extend((0..100).map(|key| format!("user\n{key}")));
        expect_same(&ring, &model, &keys, mixed, "among long names");
        for name in names.iter().step_by(2) {
            let removed = ring.remove(name);
            expect!(
                removed,
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

/// A ring, its clone, and what becomes of both.
#[derive(Debug, Clone)]
struct Family {
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
    (changes(), any::<bool>(), changes(), changes(), keys).prop_map(
        |(before, asked, original, clone, keys)| Family {
            before,
            asked,
            original,
            clone,
            keys,
        },
    )
}

/// One change after the other, and no question between them.
fn go_through(ring: &mut HashRing, model: &mut Model, changes: &[Change]) {
    for change in changes {
        match change {
            Change::Add(node) => {
                ring.add(node);
                model.add(node, [written(node.as_bytes())]);
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
        let (mut ring, mut model) = (HashRing::with_hash(written), Model::default());
        go_through(&mut ring, &mut model, &family.before);
        if family.asked {
            expect_same(&ring, &model, &keys, written, "before it is cloned");
        }
        let (mut clone, mut other) = (ring.clone(), model.clone());
        go_through(&mut ring, &mut model, &family.original);
        go_through(&mut clone, &mut other, &family.clone);
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
            (own_ring(20), "new()"),
            (warm_ring(20, mixed), "with_hash(…)"),
        ] {
            let (mut ring, mut clone) = (ring.clone(), ring);
            for ring in [&mut ring, &mut clone] {
                ring.add("guest");
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
            let mut ring = warm_ring(2, mixed);
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

/// Of a long text only the end counts, so that long names cost no time.
fn ending(text: &[u8]) -> u64 {
    mixed(&text[text.len().saturating_sub(16)..])
}

#[test]
fn what_has_left_takes_no_memory() {
    STAGE.run_within(LONG, || {
        expect_small_rings_to_end();
        const GUESTS: usize = 300;
        const NAME: usize = 200_000;
        // Room for an index of any reasonable size.
        const LIMIT: i64 = 16 << 20;
        let mut ring = warm_ring(8, ending);
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
