//! What a request asks for, read from its path, query and headers; and the key that its answer is cached under.

mod labels;
mod static_image;

use crate::error::{Code, Error};
use crate::format::Format;
use crate::language::Language;
use crate::limits;
use crate::tile::TileId;
use crate::viewport::Viewport;
use http::{HeaderMap, header};
use percent_encoding::percent_decode_str;
use std::fmt;
use std::time::Instant;

pub use labels::Labels;
pub use static_image::{StaticRequest, View, parse_size};

/// The query parameters that change a picture. (`api_key` does not.)
pub const PICTURE_PARAMETERS: [&str; 5] = ["style", "tile_size", "attribution", "lang", "text"];

/// A request without its transport.
#[derive(Clone, Debug)]
pub struct Request {
    pub route: Route,
    /// The tags of `If-None-Match`, the header's value as it came.
    pub if_none_match: Option<String>,
    pub api_key: Option<ApiKey>,
    /// When the answer is no longer wanted.
    pub deadline: Instant,
    /// Where clients reach this program, for absolute URLs: `https://host/base`.
    pub base_url: BaseUrl,
}

#[derive(Clone, Debug)]
pub enum BaseUrl {
    /// As configured.
    Public(String),
    /// As this request's headers tell: an answer that holds it is for this client only.
    FromHeaders(String),
    Unknown,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Route {
    /// A tile by its variant; pictures are negotiated.
    Tile(TileRequest),
    /// A tile of a style by its extension, which alone counts.
    StyleTile(TileRequest),
    /// A map image of any size, by its extension.
    Static(StaticRequest),
    /// The map page.
    Page,
    /// The map page without the slash at its path's end, which its relative URLs need.
    PageWithoutSlash,
    /// A file of the map page by name.
    PageFile(String),
    /// TileJSON of a style by name; none is the default style.
    TileJson {
        style: Option<String>,
        /// What its tiles are labelled in.
        language: Option<Language>,
    },
    /// A style by name, for MapLibre GL.
    StyleJson(String),
    /// The images of a style by name, for so many pixels to a CSS pixel: their PNG, or its index.
    Sprite {
        style: String,
        scale: u8,
        is_index: bool,
    },
    Health,
    SourceHealth,
}

/// One tile in one form.
#[derive(Clone, Debug, PartialEq)]
pub struct TileRequest {
    pub tile: TileId,
    pub format: Format,
    /// CSS pixels of a side: 256 or 512.
    pub size: u32,
    /// Output pixels for each CSS pixel.
    pub scale: u8,
    /// A served style by name; none is the default style.
    pub style: Option<String>,
    pub labels: Labels,
}

/// What is drawn, or told as JSON: a tile or a static image.
#[derive(Clone, Debug, PartialEq)]
pub enum PictureRequest {
    Tile(TileRequest),
    Static(StaticRequest),
}

impl From<&TileRequest> for PictureRequest {
    fn from(tile: &TileRequest) -> PictureRequest {
        PictureRequest::Tile(tile.clone())
    }
}

impl From<&StaticRequest> for PictureRequest {
    fn from(image: &StaticRequest) -> PictureRequest {
        PictureRequest::Static(image.clone())
    }
}

impl PictureRequest {
    pub fn viewport(&self) -> Viewport {
        match self {
            PictureRequest::Tile(tile) => Viewport::of_tile(tile.tile, tile.size, tile.scale),
            PictureRequest::Static(image) => image.viewport,
        }
    }

    pub fn format(&self) -> Format {
        match self {
            PictureRequest::Tile(tile) => tile.format,
            PictureRequest::Static(image) => image.format,
        }
    }

    /// A served style by name; none is the default style.
    pub fn style(&self) -> Option<&str> {
        match self {
            PictureRequest::Tile(tile) => tile.style.as_deref(),
            PictureRequest::Static(image) => image.style.as_deref(),
        }
    }

    pub fn labels(&self) -> &Labels {
        match self {
            PictureRequest::Tile(tile) => &tile.labels,
            PictureRequest::Static(image) => &image.labels,
        }
    }

    /// The same in another style.
    pub fn in_style(&self, style: Option<String>) -> PictureRequest {
        match self {
            PictureRequest::Tile(tile) => PictureRequest::Tile(TileRequest { style, ..tile.clone() }),
            PictureRequest::Static(image) => PictureRequest::Static(StaticRequest { style, ..image.clone() }),
        }
    }

    /// What tells this from other requests for the same form in the same style.
    pub fn subject(&self) -> String {
        match self {
            PictureRequest::Tile(tile) => format!("{} {}@{}x{}", tile.tile, tile.size, tile.scale, tile.labels),
            PictureRequest::Static(image) => image.subject(),
        }
    }
}

/// An API key; it prints as nothing.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ApiKey(String);

impl ApiKey {
    /// A key of visible ASCII characters, at most [`limits::API_KEY_BYTES`].
    pub fn new(text: &str) -> Result<ApiKey, Error> {
        if text.len() > limits::API_KEY_BYTES || !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Error::bad_request(
                "the API key is not one",
                format!("a key is at most {} visible ASCII characters", limits::API_KEY_BYTES),
            ));
        }
        Ok(ApiKey(text.to_string()))
    }

    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey")
    }
}

