//! `HashMap` and `HashSet`: every method, as a method and as a path.

use super::std;

use std::collections::hash_map::{self, DefaultHasher, Entry, HashMap, RandomState};
use std::collections::hash_set::{self, HashSet};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, BuildHasherDefault};

type Fixed = BuildHasherDefault<DefaultHasher>;

static IN_A_STATIC: std::sync::Mutex<HashMap<u8, u8, Fixed>> =
    std::sync::Mutex::new(HashMap::with_hasher(Fixed::new()));
const EMPTY: HashSet<u8, Fixed> = HashSet::with_hasher(Fixed::new());

fn sorted<T: Ord>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.into_iter().collect();
    items.sort();
    items
}

fn map() -> HashMap<u8, u8> {
    HashMap::from([(1, 10), (2, 20), (3, 30)])
}

fn set() -> HashSet<u8> {
    HashSet::from([1, 2, 3])
}

snippets! { EVERYWHERE:
    the_length_as_an_argument_of_insert => {
        let mut m: HashMap<usize, usize> = HashMap::new();
        m.insert(7, m.len());
        m.insert(m.len(), m.capacity().min(0));
        let mut s = HashSet::new();
        s.insert(s.len());
        s.insert(s.len());
        s.replace(s.len() - 1);
        (sorted(m), sorted(s))
    }
    the_map_as_an_argument_of_entry => {
        let mut m = map();
        *m.entry(m.len() as u8).or_insert(0) += 1;
        m.reserve(m.len());
        m.shrink_to(m.len());
        m.remove(&(m.len() as u8));
        sorted(m)
    }
    methods_of_maps_as_paths => {
        let maps = vec![map(), HashMap::new()];
        let lengths: Vec<usize> = maps.iter().map(HashMap::len).collect();
        let empty: Vec<bool> = maps.iter().map(HashMap::is_empty).collect();
        let items = sorted(maps.iter().flat_map(HashMap::iter));
        let keys = sorted(maps.iter().flat_map(HashMap::keys));
        let values = sorted(maps.iter().flat_map(HashMap::values));
        format!("{lengths:?} {empty:?} {items:?} {keys:?} {values:?}")
    }
    more_methods_of_maps_as_paths => {
        let keys = sorted(Some(map()).map(HashMap::into_keys).into_iter().flatten());
        let values = sorted(Some(map()).map(HashMap::into_values).into_iter().flatten());
        let get = HashMap::<u8, u8>::get;
        let found = get(&map(), &1).copied();
        let mut m = map();
        let insert = HashMap::insert;
        insert(&mut m, 4, 40);
        HashMap::clear(&mut m);
        (keys, values, found, HashMap::contains_key(&m, &4), m.len())
    }
    methods_of_sets_as_paths => {
        let sets = [set(), HashSet::default()];
        let lengths: Vec<usize> = sets.iter().map(HashSet::len).collect();
        let empty: Vec<bool> = sets.iter().map(HashSet::is_empty).collect();
        let items = sorted(sets.iter().flat_map(HashSet::iter).copied());
        let both = sorted(HashSet::intersection(&sets[0], &sets[1]).copied());
        (lengths, empty, items, both, HashSet::contains(&sets[0], &1))
    }
    capacities_and_hashers => {
        let m: HashMap<u8, u8> = HashMap::with_capacity(10);
        let n: HashMap<u8, u8, Fixed> = HashMap::with_capacity_and_hasher(10, Fixed::new());
        let s: HashSet<u8> = HashSet::with_capacity(10);
        let t: HashSet<u8, RandomState> = HashSet::with_capacity_and_hasher(10, RandomState::new());
        let u: HashSet<u8, _> = HashSet::with_hasher(RandomState::default());
        let same = u.hasher().hash_one(1) == u.hasher().clone().hash_one(1);
        (m.capacity() >= 10, n.capacity() >= 10, s.capacity() >= 10, t.capacity() >= 10, same)
    }
    hashers_of_ones_own => {
        let mut m = HashMap::<u8, u8, Fixed>::default();
        m.insert(1, 2);
        let n: HashMap<u8, u8, Fixed> = [(1, 2)].into_iter().collect();
        IN_A_STATIC.lock().unwrap().clear();
        IN_A_STATIC.lock().unwrap().insert(1, 2);
        (m == n, *IN_A_STATIC.lock().unwrap() == n, EMPTY.len(), m.hasher().hash_one(1) == n.hasher().hash_one(1))
    }
    growing_and_shrinking => {
        let mut m = map();
        let mut s = set();
        m.reserve(100);
        s.reserve(100);
        let tried = (m.try_reserve(5).is_ok(), s.try_reserve(5).is_ok(), m.try_reserve(usize::MAX).is_err());
        let large = m.capacity() >= 100 && s.capacity() >= 100;
        m.shrink_to_fit();
        s.shrink_to_fit();
        s.shrink_to(1);
        (tried, large, m.capacity() < 100, s.capacity() < 100)
    }
    draining_and_extracting => {
        let mut m = map();
        let mut s = set();
        let odd = sorted(m.extract_if(|k, v| { *v += 1; k % 2 == 1 }));
        let large = sorted(s.extract_if(|v| *v > 1));
        let rest = (sorted(m.drain()), sorted(s.drain()));
        (odd, large, rest, m.is_empty(), s.is_empty())
    }
    retaining => {
        let mut m = map();
        let mut s = set();
        m.retain(|k, v| { *v *= 2; *k != 2 });
        s.retain(|v| *v != 2);
        (sorted(m), sorted(s))
    }
    many_values_at_once => {
        let mut m = map();
        if let [Some(a), Some(b), None] = m.get_disjoint_mut([&1, &2, &9]) {
            std::mem::swap(a, b);
        }
        // SAFETY: the keys differ.
        let [a, b] = unsafe { m.get_disjoint_unchecked_mut([&2, &3]) };
        *a.unwrap() += *b.unwrap();
        sorted(m)
    }
    a_key_twice_at_once_panics => {
        std::panic::catch_unwind(|| { map().get_disjoint_mut([&1, &1]); }).is_err()
    }
    entries => {
        let mut m = map();
        m.entry(1).and_modify(|v| *v += 1).or_insert(0);
        m.entry(9).or_default();
        m.entry(8).or_insert_with_key(|k| k + 1);
        let removed = match m.entry(2) {
            Entry::Occupied(entry) => Some(entry.remove_entry()),
            hash_map::Entry::Vacant(_) => None,
        };
        let key = *m.entry(5).insert_entry(6).key();
        (sorted(m), removed, key)
    }
    borrowed_keys => {
        let mut m: HashMap<String, u8> = HashMap::new();
        m.insert("a".to_owned(), 1);
        *m.get_mut("a").unwrap() += 1;
        let mut s: HashSet<String> = ["a".to_owned()].into();
        (m["a"], m.get_key_value("a").is_some(), m.remove_entry("a"), s.get("a").cloned(), s.take("a"), s.remove("a"))
    }
    iterating => {
        let mut m = map();
        for (_, v) in &mut m { *v += 1; }
        for v in m.values_mut() { *v += 1; }
        m.iter_mut().for_each(|(_, v)| *v += 1);
        let by_reference: BTreeMap<_, _> = (&m).into_iter().collect();
        let reference = format!("{by_reference:?}");
        let items: hash_map::IntoIter<u8, u8> = m.into_iter();
        let set_items: hash_set::IntoIter<u8> = set().into_iter();
        (reference, sorted(items), sorted(set_items))
    }
    sets_compared => {
        let (a, b) = (set(), HashSet::from([3, 4]));
        let all: [Vec<u8>; 4] = [
            sorted(a.union(&b).copied()),
            sorted(a.difference(&b).copied()),
            sorted(a.symmetric_difference(&b).copied()),
            sorted(a.intersection(&b).copied()),
        ];
        let operators = [sorted(&a | &b), sorted(&a - &b), sorted(&a ^ &b), sorted(&a & &b)];
        (all == operators, all, a.is_disjoint(&b), a.is_subset(&b), a.is_superset(&HashSet::from([1])))
    }
    made_from_others => {
        let m: HashMap<_, _> = vec![("a", 1)].into_iter().collect();
        let mut n = m.clone();
        n.extend([("b", 2)]);
        n.extend(&m);
        n.clone_from(&m);
        let s: HashSet<_> = m.keys().copied().collect();
        let mut t = s.clone();
        t.extend(["c"]);
        t.extend(&s);
        t.clone_from(&s);
        let (even, odd): (HashSet<u8>, HashSet<u8>) = (1..5).partition(|n| n % 2 == 0);
        let groups: HashMap<bool, Vec<u8>> = HashMap::from_iter([(true, vec![1])]);
        (m == n, s == t, sorted(even), sorted(odd), groups)
    }
    printed => {
        let m: HashMap<_, _> = [(1, 'a')].into();
        let s: HashSet<_> = [1].into();
        format!("{m:?} {m:#?} {s:?} {:?} {:?} {:?} {:?}", m.iter(), m.keys(), s.iter(), RandomState::new())
    }
    equal_in_a_btree => {
        let nested: BTreeSet<Vec<(u8, u8)>> = [map()].into_iter().map(sorted).collect();
        nested
    }
}
