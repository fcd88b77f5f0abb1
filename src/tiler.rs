//! The walk from a request to an answer: cache, source tiles, scene, picture, cache, response.
//!
//! [`Tiler::get`] is the whole of it and [`draw`] its pure middle; nothing else renders.

use crate::cache::{Cache, Entry, PutOptions};
use crate::error::{Code, Error};
use crate::flight::Flight;
use crate::format::Format;
use crate::limits;
use crate::mvt;
use crate::output::{geojson, raster, svg};
use crate::request::{ApiKey, Request, TileRequest, cache_key};
use crate::response::{self, Response, digest, etag, insert};
use crate::scene::{self, SourceTiles};
use crate::source::{Fetched, Info, Source};
use crate::style::{Kind, Style};
use crate::tile::TileId;
use crate::viewport::{SizeClass, Viewport};
use bytes::Bytes;
use futures_util::future::join_all;
use http::{HeaderName, StatusCode, header};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::Semaphore;

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
    /// Whether only the client itself may keep answers.
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
    fetches: Flight<(TileId, Option<ApiKey>), Arc<SourceTile>>,
    renders: Flight<(String, String), Arc<Drawn>>,
    processors: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    puts: Arc<Semaphore>,
    dropped_puts: AtomicUsize,
}

/// One source tile, or the knowledge that there is none.
struct SourceTile {
    tile: Option<Arc<mvt::Tile>>,
    /// Of the bytes.
    digest: String,
    /// A bare template had none: not to be relied upon.
    not_found: bool,
    fetched: SystemTime,
    /// Which cache it came from, if from one.
    tier: Option<&'static str>,
    /// Whether it still has to be written to the farther caches.
    unsaved: AtomicBool,
}

/// Digests of the source tiles that were consulted, absent ones included.
#[derive(Clone)]
struct Content {
    /// Of the viewport's own.
    own: String,
    /// And of those around it.
    all: String,
}

impl Content {
    /// What a form of the tile depends on: only pictures reach over edges.
    fn of(&self, format: Format) -> &str {
        if format.is_picture() { &self.all } else { &self.own }
    }
}

/// What a picture is made from.
struct Gathered {
    tiles: SourceTiles,
    content: Content,
    /// Neighbours that failed.
    missing: usize,
    /// Whether a tile of the picture's own was answered with 404 by a bare template.
    not_found: bool,
    fetch: Duration,
    /// Distinct source tiles asked for.
    asked: usize,
    unsaved: Vec<(TileId, Arc<SourceTile>)>,
}

/// Time spent in each stage.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stages {
    pub fetch: Duration,
    pub decode: Duration,
    pub scene: Duration,
    pub svg: Duration,
    pub raster: Duration,
    pub encode: Duration,
}

/// A finished body with what else was made on the way to it.
pub struct Drawn {
    pub body: Bytes,
    pub stages: Stages,
    /// The SVG text and the JSON behind a png, where they are kept too.
    pub behind: Vec<(Format, Bytes)>,
    /// Source tiles drawn from.
    pub decoded: usize,
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
        let decoded = moka::sync::Cache::builder()
            .max_capacity(limits::DECODED_BYTES)
            .weigher(|_: &TileId, tile: &Arc<SourceTile>| {
                let bytes = tile.tile.as_ref().map_or(0, |tile| tile.bytes().len() as u64);
                u32::try_from(bytes * limits::DECODED_FACTOR + 256).unwrap_or(u32::MAX)
            })
            .build();
        let processors = std::thread::available_parallelism().map_or(2, |n| n.get());
        Tiler {
            style: Arc::new(style),
            source: Arc::new(source),
            cache: Arc::new(cache),
            freshness,
            decoded,
            fetches: Flight::default(),
            renders: Flight::default(),
            processors: Arc::new(Semaphore::new(processors)),
            waiting: Arc::default(),
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
        let gathered = self.gather(tile, request.api_key.as_ref()).await?;
        let whole = gathered.missing == 0 && !gathered.not_found;
        let unsaved = self.source_puts(&gathered.unsaved);
        if let Some((mut entry, tier)) =
            cached.filter(|(entry, _)| whole && *entry.content == *gathered.content.of(tile.format))
        {
            entry.stored = SystemTime::now();
            self.save(request, unsaved.into_iter().chain([(key, entry.clone())])).await;
            return Ok(self.respond(request, tile, &entry, tier, None));
        }
        let mut entry = Entry {
            body: Bytes::new(),
            content_type: tile.format.media_type().to_string(),
            recipe: recipe.into(),
            content: gathered.content.of(tile.format).into(),
            stored: SystemTime::now(),
        };
        if whole && self.not_modified(request, &entry) {
            self.save(request, unsaved).await;
            return Ok(self.respond(request, tile, &entry, "miss", None));
        }
        let (missing, not_found, fetch) = (gathered.missing, gathered.not_found, gathered.fetch);
        let content = gathered.content.clone();
        let drawn = self.drawn(tile, gathered).await?;
        entry.body = drawn.body.clone();
        let mut puts = unsaved;
        if whole {
            puts.extend(self.variants(tile, &entry, &content, &drawn));
            puts.push((key, entry.clone()));
        }
        self.save(request, puts).await;
        let mut response = self.respond(request, tile, &entry, "miss", Some(Stages { fetch, ..drawn.stages }));
        if missing > 0 {
            insert(response.headers_mut(), HeaderName::from_static("x-rasterzen-missing"), &missing.to_string());
            insert(response.headers_mut(), header::CACHE_CONTROL, "no-store");
        } else if not_found {
            insert(response.headers_mut(), header::CACHE_CONTROL, "public, max-age=60");
        }
        Ok(response)
    }

