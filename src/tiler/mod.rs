//! The walk from a request to an answer: cache, source tiles, scene, picture, cache, response.
//!
//! [`Tiler::get`] is the whole of it and [`draw`] its pure middle; nothing else renders.

mod draw;
mod large;
mod map;
mod save;
mod sources;

use crate::bounded::Bounded;
use crate::cache::{Cache, Entry};
use crate::digest;
use crate::error::{Code, Error};
use crate::flight::Flight;
use crate::format::Format;
use crate::limits;
use crate::output::Rasterizer;
use crate::request::{ApiKey, PictureRequest, Request, Route, TileRequest, cache_key};
use crate::response::{self, Response, etag, insert};
use crate::runtime;
use crate::scene::{self, Explanation, FeatureName};
use crate::source::Source;
use crate::tile::TileId;
use bytes::Bytes;
use http::{HeaderName, StatusCode, header};
use save::Finished;
use sources::{Gathered, Layers, SourceTile, source_entry};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub use draw::{Drawn, How, Stages, draw};
pub use map::Map;

/// Part of every recipe: raise it when the same scene is drawn otherwise.
const RENDER_VERSION: &str = "7";

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

/// A source's identity, and a tile of it.
type SourceTileId = (Arc<str>, TileId);

/// Everything that answers are made with.
pub struct Tiler {
    /// The default first.
    pub maps: Vec<Arc<Map>>,
    cache: Arc<Cache>,
    freshness: Freshness,
    /// Source tiles in memory, decoded as far as they were needed.
    decoded: Bounded<SourceTileId, Arc<SourceTile>>,
    gathers: Flight<(String, Option<ApiKey>), Arc<Gathered>>,
    fetches: Flight<(SourceTileId, Option<ApiKey>), Arc<SourceTile>>,
    pictures: Flight<(String, String), Arc<Finished>>,
    processors: Arc<Semaphore>,
    making: Arc<Semaphore>,
    waiting: AtomicUsize,
    puts: Arc<Semaphore>,
    dropped_puts: AtomicUsize,
    /// How many characters without a font there were when they were last told of.
    told_missing: AtomicUsize,
}

