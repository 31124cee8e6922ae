//! `HashSet` over std's, with the hasher of [`super::hash_map`].

use std::borrow::Borrow;
use std::collections::TryReserveError;
use std::collections::hash_set as real;
use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::ops::{BitAnd, BitOr, BitXor, Sub};

pub use std::collections::hash_set::{
    Difference, Drain, ExtractIf, Intersection, IntoIter, Iter, SymmetricDifference, Union,
};

use super::hash_map::RandomState;

/// `std::collections::HashSet`.
pub struct HashSet<T, S = RandomState>(real::HashSet<T, S>);

impl<T> HashSet<T> {
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

impl<T, S> HashSet<T, S> {
    /// As in std.
    pub const fn with_hasher(hasher: S) -> Self {
        Self(real::HashSet::with_hasher(hasher))
    }

    /// As in std.
    pub fn with_capacity_and_hasher(capacity: usize, hasher: S) -> Self {
        Self(real::HashSet::with_capacity_and_hasher(capacity, hasher))
    }

    forward! {
        fn capacity(self: &Self) -> usize;
        fn iter(self: &Self) -> Iter<'_, T>;
        fn len(self: &Self) -> usize;
        fn is_empty(self: &Self) -> bool;
        fn drain(self: &mut Self) -> Drain<'_, T>;
        fn extract_if[F](self: &mut Self, pred: F) -> ExtractIf<'_, T, F>
            where [F: FnMut(&T) -> bool];
        fn retain[F](self: &mut Self, f: F) where [F: FnMut(&T) -> bool];
        fn clear(self: &mut Self);
        fn hasher(self: &Self) -> &S;
    }
}

/// Methods that compare with another set.
macro_rules! forward_with_another {
    ($(fn $name:ident -> $result:ty;)*) => {
        $(
            /// As in std.
            pub fn $name<'a>(&'a self, other: &'a Self) -> $result {
                self.0.$name(&other.0)
            }
        )*
    };
}

impl<T: Eq + Hash, S: BuildHasher> HashSet<T, S> {
    forward! {
        fn reserve(self: &mut Self, additional: usize);
        fn try_reserve(self: &mut Self, additional: usize) -> Result<(), TryReserveError>;
        fn shrink_to_fit(self: &mut Self);
        fn shrink_to(self: &mut Self, min_capacity: usize);
        fn contains[Q](self: &Self, value: &Q) -> bool
            where [T: Borrow<Q>, Q: Hash + Eq + ?Sized];
        fn get[Q](self: &Self, value: &Q) -> Option<&T>
            where [T: Borrow<Q>, Q: Hash + Eq + ?Sized];
        fn insert(self: &mut Self, value: T) -> bool;
        fn replace(self: &mut Self, value: T) -> Option<T>;
        fn remove[Q](self: &mut Self, value: &Q) -> bool
            where [T: Borrow<Q>, Q: Hash + Eq + ?Sized];
        fn take[Q](self: &mut Self, value: &Q) -> Option<T>
            where [T: Borrow<Q>, Q: Hash + Eq + ?Sized];
    }

    forward_with_another! {
        fn difference -> Difference<'a, T, S>;
        fn symmetric_difference -> SymmetricDifference<'a, T, S>;
        fn intersection -> Intersection<'a, T, S>;
        fn union -> Union<'a, T, S>;
    }

    /// As in std.
    pub fn is_disjoint(&self, other: &Self) -> bool {
        self.0.is_disjoint(&other.0)
    }

    /// As in std.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    /// As in std.
    pub fn is_superset(&self, other: &Self) -> bool {
        self.0.is_superset(&other.0)
    }
}

impl<T: Clone, S: Clone> Clone for HashSet<T, S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }

    fn clone_from(&mut self, source: &Self) {
        self.0.clone_from(&source.0);
    }
}

impl<T, S: Default> Default for HashSet<T, S> {
    fn default() -> Self {
        Self(real::HashSet::default())
    }
}

impl<T: fmt::Debug, S> fmt::Debug for HashSet<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: Eq + Hash, S: BuildHasher> PartialEq for HashSet<T, S> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T: Eq + Hash, S: BuildHasher> Eq for HashSet<T, S> {}

impl<T: Eq + Hash, S: BuildHasher + Default> FromIterator<T> for HashSet<T, S> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self(items.into_iter().collect())
    }
}

impl<T: Eq + Hash, const N: usize> From<[T; N]> for HashSet<T> {
    fn from(items: [T; N]) -> Self {
        items.into_iter().collect()
    }
}

impl<T: Eq + Hash, S: BuildHasher> Extend<T> for HashSet<T, S> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        self.0.extend(items);
    }
}

impl<'a, T: Eq + Hash + Copy + 'a, S: BuildHasher> Extend<&'a T> for HashSet<T, S> {
    fn extend<I: IntoIterator<Item = &'a T>>(&mut self, items: I) {
        self.0.extend(items);
    }
}

impl<T, S> IntoIterator for HashSet<T, S> {
    type Item = T;
    type IntoIter = IntoIter<T>;

    fn into_iter(self) -> IntoIter<T> {
        self.0.into_iter()
    }
}

impl<'a, T, S> IntoIterator for &'a HashSet<T, S> {
    type Item = &'a T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.0.iter()
    }
}

macro_rules! operator {
    ($trait:ident $method:ident) => {
        impl<T, S> $trait<&HashSet<T, S>> for &HashSet<T, S>
        where
            T: Eq + Hash + Clone,
            S: BuildHasher + Default,
        {
            type Output = HashSet<T, S>;

            fn $method(self, other: &HashSet<T, S>) -> HashSet<T, S> {
                HashSet((&self.0).$method(&other.0))
            }
        }
    };
}

operator!(BitAnd bitand);
operator!(BitOr bitor);
operator!(BitXor bitxor);
operator!(Sub sub);
