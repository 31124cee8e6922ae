//! `HashMap` over std's, with a hasher that is random outside a model only.

use std::borrow::Borrow;
use std::collections::TryReserveError;
use std::collections::hash_map as real;
use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::ops::Index;

pub use std::collections::hash_map::{
    DefaultHasher, Drain, Entry, ExtractIf, IntoIter, IntoKeys, IntoValues, Iter, IterMut, Keys,
    OccupiedEntry, VacantEntry, Values, ValuesMut,
};

use crate::model::kernel;

/// `std::hash::RandomState`; the same in every execution of a model.
#[derive(Clone)]
pub struct RandomState(Option<real::RandomState>);

impl RandomState {
    /// As in std.
    #[must_use]
    pub fn new() -> Self {
        Self((!kernel::active()).then(real::RandomState::new))
    }
}

impl Default for RandomState {
    fn default() -> Self {
        Self::new()
    }
}

impl BuildHasher for RandomState {
    type Hasher = DefaultHasher;

    fn build_hasher(&self) -> DefaultHasher {
        self.0
            .as_ref()
            .map_or_else(DefaultHasher::new, BuildHasher::build_hasher)
    }
}

impl fmt::Debug for RandomState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RandomState").finish_non_exhaustive()
    }
}

/// `std::collections::HashMap`.
pub struct HashMap<K, V, S = RandomState>(real::HashMap<K, V, S>);

impl<K, V> HashMap<K, V> {
    /// As in std.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// As in std.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self::with_capacity_and_hasher(capacity, RandomState::new())
    }
}

impl<K, V, S> HashMap<K, V, S> {
    /// As in std.
    pub const fn with_hasher(hasher: S) -> Self {
        Self(real::HashMap::with_hasher(hasher))
    }

    /// As in std.
    pub fn with_capacity_and_hasher(capacity: usize, hasher: S) -> Self {
        Self(real::HashMap::with_capacity_and_hasher(capacity, hasher))
    }

    forward! {
        fn capacity(self: &Self) -> usize;
        fn keys(self: &Self) -> Keys<'_, K, V>;
        fn into_keys(self: Self) -> IntoKeys<K, V>;
        fn values(self: &Self) -> Values<'_, K, V>;
        fn values_mut(self: &mut Self) -> ValuesMut<'_, K, V>;
        fn into_values(self: Self) -> IntoValues<K, V>;
        fn iter(self: &Self) -> Iter<'_, K, V>;
        fn iter_mut(self: &mut Self) -> IterMut<'_, K, V>;
        fn len(self: &Self) -> usize;
        fn is_empty(self: &Self) -> bool;
        fn drain(self: &mut Self) -> Drain<'_, K, V>;
        fn extract_if[F](self: &mut Self, pred: F) -> ExtractIf<'_, K, V, F>
            where [F: FnMut(&K, &mut V) -> bool];
        fn retain[F](self: &mut Self, f: F) where [F: FnMut(&K, &mut V) -> bool];
        fn clear(self: &mut Self);
        fn hasher(self: &Self) -> &S;
    }
}