    /// The source's own tile of an address.
    async fn get_source_tile(self: &Arc<Self>, request: &Request, tile: &TileRequest) -> Result<Response, Error> {
        self.check_style(tile)?;
        let maxzoom = self.source.info.maxzoom;
        if tile.tile.z() > maxzoom {
            let detail = format!("the source's tiles end at zoom {maxzoom}");
            return Err(Error::new(Code::AboveMaxzoom, detail, "ask for the ancestor at that zoom, and scale it up"));
        }
        let in_memory = self.decoded.contains_key(&tile.tile);
        let found = self.source_tile(tile.tile, request.api_key.as_ref()).await?;
        let tier = if in_memory { "memory" } else { found.tier.unwrap_or("miss") };
        let entry = self.source_entry(&found);
        self.save(request, self.source_puts(&[(tile.tile, found.clone())])).await;
        let mut response = self.respond(request, tile, &entry, tier, None);
        if found.not_found {
            insert(response.headers_mut(), header::CACHE_CONTROL, "public, max-age=60");
        }
        Ok(response)
    }

    /// Draws a tile without looking into the caches of finished pictures.
    pub async fn picture(self: &Arc<Self>, tile: &TileRequest, key: Option<&ApiKey>) -> Result<Picture, Error> {
        if tile.format == Format::Mvt {
            let found = self.source_tile(tile.tile, key).await?;
            let body = found.tile.as_ref().map(|tile| tile.bytes().clone()).unwrap_or_default();
            return Ok(Picture { body, stages: Stages::default(), fetched: 1, decoded: 0, missing: 0 });
        }
        let gathered = self.gather(tile, key).await?;
        let (fetch, fetched, missing) = (gathered.fetch, gathered.asked, gathered.missing);
        let drawn = self.drawn(tile, gathered).await?;
        let stages = Stages { fetch, ..drawn.stages };
        Ok(Picture { body: drawn.body.clone(), stages, fetched, decoded: drawn.decoded, missing })
    }

