//! Flags and environment variables, checked, and what is built from them. A flag beats its variable.

use crate::assets;
use crate::cache::s3::{Dsn, PutSettings};
use crate::cache::{Cache, Disk, Memory, S3, Tier};
use crate::error::Error;
use crate::file;
use crate::limits;
use crate::output::Rasterizer;
use crate::request::ApiKey;
use crate::server::Options;
use crate::source::{Base, Overrides, Source, TileKind, read_document};
use crate::style::{self, BUNDLED, Style};
use crate::text::{Fonts, Shaper};
use crate::tiler::{Freshness, Map, Tiler};
use crate::viewport::SizeClass;
use clap::Args;
use clap::builder::BoolishValueParser;
use ipnet::IpNet;
use serde_json::Value as Json;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// What to draw, and from what.
#[derive(Args, Clone, Debug, Default)]
pub struct Drawing {
    /// Where tiles come from: `sample`, `nextzen`, a URL or path with {z}/{x}/{y}, a PMTiles archive, TileJSON or
    /// GeoJSON; for one of the style's sources as NAME=URI, else for all (repeatable; in the variable separated by ;)
    #[arg(long, env = "RASTERZEN_SOURCE", value_name = "[NAME=]URI", hide_env_values = true)]
    pub source: Vec<String>,
    /// How much ground a source tile shows: 256, 512 or 1024 [default: 512]
    #[arg(long, env = "RASTERZEN_SOURCE_CLASS", value_name = "PX")]
    pub source_class: Option<SizeClass>,
    /// The first zoom that the source has [default: as the archive says, else 0]
    #[arg(long, env = "RASTERZEN_SOURCE_MINZOOM", value_name = "ZOOM")]
    pub source_minzoom: Option<u8>,
    /// The last zoom that the source has; above, its tiles are scaled up [default: as the archive says, else 15]
    #[arg(long, env = "RASTERZEN_SOURCE_MAXZOOM", value_name = "ZOOM")]
    pub source_maxzoom: Option<u8>,
    /// Where the source has tiles, in degrees [default: as the archive says, else the world]
    #[arg(long, env = "RASTERZEN_SOURCE_BOUNDS", value_name = "W,S,E,N", value_parser = bounds, allow_hyphen_values = true)]
    pub source_bounds: Option<[f64; 4]>,
    /// What source tiles carry beyond their edge, in pixels; it is cut away before drawing [default: 0]
    #[arg(long, env = "RASTERZEN_SOURCE_BUFFER", value_name = "PX")]
    pub source_buffer: Option<u32>,
    /// Draw a tile that the source lacks from its nearest ancestor
    #[arg(long, env = "RASTERZEN_SOURCE_SPARSE", value_parser = BoolishValueParser::new())]
    pub source_sparse: bool,
    /// A MapLibre style, or go-rasterzen's SVG options: a file, a URL, the name of a bundled one, or {…} itself [default: light]
    /// (repeatable, the first is the default; in the variable separated by ;)
    #[arg(long, env = "RASTERZEN_STYLE", value_name = "[NAME=]FILE|URL|BUNDLED", value_delimiter = ';')]
    pub style: Vec<String>,
    /// A folder of SVG icons, named as their files are; they come before the images of the styles' sprites
    #[arg(long, env = "RASTERZEN_SPRITES", value_name = "DIR")]
    pub sprites: Option<String>,
    /// A folder of fonts (TTF, OTF, TTC, OTC), besides the bundled ones: for styles that name them, and for scripts that
    /// these lack
    #[arg(long, env = "RASTERZEN_FONTS", value_name = "DIR")]
    pub fonts: Option<String>,
    /// What makes pixels: `direct`, or `resvg` from the written SVG [default: direct]
    #[arg(long, env = "RASTERZEN_RASTERIZER", value_name = "WHICH")]
    pub rasterizer: Option<Rasterizer>,
}

