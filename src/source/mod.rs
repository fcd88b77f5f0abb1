//! Where tiles come from: an HTTP template, TileJSON, a PMTiles archive, a directory, or GeoJSON that is cut into
//! tiles here. Bytes come out, inflated; what they mean is not known here.

mod directory;
mod document;
mod geojson;
mod http;
mod inflate;
mod pmtiles;
mod tilejson;

use crate::error::Error;
use crate::limits;
use crate::request::ApiKey;
use crate::tile::TileId;
use crate::viewport::SizeClass;
use bytes::Bytes;
use document::Kind;
use serde_json::{Map, Value as Json};
use std::sync::Arc;

pub use document::{Base, Document, read as read_document};
pub use http::read_url;
pub use inflate::inflate;

/// The whole world, as longitudes and latitudes west, south, east, north.
pub const WORLD: [f64; 4] = [-180.0, -85.0511287798066, 180.0, 85.0511287798066];

/// The Nextzen template of size class 512.
const NEXTZEN: &str = "https://tile.nextzen.org/tilezen/vector/v1/512/all/{z}/{x}/{y}.mvt?api_key={api_key}";

/// The layers of every Tilezen tile.
const TILEZEN: [&str; 9] =
    ["boundaries", "buildings", "earth", "landuse", "places", "pois", "roads", "transit", "water"];

/// The map within the binary.
const SAMPLE: &[u8] = include_bytes!("../../fixtures/sample/sample.pmtiles");

/// What a source says of itself, and `--source-…` overrides.
#[derive(Clone, Debug)]
pub struct Info {
    /// What tells this source from others, without keys: part of what answers are cached under.
    pub identity: Arc<str>,
    pub minzoom: u8,
    pub maxzoom: u8,
    /// West, south, east, north in degrees; tiles outside are absent.
    pub bounds: [f64; 4],
    pub class: SizeClass,
    pub tiles: TileKind,
    /// What tiles carry beyond their edge, in CSS pixels. It is cut away before drawing, so that all sources look
    /// alike; what reaches over an edge comes from the tile there.
    pub buffer: u32,
    /// Whether a missing tile is drawn from its nearest ancestor.
    pub sparse: bool,
    /// HTML, as in TileJSON.
    pub attribution: String,
    /// The names of the layers that tiles may have, where the source says.
    pub layers: Option<Vec<String>>,
    /// Whether tiles come from elsewhere, so that keeping them is worth it.
    pub remote: bool,
}

/// What a source's tiles are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TileKind {
    #[default]
    Vector,
    /// Images: PNG, JPEG or WebP.
    Raster,
}

impl TileKind {
    /// The kind that a style's source of a type has.
    pub fn of(source_type: &str) -> TileKind {
        if source_type == "raster" { TileKind::Raster } else { TileKind::Vector }
    }
}

/// What the operator and the style say of a source; the rest is as the source says.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    pub tiles: TileKind,
    pub class: Option<SizeClass>,
    pub minzoom: Option<u8>,
    pub maxzoom: Option<u8>,
    pub bounds: Option<[f64; 4]>,
    pub buffer: Option<u32>,
    pub sparse: bool,
}

impl Overrides {
    /// The same of a source of a style, which says what its tiles are, and of images how large.
    pub fn of_type(&self, tiles: TileKind, members: &Map<String, Json>) -> Result<Overrides, Error> {
        let said = if tiles == TileKind::Raster { tilejson::tile_size(members)? } else { None };
        Ok(Overrides { tiles, class: self.class.or(said), ..self.clone() })
    }
}

/// A source's answer for one tile.
#[derive(Clone, Debug, PartialEq)]
pub enum Fetched {
    /// The tile, inflated.
    Tile(Bytes),
    /// The source has no such tile, and is believed.
    Absent,
    /// A bare template has no such tile; it may be mistyped.
    NotFound,
}

pub struct Source {
    pub info: Info,
    backend: Backend,
}

enum Backend {
    Http(http::Template),
    PmTiles(Box<pmtiles::Archive>),
    Directory(directory::Template),
    GeoJson(Arc<geojson::Collection>),
}

