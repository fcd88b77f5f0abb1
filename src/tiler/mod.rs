//! The walk from a request to an answer: cache, source tiles, scene, picture, cache, response.
//!
//! [`Tiler::get`] is the whole of it and [`draw`] its pure middle; nothing else renders.

mod draw;
mod save;
mod sources;

use crate::cache::{Cache, Entry};
use crate::digest;
use crate::error::{Code, Error};
use crate::flight::Flight;
use crate::format::Format;
use crate::limits;
use crate::request::{ApiKey, Request, TileRequest, cache_key};
use crate::response::{self, Response, etag, insert};
use crate::runtime;
use crate::source::Source;
use crate::style::Style;
use crate::tile::TileId;
use bytes::Bytes;
use http::{HeaderName, StatusCode, header};
use save::Finished;
use sources::{Gathered, SourceTile};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub use draw::{Drawn, Stages, draw};

/// Part of every recipe: raise it when the same scene is drawn otherwise.
const RENDER_VERSION: &str = "1";

/// How answers are cached, here and by others.
#[derive(Clone, Debug)]
pub struct Freshness {
    /// How long a stored object is used without a look at the source.
    pub ttl: Duration,
    /// `max-age` and `s-maxage` in seconds.
    pub max_age: u64,
    pub shared_max_age: u64,
    /// Whether only the client itself may keep answers; a tile that a caller's own key opened is then kept nowhere.
    pub private: bool,
    /// The operator's segment in front of all keys.
    pub version: String,
    /// Whether a png also leaves its svg and json in the cache.
    pub all_variants: bool,
    /// Whether writes to the cache go before the answer, because nothing runs after it.
    pub write_first: bool,
}

impl Default for Freshness {
    fn default() -> Self {
        Freshness {
            ttl: Duration::from_secs(7 * 24 * 3600),
            max_age: 1200,
            shared_max_age: 600,
            private: false,
            version: String::new(),
            all_variants: false,
            write_first: false,
        }
    }
}

/// Everything that answers are made with.
pub struct Tiler {
    pub style: Arc<Style>,
    pub source: Arc<Source>,
    cache: Arc<Cache>,
    freshness: Freshness,
    /// Source tiles in memory, decoded as far as they were needed.
    decoded: moka::sync::Cache<TileId, Arc<SourceTile>>,
    gathers: Flight<(String, Option<ApiKey>), Arc<Gathered>>,
    fetches: Flight<(TileId, Option<ApiKey>), Arc<SourceTile>>,
    pictures: Flight<(String, String), Arc<Finished>>,
    processors: Arc<Semaphore>,
    making: Arc<Semaphore>,
    waiting: AtomicUsize,
    puts: Arc<Semaphore>,
    dropped_puts: AtomicUsize,
}

/// A tile without HTTP around it, for the command line.
pub struct Picture {
    pub body: Bytes,
    pub stages: Stages,
    /// Distinct source tiles asked for, and drawn from.
    pub fetched: usize,
    pub decoded: usize,
    /// Neighbours that failed.
    pub missing: usize,
}

impl Tiler {
    pub fn new(style: Style, source: Source, cache: Cache, freshness: Freshness) -> Tiler {
        // What one caller's key opened is not for others, where tiles are private.
        let shared = !(freshness.private && source.wants_caller_key());
        let cache = if shared { cache } else { Cache::new(Vec::new()) };
        let decoded = moka::sync::Cache::builder()
            .max_capacity(if shared { limits::DECODED_BYTES } else { 0 })
            .weigher(|_: &TileId, tile: &Arc<SourceTile>| {
                let bytes = tile.tile.as_ref().map_or(0, |tile| tile.size());
                u32::try_from(bytes + 256).unwrap_or(u32::MAX)
            })
            .build();
        Tiler {
            style: Arc::new(style),
            source: Arc::new(source),
            cache: Arc::new(cache),
            freshness,
            decoded,
            gathers: Flight::default(),
            fetches: Flight::default(),
            pictures: Flight::default(),
            processors: Arc::new(Semaphore::new(runtime::processors())),
            making: Arc::new(Semaphore::new(limits::PICTURES)),
            waiting: AtomicUsize::new(0),
            puts: Arc::new(Semaphore::new(limits::CACHE_PUTS)),
            dropped_puts: AtomicUsize::new(0),
        }
    }

