//! Taking the compression off tiles, told by their first bytes: servers say `Content-Encoding` or do not.

use crate::error::{Code, Error};
use crate::limits;
use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use std::io::Read;

/// A tile as it came, inflated. gzip and none are read; a tile that is gzip twice over too.
pub fn inflate(bytes: Bytes) -> Result<Bytes, Error> {
    inflate_to(bytes, limits::TILE_BYTES)
}

/// The same for what may have so many bytes inflated.
pub fn inflate_to(bytes: Bytes, limit: usize) -> Result<Bytes, Error> {
    let mut bytes = bytes;
    for _ in 0..2 {
        match bytes[..] {
            [0x1f, 0x8b, ..] => bytes = gunzip(&bytes, limit)?,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => return Err(bad_tile("it is zstd-compressed, which is not read")),
            _ => break,
        }
    }
    Ok(bytes)
}

fn gunzip(bytes: &[u8], limit: usize) -> Result<Bytes, Error> {
    let mut inflated = Vec::new();
    MultiGzDecoder::new(bytes)
        .take(limit as u64 + 1)
        .read_to_end(&mut inflated)
        .map_err(|e| bad_tile(&format!("its gzip is broken: {e}")))?;
    if inflated.len() > limit {
        return Err(bad_tile(&format!("it inflates to more than {limit} bytes")));
    }
    // Kept with the tile, and the buffer grew by doubling.
    inflated.shrink_to_fit();
    Ok(inflated.into())
}

fn bad_tile(what: &str) -> Error {
    Error::new(
        Code::BadTile,
        format!("the source's answer cannot be read: {what}"),
        "look at what the source's URL answers; gzip and uncompressed tiles are read",
    )
}
