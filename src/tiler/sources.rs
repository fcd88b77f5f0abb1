//! The source tiles of a picture: from memory, the caches or the source, each once for all who ask at the same time.

use super::{Map, Tiler, recipe};
use crate::bitmap;
use crate::cache::{Entry, age};
use crate::digest;
use crate::error::{Code, Error};
use crate::format::Format;
use crate::limits;
use crate::mvt;
use crate::request::{ApiKey, Labels, PictureRequest, TileRequest, cache_key};
use crate::scene::{self, Placed, SourceTiles, TileData, Tiles};
use crate::source::{Fetched, Info, Source, TileKind};
use crate::style::Style;
use crate::tile::TileId;
use bytes::Bytes;
use futures_util::future::join_all;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::OwnedSemaphorePermit;

/// One source tile, or the knowledge that there is none.
pub struct SourceTile {
    pub tile: Option<TileData>,
    /// As the source sent it, inflated; none of a tile that is not there.
    pub bytes: Bytes,
    /// Of the bytes.
    pub digest: String,
    /// A bare template had none: not to be relied upon.
    pub not_found: bool,
    pub fetched: SystemTime,
    /// Which cache it came from, if from one.
    pub tier: Option<&'static str>,
    /// Whether it still has to be written to the farther caches.
    pub unsaved: AtomicBool,
}

/// Digests of the source tiles that were consulted, absent ones included.
#[derive(Clone)]
pub struct Content {
    /// Of the viewport's own.
    pub own: String,
    /// And of those around it.
    pub all: String,
}

impl Content {
    /// What a form of the tile depends on: only pictures reach over edges.
    pub fn of(&self, format: Format) -> &str {
        if format.is_picture() { &self.all } else { &self.own }
    }
}

/// A source tile that may have to be written to the caches, with its source and that one's name.
pub type Unsaved = (String, Arc<Source>, TileId, Arc<SourceTile>);

/// What a picture is made from.
pub struct Gathered {
    pub tiles: Tiles,
    pub content: Content,
    /// Neighbours that failed.
    pub missing: usize,
    /// Whether a tile of the picture's own was answered with 404 by a bare template.
    pub not_found: bool,
    /// What its symbol layers draw.
    pub symbols: Placed,
    pub fetch: Duration,
    pub place: Duration,
    /// When the oldest of the tiles came from the source.
    pub fetched: SystemTime,
    /// Distinct source tiles asked for.
    pub asked: usize,
    pub unsaved: Vec<Unsaved>,
    /// Among the pictures in the making, until nobody needs the tiles.
    pub(super) _place: Option<OwnedSemaphorePermit>,
}

impl Gathered {
    /// Whether nothing failed and nothing is doubtful: what is drawn from it may be kept.
    pub fn is_whole(&self) -> bool {
        self.missing == 0 && !self.not_found
    }

    /// Whether drawing this would give what an entry of the same recipe holds.
    pub fn gives(&self, format: Format, entry: &Entry) -> bool {
        self.is_whole() && *entry.content == *self.content.of(format)
    }
}

/// The cells that a picture needs: the viewport's own, and those around it as far as the style reaches over edges.
pub(super) fn list<'a>(map: &'a Map, picture: &PictureRequest) -> Result<Vec<Wanted<'a>>, Error> {
    let (viewport, is_drawn) = (picture.viewport(), picture.format().is_picture());
    let zoom = viewport.style_zoom();
    let mut wanted = Vec::new();
    for (name, source) in &map.sources {
        // JSON has what no layer reads too.
        if is_drawn && !map.sources_at(zoom).any(|(read, _)| read == name) {
            continue;
        }
        let margin = if is_drawn { map.style.margin(name, zoom) * f64::from(viewport.scale) } else { 0.0 };
        let Info { class, maxzoom, .. } = source.info;
        let (cells, own) = scene::cells(&viewport, class, maxzoom, margin);
        let reaching = Layers::reaching(&map.style, name, zoom);
        let wants = |(i, cell)| {
            let layers = if i < own { Layers::All } else { reaching.clone() };
            Wanted { name, source, cell, own: i < own, layers }
        };
        wanted.extend(cells.into_iter().enumerate().map(wants));
    }
    check_count(wanted.len())?;
    Ok(wanted)
}

fn check_count(tiles: usize) -> Result<(), Error> {
    if tiles <= limits::SOURCE_TILES {
        return Ok(());
    }
    let detail = format!("the picture needs {tiles} source tiles, of at most {}", limits::SOURCE_TILES);
    Err(Error::new(Code::TooLarge, detail, "ask for a smaller picture, or for less of the world"))
}