/// How answers are kept and sent.
#[derive(Args, Clone, Debug)]
pub struct Serving {
    /// A cache, nearest first: `memory:64MiB`, a directory, or `s3:DSN` (repeatable; in the variable separated by ;)
    #[arg(long, env = "RASTERZEN_CACHE", value_name = "CACHE", value_delimiter = ';', hide_env_values = true)]
    pub cache: Vec<String>,
    /// The S3 cache: "bucket=B prefix=P region=R credentials=C"
    #[arg(long, env = "RASTERZEN_S3_DSN", value_name = "DSN", hide_env_values = true)]
    pub s3_dsn: Option<String>,
    /// How objects are put to S3: "ACL=public-read StorageClass=… ServerSideEncryption=…"
    #[arg(long, env = "RASTERZEN_CACHE_OPTIONS", value_name = "OPTIONS")]
    pub cache_options: Option<String>,
    /// How long a cached tile is used before the source is asked again: 90s, 30m, 12h, 7d [default: 7d]
    #[arg(long, env = "RASTERZEN_CACHE_TTL", value_name = "TIME", value_parser = duration)]
    pub cache_ttl: Option<Duration>,
    /// A segment in front of all cache keys
    #[arg(long, env = "RASTERZEN_CACHE_VERSION", value_name = "SEGMENT")]
    pub cache_version: Option<String>,
    /// Which forms of a tile are kept: `requested`, or `all` for the svg and json behind a png too
    #[arg(long, env = "RASTERZEN_CACHE_VARIANTS", value_name = "WHICH", value_parser = ["requested", "all"])]
    pub cache_variants: Option<String>,
    /// Seconds that browsers keep an answer [default: 1200]
    #[arg(long, env = "RASTERZEN_MAX_AGE", value_name = "SECONDS")]
    pub max_age: Option<u64>,
    /// Seconds that shared caches keep an answer [default: 600]
    #[arg(long, env = "RASTERZEN_SHARED_MAX_AGE", value_name = "SECONDS")]
    pub shared_max_age: Option<u64>,
    /// Let only the client itself keep answers
    #[arg(long, env = "RASTERZEN_PRIVATE", value_parser = BoolishValueParser::new())]
    pub private: bool,
    /// Where clients reach this server, for the URLs in TileJSON
    #[arg(long, env = "RASTERZEN_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// Proxies whose X-Forwarded-Proto and X-Forwarded-Host are believed: addresses or networks, separated by commas
    #[arg(long, env = "RASTERZEN_TRUSTED_PROXIES", value_name = "NETS", value_delimiter = ',', value_parser = network)]
    pub trusted_proxies: Vec<IpNet>,
    /// Who may read answers from other pages [default: *]
    #[arg(long, env = "RASTERZEN_CORS_ORIGIN", value_name = "ORIGIN")]
    pub cors_origin: Option<String>,
    /// What to take off the front of paths, such as the base path of a custom domain
    #[arg(long, env = "RASTERZEN_BASE_PATH", value_name = "PATH")]
    pub base_path: Option<String>,
}

/// Where the program runs: some defaults differ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Place {
    Here,
    Lambda,
}

