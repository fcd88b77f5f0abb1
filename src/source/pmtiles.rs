//! PMTiles archives (version 3): within the binary, in a file, or over HTTP by ranges.

use super::{Backend, Fetched, Info, Source, TileKind, http, inflate, refused, tilejson};
use crate::bounded::Bounded;
use crate::digest;
use crate::error::{Code, Error};
use crate::limits;
use crate::tile::TileId;
use crate::viewport::SizeClass;
use bytes::Bytes;
use pmtiles::{
    AsyncBackend, AsyncPmTilesReader, BackendResponse, Compression, DirEntry, Directory, DirectoryCache, PmtError,
    PmtResult, TileCoord, TileType,
};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// What the format wants at the front of an archive: header and root directory.
const HEAD_BYTES: usize = 16_384;

pub struct Archive {
    reader: AsyncPmTilesReader<Reads, Directories>,
}

pub async fn open_bytes(bytes: &'static [u8]) -> Result<Source, Error> {
    let mut source = open(Place::Memory(bytes)).await?;
    // Detail in two towns only: elsewhere the world map is drawn on.
    source.info.sparse = true;
    Ok(source)
}

pub async fn open_file(path: &str) -> Result<Source, Error> {
    let file = File::open(path).map_err(|e| refused(&format!("the archive's file cannot be opened: {e}")))?;
    open(Place::File(Arc::new(Mutex::new(file)))).await
}

pub async fn open_http(url: &str) -> Result<Source, Error> {
    open(Place::Http(url.to_string())).await
}

async fn open(place: Place) -> Result<Source, Error> {
    let remote = matches!(place, Place::Http(_));
    let (head, etag) = place.read(0, HEAD_BYTES).await?;
    if !head.starts_with(b"PMTiles") {
        return Err(refused("the archive does not begin as a PMTiles archive does"));
    }
    let number = |at: usize| {
        let bytes = head.get(at..at + 8).and_then(|bytes| bytes.try_into().ok());
        bytes.map(u64::from_le_bytes).ok_or_else(|| refused("the archive is shorter than its header"))
    };
    // Version 3, 3.1: metadata and leaf directories, each as offset and length.
    let (metadata, leaves) = ((number(24)?, number(32)?), (number(40)?, number(48)?));
    let leaves = leaves.0..leaves.0.saturating_add(leaves.1);
    let metadata: serde_json::Value = match metadata.1 {
        0 => serde_json::Value::Null,
        1..=limits::PMTILES_METADATA_BYTES => {
            let (bytes, _) = place.read(metadata.0, metadata.1 as usize).await?;
            serde_json::from_slice(&inflate(bytes)?).unwrap_or_default()
        }
        _ => return Err(refused(&format!("its metadata has more than {} bytes", limits::PMTILES_METADATA_BYTES))),
    };
    let directories = Directories(Bounded::of_count(limits::PMTILES_DIRECTORIES));
    let reader = AsyncPmTilesReader::try_from_cached_source(Reads { place, leaves }, directories).await;
    let reader = reader.map_err(|e| failed(e).within("the PMTiles archive cannot be read"))?;
    let header = reader.get_header();
    let tiles = match header.tile_type {
        TileType::Mvt => TileKind::Vector,
        TileType::Png | TileType::Jpeg | TileType::Webp => TileKind::Raster,
        other => return Err(refused(&format!("the archive's tiles are {other:?}, not vector tiles or images"))),
    };
    if !matches!(header.tile_compression, Compression::None | Compression::Gzip | Compression::Unknown) {
        let compression = header.tile_compression;
        return Err(refused(&format!("the archive's tiles are compressed as {compression:?}; gzip and none are read")));
    }
    let info = Info {
        // The head has the root directory, which changes with the tiles; the ETag says it surely.
        identity: format!("pmtiles {} {}", digest::of(&head), etag.unwrap_or_default()).into(),
        minzoom: header.min_zoom,
        maxzoom: header.max_zoom,
        bounds: [header.min_longitude, header.min_latitude, header.max_longitude, header.max_latitude],
        class: SizeClass::C512,
        tiles,
        buffer: 0,
        sparse: false,
        attribution: metadata["attribution"].as_str().unwrap_or_default().to_string(),
        layers: tilejson::layer_ids(&metadata["vector_layers"]),
        remote,
    };
    Ok(Source { info, backend: Backend::PmTiles(Box::new(Archive { reader })) })
}

