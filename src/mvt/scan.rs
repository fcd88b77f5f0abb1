//! A look through the bytes of a tile before anything is decoded: everything the decoder will trust is checked here,
//! and every count is bounded by the bytes that are there.
//!
//! Clauses are those of the Vector Tile Specification 2.1. Strict about what cannot be read (a cut-off command, a tag
//! that points nowhere), lenient about what can be left out (a feature of unknown type, a line of one point).

use super::wire::{self, Malformed, Value};
use crate::limits;
use crate::value::GeometryKind;

/// The extension of a value (4.1 leaves 8 and above to them) that marks a string as the JSON of an array or object: the
/// spec has no such values, and readers that do not know the mark get the text.
pub const JSON_MARK: u32 = 1000;

/// One layer as it lies in the tile.
pub struct Layer<'a> {
    pub name: &'a str,
    pub version: u64,
    pub extent: u32,
    pub keys: Vec<&'a str>,
    /// How many values there are.
    pub values: usize,
    /// Which of them are text that stands for JSON, in rising order.
    pub json: Vec<u32>,
    /// The raw fields of keys and values, to be copied.
    pub dictionary: Vec<&'a [u8]>,
    pub features: Vec<Feature<'a>>,
}

pub struct Feature<'a> {
    pub id: Option<u64>,
    pub kind: GeometryKind,
    pub tags: Vec<u32>,
    pub geometry: &'a [u8],
    pub parts: Vec<Part<'a>>,
}

/// One line or ring of a feature; of points, all of them.
pub struct Part<'a> {
    pub start: [i32; 2],
    /// The commands after the first MoveTo, relative to `start`.
    pub rest: &'a [u8],
}

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

/// The bodies of the layers of a tile (4.1). Fields other than layers and extensions mean that this is not a tile:
/// it may be a web page.
pub fn layers(tile: &[u8]) -> Result<Vec<&[u8]>, Malformed> {
    let mut found = Vec::new();
    for field in wire::fields(tile) {
        let field = field?;
        match (field.number, field.value) {
            (3, Value::Bytes(layer)) => found.push(layer),
            (16.., _) => {}
            _ => return Err(Malformed("a field of the tile is neither a layer nor an extension")),
        }
    }
    if found.len() > limits::TILE_LAYERS {
        return Err(Malformed("the tile has too many layers"));
    }
    Ok(found)
}

