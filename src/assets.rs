//! What a style needs besides tiles, read at start: the sprites that it names, a folder of icons, and its sources of
//! type `image`.
//!
//! A style's file may name what its operator can read. A style that came over the network is a stranger's: it may name
//! only what is on the network too, over https and under a public address.

use crate::bitmap;
use crate::digest;
use crate::error::Error;
use crate::limits;
use crate::source::{self, Base};
use crate::sprite::{BUNDLED, BUNDLED_ICONS, Sprite};
use crate::style::{Picture, SpriteUrl, Style, Warning};
use bytes::Bytes;
use futures_util::future::try_join;
use reqwest::Url;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv6Addr};
use std::path::{Path, PathBuf};
use tokio::fs;
use tokio::io::AsyncReadExt;

/// Where something that a style names lies.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    File(PathBuf),
    Url(Url),
}

const ACCEPTED: &str = "a style's file names https and http URLs, file: URLs and paths from where it lies; a style from \
                        the network names https URLs of public hosts";

/// The style with the sprites that it names, if it draws images, and the icons of a folder, which come before those of
/// the same name.
pub async fn with_sprite(style: Style, base: &Base, icons: Option<&Path>) -> Result<Style, Error> {
    let mut sprite = Sprite::default();
    if style.draws_images() {
        let name = style.name.clone();
        let place =
            |sprite: &SpriteUrl| format!("the style {name:?}: {}: {:?}", sprite.path, without_query(&sprite.url));
        for url in &style.sprites {
            match images(url, base, &style).await.map_err(|e| e.within(place(url)))? {
                Images::Sheets(sheets) => {
                    for (index, png) in sheets {
                        sprite.add_sheet(&url.prefix, &index, &png).map_err(|e| e.within(place(url)))?;
                    }
                }
                Images::Icons(mut icons) => {
                    icons.iter_mut().for_each(|(name, _)| name.insert_str(0, &url.prefix));
                    sprite.add_icons(&icons).map_err(|e| e.within(place(url)))?;
                }
            }
        }
    }
    if let Some(folder) = icons {
        let icons = read_icons(folder).await.map_err(|e| e.within(format!("the icons in {}", folder.display())))?;
        sprite.add_icons(&icons)?;
    }
    Ok(style.with_sprite(sprite))
}

/// The style with the pictures of its sources of type `image`, where layers draw them.
pub async fn with_pictures(mut style: Style, base: &Base) -> Result<Style, Error> {
    let (mut pictures, mut digests, mut room) = (BTreeMap::new(), Vec::new(), limits::PICTURE_PIXELS);
    let mut warnings = Vec::new();
    for (name, source) in style.drawn_pictures() {
        let path = format!("sources.{name}");
        let about = |e: Error| e.within(format!("the style {:?}: {path}.url", style.name));
        let Some(url) = source.members.get("url").and_then(Json::as_str) else {
            return Err(about(refused("it is missing: it says where the image is")));
        };
        let place = resolve(url, base).map_err(about)?;
        let bytes = read(&place, limits::PICTURE_BYTES).await.map_err(about)?;
        let bytes = bytes.ok_or_else(|| about(refused("there is no such file")))?;
        let bitmap = bitmap::decode(&bytes, room).map_err(|what| about(refused(format!("it is {what}"))))?;
        room -= bitmap.pixels();
        digests.push(digest::of(&bytes));
        match Picture::new(bitmap, source.members.get("coordinates")) {
            Ok(picture) => _ = pictures.insert(name.clone(), picture),
            Err(what) => warnings.push(Warning {
                path: format!("{path}.coordinates"),
                message: format!("{what}: the image is not drawn"),
            }),
        }
    }
    style.warnings.extend(warnings);
    Ok(style.with_pictures(pictures, &digest::of_parts(digests.iter().map(String::as_str))))
}

/// What is found where a style says that its sprite is.
enum Images {
    /// The index and the PNG, at the pixel ratios of which there are any.
    Sheets(Vec<(Bytes, Bytes)>),
    Icons(Vec<(String, Vec<u8>)>),
}

/// The images of a sprite: sheets, or a folder of icons, which only a file can name.
async fn images(sprite: &SpriteUrl, base: &Base, style: &Style) -> Result<Images, Error> {
    if let Base::Bundled = base {
        return match sprite.url == BUNDLED_ICONS {
            true => Ok(Images::Icons(bundled_icons(style))),
            false => Err(refused(format!("the icons within the binary are {BUNDLED_ICONS:?}"))),
        };
    }
    match resolve(&sprite.url, base)? {
        Place::File(folder) if fs::metadata(&folder).await.is_ok_and(|found| found.is_dir()) => {
            read_icons(&folder).await.map(Images::Icons)
        }
        place => sheets(&place).await.map(Images::Sheets),
    }
}

/// The icons that a bundled style names: to draw all of them takes some 15 ms at every start.
fn bundled_icons(style: &Style) -> Vec<(String, Vec<u8>)> {
    let layers = style.document["layers"].as_array().into_iter().flatten();
    let images = layers.flat_map(|layer| [&layer["layout"]["icon-image"], &layer["paint"]["fill-pattern"]]);
    let named: String = images.map(Json::to_string).collect();
    let icons = BUNDLED.iter().filter(|(name, _)| named.contains(&format!("{name:?}")));
    icons.map(|(name, svg)| (name.to_string(), svg.as_bytes().to_vec())).collect()
}