impl Drawing {
    /// Reads the styles and opens their sources, each source once. What a style has that is not drawn is logged.
    pub async fn open_maps(&self, place: Place) -> Result<Vec<Map>, Error> {
        let named: Vec<&str> = self.style.iter().map(|style| style.trim()).filter(|style| !style.is_empty()).collect();
        let named = if named.is_empty() { vec![BUNDLED[0].0] } else { named };
        let shaper = self.shaper()?;
        let mut styles = Vec::new();
        for name in named {
            let (style, base) = read_style(name).await?;
            let style = style.with_fonts(shaper.clone());
            let style = assets::with_sprite(style, &base, given(&self.sprites).map(Path::new)).await?;
            styles.push((assets::with_pictures(style, &base).await?, base));
        }
        let mut names = BTreeSet::new();
        for (style, _) in &styles {
            if !names.insert(&style.name) {
                let hint = "write NAME=FILE to give one of them another";
                return Err(Error::misconfigured(format!("two styles have the name {:?}", style.name), hint));
            }
            for warning in &style.warnings {
                tracing::warn!(style = style.name, "{warning}");
            }
        }
        let uris = self.source_uris()?;
        let of_tiles = |(name, source): (_, &style::Source)| (source.kind != "image").then_some(name);
        let known: BTreeSet<&String> =
            styles.iter().flat_map(|(style, _)| style.sources.iter().filter_map(of_tiles)).collect();
        if let Some(name) = uris.keys().flatten().find(|name| !known.contains(name)) {
            let known: Vec<&str> = known.iter().map(|name| name.as_str()).collect();
            let detail = format!("no style has a source {name:?}, which --source is for");
            return Err(Error::misconfigured(detail, format!("their sources are: {}", known.join(", "))));
        }
        let default = if place == Place::Lambda { "nextzen" } else { "sample" };
        // What is read as tiles of one kind and size is one source.
        let mut opened: HashMap<(&str, TileKind, Option<SizeClass>), Arc<Source>> = HashMap::new();
        let mut maps = Vec::new();
        for (style, base) in styles {
            let rasterizer = self.rasterizer.unwrap_or_default();
            let mut map = Map { style, sources: BTreeMap::new(), given: BTreeSet::new(), rasterizer };
            for (name, declared) in &map.style.sources {
                // It has no tiles.
                if declared.kind == "image" {
                    continue;
                }
                let is_vector = declared.kind == "vector";
                let is_read = map.style.layers.iter().any(|layer| layer.source == *name);
                let given = uris.get(&Some(name.clone())).or_else(|| uris.get(&None).filter(|_| is_vector));
                let own =
                    declared.kind == "geojson" || ["url", "tiles"].iter().any(|m| declared.members.contains_key(*m));
                if given.is_none() && own {
                    if is_read {
                        let source = self.open_declared(declared, &base).await;
                        let source = source.map_err(|e| e.within(format!("the style's source {name:?}")))?;
                        map.sources.insert(name.clone(), Arc::new(source));
                    }
                    continue;
                }
                if given.is_none() && !is_vector {
                    continue;
                }
                let uri = given.map_or(default, String::as_str);
                let overrides = self.overrides().of_type(TileKind::of(&declared.kind), &declared.members)?;
                let source = match opened.entry((uri, overrides.tiles, overrides.class)) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(new) => new.insert(Arc::new(Source::open(uri, &overrides, configured_key()?).await?)),
                };
                map.sources.insert(name.clone(), source.clone());
                map.given.insert(name.clone());
            }
            maps.push(map);
        }
        Ok(maps)
    }

    /// What all styles set their texts with.
    fn shaper(&self) -> Result<Shaper, Error> {
        let fonts = match given(&self.fonts) {
            None => Fonts::bundled(),
            Some(folder) => {
                let (fonts, refused) = Fonts::with_folder(Path::new(folder)).map_err(|why| {
                    let hint = "name a folder of TrueType or OpenType fonts with --fonts, or leave it out: Noto Sans is bundled";
                    Error::misconfigured(format!("the fonts cannot be read: {why}"), hint)
                })?;
                for why in refused {
                    tracing::warn!("a font is left out: {why}");
                }
                Arc::new(fonts)
            }
        };
        Ok(Shaper::new(fonts, limits::SHAPED_BYTES))
    }

    /// Opens a source as the style has it; what a style from the network names is there too, and safe on the way.
    async fn open_declared(&self, declared: &style::Source, base: &Base) -> Result<Source, Error> {
        let mut members = declared.members.clone();
        if let Base::Url(_) = base {
            let tiles = members.get("tiles").and_then(Json::as_array).into_iter().flatten();
            let named = ["url", "data"].into_iter().filter_map(|member| members.get(member)).chain(tiles);
            for reference in named.filter_map(Json::as_str) {
                if !base.resolve(reference.strip_prefix("pmtiles://").unwrap_or(reference))?.starts_with("https://") {
                    let hint = "use https URLs in the style, or keep the style in a file";
                    return Err(Error::misconfigured("a style from the network may name only https URLs", hint));
                }
            }
        }
        members.insert("type".into(), declared.kind.as_str().into());
        Source::declared(&members, base, &Overrides::default(), configured_key()?).await
    }

    /// Opens a source that `--source` names.
    pub async fn open_source(&self, uri: &str) -> Result<Source, Error> {
        Source::open(uri, &self.overrides(), configured_key()?).await
    }

    fn overrides(&self) -> Overrides {
        Overrides {
            tiles: TileKind::default(),
            class: self.source_class,
            minzoom: self.source_minzoom,
            maxzoom: self.source_maxzoom,
            bounds: self.source_bounds,
            buffer: self.source_buffer,
            sparse: self.source_sparse,
        }
    }

    /// The URIs that are given: for sources by name, and for all others.
    fn source_uris(&self) -> Result<BTreeMap<Option<String>, String>, Error> {
        let mut uris = BTreeMap::new();
        for text in &self.source {
            let mut rest = text.trim();
            while !rest.is_empty() {
                // A semicolon may stand in a URI too, but not before what looks like the next name.
                let next = rest.match_indices(';').find(|(i, _)| source_name(&rest[i + 1..]).is_some());
                let (one, after) = next.map_or((rest, ""), |(i, _)| (&rest[..i], &rest[i + 1..]));
                let (name, uri) = source_name(one).map_or((None, one), |(name, uri)| (Some(name.to_string()), uri));
                if uris.insert(name.clone(), uri.trim().to_string()).is_some() {
                    let which = name.map_or("without a name".to_string(), |name| format!("for {name:?}"));
                    let detail = format!("two sources are given {which}");
                    return Err(Error::misconfigured(
                        detail,
                        "write --source NAME=URI for each of the style's sources",
                    ));
                }
                rest = after;
            }
        }
        Ok(uris)
    }
}