const ACCEPTED: &str = "a source is `sample`, `nextzen`, an http(s) URL or a path with {z}, {x} and {y}, a PMTiles \
                        archive as a path, an https URL or pmtiles:PATH, or a path or URL of TileJSON or GeoJSON";

impl Source {
    /// Opens a source; archives and documents over HTTP are asked for now. `key` is the configured API key.
    pub async fn open(uri: &str, overrides: &Overrides, key: Option<ApiKey>) -> Result<Source, Error> {
        Source::at(uri, overrides, key).await?.overridden(overrides)
    }

    /// Opens a source as a style has it, of type `vector` or `raster` (with a `url` or `tiles`) or `geojson`; `base` is
    /// where the style came from.
    pub async fn declared(
        members: &Map<String, Json>,
        base: &Base,
        overrides: &Overrides,
        key: Option<ApiKey>,
    ) -> Result<Source, Error> {
        let text = |member: &str| members.get(member).and_then(Json::as_str);
        let tiles = TileKind::of(text("type").unwrap_or_default());
        let overrides = &overrides.of_type(tiles, members)?;
        let source = match (text("type"), text("url")) {
            (Some("vector" | "raster"), _) if members.contains_key("tiles") => {
                tilejson::open(members, base, overrides.tiles, key)?
            }
            (Some("vector" | "raster"), Some(url)) => {
                let uri = match url.strip_prefix("pmtiles://") {
                    Some(archive) => format!("pmtiles:{}", base.resolve(archive)?),
                    None => base.resolve(url)?,
                };
                let mut source = Source::at(&uri, overrides, key).await?;
                // What the style says of the source counts for more than what the source says itself.
                tilejson::apply(&mut source.info, members)?;
                source
            }
            (Some("vector" | "raster"), None) => return Err(refused("the style's source has neither url nor tiles")),
            (Some("geojson"), _) => {
                let options = geojson::Options::read(members)?;
                match members.get("data") {
                    Some(Json::String(url)) => {
                        let document = document::read(&base.resolve(url)?, key.as_ref()).await?;
                        geojson::open(&document.json, options, overrides)?
                    }
                    Some(data) if data.is_object() => geojson::open_value(data, options, overrides)?,
                    _ => return Err(refused("data: the style's source has neither GeoJSON nor its URL")),
                }
            }
            _ => return Err(refused("the type of the style's source is none of vector, raster and geojson")),
        };
        source.overridden(overrides)
    }

    async fn at(uri: &str, overrides: &Overrides, key: Option<ApiKey>) -> Result<Source, Error> {
        let is_url = |uri: &str| uri.starts_with("http://") || uri.starts_with("https://");
        let archive = uri.strip_prefix("pmtiles:").map(|rest| rest.trim_start_matches("//"));
        let path_of_url = || uri.split(['?', '#']).next().unwrap_or_default();
        if uri == "sample" {
            pmtiles::open_bytes(SAMPLE).await
        } else if uri == "nextzen" {
            let mut nextzen = http::open(vec![NEXTZEN.to_string()], key)?;
            nextzen.info.layers = Some(TILEZEN.map(String::from).to_vec());
            Ok(nextzen)
        } else if let Some(archive) = archive {
            if is_url(archive) { pmtiles::open_http(archive).await } else { pmtiles::open_file(archive).await }
        } else if is_url(uri) {
            match uri.contains("{z}") {
                true => http::open(vec![uri.to_string()], key),
                false if path_of_url().ends_with(".pmtiles") => pmtiles::open_http(uri).await,
                false => Source::in_document(uri, overrides, key).await,
            }
        } else {
            let path = uri.strip_prefix("file://").unwrap_or(uri);
            match path.contains("{z}") {
                true => directory::open(path),
                false if path.ends_with(".pmtiles") => pmtiles::open_file(path).await,
                false => Source::in_document(uri, overrides, key).await,
            }
        }
    }