impl<K: Eq + Hash, V, S: BuildHasher> HashMap<K, V, S> {
    forward! {
        fn reserve(self: &mut Self, additional: usize);
        fn try_reserve(self: &mut Self, additional: usize) -> Result<(), TryReserveError>;
        fn shrink_to_fit(self: &mut Self);
        fn shrink_to(self: &mut Self, min_capacity: usize);
        fn entry(self: &mut Self, key: K) -> Entry<'_, K, V>;
        fn get[Q](self: &Self, k: &Q) -> Option<&V>
            where [K: Borrow<Q>, Q: Hash + Eq + ?Sized];
        fn get_key_value[Q](self: &Self, k: &Q) -> Option<(&K, &V)>
            where [K: Borrow<Q>, Q: Hash + Eq + ?Sized];
        fn get_disjoint_mut[Q, const N: usize](self: &mut Self, ks: [&Q; N])
            -> [Option<&'_ mut V>; N]
            where [K: Borrow<Q>, Q: Hash + Eq + ?Sized];
        fn contains_key[Q](self: &Self, k: &Q) -> bool
            where [K: Borrow<Q>, Q: Hash + Eq + ?Sized];
        fn get_mut[Q](self: &mut Self, k: &Q) -> Option<&mut V>
            where [K: Borrow<Q>, Q: Hash + Eq + ?Sized];
        fn insert(self: &mut Self, k: K, v: V) -> Option<V>;
        fn remove[Q](self: &mut Self, k: &Q) -> Option<V>
            where [K: Borrow<Q>, Q: Hash + Eq + ?Sized];
        fn remove_entry[Q](self: &mut Self, k: &Q) -> Option<(K, V)>
            where [K: Borrow<Q>, Q: Hash + Eq + ?Sized];
    }

    /// As in std.
    ///
    /// # Safety
    /// The keys are all different.
    pub unsafe fn get_disjoint_unchecked_mut<Q, const N: usize>(
        &mut self,
        ks: [&Q; N],
    ) -> [Option<&'_ mut V>; N]
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        // SAFETY: the caller promises what std asks for.
        unsafe { self.0.get_disjoint_unchecked_mut(ks) }
    }
}

impl<K: Clone, V: Clone, S: Clone> Clone for HashMap<K, V, S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }

    fn clone_from(&mut self, source: &Self) {
        self.0.clone_from(&source.0);
    }
}

impl<K, V, S: Default> Default for HashMap<K, V, S> {
    fn default() -> Self {
        Self(real::HashMap::default())
    }
}

impl<K: fmt::Debug, V: fmt::Debug, S> fmt::Debug for HashMap<K, V, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<K: Eq + Hash, V: PartialEq, S: BuildHasher> PartialEq for HashMap<K, V, S> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<K: Eq + Hash, V: Eq, S: BuildHasher> Eq for HashMap<K, V, S> {}

impl<K, Q, V, S> Index<&Q> for HashMap<K, V, S>
where
    K: Eq + Hash + Borrow<Q>,
    Q: Eq + Hash + ?Sized,
    S: BuildHasher,
{
    type Output = V;

    #[track_caller]
    fn index(&self, key: &Q) -> &V {
        &self.0[key]
    }
}

impl<K: Eq + Hash, V, S: BuildHasher + Default> FromIterator<(K, V)> for HashMap<K, V, S> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(items: I) -> Self {
        Self(items.into_iter().collect())
    }
}

impl<K: Eq + Hash, V, const N: usize> From<[(K, V); N]> for HashMap<K, V> {
    fn from(items: [(K, V); N]) -> Self {
        items.into_iter().collect()
    }
}

impl<K: Eq + Hash, V, S: BuildHasher> Extend<(K, V)> for HashMap<K, V, S> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, items: I) {
        self.0.extend(items);
    }
}

impl<'a, K, V, S> Extend<(&'a K, &'a V)> for HashMap<K, V, S>
where
    K: Eq + Hash + Copy,
    V: Copy,
    S: BuildHasher,
{
    fn extend<I: IntoIterator<Item = (&'a K, &'a V)>>(&mut self, items: I) {
        self.0.extend(items);
    }
}

impl<K, V, S> IntoIterator for HashMap<K, V, S> {
    type Item = (K, V);
    type IntoIter = IntoIter<K, V>;

    fn into_iter(self) -> IntoIter<K, V> {
        self.0.into_iter()
    }
}

impl<'a, K, V, S> IntoIterator for &'a HashMap<K, V, S> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;

    fn into_iter(self) -> Iter<'a, K, V> {
        self.0.iter()
    }
}

impl<'a, K, V, S> IntoIterator for &'a mut HashMap<K, V, S> {
    type Item = (&'a K, &'a mut V);
    type IntoIter = IterMut<'a, K, V>;

    fn into_iter(self) -> IterMut<'a, K, V> {
        self.0.iter_mut()
    }
}
