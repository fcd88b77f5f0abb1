//! Vector tiles: bytes in, features out, read only as far as they are asked for.
//!
//! [`Tile::parse`] looks at every byte once (`scan`), so that a tile that parses can be kept and nothing of it fails
//! later, and notes where everything lies (`index`). Of a layer that is asked for only the names of properties are read;
//! values and vertices are when something needs them (`layer`).

mod index;
mod layer;
mod scan;
mod value;
mod wire;
mod write;

use crate::error::{Code, Error};
use crate::limits;
use bytes::Bytes;
use std::collections::HashSet;

pub use layer::{Feature, Layer, Part, Vertices};
pub use write::{LayerWriter, TooMuch, encode_value};

/// A checked tile. Coordinates are tile units: 0 to the layer's extent, x to the east, y to the south; vertices may
/// lie outside where the tile has a buffer or its polygons overhang.
pub struct Tile {
    bytes: Bytes,
    layers: Vec<Layer>,
}

fn bad_tile(what: impl std::fmt::Display) -> Error {
    Error::new(
        Code::BadTile,
        format!("the source's answer is not a Mapbox Vector Tile: {what}"),
        "open the source's URL for this tile and look whether it answers with a tile or with an error page",
    )
}

impl Tile {
    /// Checks the bytes of a tile, uncompressed. No bytes are a tile without layers.
    pub fn parse(bytes: Bytes) -> Result<Tile, Error> {
        if bytes.len() > limits::TILE_BYTES {
            return Err(bad_tile(format!("it has more than {} bytes", limits::TILE_BYTES)));
        }
        let indices = scan::tile(&bytes).map_err(|e| bad_tile(e.0))?;
        let mut names = HashSet::new();
        // 4.1: no two layers of a tile have the same name.
        if let Some(twice) = indices.iter().find(|index| !names.insert(index.name.as_str())) {
            return Err(bad_tile(format!("two of its layers are named {:?}", twice.name)));
        }
        let layers = indices.into_iter().map(|index| Layer::new(bytes.clone(), index)).collect();
        Ok(Tile { bytes, layers })
    }

    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The names of the layers in the tile's order.
    pub fn layer_names(&self) -> impl Iterator<Item = &str> {
        self.layers.iter().map(Layer::name)
    }

    pub fn layers(&self) -> impl Iterator<Item = &Layer> {
        self.layers.iter()
    }

    /// The layer of this name; its dictionary is read at the first call and kept. An empty name is that of the only
    /// layer: style layers on GeoJSON sources name none.
    pub fn layer(&self, name: &str) -> Option<&Layer> {
        let only = self.layers.first().filter(|_| name.is_empty() && self.layers.len() == 1);
        let layer = self.layers.iter().find(|layer| layer.name() == name).or(only)?;
        layer.dictionary();
        Some(layer)
    }

    /// Bytes of memory, about: as if all that can be read had been.
    pub fn size(&self) -> usize {
        self.bytes.len() + self.layers.iter().map(Layer::size).sum::<usize>()
    }
}