/// The API key of the environment.
fn configured_key() -> Result<Option<ApiKey>, Error> {
    let key = variable("NEXTZEN_API_KEY").or_else(|| variable("RASTERZEN_NEXTZEN_APIKEY"));
    key.as_deref()
        .map(ApiKey::new)
        .transpose()
        .map_err(|e| Error::misconfigured(format!("NEXTZEN_API_KEY or RASTERZEN_NEXTZEN_APIKEY: {}", e.detail), e.hint))
}

/// The name and URI of `NAME=URI`. A URI may have a = too, but something before it that no name has.
fn source_name(text: &str) -> Option<(&str, &str)> {
    let (name, uri) = text.split_once('=')?;
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    is_name.then_some((name, uri))
}

/// Reads a style, and where its relative URLs lead from.
async fn read_style(given: &str) -> Result<(Style, Base), Error> {
    // As in go-rasterzen: where there are variables alone, options have no file.
    if given.starts_with('{') {
        return Ok((Style::parse("options", given)?, Base::File("options".into())));
    }
    let (name, place) = match source_name(given) {
        Some((name, place)) => (Some(name), place),
        None => (None, given),
    };
    let bundled = BUNDLED.iter().find(|(bundled, _)| *bundled == place);
    let is_url = place.starts_with("http://") || place.starts_with("https://");
    let path_of_url = if is_url { place.split(['?', '#']).next().unwrap_or_default() } else { place };
    let stem = Path::new(path_of_url).file_stem().and_then(|stem| stem.to_str()).unwrap_or("style");
    let name = name.unwrap_or(stem);
    let usable = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    if name.is_empty() || !name.bytes().all(usable) {
        return Err(Error::misconfigured(
            format!("{name:?} cannot be the name of a style"),
            "letters, digits, -, _ and . can; write NAME=FILE to give it another",
        ));
    }
    if let Some((_, json)) = bundled {
        return Ok((Style::parse(name, json)?, Base::Bundled));
    }
    let names: Vec<&str> = BUNDLED.iter().map(|(name, _)| *name).collect();
    let refused = |what: String| {
        let hint = format!("name a MapLibre style by file or URL, or a bundled style: {}", names.join(", "));
        // A URL may hold a key.
        let place = if is_url { name } else { place };
        Error::misconfigured(format!("the style {place:?} cannot be read: {what}"), hint)
    };
    let (json, base) = match is_url {
        true => {
            let document = read_document(place, None).await.map_err(|e| refused(e.detail))?;
            (document.json.to_vec(), document.base)
        }
        false => {
            let path = place.strip_prefix("file://").unwrap_or(place);
            let json = file::read(Path::new(path), limits::STYLE_BYTES).map_err(|e| refused(e.to_string()))?;
            (json, Base::File(path.into()))
        }
    };
    let json = String::from_utf8(json).map_err(|e| refused(e.to_string()))?;
    Ok((Style::parse(name, &json)?, base))
}

impl Serving {
    /// The cache's tiers; nothing is connected to yet.
    fn cache(&self, place: Place) -> Result<Cache, Error> {
        let memory = if place == Place::Lambda { 16 << 20 } else { 64 << 20 };
        let put: PutSettings = given(&self.cache_options).unwrap_or_default().parse()?;
        let s3 =
            |dsn: &str| -> Result<Tier, Error> { Ok(Tier::S3(Box::new(S3::new(dsn.parse::<Dsn>()?, put.clone())))) };
        let named: Vec<&str> = self.cache.iter().map(String::as_str).filter(|cache| !cache.is_empty()).collect();
        let mut tiers = Vec::new();
        for cache in &named {
            tiers.push(match *cache {
                "memory" => Tier::Memory(Memory::new(memory)),
                cache => match (cache.strip_prefix("memory:"), cache.strip_prefix("s3:")) {
                    (Some(size), _) => Tier::Memory(Memory::new(bytes(size)?)),
                    (_, Some(dsn)) => s3(dsn)?,
                    _ => Tier::Disk(Disk::new(cache.into())?),
                },
            });
        }
        if named.is_empty() {
            tiers.push(Tier::Memory(Memory::new(memory)));
            if let Some(dsn) = given(&self.s3_dsn) {
                tiers.push(s3(dsn)?);
            }
        }
        Ok(Cache::new(tiers))
    }