/// Cells by the names of their sources.
fn wanting(map: &Map, zoom: f64, cells: Vec<(String, TileId)>) -> Vec<Wanted<'_>> {
    let wanted = |(name, cell): (String, TileId)| {
        let (name, source) = map.sources.get_key_value(&name)?;
        Some(Wanted { name, source, cell, own: false, layers: Layers::reaching(&map.style, name, zoom) })
    };
    cells.into_iter().filter_map(wanted).collect()
}

/// What has been gathered of a picture so far.
#[derive(Default)]
struct Gathering {
    tiles: Tiles,
    /// For each source tile consulted, whether it is one of the picture's own, and its digest.
    parts: Vec<(bool, String)>,
    missing: usize,
    not_found: bool,
    fetch: Duration,
    fetched: Option<SystemTime>,
    asked: HashSet<(Arc<str>, TileId)>,
    unsaved: Vec<Unsaved>,
}

impl Gathering {
    fn add(&mut self, wanted: Wanted, found: Result<Consulted, Error>) -> Result<(), Error> {
        let Wanted { name, source, cell, own, .. } = wanted;
        let Info { class, maxzoom, .. } = source.info;
        let drawn = match found {
            Ok(consulted) => {
                let found = consulted.iter().any(|(_, tile)| tile.tile.is_some());
                for (id, tile) in &consulted {
                    self.parts.push((own, format!("{name} {id} {}", tile.digest)));
                    self.not_found |= tile.not_found && own && !found;
                    self.fetched = self.fetched.into_iter().chain([tile.fetched]).min();
                    if self.asked.insert((source.info.identity.clone(), *id)) {
                        self.unsaved.push((name.to_string(), source.clone(), *id, tile.clone()));
                    }
                }
                consulted.into_iter().find_map(|(id, tile)| Some((id, tile.tile.clone()?)))
            }
            Err(error) if own || error.code == Code::MissingApiKey || error.code == Code::KeyRefused => {
                return Err(error);
            }
            Err(error) => {
                tracing::warn!(%cell, %error, "a neighbouring tile failed; the picture is drawn without it");
                self.parts.push((false, format!("{name} {cell} failed")));
                self.missing += 1;
                None
            }
        };
        let empty = || SourceTiles { class, maxzoom, cells: HashMap::new() };
        self.tiles.entry(name.to_string()).or_insert_with(empty).cells.insert(cell, drawn);
        Ok(())
    }

    fn done(self, symbols: Placed, place: Duration) -> Gathered {
        let content = |of: &dyn Fn(bool) -> bool| {
            digest::of_parts(self.parts.iter().filter(|(own, _)| of(*own)).map(|(_, part)| part.as_str()))
        };
        Gathered {
            content: Content { own: content(&|own| own), all: content(&|_| true) },
            tiles: self.tiles,
            symbols,
            missing: self.missing,
            not_found: self.not_found,
            fetch: self.fetch,
            place,
            fetched: self.fetched.unwrap_or_else(SystemTime::now),
            asked: self.asked.len(),
            unsaved: self.unsaved,
            _place: None,
        }
    }
}

impl Tiler {
    /// Fetches the tiles that a picture needs, all at once, and then those that its symbols turn out to depend on.
    pub(super) async fn gather(
        self: &Arc<Self>,
        map: &Arc<Map>,
        picture: &PictureRequest,
        key: Option<&ApiKey>,
    ) -> Result<Gathered, Error> {
        let (viewport, language) = (picture.viewport(), &picture.labels().language);
        let has_symbols = picture.format().is_picture() && map.style.has_symbols(viewport.style_zoom());
        let mut wanted = list(map, picture)?;
        let mut gathering = Gathering::default();
        let mut symbols = Placed::default();
        let (mut place, mut count) = (Duration::ZERO, 0);
        while !wanted.is_empty() {
            count += wanted.len();
            check_count(count)?;
            let started = Instant::now();
            let found = join_all(wanted.iter().map(|wanted| self.resolve(wanted, key))).await;
            for (wanted, found) in wanted.into_iter().zip(found) {
                gathering.add(wanted, found)?;
            }
            gathering.fetch += started.elapsed();
            wanted = Vec::new();
            if has_symbols {
                let (drawn, language) = (map.clone(), language.clone());
                let tiles = std::mem::take(&mut gathering.tiles);
                let placing = move || {
                    let started = Instant::now();
                    let symbols = scene::place(&drawn.style, &viewport, &tiles, language.as_ref());
                    Ok((tiles, symbols, started.elapsed()))
                };
                let took;
                (gathering.tiles, symbols, took) = self.on_a_processor(placing).await?;
                place += took;
                wanted = wanting(map, viewport.style_zoom(), std::mem::take(&mut symbols.wanting));
            }
        }
        Ok(gathering.done(symbols, place))
    }

