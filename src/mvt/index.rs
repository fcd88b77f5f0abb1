//! What a look through a tile's bytes leaves: where everything lies, and the bounds of all geometries. Flat arrays, a
//! few bytes for each feature and part; the tile's bytes stay the only copy of the rest.

use crate::value::GeometryKind;
use std::ops::Range;

/// One layer as it lies in the tile.
#[derive(Default)]
pub struct Index {
    pub extent: u32,
    pub keys: Vec<Span>,
    pub values: Vec<Span>,
    pub features: Vec<Record>,
    /// Of each feature.
    pub bounds: Vec<Bounds>,
    /// The features' tags in their order: indices of a key and of a value.
    pub tags: Vec<[u32; 2]>,
    pub parts: Vec<Part>,
}

/// A feature of which something is to be seen.
pub struct Record {
    pub id: Option<u64>,
    pub kind: GeometryKind,
    /// Its share of the layer's tags and parts.
    pub tags: Range<u32>,
    pub parts: Range<u32>,
}

/// One line or ring of a feature; of points, all of them.
pub struct Part {
    pub bounds: Bounds,
    /// The position that the commands begin from.
    pub cursor: [i32; 2],
    /// The MoveTo and LineTo commands.
    pub commands: Span,
}

/// West, north, east and south in tile units, edges included.
pub type Bounds = [i32; 4];

/// Whether there is anything within both.
#[inline]
pub fn meet(a: Bounds, b: Bounds) -> bool {
    a[0] <= b[2] && b[0] <= a[2] && a[1] <= b[3] && b[1] <= a[3]
}

/// The bounds of nothing.
pub const NOWHERE: Bounds = [i32::MAX, i32::MAX, i32::MIN, i32::MIN];

/// Where something lies in the tile, whose bytes [`crate::limits::TILE_BYTES`] keeps countable in 32 bits.
#[derive(Clone, Copy)]
pub struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// The place of `part`, a slice of `tile`.
    pub fn of(part: &[u8], tile: &[u8]) -> Span {
        let start = part.as_ptr() as usize - tile.as_ptr() as usize;
        Span { start: start as u32, end: (start + part.len()) as u32 }
    }

    pub fn of_tile(self, tile: &[u8]) -> &[u8] {
        &tile[self.start as usize..self.end as usize]
    }

    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }
}

impl Index {
    pub fn shrink_to_fit(&mut self) {
        let Index { keys, values, features, bounds, tags, parts, .. } = self;
        keys.shrink_to_fit();
        values.shrink_to_fit();
        features.shrink_to_fit();
        bounds.shrink_to_fit();
        tags.shrink_to_fit();
        parts.shrink_to_fit();
    }

    /// Bytes of memory.
    pub fn size(&self) -> usize {
        size_of::<Index>()
            + size_of_val(&*self.keys)
            + size_of_val(&*self.values)
            + size_of_val(&*self.features)
            + size_of_val(&*self.bounds)
            + size_of_val(&*self.tags)
            + size_of_val(&*self.parts)
    }
}