const ROUTES: &str = "tiles are at /{svg|png|json|geojson|mvt}/{z}/{x}/{y}.{ext}, for example /svg/13/1315/3171.json; \
                      a style's are at /styles/{style}/{z}/{x}/{y}.png; there are also /, \
                      /static/{lon},{lat},{zoom}/{w}x{h}.png, /tilejson.json, /styles/{style}/style.json and /health";

/// Reads the route of a path and query, percent-encoded as they came; `base_path` is taken off.
pub fn parse_route(path: &str, query: &Query, headers: &HeaderMap, base_path: &str) -> Result<Route, Error> {
    if path.len() > limits::PATH_BYTES {
        return Err(Error::bad_request(format!("the path has more than {} bytes", limits::PATH_BYTES), ROUTES));
    }
    let path = decode(path, "path")?;
    let path = match path.strip_prefix(base_path) {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => rest,
        _ => &path,
    };
    let segments: Vec<&str> = path.strip_prefix('/').unwrap_or(path).split('/').collect();
    match segments[..] {
        [""] if path.is_empty() => Ok(Route::PageWithoutSlash),
        [""] => Ok(Route::Page),
        ["page", file] => Ok(Route::PageFile(file.to_string())),
        ["tilejson.json"] => tilejson(None, query),
        ["styles", style, "style.json"] => Ok(Route::StyleJson(style.to_string())),
        ["styles", style, "sprite.json"] => Ok(sprite(style, 1, true)),
        ["styles", style, "sprite.png"] => Ok(sprite(style, 1, false)),
        ["styles", style, "sprite@2x.json"] => Ok(sprite(style, 2, true)),
        ["styles", style, "sprite@2x.png"] => Ok(sprite(style, 2, false)),
        ["styles", file] if file.ends_with(".json") => tilejson(file.strip_suffix(".json").map(str::to_string), query),
        ["health"] => Ok(Route::Health),
        ["health", "source"] => Ok(Route::SourceHealth),
        ["static", ref parts @ ..] => static_image::parse(query.get("style"), parts, query).map(Route::Static),
        ["styles", style, "static", ref parts @ ..] => {
            static_image::parse(Some(style), parts, query).map(Route::Static)
        }
        [variant, z, x, y] => {
            let unknown = || Error::new(Code::UnknownRoute, format!("there is no variant {variant:?}"), ROUTES);
            let format = Format::from_variant(variant).ok_or_else(unknown)?;
            let accept = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
            let Address { tile, scale, .. } = parse_address(z, x, y)?;
            let format = format.negotiate(accept);
            let style = query.get("style").map(Into::into);
            let size = parse_tile_size("tile_size", query.get("tile_size").unwrap_or("256"))?;
            Ok(Route::Tile(TileRequest::new(tile, format, size, scale, style, Labels::parse(query)?)))
        }
        ["styles", style, z, x, y] => parse_style_tile(style, "256", z, x, y, query),
        ["styles", style, size, z, x, y] => parse_style_tile(style, size, z, x, y, query),
        _ => Err(unknown_route()),
    }
}

fn tilejson(style: Option<String>, query: &Query) -> Result<Route, Error> {
    Ok(Route::TileJson { style, language: labels::language(query)? })
}

fn sprite(style: &str, scale: u8, is_index: bool) -> Route {
    Route::Sprite { style: style.to_string(), scale, is_index }
}

/// The error of a path where nothing is.
pub fn unknown_route() -> Error {
    Error::new(Code::UnknownRoute, "no route has this path", ROUTES)
}

fn parse_style_tile(style: &str, size: &str, z: &str, x: &str, y: &str, query: &Query) -> Result<Route, Error> {
    let size = parse_tile_size("the size", size)?;
    let Address { tile, scale, extension } = parse_address(z, x, y)?;
    let format = Format::from_extension(extension).ok_or_else(|| {
        let detail = format!("there is no format {extension:?}");
        Error::new(Code::UnknownRoute, detail, "a style's tiles are png, svg, json, geojson or mvt")
    })?;
    let style = Some(style.to_string());
    Ok(Route::StyleTile(TileRequest::new(tile, format, size, scale, style, Labels::parse(query)?)))
}

impl TileRequest {
    fn new(tile: TileId, format: Format, size: u32, scale: u8, style: Option<String>, labels: Labels) -> TileRequest {
        TileRequest { tile, format: Format::Svg, size, scale, style, labels }.of(format)
    }

    /// The same in another form, without what does not change that.
    pub fn of(&self, format: Format) -> TileRequest {
        // What is not drawn has no pixels.
        let scale = if format.is_picture() { self.scale } else { 1 };
        TileRequest { format, scale, labels: self.labels.of(format), ..self.clone() }
    }
}

/// The last three segments of a tile's path.
struct Address<'a> {
    tile: TileId,
    scale: u8,
    extension: &'a str,
}