    /// The tile of a cell, and where a sparse source has none, its ancestors up to the first that is there.
    async fn resolve(self: &Arc<Self>, wanted: &Wanted<'_>, key: Option<&ApiKey>) -> Result<Consulted, Error> {
        let Wanted { name, source, cell, ref layers, .. } = *wanted;
        let mut consulted = Vec::new();
        if !source.covers(cell) {
            return Ok(consulted);
        }
        let up_to = if source.info.sparse { source.info.minzoom } else { cell.z() };
        for z in (up_to..=cell.z()).rev() {
            let id = cell.ancestor(z);
            let tile = self.source_tile(name, source, id, layers, key).await?;
            let found = tile.tile.is_some();
            consulted.push((id, tile));
            if found {
                break;
            }
        }
        Ok(consulted)
    }

    /// One source tile: from memory, the caches or the source, once for all who ask at the same time. Some of its layers
    /// have been checked by then.
    pub(super) async fn source_tile(
        self: &Arc<Self>,
        name: &str,
        source: &Arc<Source>,
        id: TileId,
        layers: &Layers,
        key: Option<&ApiKey>,
    ) -> Result<Arc<SourceTile>, Error> {
        let place = (source.info.identity.clone(), id);
        // What weighs more than it did is put there again.
        let checked = |tile: Arc<SourceTile>| {
            if tile.read(layers)? {
                self.decoded.insert(place.clone(), tile.clone());
            }
            Ok(tile)
        };
        if let Some(tile) = self.decoded.get(&place) {
            // A 404 of a bare template is asked for again soon.
            let ttl = if tile.not_found { Duration::from_secs(60) } else { self.freshness.ttl };
            if age(tile.fetched) < ttl
                // One with a layer that is broken is fetched again.
                && let Ok(tile) = checked(tile)
            {
                return Ok(tile);
            }
        }
        let (tiler, name, source) = (self.clone(), name.to_string(), source.clone());
        // A key that goes nowhere parts nobody.
        let caller = key.filter(|_| source.wants_caller_key()).cloned();
        let (at, of) = (place.clone(), (place.clone(), caller.clone()));
        let fetch = move || async move {
            let tile = Arc::new(tiler.fetch_source_tile(&name, &source, id, caller.as_ref()).await?);
            tiler.decoded.insert(at, tile.clone());
            Ok(tile)
        };
        // Each who waits may want other layers of it.
        checked(self.fetches.run(of, fetch).await?)
    }

    async fn fetch_source_tile(
        &self,
        name: &str,
        source: &Source,
        id: TileId,
        key: Option<&ApiKey>,
    ) -> Result<SourceTile, Error> {
        let kind = source.info.tiles;
        if !source.covers(id) {
            return SourceTile::new(Fetched::Absent, kind, None, SystemTime::now());
        }
        let is_kept = is_kept(source);
        // What goes into a cache, or comes from one, is checked as a whole.
        let checked = |tile: SourceTile| if is_kept { tile.read(&Layers::All).map(|_| tile) } else { Ok(tile) };
        if is_kept
            && let Some((entry, tier)) =
                self.cache.get(&self.source_key(name, source, id), &source_recipe(source, id)).await
            && entry.age() < self.freshness.ttl
            // What has been broken in the cache is fetched again.
            && let Ok(tile) =
                SourceTile::new(Fetched::Tile(entry.body), kind, Some(tier), entry.stored).and_then(checked)
        {
            return Ok(tile);
        }
        let fetched = source.fetch(id, key).await?;
        SourceTile::new(fetched, kind, None, SystemTime::now()).and_then(checked)
    }

    /// The source tiles that nobody has written to the caches yet; into the near ones they are by then.
    pub(super) fn source_puts<'a>(&self, tiles: impl IntoIterator<Item = &'a Unsaved>) -> Vec<(String, Entry)> {
        let unsaved = tiles.into_iter().filter(|(_, source, _, tile)| {
            is_kept(source) && !tile.not_found && tile.unsaved.swap(false, Ordering::Relaxed)
        });
        unsaved
            .map(|(name, source, id, tile)| {
                let (key, entry) = (self.source_key(name, source, *id), source_entry(source, *id, tile));
                self.cache.put_near(&key, &entry);
                (key, entry)
            })
            .collect()
    }

    /// The source of `/mvt/` has the short keys; others have their name and digest in them.
    fn source_key(&self, name: &str, source: &Source, id: TileId) -> String {
        let first = self.default_map().first_source();
        let is_first = first.is_some_and(|(_, first)| first.info.identity == source.info.identity);
        let digest = digest::of(source.info.identity.as_bytes());
        let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let of = (!is_first).then_some((name.as_str(), digest.as_str()));
        cache_key(&self.freshness.version, &source_tile_request(id), of)
    }
}