impl Archive {
    pub async fn fetch(&self, tile: TileId) -> Result<Fetched, Error> {
        let coord = TileCoord::new(tile.z(), tile.x(), tile.y()).map_err(failed)?;
        match self.reader.get_tile(coord).await.map_err(failed)? {
            Some(bytes) => inflate(bytes).map(Fetched::Tile),
            None => Ok(Fetched::Absent),
        }
    }
}

fn failed(error: PmtError) -> Error {
    if let PmtError::Reading(io) = &error
        && let Some(inner) = io.get_ref().and_then(|inner| inner.downcast_ref::<Error>())
    {
        return inner.clone();
    }
    let hint = match error {
        PmtError::SourceModified => "the archive was replaced: start this program again",
        _ => "look whether the archive is a whole PMTiles file of version 3",
    };
    Error::new(Code::SourceFailed, error.to_string(), hint)
}

/// The bytes of an archive, and where its leaf directories are.
struct Reads {
    place: Place,
    leaves: Range<u64>,
}

enum Place {
    Memory(&'static [u8]),
    File(Arc<Mutex<File>>),
    Http(String),
}

impl Place {
    /// Up to `length` bytes from `offset` on, with the entity tag of the whole where there is one.
    async fn read(&self, offset: u64, length: usize) -> Result<(Bytes, Option<String>), Error> {
        match self {
            Place::Memory(bytes) => {
                let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
                Ok((Bytes::from_static(&bytes[start..start.saturating_add(length).min(bytes.len())]), None))
            }
            Place::File(file) => {
                let file = file.clone();
                let read = tokio::task::spawn_blocking(move || {
                    let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                    file.seek(SeekFrom::Start(offset))?;
                    let mut bytes = Vec::with_capacity(length.min(limits::TILE_BYTES_COMPRESSED));
                    (&mut *file).take(length as u64).read_to_end(&mut bytes).map(|_| bytes)
                });
                let failed = |detail: String| Error::new(Code::SourceFailed, detail, "look at the archive's file");
                match read.await {
                    Ok(Ok(bytes)) => Ok((bytes.into(), None)),
                    Ok(Err(e)) => Err(failed(format!("the archive cannot be read: {}", e.kind()))),
                    Err(e) => Err(failed(format!("the archive cannot be read: {e}"))),
                }
            }
            Place::Http(url) => {
                let last = offset.saturating_add(length as u64 - 1);
                let answer = http::get(url, Some((offset, last)), length).await?;
                match answer.status {
                    reqwest::StatusCode::PARTIAL_CONTENT => Ok((answer.body, answer.etag)),
                    reqwest::StatusCode::OK => Err(Error::new(
                        Code::SourceFailed,
                        "the archive's server does not answer range requests",
                        "put the archive on a server that does, such as S3 or nginx",
                    )),
                    status => Err(http::failure(status, None)),
                }
            }
        }
    }
}

impl AsyncBackend for Reads {
    async fn read(&self, offset: u64, length: usize) -> PmtResult<BackendResponse> {
        let limit = match self.leaves.contains(&offset) {
            true => limits::PMTILES_DIRECTORY_BYTES,
            false => limits::TILE_BYTES_COMPRESSED,
        };
        if length > limit {
            let detail = format!("the archive has a tile or directory of more than {limit} bytes");
            let error = Error::new(Code::BadTile, detail, "look whether the archive is whole");
            return Err(io::Error::other(error).into());
        }
        let (bytes, data_version_string) = self.place.read(offset, length).await.map_err(io::Error::other)?;
        if self.leaves.contains(&offset) {
            // The reader inflates directories without a limit; ours is tried first.
            inflate(bytes.clone()).map_err(io::Error::other)?;
        }
        Ok(BackendResponse { bytes, data_version_string })
    }
}

/// Leaf directories by offset, the recently used ones.
struct Directories(Bounded<u64, Arc<Directory>>);

impl DirectoryCache for Directories {
    async fn get_dir_entry_or_insert(
        &self,
        offset: u64,
        tile_id: pmtiles::TileId,
        fetcher: impl Future<Output = PmtResult<Directory>> + Send,
    ) -> PmtResult<Option<DirEntry>> {
        let directory = match self.0.get(&offset) {
            Some(directory) => directory,
            None => {
                let directory = Arc::new(fetcher.await?);
                self.0.insert(offset, directory.clone());
                directory
            }
        };
        Ok(directory.find_tile_id(tile_id).copied())
    }
}
