//! The one look through the bytes of a tile's layers: everything that decoding will trust is checked, every count is
//! bounded by the bytes that are there, and what is found is noted in an [`Index`], so that nothing is searched for again.
//!
//! Clauses are those of the Vector Tile Specification 2.1. Strict about what cannot be read (a cut-off command, a tag
//! that points nowhere), lenient about what can be left out (a feature of unknown type, a line of one point).

use super::index::{Bounds, Index, NOWHERE, Part, Record, Span};
use super::value;
use super::wire::{self, Malformed, Value};
use crate::limits;
use crate::value::GeometryKind;

/// What a whole tile may still spend of the limits.
pub struct Budget {
    pub features: usize,
    pub tags: usize,
    pub text: usize,
    pub vertices: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Budget {
            features: limits::TILE_FEATURES,
            tags: limits::TILE_TAGS,
            text: limits::TILE_TEXT_BYTES,
            vertices: limits::TILE_VERTICES,
        }
    }
}

pub fn spend(budget: &mut usize, amount: usize, what: &'static str) -> Result<(), Malformed> {
    *budget = budget.checked_sub(amount).ok_or(Malformed(what))?;
    Ok(())
}

/// Where the layers of a tile lie (4.1). Fields other than layers and extensions mean that this is not a tile: it may be a
/// web page.
pub fn tile(tile: &[u8]) -> Result<Vec<&[u8]>, Malformed> {
    let mut layers = Vec::new();
    for field in wire::fields(tile) {
        match field? {
            (3, Value::Bytes(layer)) => layers.push(layer),
            (16.., _) => {}
            _ => return Err(Malformed("a field of the tile is neither a layer nor an extension")),
        }
    }
    if layers.len() > limits::TILE_LAYERS {
        return Err(Malformed("the tile has too many layers"));
    }
    Ok(layers)
}

/// What a layer is called: its first name. [`layer`] sees to it that it is the only one.
pub fn name(layer: &[u8]) -> Result<&str, Malformed> {
    for field in wire::fields(layer) {
        match field? {
            (1, Value::Bytes(name)) => {
                return std::str::from_utf8(name).map_err(|_| Malformed("a layer's name is not UTF-8"));
            }
            (1, _) => return Err(Malformed("a field of a layer has the wrong type")),
            _ => {}
        }
    }
    Err(Malformed("a layer has no name"))
}

/// Checks a layer of a tile and notes where everything in it lies.
pub fn layer(tile: &[u8], layer: &[u8], budget: &mut Budget) -> Result<Index, Malformed> {
    Scan { tile, budget }.layer(layer)
}

struct Scan<'a> {
    tile: &'a [u8],
    budget: &'a mut Budget,
}