/// A cell's tile, or those that a sparse source was asked for in its place.
type Consulted = Vec<(TileId, Arc<SourceTile>)>;

/// A cell to be found.
pub(super) struct Wanted<'a> {
    name: &'a str,
    source: &'a Arc<Source>,
    cell: TileId,
    /// Whether the viewport's squares lie in it, or only near it.
    own: bool,
    layers: Layers,
}

/// The layers of a source tile that something is made of.
#[derive(Clone)]
pub(super) enum Layers {
    All,
    Some(Arc<HashSet<String>>),
}

impl Layers {
    /// Those that a picture may need of the tiles around its own.
    fn reaching(style: &Style, source: &str, zoom: f64) -> Layers {
        let names: HashSet<String> = style.reaching(source, zoom).map(str::to_string).collect();
        // A style layer that names none draws the only one.
        if names.contains("") { Layers::All } else { Layers::Some(names.into()) }
    }

    fn has(&self, name: &str) -> bool {
        match self {
            Layers::All => true,
            Layers::Some(names) => names.contains(name),
        }
    }
}

/// The digest of all that a source tile depends on and that is known without asking.
fn source_recipe(source: &Source, id: TileId) -> String {
    recipe(&(&source_tile_request(id)).into(), "", [&*source.info.identity])
}

/// Whether caches hold a source's tiles: vector tiles from elsewhere, because much can be made of one. Of images nothing
/// but the pictures, which are kept anyway.
fn is_kept(source: &Source) -> bool {
    source.info.remote && source.info.tiles == TileKind::Vector
}

/// A source tile as caches hold it.
pub(super) fn source_entry(source: &Source, id: TileId, tile: &SourceTile) -> Entry {
    Entry {
        body: tile.bytes.clone(),
        content_type: Format::Mvt.media_type().to_string(),
        recipe: source_recipe(source, id).into(),
        content: tile.digest.as_str().into(),
        stored: tile.fetched,
    }
}

impl SourceTile {
    fn new(
        fetched: Fetched,
        kind: TileKind,
        tier: Option<&'static str>,
        fetched_at: SystemTime,
    ) -> Result<SourceTile, Error> {
        let not_found = fetched == Fetched::NotFound;
        let (tile, bytes, digest) = match fetched {
            // No bytes are how caches hold an absent tile, and some sources send one.
            Fetched::Tile(bytes) if !bytes.is_empty() => {
                (Some(parse(bytes.clone(), kind)?), bytes.clone(), digest::of(&bytes))
            }
            _ => (None, Bytes::new(), "absent".to_string()),
        };
        let unsaved = AtomicBool::new(tier.is_none());
        Ok(SourceTile { tile, bytes, digest, not_found, fetched: fetched_at, tier, unsaved })
    }

    /// Checks layers of it; whether any had not been before.
    fn read(&self, layers: &Layers) -> Result<bool, Error> {
        match &self.tile {
            Some(TileData::Vector(tile)) => tile.read(|name| layers.has(name)),
            None | Some(TileData::Raster(_)) => Ok(false),
        }
    }

    /// Bytes in memory.
    pub fn size(&self) -> usize {
        match &self.tile {
            None => 0,
            Some(TileData::Vector(tile)) => tile.size(),
            Some(TileData::Raster(bitmap)) => self.bytes.len() + bitmap.data.len(),
        }
    }
}

fn parse(bytes: Bytes, kind: TileKind) -> Result<TileData, Error> {
    match kind {
        TileKind::Vector => mvt::Tile::open(bytes).map(|tile| TileData::Vector(Arc::new(tile))),
        TileKind::Raster => match bitmap::decode(&bytes, limits::RASTER_TILE_PIXELS) {
            Ok(bitmap) => Ok(TileData::Raster(Arc::new(bitmap))),
            Err(what) => {
                let hint = "look at what the source's URL answers for this tile";
                Err(Error::new(Code::BadTile, format!("the source's tile is {what}"), hint))
            }
        },
    }
}

/// The request whose key a source tile is cached under.
fn source_tile_request(tile: TileId) -> TileRequest {
    TileRequest { tile, format: Format::Mvt, size: 256, scale: 1, style: None, labels: Labels::default() }
}