fn parse_address<'a>(z: &str, x: &str, y: &'a str) -> Result<Address<'a>, Error> {
    let Some((y, extension)) = y.rsplit_once('.') else {
        return Err(Error::new(Code::UnknownRoute, "the last part of the path has no extension", ROUTES));
    };
    if extension.is_empty() || !extension.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(Error::bad_request(format!("{extension:?} is not an extension"), ROUTES));
    }
    let (y, scale) = parse_scale(y)?;
    let [z, x, y] = [("z", z), ("x", x), ("y", y)].map(|(name, text)| coordinate(name, text));
    let (z, x, y) = (z?, x?, y?);
    let tile = u8::try_from(z).ok().zip(u32::try_from(x).ok()).zip(u32::try_from(y).ok());
    let tile = tile.and_then(|((z, x), y)| TileId::new(z, x, y)).ok_or_else(|| {
        let hint = format!("z is at most {}, x and y are below 2^z", limits::ZOOM);
        Error::new(Code::OutsideWorld, format!("there is no tile {z}/{x}/{y}"), hint)
    })?;
    Ok(Address { tile, scale, extension })
}

/// What stands before `@{n}x`, and `n`; 1 without it.
fn parse_scale(text: &str) -> Result<(&str, u8), Error> {
    let Some((before, ratio)) = text.split_once('@') else { return Ok((text, 1)) };
    // One digit: `parse` alone takes +2 and 02 too.
    let scale = ratio.strip_suffix('x').filter(|n| n.len() == 1).and_then(|n| n.parse().ok());
    let scale = scale.filter(|n| (1..=limits::SCALE).contains(n)).ok_or_else(|| {
        Error::bad_request(
            format!("\"@{ratio}\" is not a scale"),
            format!("@1x to @{}x are; without it the scale is 1", limits::SCALE),
        )
    })?;
    Ok((before, scale))
}

fn parse_tile_size(name: &str, text: &str) -> Result<u32, Error> {
    match text {
        "256" => Ok(256),
        "512" => Ok(512),
        other => Err(Error::bad_request(format!("{name} {other:?} is none of a tile"), "256 and 512 are")),
    }
}

/// A whole number that is not negative, however long: one too large for a tile is still one.
fn coordinate(name: &str, text: &str) -> Result<u128, Error> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits {
        return Err(Error::bad_request(format!("{name} is {text:?}"), "z, x and y are whole numbers from 0 up"));
    }
    Ok(text.parse().unwrap_or(u128::MAX))
}

fn decode(text: &str, what: &str) -> Result<String, Error> {
    let bytes = text.as_bytes();
    let escapes = (0..bytes.len()).filter(|&i| bytes[i] == b'%');
    let broken = |i: usize| !bytes.get(i + 1..i + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit));
    if escapes.into_iter().any(broken) {
        return Err(Error::bad_request(
            format!("the {what} has a % that two hexadecimal digits do not follow"),
            "write a literal % as %25",
        ));
    }
    let decoded = percent_decode_str(text).decode_utf8();
    let not_utf8 = |_| Error::bad_request(format!("the {what} is not UTF-8 once decoded"), "encode text as UTF-8");
    Ok(decoded.map_err(not_utf8)?.into_owned())
}

/// The parameters of a query string that this program knows, decoded; others may hold what they like. Of one that
/// comes twice, the first counts.
#[derive(Debug, Default)]
pub struct Query(Vec<(&'static str, String)>);

impl Query {
    pub fn parse(query: &str) -> Result<Query, Error> {
        let mut known = Vec::new();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            if let Some(name) = PICTURE_PARAMETERS.into_iter().chain(["api_key"]).find(|known| *known == name) {
                known.push((name, decode(&value.replace('+', " "), "query")?));
            }
        }
        Ok(Query(known))
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| *other == name).map(|(_, value)| value.as_str())
    }

    /// The caller's API key, if there is one.
    pub fn api_key(&self) -> Result<Option<ApiKey>, Error> {
        self.get("api_key").filter(|key| !key.is_empty()).map(ApiKey::new).transpose()
    }
}

/// The key an answer is cached under, without a tier's own prefix and without a leading slash.
///
/// `of` is the name and digest of what it is drawn with, where that is not told by the route alone: of the style, or
/// for mvt of the source. `version` is the operator's own segment.
pub fn cache_key(version: &str, request: &TileRequest, of: Option<(&str, &str)>) -> String {
    let TileRequest { tile, format, size, scale, labels, .. } = request;
    let name = format.name();
    let version = if version.is_empty() { String::new() } else { format!("{version}/") };
    let Some((of, digest)) = of else { return format!("{version}{name}/{tile}.{name}") };
    let digest = &digest[..digest.len().min(8)];
    match format {
        Format::Mvt => format!("{version}{name}/{of}@{digest}/{tile}.{name}"),
        _ => {
            let labels = labels.segment();
            format!("{version}{name}/{of}@{digest}/{size}@{scale}x/{labels}{tile}.{name}")
        }
    }
}
