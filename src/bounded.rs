//! A memory of what was made, for many threads; what has long not been asked for goes when it is full.

use foldhash::fast::RandomState;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{Equivalent, OptionsBuilder, Weighter};
use std::convert::Infallible;
use std::hash::Hash;

/// Values by key, whose weights together are at most what it was made for. One that weighs more than three quarters of it
/// is not kept.
pub struct Bounded<K, V> {
    entries: Cache<K, (V, u64), Kept, RandomState>,
    weight: fn(&K, &V) -> u64,
}

/// An entry weighs what it weighed when it came.
#[derive(Clone)]
struct Kept;

impl<K, V> Weighter<K, (V, u64)> for Kept {
    fn weight(&self, _: &K, (_, weight): &(V, u64)) -> u64 {
        *weight
    }
}

impl<K: Eq + Hash, V: Clone> Bounded<K, V> {
    pub fn new(capacity: u64, weight: fn(&K, &V) -> u64) -> Bounded<K, V> {
        // Only for how many keys of what has gone are remembered.
        let entries = (capacity / 16_384).clamp(64, 4096) as usize;
        let mut options = OptionsBuilder::new();
        // In one part, so that the bound is that of all.
        options.shards(1).weight_capacity(capacity).estimated_items_capacity(entries);
        // A quarter is for what has just come: the neighbours of what was just drawn are drawn next.
        options.hot_allocation(0.75);
        let options = options.build().unwrap_or_else(|e| unreachable!("capacity and number of entries are given: {e}"));
        let entries = Cache::with_options(options, Kept, RandomState::default(), DefaultLifecycle::default());
        Bounded { entries, weight }
    }

    /// One that holds so many.
    pub fn of_count(count: usize) -> Bounded<K, V> {
        Bounded::new(count as u64, |_, _| 1)
    }

    pub fn get<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<V> {
        self.entries.get(key).map(|(value, _)| value)
    }

    pub fn contains<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> bool {
        self.entries.contains_key(key)
    }

    pub fn insert(&self, key: K, value: V) {
        let weight = (self.weight)(&key, &value);
        self.entries.insert(key, (value, weight));
    }

    /// What is there, or what is made now: once, however many ask at the same time.
    pub fn get_or_make(&self, key: &K, make: impl FnOnce() -> V) -> V
    where
        K: Clone,
    {
        let made = self.entries.get_or_insert_with(key, || {
            let value = make();
            let weight = (self.weight)(key, &value);
            Ok::<_, Infallible>((value, weight))
        });
        let Ok((value, _)) = made;
        value
    }
}