    /// The tiler for these settings.
    pub fn tiler(&self, maps: Vec<Map>, place: Place) -> Result<Tiler, Error> {
        let seconds = |name: &str| -> Result<Option<u64>, Error> {
            let number = |text: String| {
                text.parse()
                    .map_err(|_| Error::misconfigured(format!("{name} is {text:?}"), "it is a number of seconds"))
            };
            variable(name).map(number).transpose()
        };
        let version = given(&self.cache_version).unwrap_or_default().trim_matches('/').to_string();
        if version.split('/').any(|part| part == ".." || part == ".") {
            return Err(Error::misconfigured("the cache version leads elsewhere", "name a plain path segment"));
        }
        let freshness = Freshness {
            ttl: self.cache_ttl.unwrap_or(Freshness::default().ttl),
            max_age: self.max_age.or(seconds("CACHE_MAX_AGE")?).unwrap_or(Freshness::default().max_age),
            shared_max_age: self
                .shared_max_age
                .or(seconds("SHARED_CACHE_MAX_AGE")?)
                .unwrap_or(Freshness::default().shared_max_age),
            private: self.private,
            version,
            all_variants: self.cache_variants.as_deref() == Some("all"),
            write_first: place == Place::Lambda,
        };
        Ok(Tiler::new(maps, self.cache(place)?, freshness))
    }

    /// What the HTTP door needs.
    pub fn options(&self) -> Result<Options, Error> {
        let url = given(&self.public_url).map(|url| url.trim_end_matches('/').to_string());
        if let Some(url) = url.as_deref().filter(|url| !url.starts_with("http://") && !url.starts_with("https://")) {
            return Err(Error::misconfigured(format!("the public URL {url:?} is not one"), "write https://host/path"));
        }
        let cors = given(&self.cors_origin).unwrap_or("*");
        if http::HeaderValue::from_str(cors).is_err() || !cors.is_ascii() {
            return Err(Error::misconfigured(
                format!("the CORS origin {cors:?} is not one"),
                "write * or https://host",
            ));
        }
        let base = given(&self.base_path).unwrap_or_default().trim_matches('/');
        Ok(Options {
            public_url: url,
            trusted_proxies: self.trusted_proxies.clone(),
            cors_origin: cors.to_string(),
            base_path: if base.is_empty() { String::new() } else { format!("/{base}") },
        })
    }
}

/// Takes empty variables out of the environment: templates leave those empty that they mean to leave out, and an empty
/// number is none. To be called while the process has one thread.
pub fn drop_empty_variables() {
    let ours = |name: &str| name.starts_with("RASTERZEN_");
    let empty =
        std::env::vars_os().filter(|(_, value)| value.is_empty()).filter_map(|(name, _)| name.into_string().ok());
    for name in empty.filter(|name| ours(name)).collect::<Vec<_>>() {
        // SAFETY: no other thread reads the environment meanwhile, as there is none.
        unsafe { std::env::remove_var(name) };
    }
}

/// A setting that is given and not empty.
fn given(setting: &Option<String>) -> Option<&str> {
    setting.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn bounds(text: &str) -> Result<[f64; 4], String> {
    let numbers: Vec<f64> = text.split(',').map(|n| n.trim().parse().unwrap_or(f64::NAN)).collect();
    match numbers[..] {
        [w, s, e, n] if s < n && numbers.iter().all(|n| n.is_finite()) => Ok([w, s, e, n]),
        _ => Err("write west,south,east,north in degrees, for example 5.9,47.2,15.1,55.1".to_string()),
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 24 * 3600,
        other => return Err(format!("the unit {other:?} is not s, m, h or d")),
    };
    let number: u32 = digits.parse().map_err(|_| "write a whole number and a unit, such as 12h".to_string())?;
    Ok(Duration::from_secs(u64::from(number) * unit))
}

fn bytes(text: &str) -> Result<u64, Error> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" => Some(1),
        "KiB" => Some(1 << 10),
        "MiB" => Some(1 << 20),
        "GiB" => Some(1 << 30),
        _ => None,
    };
    let number = digits.parse::<u32>().ok().map(u64::from);
    number.zip(unit).map(|(number, unit)| number * unit).ok_or_else(|| {
        Error::misconfigured(
            format!("{text:?} is not a size"),
            "write a whole number and KiB, MiB or GiB: memory:64MiB",
        )
    })
}

fn network(text: &str) -> Result<IpNet, String> {
    let single = || text.parse::<std::net::IpAddr>().map(IpNet::from);
    text.parse::<IpNet>().or_else(|_| single()).map_err(|_| format!("{text:?} is neither an address nor a network"))
}
