//! Finished pictures, once for all who ask at the same time, and their way into the caches: the near ones at once, the
//! far ones before the answer or behind it. No write fails a request.

use super::draw::{Drawn, Stages};
use super::sources::{Content, Gathered};
use super::{Map, Tiler, picture_recipe};
use crate::cache::{Entry, PutOptions};
use crate::error::Error;
use crate::limits;
use crate::request::{PictureRequest, Request, TileRequest};
use bytes::Bytes;
use futures_util::future::join_all;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// A picture to answer with, shared by all who asked for it at once.
pub struct Finished {
    pub body: Bytes,
    /// Which cache it came from, or `miss`.
    pub tier: &'static str,
    /// How long drawing took, where it was drawn.
    pub stages: Option<Stages>,
    puts: Mutex<Vec<(String, Entry)>>,
}

impl Finished {
    /// What is still to be written to the caches: given to the first of the callers, and empty for the others.
    pub fn take_puts(&self) -> Vec<(String, Entry)> {
        std::mem::take(&mut *self.puts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Tiler {
    /// Makes `entry` what it describes: an old one that would be drawn the same is renewed, else it is drawn.
    pub(super) async fn finished(
        self: &Arc<Self>,
        map: &Arc<Map>,
        wanted: &PictureRequest,
        gathered: Arc<Gathered>,
        mut entry: Entry,
        old: Option<(Entry, &'static str)>,
    ) -> Result<Arc<Finished>, Error> {
        let key = self.key(map, wanted);
        let flight = (format!("{key} {}", entry.recipe), gathered.content.all.clone());
        let (tiler, map, wanted) = (self.clone(), map.clone(), wanted.clone());
        self.pictures
            .run(flight, move || async move {
                // Who comes when the others have just landed finds it here.
                let near = tiler.cache.near(&key, &entry.recipe).filter(|near| near.age() < tiler.freshness.ttl);
                if let Some(near) = near.filter(|near| gathered.gives(wanted.format(), near)) {
                    return Ok(Arc::new(Finished {
                        body: near.body,
                        tier: "memory",
                        stages: None,
                        puts: Mutex::default(),
                    }));
                }
                let whole = gathered.is_whole();
                let (tier, stages, mut puts) = match old {
                    Some((old, tier)) => {
                        entry.body = old.body;
                        (tier, None, Vec::new())
                    }
                    None => {
                        let content = gathered.content.clone();
                        let drawn = tiler.drawn(&map, &wanted, gathered).await?;
                        let behind = match &wanted {
                            PictureRequest::Tile(tile) => tiler.variants(&map, tile, &entry, &content, &drawn),
                            PictureRequest::Static(_) => Vec::new(),
                        };
                        entry.body = drawn.body;
                        ("miss", Some(drawn.stages), behind)
                    }
                };
                let body = entry.body.clone();
                if whole {
                    puts.push((key, entry));
                    puts.iter().for_each(|(key, entry)| tiler.cache.put_near(key, entry));
                }
                // Static images stay in memory.
                if !whole || matches!(wanted, PictureRequest::Static(_)) {
                    puts.clear();
                }
                Ok(Arc::new(Finished { body, tier, stages, puts: Mutex::new(puts) }))
            })
            .await
    }

    /// What else is kept of a png where all variants are.
    fn variants(
        &self,
        map: &Map,
        tile: &TileRequest,
        entry: &Entry,
        content: &Content,
        drawn: &Drawn,
    ) -> Vec<(String, Entry)> {
        let behind = drawn.behind.iter().map(|(format, body)| {
            let request = PictureRequest::Tile(tile.of(*format));
            let entry = Entry {
                body: body.clone(),
                content_type: format.media_type().to_string(),
                recipe: picture_recipe(map, &request).into(),
                content: content.of(*format).into(),
                stored: entry.stored,
            };
            (self.key(map, &request), entry)
        });
        behind.collect()
    }

    /// Writes to the far caches, before the answer or behind it.
    pub(super) async fn save(self: &Arc<Self>, request: &Request, puts: impl IntoIterator<Item = (String, Entry)>) {
        let puts: Vec<(String, Entry)> = puts.into_iter().collect();
        if puts.is_empty() || !self.cache.has_far() {
            return;
        }
        let options = PutOptions { cache_control: self.cache_control() };
        if self.freshness.write_first {
            let left = request.deadline.saturating_duration_since(Instant::now());
            let time = limits::LAMBDA_CACHE_PUT.min(left.saturating_sub(limits::LAMBDA_CACHE_RESERVE));
            let all = join_all(puts.iter().map(|(key, entry)| self.cache.put_far(key, entry, &options)));
            if tokio::time::timeout(time, all).await.is_err() {
                self.count_dropped();
            }
            return;
        }
        for (key, entry) in puts {
            let Ok(permit) = self.puts.clone().try_acquire_owned() else {
                self.count_dropped();
                continue;
            };
            let (tiler, options) = (self.clone(), options.clone());
            tokio::spawn(async move {
                let _permit = permit;
                let put = tiler.cache.put_far(&key, &entry, &options);
                if tokio::time::timeout(limits::CACHE_PUT, put).await.is_err() {
                    tiler.count_dropped();
                }
            });
        }
    }

    fn count_dropped(&self) {
        let dropped = self.dropped_puts.fetch_add(1, Ordering::Relaxed) + 1;
        tracing::warn!(dropped, "a cache write took too long and was dropped; the tile will be drawn again");
    }

    /// Waits until all writes behind answers are done.
    pub async fn settle(&self) {
        let _ = self.puts.acquire_many(limits::CACHE_PUTS as u32).await;
    }
}