/// A picture without HTTP around it, for the command line.
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
    /// A tiler of one or more maps; the first is drawn where no style is named.
    pub fn new(maps: Vec<Map>, cache: Cache, freshness: Freshness) -> Tiler {
        // What one caller's key opened is not for others, where tiles are private.
        let shared = !(freshness.private && maps.iter().any(Map::wants_caller_key));
        let cache = if shared { cache } else { Cache::new(Vec::new()) };
        let kept = if shared { limits::DECODED_BYTES } else { 0 };
        Tiler {
            maps: maps.into_iter().map(Arc::new).collect(),
            cache: Arc::new(cache),
            freshness,
            decoded: Bounded::new(kept, |_, tile| tile.size() as u64 + 256),
            gathers: Flight::default(),
            fetches: Flight::default(),
            pictures: Flight::default(),
            processors: Arc::new(Semaphore::new(runtime::processors())),
            making: Arc::new(Semaphore::new(limits::PICTURES)),
            waiting: AtomicUsize::new(0),
            puts: Arc::new(Semaphore::new(limits::CACHE_PUTS)),
            dropped_puts: AtomicUsize::new(0),
            told_missing: AtomicUsize::new(0),
        }
    }

    /// Answers a request for a tile or a static image.
    pub async fn get(self: &Arc<Self>, request: &Request, wanted: &PictureRequest) -> Result<Response, Error> {
        let map = self.map(wanted.style())?;
        // The default style under its own name is the same.
        let style = wanted.style().filter(|name| *name != self.default_map().style.name).map(str::to_string);
        let wanted = &wanted.in_style(style);
        let answer = async {
            match wanted {
                PictureRequest::Tile(tile) if tile.format == Format::Mvt => {
                    self.get_source_tile(request, map, tile).await
                }
                _ => self.get_picture(request, map, wanted).await,
            }
        };
        let late = |_| {
            let detail = "the picture was not ready in time";
            Error::new(Code::Timeout, detail, "try again; look at Server-Timing of other tiles for what is slow")
        };
        tokio::time::timeout_at(request.deadline.into(), answer).await.map_err(late)?
    }

    async fn get_picture(
        self: &Arc<Self>,
        request: &Request,
        map: &Arc<Map>,
        wanted: &PictureRequest,
    ) -> Result<Response, Error> {
        let key = self.key(map, wanted);
        let recipe = picture_recipe(map, wanted);
        let mut cached = match wanted {
            PictureRequest::Tile(_) => self.cache.get(&key, &recipe).await,
            // As many as there are places and sizes: not worth a place in a store that never forgets.
            PictureRequest::Static(_) => self.cache.near(&key, &recipe).map(|entry| (entry, "memory")),
        };
        if let Some((entry, tier)) = cached.take_if(|(entry, _)| entry.age() < self.freshness.ttl) {
            return Ok(self.respond(request, wanted.format(), &entry, tier, None));
        }
        let gathered = self.gathered(map, wanted, request.api_key.as_ref()).await?;
        let (missing, not_found) = (gathered.missing, gathered.not_found);
        let (fetch, place) = (gathered.fetch, gathered.place);
        let mut puts = self.source_puts(&gathered.unsaved);
        let format = wanted.format();
        let cached = cached.filter(|(entry, _)| gathered.gives(format, entry));
        let mut entry = Entry {
            body: Bytes::new(),
            content_type: format.media_type().to_string(),
            recipe: recipe.into(),
            content: gathered.content.of(format).into(),
            // Not when it is drawn: from then on the source is not looked at.
            stored: gathered.fetched,
        };
        if gathered.is_whole() && cached.is_none() && self.not_modified(request, &entry) {
            self.save(request, puts).await;
            return Ok(self.respond(request, format, &entry, "miss", None));
        }
        let finished = self.finished(map, wanted, gathered, entry.clone(), cached).await?;
        puts.extend(finished.take_puts());
        self.save(request, puts).await;
        entry.body = finished.body.clone();
        let stages = finished.stages.map(|stages| Stages { fetch, place, ..stages });
        let mut response = self.respond(request, format, &entry, finished.tier, stages);
        if missing > 0 {
            insert(response.headers_mut(), HeaderName::from_static("x-rasterzen-missing"), &missing.to_string());
            insert(response.headers_mut(), header::CACHE_CONTROL, "no-store");
        } else if not_found {
            insert(response.headers_mut(), header::CACHE_CONTROL, self.briefly());
        }
        Ok(response)
    }

    /// The source tiles of a picture, in one place for all who ask for it at the same time.
    async fn gathered(
        self: &Arc<Self>,
        map: &Arc<Map>,
        wanted: &PictureRequest,
        key: Option<&ApiKey>,
    ) -> Result<Arc<Gathered>, Error> {
        let (tiler, map, wanted) = (self.clone(), map.clone(), wanted.clone());
        // A key that goes nowhere parts nobody.
        let caller = key.filter(|_| map.wants_caller_key()).cloned();
        let flight = (self.key(&map, &wanted), caller.clone());
        let gather = move || async move {
            let place = tiler.place(sources::list(&map, &wanted)?.len()).await?;
            let gathered = tiler.gather(&map, &wanted, caller.as_ref()).await?;
            Ok(Arc::new(Gathered { _place: Some(place), ..gathered }))
        };
        self.gathers.run(flight, gather).await
    }

    /// A place among the pictures in the making for one that needs so many source tiles: one as large as several takes
    /// the places of several. Refused when too many wait for one already.
    async fn place(&self, tiles: usize) -> Result<OwnedSemaphorePermit, Error> {
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
        let places = tiles.div_ceil(limits::PICTURE_TILES).clamp(1, limits::PICTURES / 2) as u32;
        self.making.clone().acquire_many_owned(places).await.map_err(|e| Error::internal(e.to_string()))
    }

    /// The source's own tile of an address.
    async fn get_source_tile(
        self: &Arc<Self>,
        request: &Request,
        map: &Map,
        tile: &TileRequest,
    ) -> Result<Response, Error> {
        let (name, source) = own_source(map, tile)?;
        let in_memory = self.decoded.contains(&(source.info.identity.clone(), tile.tile));
        let found = self.source_tile(name, source, tile.tile, &Layers::All, request.api_key.as_ref()).await?;
        let tier = if in_memory { "memory" } else { found.tier.unwrap_or("miss") };
        let entry = source_entry(source, tile.tile, &found);
        let unsaved = (name.to_string(), source.clone(), tile.tile, found.clone());
        self.save(request, self.source_puts([&unsaved])).await;
        let mut response = self.respond(request, tile.format, &entry, tier, None);
        if found.not_found {
            insert(response.headers_mut(), header::CACHE_CONTROL, self.briefly());
        }
        Ok(response)
    }

    /// Draws a tile or a static image without looking into the caches of finished pictures.
    pub async fn picture(
        self: &Arc<Self>,
        wanted: impl Into<PictureRequest>,
        key: Option<&ApiKey>,
    ) -> Result<Picture, Error> {
        let wanted = wanted.into();
        let map = self.map(wanted.style())?;
        if let PictureRequest::Tile(tile) = &wanted
            && tile.format == Format::Mvt
        {
            let (name, source) = own_source(map, tile)?;
            let found = self.source_tile(name, source, tile.tile, &Layers::All, key).await?;
            let body = found.bytes.clone();
            return Ok(Picture { body, stages: Stages::default(), fetched: 1, decoded: 0, missing: 0 });
        }
        let gathered = Arc::new(self.gather(map, &wanted, key).await?);
        let (fetch, place, fetched, missing) = (gathered.fetch, gathered.place, gathered.asked, gathered.missing);
        let drawn = self.drawn(map, &wanted, gathered).await?;
        let stages = Stages { fetch, place, ..drawn.stages };
        Ok(Picture { body: drawn.body, stages, fetched, decoded: drawn.decoded, missing })
    }

    /// What each style layer draws of a tile and leaves out, and why; `feature` names one to follow.
    pub async fn explain(
        self: &Arc<Self>,
        wanted: &TileRequest,
        feature: Option<FeatureName>,
        key: Option<&ApiKey>,
    ) -> Result<Explanation, Error> {
        let wanted = PictureRequest::from(wanted);
        let map = self.map(wanted.style())?.clone();
        let gathered = self.gather(&map, &wanted, key).await?;
        let work = move || {
            let language = wanted.labels().language.as_ref();
            scene::explain(&map.style, &wanted.viewport(), &gathered.tiles, language, feature.as_ref())
        };
        self.on_a_processor(work).await
    }

    /// Asks the source of `/mvt/` for one tile that it should have.
    pub async fn check_source(&self, key: Option<&ApiKey>) -> Result<(), Error> {
        let Some((_, source)) = self.default_map().first_source() else { return Ok(()) };
        let z = source.info.minzoom;
        // In the middle of the world, where any source of it has something.
        let middle = (1 << z) / 2;
        match TileId::new(z, middle, middle) {
            Some(tile) => source.fetch(tile, key).await.map(|_| ()),
            None => Ok(()),
        }
    }

    /// The map drawn where no style is named.
    pub fn default_map(&self) -> &Arc<Map> {
        &self.maps[0]
    }

    /// The map with the style of this name.
    pub fn map(&self, style: Option<&str>) -> Result<&Arc<Map>, Error> {
        let Some(name) = style else { return Ok(self.default_map()) };
        self.maps.iter().find(|map| map.style.name == name).ok_or_else(|| {
            let served: Vec<&str> = self.maps.iter().map(|map| map.style.name.as_str()).collect();
            let detail = format!("there is no style {name:?}");
            Error::new(Code::UnknownStyle, detail, format!("served here: {}", served.join(", ")))
        })
    }

    fn key(&self, map: &Map, wanted: &PictureRequest) -> String {
        match wanted {
            PictureRequest::Tile(tile) => {
                let plain = tile.style.is_none() && tile.size == 256 && tile.scale == 1 && tile.labels.is_plain();
                let style = (!plain).then_some((&*map.style.name, &*map.style.digest));
                cache_key(&self.freshness.version, tile, style)
            }
            // In this process alone.
            PictureRequest::Static(image) => {
                format!("static/{}/{}/{}", image.format.name(), map.style.name, wanted.subject())
            }
        }
    }

    fn not_modified(&self, request: &Request, entry: &Entry) -> bool {
        let tag = etag(&entry.recipe, &entry.content);
        request.if_none_match.as_deref().is_some_and(|given| response::matches(given, &tag))
    }

    fn respond(
        &self,
        request: &Request,
        format: Format,
        entry: &Entry,
        tier: &str,
        stages: Option<Stages>,
    ) -> Response {
        let not_modified = self.not_modified(request, entry);
        let (status, body) = match not_modified {
            true => (StatusCode::NOT_MODIFIED, Bytes::new()),
            false => (StatusCode::OK, entry.body.clone()),
        };
        let mut response = response::response(status, format.media_type(), body);
        let headers = response.headers_mut();
        insert(headers, header::ETAG, &etag(&entry.recipe, &entry.content));
        insert(headers, header::CACHE_CONTROL, &self.cache_control());
        insert(headers, HeaderName::from_static("x-rasterzen-cache"), tier);
        if format.is_picture() && matches!(request.route, Route::Tile(_)) {
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

/// The source whose own tile is asked for. Its tiles end where it does; pictures are drawn on above.
fn own_source<'a>(map: &'a Map, tile: &TileRequest) -> Result<(&'a str, &'a Arc<Source>), Error> {
    let Some((name, source)) = map.first_source() else {
        let detail = format!("the style {:?} reads no source", map.style.name);
        return Err(Error::new(Code::UnknownRoute, detail, "ask for its png or svg"));
    };
    let maxzoom = source.info.maxzoom;
    if tile.tile.z() <= maxzoom {
        return Ok((name, source));
    }
    let detail = format!("the source's tiles end at zoom {maxzoom}");
    Err(Error::new(Code::AboveMaxzoom, detail, "ask for the ancestor at that zoom, and scale it up"))
}

/// The digest of all that a picture depends on and that is known without asking its sources.
fn picture_recipe(map: &Map, wanted: &PictureRequest) -> String {
    // What is written as SVG is the same whatever makes pixels of it.
    let rasterizer = (wanted.format() == Format::Png && map.rasterizer == Rasterizer::Resvg).then_some("resvg");
    recipe(wanted, &map.style.digest, map.sources.values().map(|source| &*source.info.identity).chain(rasterizer))
}

fn recipe<'a>(wanted: &PictureRequest, style: &str, sources: impl IntoIterator<Item = &'a str>) -> String {
    let what = format!("{} {}", wanted.format().name(), wanted.subject());
    let sources: Vec<&str> = sources.into_iter().collect();
    digest::of_parts([env!("CARGO_PKG_VERSION"), RENDER_VERSION, &what, style].into_iter().chain(sources))
}