    /// Answers a request for a tile.
    pub async fn get(self: &Arc<Self>, request: &Request, tile: &TileRequest) -> Result<Response, Error> {
        let answer = async {
            match tile.format {
                Format::Mvt => self.get_source_tile(request, tile).await,
                _ => self.get_picture(request, tile).await,
            }
        };
        let late = |_| {
            let detail = "the tile was not ready in time";
            Error::new(Code::Timeout, detail, "try again; look at Server-Timing of other tiles for what is slow")
        };
        tokio::time::timeout_at(request.deadline.into(), answer).await.map_err(late)?
    }

    async fn get_picture(self: &Arc<Self>, request: &Request, tile: &TileRequest) -> Result<Response, Error> {
        self.check_style(tile)?;
        let key = self.key(tile);
        let recipe = self.recipe(tile);
        let mut cached = self.cache.get(&key, &recipe).await;
        if let Some((entry, tier)) = cached.take_if(|(entry, _)| entry.age() < self.freshness.ttl) {
            return Ok(self.respond(request, tile, &entry, tier, None));
        }
        let gathered = self.gathered(tile, request.api_key.as_ref()).await?;
        let (missing, not_found, fetch) = (gathered.missing, gathered.not_found, gathered.fetch);
        let mut puts = self.source_puts(&gathered.unsaved);
        let cached = cached.filter(|(entry, _)| gathered.gives(tile, entry));
        let mut entry = Entry {
            body: Bytes::new(),
            content_type: tile.format.media_type().to_string(),
            recipe: recipe.into(),
            content: gathered.content.of(tile.format).into(),
            // Not when it is drawn: from then on the source is not looked at.
            stored: gathered.fetched,
        };
        if gathered.is_whole() && cached.is_none() && self.not_modified(request, &entry) {
            self.save(request, puts).await;
            return Ok(self.respond(request, tile, &entry, "miss", None));
        }
        let finished = self.finished(tile, gathered, entry.clone(), cached).await?;
        puts.extend(finished.take_puts());
        self.save(request, puts).await;
        entry.body = finished.body.clone();
        let stages = finished.stages.map(|stages| Stages { fetch, ..stages });
        let mut response = self.respond(request, tile, &entry, finished.tier, stages);
        if missing > 0 {
            insert(response.headers_mut(), HeaderName::from_static("x-rasterzen-missing"), &missing.to_string());
            insert(response.headers_mut(), header::CACHE_CONTROL, "no-store");
        } else if not_found {
            insert(response.headers_mut(), header::CACHE_CONTROL, self.briefly());
        }
        Ok(response)
    }

    /// The source tiles of a picture, in one place for all who ask for it at the same time.
    async fn gathered(self: &Arc<Self>, tile: &TileRequest, key: Option<&ApiKey>) -> Result<Arc<Gathered>, Error> {
        let (tiler, tile) = (self.clone(), tile.clone());
        let caller = self.caller_key(key);
        let flight = (self.key(&tile), caller.clone());
        let gather = move || async move {
            let place = tiler.place().await?;
            let gathered = tiler.gather(&tile, caller.as_ref()).await?;
            Ok(Arc::new(Gathered { _place: Some(place), ..gathered }))
        };
        self.gathers.run(flight, gather).await
    }