impl Scan<'_> {
    /// Checks one layer (4.1) and finds its features (4.2).
    fn layer(&mut self, body: &[u8]) -> Result<Index, Malformed> {
        let mut is_named = false;
        let mut version = 1;
        let mut extent = 4096u64;
        let mut features = Vec::new();
        let mut value_sizes = Vec::new();
        let mut index = Index::default();
        for field in wire::fields(body) {
            match field? {
                (1, Value::Bytes(_)) if !std::mem::replace(&mut is_named, true) => {}
                (1, Value::Bytes(_)) => return Err(Malformed("a layer has two names")),
                (2, Value::Bytes(feature)) => features.push(feature),
                (3, Value::Bytes(key)) => {
                    std::str::from_utf8(key).map_err(|_| Malformed("a key is not UTF-8"))?;
                    index.keys.push(Span::of(key, self.tile));
                }
                (4, Value::Bytes(value)) => {
                    value_sizes.push(value::check(value)?);
                    index.values.push(Span::of(value, self.tile));
                }
                (5, Value::Varint(value)) => extent = value,
                (15, Value::Varint(value)) => version = value,
                (1..=5 | 15, _) => return Err(Malformed("a field of a layer has the wrong type")),
                _ => {}
            }
        }
        if !(1..=2).contains(&version) {
            return Err(Malformed("a layer's version is neither 1 nor 2"));
        }
        let extent = u32::try_from(extent).ok().filter(|e| (1..=limits::TILE_EXTENT).contains(e));
        index.extent = extent.ok_or(Malformed("a layer's extent is out of range"))?;
        let count = features.len().min(self.budget.features);
        index.features.reserve_exact(count);
        index.bounds.reserve_exact(count);
        // About what most have.
        index.parts.reserve(count + count / 2);
        index.tags.reserve((10 * count).min(body.len() / 4));
        for feature in features {
            spend(&mut self.budget.features, 1, "the tile has too many features")?;
            self.feature(feature, &mut index, &value_sizes)?;
        }
        index.shrink_to_fit();
        Ok(index)
    }

    /// Checks one feature (4.2) and notes it where there is something of it to see.
    fn feature(&mut self, body: &[u8], index: &mut Index, value_sizes: &[usize]) -> Result<(), Malformed> {
        let mut id = None;
        let mut kind = 0;
        let mut geometry: &[u8] = &[];
        let tags = index.tags.len();
        // Of a tag whose value has not come yet.
        let mut key = None;
        for field in wire::fields(body) {
            match field? {
                (1, Value::Varint(value)) => id = Some(value),
                (2, Value::Bytes(packed)) => add_tags(packed, &mut key, &mut index.tags)?,
                (2, Value::Varint(tag)) => {
                    let tag = u32::try_from(tag).map_err(|_| Malformed("a tag does not fit 32 bits"))?;
                    add_tag(tag, &mut key, &mut index.tags);
                }
                (3, Value::Varint(value)) => kind = value,
                // No encoder splits a geometry; one that did would need joining here.
                (4, Value::Bytes(_)) if !geometry.is_empty() => {
                    return Err(Malformed("a feature has two geometries"));
                }
                (4, Value::Bytes(packed)) => geometry = packed,
                (1..=4, _) => return Err(Malformed("a field of a feature has the wrong type")),
                _ => {}
            }
        }
        // 4.3.4.1: the type UNKNOWN is for encoders' experiments and may be ignored.
        let kind = match kind {
            1 => GeometryKind::Point,
            2 => GeometryKind::LineString,
            3 => GeometryKind::Polygon,
            0 => {
                index.tags.truncate(tags);
                return Ok(());
            }
            _ => return Err(Malformed("a feature's geometry type is unknown")),
        };
        let parts = index.parts.len();
        self.parts(geometry, kind, index)?;
        let found = &index.parts[parts..];
        if found.is_empty() {
            index.tags.truncate(tags);
            return Ok(());
        }
        let bounds = found.iter().fold(NOWHERE, |bounds, part| around(bounds, part.bounds));
        // 4.4: tags come in pairs of a key's and a value's index.
        if key.is_some() {
            return Err(Malformed("a feature has an odd number of tags"));
        }
        let pairs = &index.tags[tags..];
        spend(&mut self.budget.tags, 2 * pairs.len(), "the tile has too many tags")?;
        let mut text = 0;
        for &[key, value] in pairs {
            let sizes = (index.keys.get(key as usize), value_sizes.get(value as usize));
            let (Some(key), Some(value)) = sizes else {
                return Err(Malformed("a tag points at a key or value that is not there"));
            };
            text += key.len() + value;
        }
        spend(&mut self.budget.text, text, "the tile repeats too much text")?;
        index.bounds.push(bounds);
        let (tags, parts) = (tags as u32..index.tags.len() as u32, parts as u32..index.parts.len() as u32);
        index.features.push(Record { id, kind, tags, parts });
        Ok(())
    }

    /// Walks a command stream (4.3.1, 4.3.3) and notes its parts (4.3.4).
    fn parts(&mut self, geometry: &[u8], kind: GeometryKind, index: &mut Index) -> Result<(), Malformed> {
        let reach = i64::from(index.extent) * limits::TILE_OVERHANG_EXTENTS;
        let mut rest = geometry;
        let mut cursor = [0i64; 2];
        // The part under way: where the cursor was before it and all commands since, its bounds, its vertices so far.
        let mut open: Option<([i32; 2], &[u8])> = None;
        let mut bounds = NOWHERE;
        let mut vertices = 0u32;
        let mut note = |(cursor, from): ([i32; 2], &[u8]), rest: &[u8], bounds: Bounds| {
            let commands = Span::of(&from[..from.len() - rest.len()], self.tile);
            index.parts.push(Part { bounds, cursor, commands });
        };
        while !rest.is_empty() {
            let before = rest;
            let command = wire::varint32(&mut rest)?;
            let (id, count) = (command & 7, command >> 3);
            match (id, kind) {
                (1, _) | (2, GeometryKind::LineString | GeometryKind::Polygon) => {}
                (7, GeometryKind::Polygon) => {
                    // 4.3.3.3: ClosePath has a count of 1. A ring of fewer than three vertices has no area (4.3.4.4).
                    if let Some(ring) = open.take().filter(|_| vertices >= 3) {
                        note(ring, before, bounds);
                    }
                    continue;
                }
                _ => return Err(Malformed("a geometry has a command that its type does not allow")),
            }
            if id == 1 && kind != GeometryKind::Point {
                if count != 1 {
                    return Err(Malformed("a line or ring begins with more than one point"));
                }
                if let Some(line) = open.take().filter(|_| kind == GeometryKind::LineString && vertices >= 2) {
                    note(line, before, bounds);
                }
                (bounds, vertices) = (NOWHERE, 0);
            }
            if id == 2 && open.is_none() {
                return Err(Malformed("a geometry draws a line from nowhere"));
            }
            open.get_or_insert((cursor.map(|c| c as i32), before));
            // Each vertex takes at least two bytes.
            if count as usize > rest.len() / 2 {
                return Err(Malformed("a geometry is cut off"));
            }
            spend(&mut self.budget.vertices, count as usize, "the tile has too many vertices")?;
            let mut run = [i64::MAX, i64::MAX, i64::MIN, i64::MIN];
            for _ in 0..count {
                let by = wire::pair32(&mut rest)?;
                for (i, axis) in cursor.iter_mut().enumerate() {
                    *axis += i64::from(wire::unzigzag(by[i]));
                    (run[i], run[i + 2]) = (run[i].min(*axis), run[i + 2].max(*axis));
                }
            }
            if count > 0 {
                if run.iter().any(|c| c.abs() > reach) {
                    return Err(Malformed("a vertex lies far outside of its tile"));
                }
                bounds = around(bounds, run.map(|c| c as i32));
            }
            vertices += count;
        }
        let least = match kind {
            GeometryKind::Point => 1,
            GeometryKind::LineString => 2,
            // A ring ends where it closes.
            GeometryKind::Polygon => return Ok(()),
        };
        if let Some(part) = open.filter(|_| vertices >= least) {
            note(part, &[], bounds);
        }
        Ok(())
    }
}

/// Takes packed tags.
fn add_tags(mut packed: &[u8], key: &mut Option<u32>, tags: &mut Vec<[u32; 2]>) -> Result<(), Malformed> {
    while !packed.is_empty() {
        match if key.is_none() { wire::short_pair(&mut packed) } else { None } {
            Some(pair) => tags.push(pair),
            None => add_tag(wire::varint32(&mut packed)?, key, tags),
        }
    }
    Ok(())
}

/// Takes a key, or the value of the key before.
fn add_tag(tag: u32, key: &mut Option<u32>, tags: &mut Vec<[u32; 2]>) {
    match key.take() {
        Some(key) => tags.push([key, tag]),
        None => *key = Some(tag),
    }
}

#[inline]
fn around(a: Bounds, b: Bounds) -> Bounds {
    [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]
}
