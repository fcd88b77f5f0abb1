//! Vector tiles: bytes in, features out, read only as far as they are asked for.
//!
//! [`Tile::parse`] looks at every byte once (`scan`), so that a tile that parses can be kept and nothing of it fails
//! later, and notes where everything lies (`index`). Of a tile of which only some layers matter, [`Tile::open`] and
//! [`Tile::read`] look at no others. Of a layer that is asked for only the names of properties are read; values and
//! vertices are when something needs them (`layer`).

mod index;
mod layer;
mod scan;
mod value;
mod wire;
mod write;

use crate::error::{Code, Error};
use crate::limits;
use bytes::Bytes;
use index::Span;
use scan::Budget;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use wire::Malformed;

pub use layer::{Feature, Layer, Part, Vertices};
pub use write::{LayerWriter, TooMuch, encode_value};

/// A tile. Coordinates are tile units: 0 to the layer's extent, x to the east, y to the south; vertices may lie outside
/// where the tile has a buffer or its polygons overhang.
pub struct Tile {
    bytes: Bytes,
    entries: Vec<Entry>,
    /// What is left of the limits for the layers that have not been read.
    budget: Mutex<Budget>,
}

/// A layer, which may not have been read yet.
struct Entry {
    name: Arc<str>,
    body: Span,
    layer: OnceLock<Result<Layer, Malformed>>,
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
        let tile = Tile::open(bytes)?;
        tile.read(|_| true)?;
        Ok(tile)
    }

    /// Finds the layers of a tile, uncompressed, without looking into them.
    pub fn open(bytes: Bytes) -> Result<Tile, Error> {
        if bytes.len() > limits::TILE_BYTES {
            return Err(bad_tile(format!("it has more than {} bytes", limits::TILE_BYTES)));
        }
        let entry = |body| -> Result<Entry, Malformed> {
            let name = scan::name(body)?.into();
            Ok(Entry { name, body: Span::of(body, &bytes), layer: OnceLock::new() })
        };
        let bodies = scan::tile(&bytes).map_err(|e| bad_tile(e.0))?;
        let entries: Result<Vec<Entry>, Malformed> = bodies.into_iter().map(entry).collect();
        let entries = entries.map_err(|e| bad_tile(e.0))?;
        let mut names = HashSet::new();
        // 4.1: no two layers of a tile have the same name.
        if let Some(twice) = entries.iter().find(|entry| !names.insert(&entry.name)) {
            return Err(bad_tile(format!("two of its layers are named {:?}", twice.name)));
        }
        Ok(Tile { bytes, entries, budget: Mutex::default() })
    }

    /// Checks the layers of some names; whether any had not been before.
    pub fn read(&self, wanted: impl Fn(&str) -> bool) -> Result<bool, Error> {
        let mut is_new = false;
        for entry in self.entries.iter().filter(|entry| wanted(&entry.name)) {
            is_new |= entry.layer.get().is_none();
            self.layer_of(entry).map_err(|e| bad_tile(e.0))?;
        }
        Ok(is_new)
    }

    fn layer_of<'a>(&self, entry: &'a Entry) -> Result<&'a Layer, Malformed> {
        let read = || {
            let mut budget = self.budget.lock().unwrap_or_else(PoisonError::into_inner);
            let index = scan::layer(&self.bytes, entry.body.of_tile(&self.bytes), &mut budget)?;
            Ok(Layer::new(entry.name.clone(), self.bytes.clone(), index))
        };
        entry.layer.get_or_init(read).as_ref().map_err(|e| *e)
    }

    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The names of the layers in the tile's order.
    pub fn layer_names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| &*entry.name)
    }

    /// The layers in the tile's order, without those that turn out to be broken when they are read now.
    pub fn layers(&self) -> impl Iterator<Item = &Layer> {
        self.entries.iter().filter_map(|entry| self.layer_of(entry).ok())
    }

    /// The layer of this name; it and its dictionary are read at the first call and kept, and one that turns out to be
    /// broken then is as good as none. An empty name is that of the only layer: style layers on GeoJSON sources name none.
    pub fn layer(&self, name: &str) -> Option<&Layer> {
        let only = self.entries.first().filter(|_| name.is_empty() && self.entries.len() == 1);
        let entry = self.entries.iter().find(|entry| *entry.name == *name).or(only)?;
        let layer = self.layer_of(entry).ok()?;
        layer.dictionary();
        Some(layer)
    }

    /// Bytes of memory, about: as if all that can be read of the layers that have been checked had been.
    pub fn size(&self) -> usize {
        let layers = self.entries.iter().filter_map(|entry| entry.layer.get()?.as_ref().ok());
        self.bytes.len() + layers.map(Layer::size).sum::<usize>()
    }
}
