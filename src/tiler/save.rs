//! Writing to the caches: the near ones at once, the far ones before the answer or behind it. Nothing here fails a
//! request.

use super::Tiler;
use super::draw::Drawn;
use super::sources::Content;
use crate::cache::{Entry, PutOptions};
use crate::limits;
use crate::request::{Request, TileRequest};
use futures_util::future::join_all;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

impl Tiler {
    /// What else is kept of a png where all variants are.
    pub(super) fn variants(
        &self,
        tile: &TileRequest,
        entry: &Entry,
        content: &Content,
        drawn: &Drawn,
    ) -> Vec<(String, Entry)> {
        let behind = drawn.behind.iter().map(|(format, body)| {
            let request = TileRequest {
                format: *format,
                scale: if format.is_picture() { tile.scale } else { 1 },
                ..tile.clone()
            };
            let entry = Entry {
                body: body.clone(),
                content_type: format.media_type().to_string(),
                recipe: self.recipe(&request).into(),
                content: content.of(*format).into(),
                stored: entry.stored,
            };
            (self.key(&request), entry)
        });
        behind.collect()
    }

    /// Writes to the near caches now, and to the far ones before the answer or behind it.
    pub(super) async fn save(self: &Arc<Self>, request: &Request, puts: impl IntoIterator<Item = (String, Entry)>) {
        let puts: Vec<(String, Entry)> = puts.into_iter().collect();
        puts.iter().for_each(|(key, entry)| self.cache.put_near(key, entry));
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
