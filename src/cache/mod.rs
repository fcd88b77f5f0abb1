//! Finished pictures and source tiles, kept in tiers: memory, disk, S3, nearest first.
//!
//! A tier stores what it is given under a key and knows nothing of tiles or styles. A tier that fails is logged and
//! passed by: the tile is still served.

mod disk;
mod memory;
pub mod s3;

use crate::error::Error;
use crate::limits;
use bytes::Bytes;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

pub use disk::Disk;
pub use memory::Memory;
pub use s3::S3;

/// A SHA-256 digest, or the part of one, in lower-case hexadecimal.
pub type Digest = Arc<str>;

/// One stored object.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub body: Bytes,
    pub content_type: String,
    /// Of all that is known without I/O: style, size, source identity. Another recipe is a miss.
    pub recipe: Digest,
    /// Of the source tiles that the body was made from.
    pub content: Digest,
    /// When it was made, or last found to be what would be made again.
    pub stored: SystemTime,
}

impl Entry {
    pub fn age(&self) -> Duration {
        age(self.stored)
    }
}

/// How long ago something was. What is ahead of this clock by more than clocks differ was dated by a wrong one, and is
/// as old as can be.
pub fn age(of: SystemTime) -> Duration {
    const CLOCKS_DIFFER: Duration = Duration::from_secs(300);
    match of.elapsed() {
        Ok(age) => age,
        Err(ahead) if ahead.duration() < CLOCKS_DIFFER => Duration::ZERO,
        Err(_) => Duration::MAX,
    }
}

/// What writes need besides the entry.
#[derive(Clone, Debug, Default)]
pub struct PutOptions {
    /// The `Cache-Control` that an object store serves the object with.
    pub cache_control: String,
}

/// One place where entries are kept.
pub enum Tier {
    Memory(Memory),
    Disk(Disk),
    S3(Box<S3>),
}

impl Tier {
    pub fn name(&self) -> &'static str {
        match self {
            Tier::Memory(_) => "memory",
            Tier::Disk(_) => "disk",
            Tier::S3(_) => "s3",
        }
    }

    async fn get(&self, key: &str) -> Result<Option<Entry>, Error> {
        match self {
            Tier::Memory(memory) => Ok(memory.get(key)),
            Tier::Disk(disk) => disk.get(key).await,
            Tier::S3(s3) => s3.get(key).await,
        }
    }

    async fn put(&self, key: &str, entry: &Entry, options: &PutOptions) -> Result<(), Error> {
        match self {
            Tier::Memory(memory) => {
                memory.put(key, entry);
                Ok(())
            }
            Tier::Disk(disk) => disk.put(key, entry).await,
            Tier::S3(s3) => s3.put(key, entry, options).await,
        }
    }
}

/// The tiers, nearest first.
pub struct Cache {
    tiers: Vec<Tier>,
}

impl Cache {
    pub fn new(tiers: Vec<Tier>) -> Cache {
        Cache { tiers }
    }

    /// The entry under `key` if its recipe is `recipe`, with the name of the tier that had it. A hit in a farther tier
    /// fills the nearer ones that are free to fill: memory and disk.
    pub async fn get(&self, key: &str, recipe: &str) -> Option<(Entry, &'static str)> {
        for (i, tier) in self.tiers.iter().enumerate() {
            let entry = match tokio::time::timeout(limits::CACHE_GET, tier.get(key)).await {
                Ok(Ok(Some(entry))) if *entry.recipe == *recipe => entry,
                Ok(Ok(_)) => continue,
                Ok(Err(error)) => {
                    tracing::warn!(cache = tier.name(), key, %error, "cache read failed");
                    continue;
                }
                Err(_) => {
                    tracing::warn!(cache = tier.name(), key, "cache read took too long");
                    continue;
                }
            };
            for nearer in &self.tiers[..i] {
                if !matches!(nearer, Tier::S3(_)) {
                    put_logged(nearer, key, &entry, &PutOptions::default()).await;
                }
            }
            return Some((entry, tier.name()));
        }
        None
    }

    /// The entry under `key` if it is in this process's memory and its recipe is `recipe`.
    pub fn near(&self, key: &str, recipe: &str) -> Option<Entry> {
        let found = self.tiers.iter().find_map(|tier| match tier {
            Tier::Memory(memory) => memory.get(key),
            _ => None,
        });
        found.filter(|entry| *entry.recipe == *recipe)
    }

    /// Writes the entry to the tiers within this process. Never fails: a tier that does is logged.
    pub fn put_near(&self, key: &str, entry: &Entry) {
        for tier in &self.tiers {
            if let Tier::Memory(memory) = tier {
                memory.put(key, entry);
            }
        }
    }

    /// Writes the entry to the tiers outside of this process. Never fails: a tier that does is logged.
    pub async fn put_far(&self, key: &str, entry: &Entry, options: &PutOptions) {
        for tier in &self.tiers {
            if !matches!(tier, Tier::Memory(_)) {
                put_logged(tier, key, entry, options).await;
            }
        }
    }

    /// Whether [`Cache::put_far`] has anything to do.
    pub fn has_far(&self) -> bool {
        self.tiers.iter().any(|tier| !matches!(tier, Tier::Memory(_)))
    }
}

async fn put_logged(tier: &Tier, key: &str, entry: &Entry, options: &PutOptions) {
    if let Err(error) = tier.put(key, entry, options).await {
        tracing::warn!(cache = tier.name(), key, %error, "cache write failed");
    }
}