async fn sheets(place: &Place) -> Result<Vec<(Bytes, Bytes)>, Error> {
    let pair = async |ratio: &str| -> Result<Option<(Bytes, Bytes)>, Error> {
        let named = |end: &str| place.with_end(&format!("{ratio}{end}"));
        let read = async |end: &str| {
            read(&named(end), limits::SPRITE_BYTES).await.map_err(|e| e.within(format!("{ratio}{end}")))
        };
        match try_join(read(".json"), read(".png")).await? {
            (Some(index), Some(png)) => Ok(Some((index, png))),
            (None, None) => Ok(None),
            (index, _) => {
                let missing = if index.is_none() { ".json" } else { ".png" };
                Err(refused(format!("there is no {ratio}{missing}, only the other half of the sprite")))
            }
        }
    };
    let (once, twice) = try_join(pair(""), pair("@2x")).await?;
    match [once, twice].into_iter().flatten().collect::<Vec<_>>() {
        sheets if sheets.is_empty() => Err(refused("there is no .json and .png of this name")),
        sheets => Ok(sheets),
    }
}

/// Where a reference in a style leads, if it may; `base` is where the style came from.
pub fn resolve(reference: &str, base: &Base) -> Result<Place, Error> {
    let uri = base.resolve(reference).map_err(|e| refused(e.detail))?;
    if !uri.starts_with("http://") && !uri.starts_with("https://") {
        return Ok(Place::File(uri.into()));
    }
    let url = Url::parse(&uri).map_err(refused)?;
    if let Base::Url(_) = base {
        if url.scheme() != "https" {
            return Err(refused("a style from the network may name only https URLs"));
        }
        if !is_public(&url) {
            return Err(refused("a style from the network may not name a host of this machine or network"));
        }
    }
    Ok(Place::Url(url))
}

/// Whether a URL's host is a name of the public network, or an address that is not special (RFC 6890).
fn is_public(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(v4)) => {
            let special = v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_multicast();
            let shared = v4.octets()[0] == 100 && v4.octets()[1] & 0xc0 == 64;
            !(special || shared || v4.is_broadcast() || v4.octets()[0] == 0)
        }
        // Of the others, only what is given out to the public: 2000::/3, without what stands for an IPv4 address.
        Ok(IpAddr::V6(v6)) => v6.segments()[0] & 0xe000 == 0x2000 && !stands_for_v4(v6),
        Err(_) => {
            let last = host.rsplit('.').next().unwrap_or_default();
            host.contains('.') && !["localhost", "local", "internal"].contains(&&*last.to_ascii_lowercase())
        }
    }
}

/// 6to4 and Teredo.
fn stands_for_v4(v6: Ipv6Addr) -> bool {
    v6.segments()[0] == 0x2002 || v6.segments()[..2] == [0x2001, 0]
}

impl Place {
    /// The place with something more at the end of its path.
    fn with_end(&self, end: &str) -> Place {
        match self {
            Place::File(path) => {
                let mut longer: OsString = path.clone().into();
                longer.push(end);
                Place::File(longer.into())
            }
            Place::Url(url) => {
                let mut longer = url.clone();
                longer.set_path(&format!("{}{end}", url.path()));
                Place::Url(longer)
            }
        }
    }
}

/// Reads a file or a URL of at most so many bytes; none where there is nothing.
async fn read(place: &Place, limit: usize) -> Result<Option<Bytes>, Error> {
    match place {
        Place::Url(url) => source::read_url(url.as_str(), limit).await,
        Place::File(path) => match read_file(path, limit).await {
            Ok(bytes) => Ok(Some(bytes)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(refused(e.to_string())),
        },
    }
}

/// A file of at most so many bytes. What is no file (a pipe, a device) may never end.
async fn read_file(path: &Path, limit: usize) -> io::Result<Bytes> {
    if !fs::metadata(path).await?.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    let mut bytes = Vec::new();
    fs::File::open(path).await?.take(limit as u64 + 1).read_to_end(&mut bytes).await?;
    match bytes.len() > limit {
        true => Err(io::Error::other(format!("it has more than {limit} bytes"))),
        false => Ok(bytes.into()),
    }
}

/// The `.svg` files of a folder with their names, without the ending, sorted.
async fn read_icons(folder: &Path) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let failed = |e: io::Error| refused(e.to_string());
    let mut entries = fs::read_dir(folder).await.map_err(failed)?;
    let mut paths: Vec<PathBuf> = Vec::new();
    while let Some(entry) = entries.next_entry().await.map_err(failed)? {
        if entry.path().extension().is_some_and(|end| end.eq_ignore_ascii_case("svg")) {
            paths.push(entry.path());
        }
        if paths.len() > limits::SPRITE_IMAGES {
            return Err(refused(format!("there are more than {}", limits::SPRITE_IMAGES)));
        }
    }
    paths.sort_by(|a, b| a.file_stem().cmp(&b.file_stem()));
    let mut icons = Vec::new();
    for path in paths {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let svg = read_file(&path, limits::ICON_BYTES).await.map_err(|e| failed(e).within(format!("{name:?}")))?;
        icons.push((name, svg.into()));
    }
    match icons.is_empty() {
        true => Err(refused("there is no .svg file in it")),
        false => Ok(icons),
    }
}

fn refused(detail: impl fmt::Display) -> Error {
    Error::misconfigured(detail.to_string(), ACCEPTED)
}

/// A URL can hold a key.
fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}
