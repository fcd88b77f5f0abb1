//! The memory tier, bounded by bytes.

use super::Entry;
use moka::sync::Cache;
use std::sync::Arc;

/// What an entry costs besides its body and key: the structs and the cache's own bookkeeping.
const OVERHEAD: usize = 512;

pub struct Memory {
    entries: Cache<Arc<str>, Entry>,
}

impl Memory {
    /// A tier that holds at most `bytes`.
    pub fn new(bytes: u64) -> Memory {
        let entries = Cache::builder()
            .max_capacity(bytes)
            .weigher(|key: &Arc<str>, entry: &Entry| {
                u32::try_from(key.len() + entry.body.len() + OVERHEAD).unwrap_or(u32::MAX)
            })
            .build();
        Memory { entries }
    }

    pub fn get(&self, key: &str) -> Option<Entry> {
        self.entries.get(key)
    }

    pub fn put(&self, key: &str, entry: &Entry) {
        self.entries.insert(key.into(), entry.clone());
    }
}