    /// Opens what a JSON document describes or holds.
    async fn in_document(uri: &str, overrides: &Overrides, key: Option<ApiKey>) -> Result<Source, Error> {
        let document = document::read(uri, key.as_ref()).await?;
        match document::kind(&document.json) {
            Some(Kind::TileJson) => {
                let members = serde_json::from_slice(&document.json);
                let members = members.map_err(|e| refused(&format!("the TileJSON cannot be read: {e}")))?;
                tilejson::open(&members, &document.base, overrides.tiles, key)
            }
            Some(Kind::GeoJson) => geojson::open(&document.json, geojson::Options::default(), overrides),
            None => Err(refused("the source's document is neither TileJSON nor GeoJSON")),
        }
    }

    fn overridden(mut self, overrides: &Overrides) -> Result<Source, Error> {
        // An archive knows what its tiles are.
        let known = match &self.backend {
            Backend::PmTiles(_) => Some(self.info.tiles),
            Backend::GeoJson(_) => Some(TileKind::Vector),
            Backend::Http(_) | Backend::Directory(_) => None,
        };
        let info = &mut self.info;
        info.tiles = overrides.tiles;
        if let Some(known) = known.filter(|known| *known != overrides.tiles) {
            let (has, type_) = match known {
                TileKind::Vector => ("vector tiles", "\"vector\""),
                TileKind::Raster => ("images", "\"raster\""),
            };
            let detail = format!("the source's tiles are {has}, which the style draws of a source of type {type_}");
            return Err(refused(&detail));
        }
        info.class = overrides.class.unwrap_or(info.class);
        info.minzoom = overrides.minzoom.unwrap_or(info.minzoom);
        info.maxzoom = overrides.maxzoom.unwrap_or(info.maxzoom);
        info.bounds = overrides.bounds.unwrap_or(info.bounds);
        info.buffer = overrides.buffer.unwrap_or(info.buffer);
        info.sparse = overrides.sparse || info.sparse;
        if info.minzoom > info.maxzoom || info.maxzoom > limits::ZOOM {
            return Err(Error::misconfigured(
                format!("the source's zooms go from {} to {}", info.minzoom, info.maxzoom),
                format!("minzoom is at most maxzoom, and that at most {}", limits::ZOOM),
            ));
        }
        let [w, s, e, n] = info.bounds;
        let said = (info.class, info.minzoom, info.maxzoom, info.sparse, info.buffer);
        let images = if info.tiles == TileKind::Raster { " images" } else { "" };
        info.identity = format!("{} {said:?} {w},{s},{e},{n}{images}", info.identity).into();
        Ok(self)
    }

    /// Whether a tile can exist by what the source says of its zooms and bounds.
    pub fn covers(&self, tile: TileId) -> bool {
        let [w, s, e, n] = self.info.bounds;
        let [west, south, east, north] = tile.bounds();
        let zoom = (self.info.minzoom..=self.info.maxzoom).contains(&tile.z());
        // Bounds that go over the antimeridian have their west in the east.
        let longitude = if w <= e { west < e && east > w } else { west < e || east > w };
        zoom && longitude && south < n && north > s
    }

    /// Whether tiles are given to callers for keys of their own.
    pub fn wants_caller_key(&self) -> bool {
        matches!(&self.backend, Backend::Http(template) if template.wants_caller_key())
    }

    /// Fetches one tile; `key` is the caller's API key, which counts where none is configured.
    pub async fn fetch(&self, tile: TileId, key: Option<&ApiKey>) -> Result<Fetched, Error> {
        match &self.backend {
            Backend::Http(template) => template.fetch(tile, key).await,
            Backend::PmTiles(archive) => archive.fetch(tile).await,
            Backend::Directory(template) => template.fetch(tile).await,
            Backend::GeoJson(collection) => {
                let collection = collection.clone();
                let cut = tokio::task::spawn_blocking(move || collection.tile(tile)).await;
                let bytes = cut.map_err(|_| Error::internal("cutting the GeoJSON ended early"))??;
                Ok(bytes.map_or(Fetched::Absent, Fetched::Tile))
            }
        }
    }
}

fn refused(detail: &str) -> Error {
    Error::misconfigured(detail, ACCEPTED)
}