    /// Asks the source for one tile that it should have.
    pub async fn check_source(&self, key: Option<&ApiKey>) -> Result<(), Error> {
        let tile = TileId::new(0, 0, 0).and_then(|root| {
            let z = self.source.info.minzoom;
            let side = 1u32.checked_shl(z.into())?;
            // In the middle of the world, where any source of it has something.
            TileId::new(z, side / 2, side / 2).or(Some(root))
        });
        match tile {
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

    fn key(&self, tile: &TileRequest) -> String {
        cache_key(&self.freshness.version, tile, true, (&self.style.name, &self.style.digest))
    }

    /// The digest of all that a picture depends on and that is known without asking the source.
    fn recipe(&self, tile: &TileRequest) -> String {
        let name = tile.format.name();
        let what = format!("{name} {} {}@{}x", tile.tile, tile.size, tile.scale);
        let style = if tile.format == Format::Mvt { "" } else { &self.style.digest };
        digest([env!("CARGO_PKG_VERSION"), RENDER_VERSION, &what, style, &self.source.info.identity])
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
            insert(headers, HeaderName::from_static("server-timing"), &server_timing(&stages));
        }
        response
    }

    /// The `Cache-Control` of the settings of now.
    pub fn cache_control(&self) -> String {
        let Freshness { max_age, shared_max_age, private, .. } = self.freshness;
        match private {
            true => format!("private, max-age={max_age}"),
            false => format!("public, max-age={max_age}, s-maxage={shared_max_age}, stale-if-error=86400"),
        }
    }

    // Source tiles.

    /// Fetches the tiles that a picture needs, all at once.
    async fn gather(self: &Arc<Self>, tile: &TileRequest, key: Option<&ApiKey>) -> Result<Gathered, Error> {
        let started = Instant::now();
        let viewport = Viewport::of_tile(tile.tile, tile.size, tile.scale);
        let Info { class, maxzoom, .. } = self.source.info;
        let margin = match tile.format.is_picture() {
            true => self.style.margin(viewport.style_zoom()) * f64::from(tile.scale),
            false => 0.0,
        };
        let (cells, own) = scene::cells(&viewport, class, maxzoom, margin);
        let found = join_all(cells.iter().map(|&cell| self.resolve(cell, key))).await;
        let mut gathered = Gathered {
            tiles: SourceTiles { maxzoom, cells: HashMap::new() },
            content: Content { own: String::new(), all: String::new() },
            missing: 0,
            not_found: false,
            fetch: Duration::ZERO,
            asked: 0,
            unsaved: Vec::new(),
        };
        let mut parts = Vec::new();
        let mut asked = HashSet::new();
        for (i, (cell, found)) in cells.into_iter().zip(found).enumerate() {
            match found {
                Ok(consulted) => {
                    for (id, tile) in &consulted {
                        parts.push((i < own, format!("{id} {}", tile.digest)));
                        gathered.not_found |= tile.not_found && i < own;
                        if asked.insert(*id) {
                            gathered.unsaved.push((*id, tile.clone()));
                        }
                    }
                    let drawn = consulted.into_iter().find_map(|(id, tile)| Some((id, tile.tile.clone()?)));
                    gathered.tiles.cells.insert(cell, drawn);
                }
                Err(error) if i < own || error.code == Code::MissingApiKey || error.code == Code::KeyRefused => {
                    return Err(error);
                }
                Err(error) => {
                    tracing::warn!(%cell, %error, "a neighbouring tile failed; the picture is drawn without it");
                    parts.push((false, format!("{cell} failed")));
                    gathered.missing += 1;
                }
            }
        }
        gathered.asked = asked.len();
        let content = |of: &dyn Fn(bool) -> bool| {
            digest(parts.iter().filter(|(own, _)| of(*own)).map(|(_, part)| part.as_str()))
        };
        gathered.content = Content { own: content(&|own| own), all: content(&|_| true) };
        gathered.fetch = started.elapsed();
        Ok(gathered)
    }

    /// The tile of a cell, and where a sparse source has none, its ancestors up to the first that is there.
    async fn resolve(
        self: &Arc<Self>,
        cell: TileId,
        key: Option<&ApiKey>,
    ) -> Result<Vec<(TileId, Arc<SourceTile>)>, Error> {
        let mut consulted = Vec::new();
        if !self.source.covers(cell) {
            return Ok(consulted);
        }
        let up_to = if self.source.info.sparse { self.source.info.minzoom } else { cell.z() };
        for z in (up_to..=cell.z()).rev() {
            let id = cell.ancestor(z);
            let tile = self.source_tile(id, key).await?;
            let found = tile.tile.is_some();
            consulted.push((id, tile));
            if found {
                break;
            }
        }
        Ok(consulted)
    }

    /// One source tile: from memory, the caches or the source, once for all who ask at the same time.
    async fn source_tile(self: &Arc<Self>, id: TileId, key: Option<&ApiKey>) -> Result<Arc<SourceTile>, Error> {
        if let Some(tile) = self.decoded.get(&id) {
            // A 404 of a bare template is asked for again soon.
            let ttl = if tile.not_found { Duration::from_secs(60) } else { self.freshness.ttl };
            if tile.fetched.elapsed().unwrap_or_default() < ttl {
                return Ok(tile);
            }
        }
        let tiler = self.clone();
        let caller = key.cloned();
        self.fetches
            .run((id, caller.clone()), move || async move {
                let tile = Arc::new(tiler.fetch_source_tile(id, caller.as_ref()).await?);
                tiler.decoded.insert(id, tile.clone());
                Ok(tile)
            })
            .await
    }

    async fn fetch_source_tile(&self, id: TileId, key: Option<&ApiKey>) -> Result<SourceTile, Error> {
        if !self.source.covers(id) {
            return Ok(SourceTile::new(Fetched::Absent, None, SystemTime::now())?);
        }
        let tile = source_tile_request(id);
        if self.source.info.remote
            && let Some((entry, tier)) = self.cache.get(&self.key(&tile), &self.recipe(&tile)).await
            && entry.age() < self.freshness.ttl
        {
            return SourceTile::new(Fetched::Tile(entry.body), Some(tier), entry.stored);
        }
        let fetched = self.source.fetch(id, key).await?;
        SourceTile::new(fetched, None, SystemTime::now())
    }

    fn source_entry(&self, tile: &SourceTile) -> Entry {
        Entry {
            body: tile.tile.as_ref().map(|tile| tile.bytes().clone()).unwrap_or_default(),
            content_type: Format::Mvt.media_type().to_string(),
            recipe: String::new().into(),
            content: tile.digest.as_str().into(),
            stored: tile.fetched,
        }
    }

    /// The source tiles that nobody has written to the caches yet.
    fn source_puts(&self, tiles: &[(TileId, Arc<SourceTile>)]) -> Vec<(String, Entry)> {
        let unsaved = tiles.iter().filter(|(_, tile)| {
            self.source.info.remote && !tile.not_found && tile.unsaved.swap(false, Ordering::Relaxed)
        });
        unsaved
            .map(|(id, tile)| {
                let request = source_tile_request(*id);
                let entry = Entry { recipe: self.recipe(&request).into(), ..self.source_entry(tile) };
                (self.key(&request), entry)
            })
            .collect()
    }

    // Pictures.

    /// Draws, once for all who ask for the same picture at the same time, on a thread of its own.
    async fn drawn(self: &Arc<Self>, tile: &TileRequest, gathered: Gathered) -> Result<Arc<Drawn>, Error> {
        let flight = (format!("{} {}", self.recipe(tile), self.key(tile)), gathered.content.all.clone());
        let tiler = self.clone();
        let tile = tile.clone();
        self.renders
            .run(flight, move || async move {
                let _processor = tiler.processor().await?;
                let (style, source) = (tiler.style.clone(), tiler.source.clone());
                let all_variants = tiler.freshness.all_variants;
                let draw = move || draw(&style, &source.info, &tile, &gathered.tiles, all_variants);
                match tokio::task::spawn_blocking(draw).await {
                    Ok(drawn) => drawn.map(Arc::new),
                    Err(panic) => Err(Error::internal(format!("drawing ended early: {panic}"))),
                }
            })
            .await
    }

    /// A processor to draw on; refused when too many wait already.
    async fn processor(&self) -> Result<tokio::sync::OwnedSemaphorePermit, Error> {
        struct Waiting(Arc<AtomicUsize>);
        impl Drop for Waiting {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::Relaxed);
            }
        }
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        let _waiting = Waiting(self.waiting.clone());
        if before >= limits::WAITING_RENDERS {
            let detail = format!("{} pictures wait to be drawn already", limits::WAITING_RENDERS);
            let mut error = Error::new(Code::Overloaded, detail, "come back later");
            error.retry_after = Some(Duration::from_secs(1));
            return Err(error);
        }
        self.processors.clone().acquire_owned().await.map_err(|e| Error::internal(e.to_string()))
    }

    /// What else is kept of a png where all variants are.
    fn variants(&self, tile: &TileRequest, entry: &Entry, content: &Content, drawn: &Drawn) -> Vec<(String, Entry)> {
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

    // Writing to the caches.

    /// Writes to the near caches now, and to the far ones before the answer or behind it.
    async fn save(self: &Arc<Self>, request: &Request, puts: impl IntoIterator<Item = (String, Entry)>) {
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

impl SourceTile {
    fn new(fetched: Fetched, tier: Option<&'static str>, fetched_at: SystemTime) -> Result<SourceTile, Error> {
        let not_found = fetched == Fetched::NotFound;
        let (tile, digest) = match fetched {
            // No bytes are how caches hold an absent tile, and some sources send one.
            Fetched::Tile(bytes) if !bytes.is_empty() => {
                let digest: String = {
                    use sha2::Digest;
                    sha2::Sha256::digest(&bytes).iter().take(16).map(|b| format!("{b:02x}")).collect()
                };
                (Some(Arc::new(mvt::Tile::parse(bytes)?)), digest)
            }
            _ => (None, "absent".to_string()),
        };
        let unsaved = AtomicBool::new(tier.is_none());
        Ok(SourceTile { tile, digest, not_found, fetched: fetched_at, tier, unsaved })
    }
}

/// The request whose key a source tile is cached under.
fn source_tile_request(tile: TileId) -> TileRequest {
    TileRequest { tile, format: Format::Mvt, size: 256, scale: 1, style: None }
}

/// Makes a tile in one form from source tiles: pure, and the same bytes for the same input. `all_variants` also makes
/// the svg and json behind a png.
pub fn draw(
    style: &Style,
    source: &Info,
    request: &TileRequest,
    tiles: &SourceTiles,
    all_variants: bool,
) -> Result<Drawn, Error> {
    let viewport = Viewport::of_tile(request.tile, request.size, request.scale);
    let decoded = tiles.cells.values().flatten().map(|(id, _)| id).collect::<HashSet<_>>().len();
    let mut stages = Stages::default();
    let mut clock = Instant::now();
    let mut lap = || {
        let elapsed = clock.elapsed();
        clock = Instant::now();
        elapsed
    };
    if !request.format.is_picture() {
        let text = match request.format {
            Format::GeoJson => geojson::collection(&viewport, source.class, tiles)?,
            _ => geojson::layers(&viewport, source.class, tiles)?,
        };
        stages.encode = lap();
        return Ok(Drawn { body: text.into(), stages, behind: Vec::new(), decoded });
    }
    decode(style, &viewport, source.class, tiles)?;
    stages.decode = lap();
    let scene = scene::build(style, &viewport, source.class, tiles)?;
    stages.scene = lap();
    let title = format!("{} {}", style.name, request.tile);
    let document = svg::Document { title: &title, attribution: &source.attribution };
    let text = svg::write(&scene, style, &document);
    stages.svg = lap();
    if request.format == Format::Svg {
        return Ok(Drawn { body: text.into(), stages, behind: Vec::new(), decoded });
    }
    let pixels = raster::pixels(&text, scene.width, scene.height)?;
    stages.raster = lap();
    let body = raster::png(&pixels)?;
    stages.encode = lap();
    let mut behind = Vec::new();
    if all_variants {
        behind.push((Format::Json, geojson::layers(&viewport, source.class, tiles)?.into()));
        behind.push((Format::Svg, text.into()));
    }
    Ok(Drawn { body: body.into(), stages, behind, decoded })
}

/// Decodes the layers that the style reads: all of them in the viewport's own tiles, in the others those that can
/// reach over an edge.
fn decode(style: &Style, viewport: &Viewport, class: SizeClass, tiles: &SourceTiles) -> Result<(), Error> {
    let zoom = viewport.style_zoom();
    let own: HashSet<TileId> = scene::cells(viewport, class, tiles.maxzoom, 0.0).0.into_iter().collect();
    for (cell, found) in &tiles.cells {
        let Some((_, tile)) = found else { continue };
        for layer in style.layers.iter().filter(|layer| layer.is_visible(zoom)) {
            if own.contains(cell) || matches!(layer.kind, Kind::Line(_) | Kind::Circle(_)) {
                tile.layer(&layer.source_layer)?;
            }
        }
    }
    Ok(())
}

/// The stages as a `Server-Timing` header, in milliseconds.
fn server_timing(stages: &Stages) -> String {
    let Stages { fetch, decode, scene, svg, raster, encode } = *stages;
    let all =
        [("fetch", fetch), ("decode", decode), ("scene", scene), ("svg", svg), ("raster", raster), ("encode", encode)];
    let entry = |(name, time): (&str, Duration)| format!("{name};dur={:.1}", time.as_secs_f64() * 1000.0);
    all.into_iter().filter(|(_, time)| !time.is_zero()).map(entry).collect::<Vec<_>>().join(", ")
}
