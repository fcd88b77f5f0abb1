//! Writing a tile of one layer, within the limits that reading it has.

use super::scan::{Budget, spend};
use super::value::JSON_MARK;
use super::wire::Malformed;
use crate::limits;
use crate::value::{GeometryKind, Property};
use std::collections::HashMap;

/// What a tile has more of than may be read back.
#[derive(Debug, PartialEq)]
pub struct TooMuch(pub &'static str);

impl From<Malformed> for TooMuch {
    fn from(malformed: Malformed) -> TooMuch {
        TooMuch(malformed.0)
    }
}

/// A layer in the making; keys and values are numbered as they are first used.
pub struct LayerWriter {
    name: String,
    extent: u32,
    features: Vec<u8>,
    keys: Table,
    values: Table,
    budget: Budget,
}

/// Messages with their numbers, and the fields that hold them.
#[derive(Default)]
struct Table {
    numbers: HashMap<Box<[u8]>, u32>,
    fields: Vec<u8>,
}

impl Table {
    fn number(&mut self, field: u32, message: &[u8]) -> u32 {
        if let Some(&number) = self.numbers.get(message) {
            return number;
        }
        let number = self.numbers.len() as u32;
        put_bytes(&mut self.fields, field, message);
        self.numbers.insert(message.into(), number);
        number
    }
}

impl LayerWriter {
    pub fn new(name: &str, extent: u32) -> LayerWriter {
        LayerWriter {
            name: name.to_string(),
            extent,
            features: Vec::new(),
            keys: Table::default(),
            values: Table::default(),
            budget: Budget::default(),
        }
    }

    /// Adds a feature (4.2). `tags` are keys and values of [`encode_value`]; `parts` are lines, rings without their closing
    /// vertex (exteriors clockwise to a viewer, each followed by its holes), or points, which are one part.
    pub fn feature<'a>(
        &mut self,
        id: Option<u64>,
        kind: GeometryKind,
        tags: impl Iterator<Item = (&'a str, &'a [u8])>,
        parts: &[Vec<[i32; 2]>],
    ) -> Result<(), TooMuch> {
        spend(&mut self.budget.features, 1, "features")?;
        let vertices = parts.iter().map(Vec::len).sum();
        spend(&mut self.budget.vertices, vertices, "vertices")?;
        let mut feature = Vec::new();
        if let Some(id) = id {
            put_number(&mut feature, 1, id);
        }
        let mut packed = Vec::new();
        for (key, value) in tags {
            spend(&mut self.budget.tags, 2, "properties")?;
            spend(&mut self.budget.text, key.len() + value.len(), "text")?;
            put_varint(&mut packed, self.keys.number(3, key.as_bytes()).into());
            put_varint(&mut packed, self.values.number(4, value).into());
        }
        if !packed.is_empty() {
            put_bytes(&mut feature, 2, &packed);
        }
        let number = match kind {
            GeometryKind::Point => 1,
            GeometryKind::LineString => 2,
            GeometryKind::Polygon => 3,
        };
        put_number(&mut feature, 3, number);
        put_bytes(&mut feature, 4, &geometry(kind, parts));
        put_bytes(&mut self.features, 2, &feature);
        // The rest is the layer's name and a few lengths.
        let bytes = self.features.len() + self.keys.fields.len() + self.values.fields.len() + self.name.len() + 64;
        match bytes > limits::TILE_BYTES {
            true => Err(TooMuch("bytes")),
            false => Ok(()),
        }
    }

    /// The tile with the layer, or no bytes where it has no feature.
    pub fn finish(self) -> Vec<u8> {
        let mut layer =
            Vec::with_capacity(self.features.len() + self.keys.fields.len() + self.values.fields.len() + 64);
        let mut tile = Vec::new();
        if !self.features.is_empty() {
            put_number(&mut layer, 15, 2);
            put_bytes(&mut layer, 1, self.name.as_bytes());
            layer.extend_from_slice(&self.features);
            layer.extend_from_slice(&self.keys.fields);
            layer.extend_from_slice(&self.values.fields);
            put_number(&mut layer, 5, self.extent.into());
            put_bytes(&mut tile, 3, &layer);
        }
        tile
    }
}

/// The command stream of a geometry (4.3).
fn geometry(kind: GeometryKind, parts: &[Vec<[i32; 2]>]) -> Vec<u8> {
    const MOVE_TO: u64 = 1;
    const LINE_TO: u64 = 2;
    const CLOSE_PATH: u64 = 7;
    let mut out = Vec::new();
    let mut cursor = [0, 0];
    for part in parts {
        let moves = if kind == GeometryKind::Point { part.len() } else { part.len().min(1) };
        let (moved, drawn) = part.split_at(moves);
        for (command, points) in [(MOVE_TO, moved), (LINE_TO, drawn)] {
            if !points.is_empty() {
                put_varint(&mut out, (points.len() as u64) << 3 | command);
            }
            for &point in points {
                for i in 0..2 {
                    put_varint(&mut out, zigzag(point[i] - cursor[i]).into());
                }
                cursor = point;
            }
        }
        if kind == GeometryKind::Polygon {
            put_varint(&mut out, 1 << 3 | CLOSE_PATH);
        }
    }
    out
}

/// A value's message (4.1). One without a value has no field, which readers take for null.
pub fn encode_value(value: &Property) -> Vec<u8> {
    let mut out = Vec::new();
    match value {
        Property::Null => {}
        Property::String(text) => put_bytes(&mut out, 1, text.as_bytes()),
        Property::Double(number) => {
            // A fixed field of 64 bits.
            put_varint(&mut out, 3 << 3 | 1);
            out.extend_from_slice(&number.to_le_bytes());
        }
        Property::UInt(number) => put_number(&mut out, 5, *number),
        // As sint_value, in zigzag.
        Property::Int(number) => put_number(&mut out, 6, ((number << 1) ^ (number >> 63)) as u64),
        Property::Bool(flag) => put_number(&mut out, 7, (*flag).into()),
        Property::Json(json) => {
            put_bytes(&mut out, 1, json.to_string().as_bytes());
            put_number(&mut out, JSON_MARK, 1);
        }
    }
    out
}

fn zigzag(n: i32) -> u32 {
    ((n << 1) ^ (n >> 31)) as u32
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn put_bytes(out: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    put_varint(out, u64::from(number) << 3 | 2);
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn put_number(out: &mut Vec<u8>, number: u32, value: u64) {
    put_varint(out, u64::from(number) << 3);
    put_varint(out, value);
}