    /// A place among the pictures in the making; refused when too many wait for one already.
    async fn place(&self) -> Result<OwnedSemaphorePermit, Error> {
        struct Waiting<'a>(&'a AtomicUsize);
        impl Drop for Waiting<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::Relaxed);
            }
        }
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        let _waiting = Waiting(&self.waiting);
        if before >= limits::WAITING_PICTURES {
            let detail = format!("{} pictures wait to be made already", limits::WAITING_PICTURES);
            let mut error = Error::new(Code::Overloaded, detail, "come back later");
            error.retry_after = Some(Duration::from_secs(1));
            return Err(error);
        }
        self.making.clone().acquire_owned().await.map_err(|e| Error::internal(e.to_string()))
    }

    /// The source's own tile of an address.
    async fn get_source_tile(self: &Arc<Self>, request: &Request, tile: &TileRequest) -> Result<Response, Error> {
        self.check_style(tile)?;
        self.check_maxzoom(tile)?;
        let in_memory = self.decoded.contains_key(&tile.tile);
        let found = self.source_tile(tile.tile, request.api_key.as_ref()).await?;
        let tier = if in_memory { "memory" } else { found.tier.unwrap_or("miss") };
        let entry = self.source_entry(&found);
        self.save(request, self.source_puts(&[(tile.tile, found.clone())])).await;
        let mut response = self.respond(request, tile, &entry, tier, None);
        if found.not_found {
            insert(response.headers_mut(), header::CACHE_CONTROL, self.briefly());
        }
        Ok(response)
    }

    /// Draws a tile without looking into the caches of finished pictures.
    pub async fn picture(self: &Arc<Self>, tile: &TileRequest, key: Option<&ApiKey>) -> Result<Picture, Error> {
        if tile.format == Format::Mvt {
            self.check_maxzoom(tile)?;
            let found = self.source_tile(tile.tile, key).await?;
            let body = found.tile.as_ref().map(|tile| tile.bytes().clone()).unwrap_or_default();
            return Ok(Picture { body, stages: Stages::default(), fetched: 1, decoded: 0, missing: 0 });
        }
        let gathered = Arc::new(self.gather(tile, key).await?);
        let (fetch, fetched, missing) = (gathered.fetch, gathered.asked, gathered.missing);
        let drawn = self.drawn(tile, gathered).await?;
        let stages = Stages { fetch, ..drawn.stages };
        Ok(Picture { body: drawn.body, stages, fetched, decoded: drawn.decoded, missing })
    }

    /// Asks the source for one tile that it should have.
    pub async fn check_source(&self, key: Option<&ApiKey>) -> Result<(), Error> {
        let z = self.source.info.minzoom;
        // In the middle of the world, where any source of it has something.
        let middle = (1 << z) / 2;
        match TileId::new(z, middle, middle) {
            Some(tile) => self.source.fetch(tile, key).await.map(|_| ()),
            None => Ok(()),
        }
    }

    fn check_style(&self, tile: &TileRequest) -> Result<(), Error> {
        match &tile.style {
            Some(name) if *name != self.style.name => Err(Error::new(
                Code::UnknownStyle,
                format!("there is no style {name:?}"),
                format!("{:?} is served", self.style.name),
            )),
            _ => Ok(()),
        }
    }

    /// The source's own tiles end where it does; pictures are drawn on above.
    fn check_maxzoom(&self, tile: &TileRequest) -> Result<(), Error> {
        let maxzoom = self.source.info.maxzoom;
        if tile.tile.z() <= maxzoom {
            return Ok(());
        }
        let detail = format!("the source's tiles end at zoom {maxzoom}");
        Err(Error::new(Code::AboveMaxzoom, detail, "ask for the ancestor at that zoom, and scale it up"))
    }

    fn key(&self, tile: &TileRequest) -> String {
        cache_key(&self.freshness.version, tile, (&self.style.name, &self.style.digest))
    }

    /// The digest of all that a picture depends on and that is known without asking the source.
    fn recipe(&self, tile: &TileRequest) -> String {
        let name = tile.format.name();
        let what = format!("{name} {} {}@{}x", tile.tile, tile.size, tile.scale);
        let style = if tile.format == Format::Mvt { "" } else { &self.style.digest };
        digest::of_parts([env!("CARGO_PKG_VERSION"), RENDER_VERSION, &what, style, &self.source.info.identity])
    }

    fn not_modified(&self, request: &Request, entry: &Entry) -> bool {
        let tag = etag(&entry.recipe, &entry.content);
        request.if_none_match.as_deref().is_some_and(|given| response::matches(given, &tag))
    }

    fn respond(
        &self,
        request: &Request,
        tile: &TileRequest,
        entry: &Entry,
        tier: &str,
        stages: Option<Stages>,
    ) -> Response {
        let not_modified = self.not_modified(request, entry);
        let (status, body) = match not_modified {
            true => (StatusCode::NOT_MODIFIED, Bytes::new()),
            false => (StatusCode::OK, entry.body.clone()),
        };
        let mut response = response::response(status, tile.format.media_type(), body);
        let headers = response.headers_mut();
        insert(headers, header::ETAG, &etag(&entry.recipe, &entry.content));
        insert(headers, header::CACHE_CONTROL, &self.cache_control());
        insert(headers, HeaderName::from_static("x-rasterzen-cache"), tier);
        if tile.format.is_picture() {
            insert(headers, header::VARY, "Accept");
        }
        if let Some(stages) = stages {
            insert(headers, HeaderName::from_static("server-timing"), &draw::server_timing(&stages));
        }
        response
    }

    /// The `Cache-Control` of what a bare template lacks.
    fn briefly(&self) -> &'static str {
        if self.freshness.private { "private, max-age=60" } else { "public, max-age=60" }
    }

    /// The `Cache-Control` of the settings of now.
    pub fn cache_control(&self) -> String {
        let Freshness { max_age, shared_max_age, private, .. } = self.freshness;
        match private {
            true => format!("private, max-age={max_age}"),
            false => format!("public, max-age={max_age}, s-maxage={shared_max_age}, stale-if-error=86400"),
        }
    }
}
