//! Tiles in a directory, `dir/{z}/{x}/{y}.mvt`. A file that is not there is an absent tile.

use super::{Backend, Fetched, Info, Source, TileKind, WORLD, inflate, refused};
use crate::error::{Code, Error};
use crate::file;
use crate::limits;
use crate::tile::TileId;
use crate::viewport::SizeClass;
use std::io::ErrorKind;
use std::path::Path;

pub struct Template {
    template: String,
}

pub fn open(template: &str) -> Result<Source, Error> {
    if !["{z}", "{x}"].iter().all(|p| template.contains(p)) || !(template.contains("{y}") || template.contains("{-y}"))
    {
        return Err(refused("the path does not have all of {z}, {x} and {y}"));
    }
    let fixed = template.split('{').next().unwrap_or_default();
    let root = if fixed.ends_with('/') { Path::new(fixed) } else { Path::new(fixed).parent().unwrap_or(Path::new("")) };
    let root = if root.as_os_str().is_empty() { Path::new(".") } else { root };
    // Not repeated in the message: it may be a URL without its scheme, and hold a key.
    let root = root.canonicalize().ok().filter(|root| root.is_dir());
    let root = root.ok_or_else(|| refused("what stands before {z} in the path is not a directory that can be read"))?;
    let info = Info {
        // The same words mean another directory elsewhere.
        identity: format!("directory {} {template}", root.display()).into(),
        minzoom: 0,
        maxzoom: 15,
        bounds: WORLD,
        class: SizeClass::C512,
        tiles: TileKind::Vector,
        buffer: 0,
        sparse: false,
        attribution: String::new(),
        layers: None,
        remote: false,
    };
    Ok(Source { info, backend: Backend::Directory(Template { template: template.to_string() }) })
}

impl Template {
    pub async fn fetch(&self, tile: TileId) -> Result<Fetched, Error> {
        let path = fill(&self.template, tile);
        let limit = limits::TILE_BYTES_COMPRESSED as u64;
        let read = tokio::task::spawn_blocking(move || file::read(Path::new(&path), limit));
        match read.await {
            Ok(Ok(bytes)) if bytes.len() > limits::TILE_BYTES_COMPRESSED => {
                Err(failed(format!("the tile's file has more than {} bytes", limits::TILE_BYTES_COMPRESSED)))
            }
            Ok(Ok(bytes)) => inflate(bytes.into()).map(Fetched::Tile),
            Ok(Err(e)) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(Fetched::Absent),
            Ok(Err(e)) => Err(failed(format!("the tile's file cannot be read: {}", e.kind()))),
            Err(e) => Err(failed(format!("the tile's file cannot be read: {e}"))),
        }
    }
}

fn failed(detail: String) -> Error {
    Error::new(Code::SourceFailed, detail, "look at the file and its rights in the source's directory")
}

/// A template with a tile's numbers put in; `{-y}` counts rows from the south.
pub fn fill(template: &str, tile: TileId) -> String {
    let south = (1u64 << tile.z()) - 1 - u64::from(tile.y());
    template
        .replace("{z}", &tile.z().to_string())
        .replace("{x}", &tile.x().to_string())
        .replace("{y}", &tile.y().to_string())
        .replace("{-y}", &south.to_string())
}