/// Checks one layer (4.1) and finds its features (4.2).
pub fn layer<'a>(bytes: &'a [u8], budget: &mut Budget) -> Result<Layer<'a>, Malformed> {
    let mut name = None;
    let mut version = 1;
    let mut extent = 4096u64;
    let mut dictionary = Vec::new();
    let mut raw_features = Vec::new();
    let mut keys = Vec::new();
    let mut value_sizes = Vec::new();
    let mut json = Vec::new();
    for field in wire::fields(bytes) {
        let field = field?;
        match (field.number, field.value) {
            (1, Value::Bytes(text)) => {
                name = Some(std::str::from_utf8(text).map_err(|_| Malformed("a layer's name is not UTF-8"))?);
            }
            (2, Value::Bytes(feature)) => raw_features.push(feature),
            (3, Value::Bytes(key)) => {
                keys.push(std::str::from_utf8(key).map_err(|_| Malformed("a key is not UTF-8"))?);
                dictionary.push(field.raw);
            }
            (4, Value::Bytes(value)) => {
                let (size, is_json) = check_value(value)?;
                json.extend(is_json.then_some(value_sizes.len() as u32));
                value_sizes.push(size);
                dictionary.push(field.raw);
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
    let mut layer = Layer {
        name: name.ok_or(Malformed("a layer has no name"))?,
        version,
        extent: extent.ok_or(Malformed("a layer's extent is out of range"))?,
        keys,
        values: value_sizes.len(),
        json,
        dictionary,
        features: Vec::new(),
    };
    for feature in raw_features {
        spend(&mut budget.features, 1, "the tile has too many features")?;
        if let Some(feature) = read_feature(feature, layer.extent, budget)? {
            spend(&mut budget.tags, feature.tags.len(), "the tile has too many tags")?;
            for pair in feature.tags.chunks(2) {
                // 4.4: tags come in pairs of a key's and a value's index.
                let &[key, value] = pair else { return Err(Malformed("a feature has an odd number of tags")) };
                let sizes = (layer.keys.get(key as usize), value_sizes.get(value as usize));
                let (Some(key), Some(value)) = sizes else {
                    return Err(Malformed("a tag points at a key or value that is not there"));
                };
                spend(&mut budget.text, key.len() + value, "the tile repeats too much text")?;
            }
            layer.features.push(feature);
        }
    }
    Ok(layer)
}

/// The bytes of text in a value (4.1): exactly one of seven types, of which 1 is a string; and whether it is marked as
/// JSON.
fn check_value(value: &[u8]) -> Result<(usize, bool), Malformed> {
    let mut text = 0;
    let mut json = false;
    for field in wire::fields(value) {
        let field = field?;
        match (field.number, field.value) {
            (1, Value::Bytes(string)) => {
                std::str::from_utf8(string).map_err(|_| Malformed("a value is not UTF-8"))?;
                text = string.len();
            }
            (JSON_MARK, Value::Varint(mark)) => json = mark == 1,
            (2..=3, Value::Fixed) | (4..=7, Value::Varint(_)) | (8.., _) => {}
            _ => return Err(Malformed("a value has the wrong type")),
        }
    }
    Ok((text, json))
}

fn read_feature<'a>(bytes: &'a [u8], extent: u32, budget: &mut Budget) -> Result<Option<Feature<'a>>, Malformed> {
    let mut id = None;
    let mut tags = Vec::new();
    let mut kind = 0;
    let mut geometry: &[u8] = &[];
    for field in wire::fields(bytes) {
        let field = field?;
        match (field.number, field.value) {
            (1, Value::Varint(value)) => id = Some(value),
            (2, Value::Bytes(mut packed)) => {
                while !packed.is_empty() {
                    tags.push(wire::varint32(&mut packed)?);
                }
            }
            (2, Value::Varint(tag)) => {
                tags.push(u32::try_from(tag).map_err(|_| Malformed("a tag does not fit 32 bits"))?);
            }
            (3, Value::Varint(value)) => kind = value,
            // No encoder splits a geometry; one that did would need joining here.
            (4, Value::Bytes(_)) if !geometry.is_empty() => return Err(Malformed("a feature has two geometries")),
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
        0 => return Ok(None),
        _ => return Err(Malformed("a feature's geometry type is unknown")),
    };
    let parts = read_parts(geometry, kind, extent, budget)?;
    Ok((!parts.is_empty()).then_some(Feature { id, kind, tags, geometry, parts }))
}

/// Walks a command stream (4.3.1, 4.3.3) and finds its parts (4.3.4).
fn read_parts<'a>(
    geometry: &'a [u8],
    kind: GeometryKind,
    extent: u32,
    budget: &mut Budget,
) -> Result<Vec<Part<'a>>, Malformed> {
    let reach = i64::from(extent) * limits::TILE_OVERHANG_EXTENTS;
    let mut parts = Vec::new();
    let mut rest = geometry;
    let mut cursor = [0i64; 2];
    // The part under way: where it starts, its commands, and how many vertices it has.
    let mut open: Option<([i32; 2], &[u8])> = None;
    let mut vertices = 0u32;
    while !rest.is_empty() {
        let before = rest.len();
        let command = wire::varint32(&mut rest)?;
        let (id, count) = (command & 7, command >> 3);
        match (id, kind) {
            (1, _) | (2, GeometryKind::LineString | GeometryKind::Polygon) => {}
            (7, GeometryKind::Polygon) => {
                // 4.3.3.3: ClosePath has a count of 1. A ring of fewer than three vertices has no area (4.3.4.4).
                let ring = open.take().filter(|_| vertices >= 3);
                parts.extend(ring.map(|(start, from)| Part { start, rest: &from[..from.len() - rest.len()] }));
                continue;
            }
            _ => return Err(Malformed("a geometry has a command that its type does not allow")),
        }
        if id == 1 && kind != GeometryKind::Point {
            if count != 1 {
                return Err(Malformed("a line or ring begins with more than one point"));
            }
            let line = open.take().filter(|_| kind == GeometryKind::LineString && vertices >= 2);
            parts.extend(line.map(|(start, from)| Part { start, rest: &from[..from.len() - before] }));
        }
        if id == 2 && open.is_none() {
            return Err(Malformed("a geometry draws a line from nowhere"));
        }
        // Each vertex takes at least two bytes.
        if count as usize > rest.len() / 2 {
            return Err(Malformed("a geometry is cut off"));
        }
        spend(&mut budget.vertices, count as usize, "the tile has too many vertices")?;
        for _ in 0..count {
            for axis in &mut cursor {
                *axis += wire::unzigzag(wire::varint32(&mut rest)?);
                if axis.abs() > reach {
                    return Err(Malformed("a vertex lies far outside of its tile"));
                }
            }
        }
        let at = [cursor[0] as i32, cursor[1] as i32];
        if id == 1 {
            open = Some((at, rest));
            vertices = if kind == GeometryKind::Point { vertices + count } else { 1 };
        } else {
            vertices += count;
        }
    }
    match (kind, open) {
        (GeometryKind::LineString, Some((start, from))) if vertices >= 2 => parts.push(Part { start, rest: from }),
        (GeometryKind::Point, Some((start, from))) if vertices > 0 => parts.push(Part { start, rest: from }),
        _ => {}
    }
    Ok(parts)
}
