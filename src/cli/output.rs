//! Writing what a command makes.

use crate::error::Error;
use crate::file;
use std::io::Write;
use std::path::Path;

/// Writes to a file, or to standard output where that is `-`.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let (place, written) = match path == Path::new("-") {
        true => ("standard output".to_string(), std::io::stdout().write_all(bytes)),
        false => (path.display().to_string(), file::replace(path, bytes)),
    };
    written.map_err(|e| {
        Error::misconfigured(format!("{place} cannot be written: {e}"), "name a place that this user may write to")
    })
}
