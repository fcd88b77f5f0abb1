//! The disk tier: a body lies under its key as a plain file, for any web server to serve, and a line of JSON beside it
//! holds what a file cannot.
//!
//! Both are written to a temporary file and renamed, body first. A reader that sees a body and a line that do not
//! belong together, as between the two renames, takes it for a miss.

use super::Entry;
use crate::digest;
use crate::error::{Code, Error};
use crate::file;
use crate::limits;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub struct Disk {
    root: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Line {
    content_type: String,
    recipe: String,
    content: String,
    /// Seconds since 1970.
    stored: u64,
    /// SHA-256 of the body.
    sha256: String,
}

impl Disk {
    /// A tier under `root`, which is made if it does not exist.
    pub fn new(root: PathBuf) -> Result<Disk, Error> {
        std::fs::create_dir_all(&root).map_err(|e| {
            Error::misconfigured(
                format!("the cache directory {} cannot be made: {e}", root.display()),
                "name a directory that this user may write to",
            )
        })?;
        Ok(Disk { root })
    }

    pub async fn get(&self, key: &str) -> Result<Option<Entry>, Error> {
        let path = self.root.join(key);
        blocking(move || read(&path)).await
    }

    pub async fn put(&self, key: &str, entry: &Entry) -> Result<(), Error> {
        let path = self.root.join(key);
        let entry = entry.clone();
        blocking(move || write(&path, &entry)).await
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T, Error> {
    let failed =
        |what: String| Error::new(Code::Internal, what, "look at the free space and rights of the cache directory");
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(failed(error.to_string())),
        Err(error) => Err(failed(error.to_string())),
    }
}

fn line_path(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".meta");
    path.with_file_name(name)
}

fn read(path: &Path) -> io::Result<Option<Entry>> {
    let absent = |e: &io::Error| e.kind() == io::ErrorKind::NotFound;
    let line = match std::fs::read(line_path(path)) {
        Err(e) if absent(&e) => return Ok(None),
        line => line?,
    };
    let Ok(line) = serde_json::from_slice::<Line>(&line) else { return Ok(None) };
    let body = match std::fs::metadata(path) {
        Err(e) if absent(&e) => return Ok(None),
        Ok(meta) if meta.len() > limits::CACHE_OBJECT_BYTES as u64 => return Ok(None),
        Err(e) => return Err(e),
        Ok(_) => std::fs::read(path)?,
    };
    if digest::of(&body) != line.sha256 {
        return Ok(None);
    }
    Ok(Some(Entry {
        body: Bytes::from(body),
        content_type: line.content_type,
        recipe: line.recipe.into(),
        content: line.content.into(),
        stored: UNIX_EPOCH + Duration::from_secs(line.stored.min(u32::MAX.into())),
    }))
}

fn write(path: &Path, entry: &Entry) -> io::Result<()> {
    let line = Line {
        content_type: entry.content_type.clone(),
        recipe: entry.recipe.to_string(),
        content: entry.content.to_string(),
        stored: entry.stored.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs(),
        sha256: digest::of(&entry.body),
    };
    file::replace(path, &entry.body)?;
    file::replace(&line_path(path), &serde_json::to_vec(&line)?)
}
