//! The memory tier, bounded by bytes.

use super::Entry;
use crate::bounded::Bounded;
use std::sync::Arc;

/// What an entry costs besides its body and key: the structs and the cache's own bookkeeping.
const OVERHEAD: usize = 512;

pub struct Memory {
    entries: Bounded<Arc<str>, Entry>,
}

impl Memory {
    /// A tier that holds at most `bytes`.
    pub fn new(bytes: u64) -> Memory {
        Memory { entries: Bounded::new(bytes, |key, entry| (key.len() + entry.body.len() + OVERHEAD) as u64) }
    }

    pub fn get(&self, key: &str) -> Option<Entry> {
        self.entries.get(key)
    }

    pub fn put(&self, key: &str, entry: &Entry) {
        self.entries.insert(key.into(), entry.clone());
    }
}
