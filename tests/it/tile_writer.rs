//! Vector tiles for tests: a small encoder of the Vector Tile Specification 2.1 that writes what it is told, right or
//! wrong, and tiles of the sample map.

use bytes::Bytes;
use rasterzen::source::{Fetched, Overrides, Source};
use rasterzen::tile::TileId;

/// A property value in one of the spec's seven types (4.1).
#[derive(Clone, Debug)]
pub enum Value {
    Text(String),
    Float(f32),
    Double(f64),
    Int(i64),
    UInt(u64),
    SInt(i64),
    Bool(bool),
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_string())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Int(number)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Value {
        Value::Double(number)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Value {
        Value::Bool(flag)
    }
}

/// A point in tile units.
pub type P = [i32; 2];

#[derive(Clone)]
pub struct Feature {
    id: Option<u64>,
    kind: u64,
    geometry: Vec<u32>,
    tags: Vec<(String, Value)>,
}

impl Feature {
    /// A feature with a command stream of its own.
    pub fn raw(kind: u64, geometry: Vec<u32>) -> Feature {
        Feature { id: None, kind, geometry, tags: Vec::new() }
    }

    pub fn points(points: &[P]) -> Feature {
        let mut geometry = vec![command(1, points.len() as u32)];
        deltas(&mut geometry, &mut [0, 0], points);
        Feature::raw(1, geometry)
    }

    pub fn line(points: &[P]) -> Feature {
        Feature::lines(&[points])
    }

    pub fn lines(parts: &[&[P]]) -> Feature {
        Feature::raw(2, parts_of(parts, false))
    }

    /// Rings without their closing vertex; clockwise to a viewer for exteriors.
    pub fn polygon(rings: &[&[P]]) -> Feature {
        Feature::raw(3, parts_of(rings, true))
    }

    pub fn id(mut self, id: u64) -> Feature {
        self.id = Some(id);
        self
    }

    pub fn tag(mut self, key: &str, value: impl Into<Value>) -> Feature {
        self.tags.push((key.to_string(), value.into()));
        self
    }
}

fn parts_of(parts: &[&[P]], closed: bool) -> Vec<u32> {
    let mut geometry = Vec::new();
    let mut cursor = [0, 0];
    for part in parts {
        geometry.push(command(1, 1));
        deltas(&mut geometry, &mut cursor, &part[..1]);
        geometry.push(command(2, part.len() as u32 - 1));
        deltas(&mut geometry, &mut cursor, &part[1..]);
        if closed {
            geometry.push(command(7, 1));
        }
    }
    geometry
}

fn deltas(geometry: &mut Vec<u32>, cursor: &mut P, points: &[P]) {
    for point in points {
        geometry.extend([zigzag(point[0] - cursor[0]), zigzag(point[1] - cursor[1])]);
        *cursor = *point;
    }
}

pub fn command(id: u32, count: u32) -> u32 {
    count << 3 | id
}

pub fn zigzag(n: i32) -> u32 {
    ((n << 1) ^ (n >> 31)) as u32
}

/// A layer in the making: its fields in order, with the dictionary behind them.
#[derive(Clone)]
pub struct Layer {
    fields: Vec<u8>,
    keys: Vec<String>,
    values: Vec<Vec<u8>>,
}

impl Layer {
    /// Version 2, extent 4096.
    pub fn new(name: &str) -> Layer {
        Layer::versioned(name, 2, 4096)
    }

    pub fn versioned(name: &str, version: u64, extent: u64) -> Layer {
        Layer::raw(&[number(15, version), bytes(1, name.as_bytes()), number(5, extent)].concat())
    }

    /// A layer with these fields so far.
    pub fn raw(fields: &[u8]) -> Layer {
        Layer { fields: fields.to_vec(), keys: Vec::new(), values: Vec::new() }
    }

    pub fn field(mut self, field: &[u8]) -> Layer {
        self.fields.extend_from_slice(field);
        self
    }

    pub fn with(mut self, feature: Feature) -> Layer {
        let mut tags = Vec::new();
        for (key, value) in &feature.tags {
            tags.push(index(&mut self.keys, key.clone()));
            tags.push(index(&mut self.values, encoded(value)));
        }
        let mut body = Vec::new();
        body.extend(feature.id.map(|id| number(1, id)).unwrap_or_default());
        body.extend(bytes(2, &packed(&tags)));
        body.extend(number(3, feature.kind));
        body.extend(bytes(4, &packed(&feature.geometry)));
        self.field(&bytes(2, &body))
    }

    fn encode(&self) -> Vec<u8> {
        let mut body = self.fields.clone();
        self.keys.iter().for_each(|key| body.extend(bytes(3, key.as_bytes())));
        self.values.iter().for_each(|value| body.extend(bytes(4, value)));
        bytes(3, &body)
    }
}

fn index<T: PartialEq>(list: &mut Vec<T>, item: T) -> u32 {
    let found = list.iter().position(|other| *other == item);
    found.unwrap_or_else(|| {
        list.push(item);
        list.len() - 1
    }) as u32
}

fn encoded(value: &Value) -> Vec<u8> {
    match value {
        Value::Text(text) => bytes(1, text.as_bytes()),
        Value::Float(number) => [&[2 << 3 | 5][..], &number.to_le_bytes()].concat(),
        Value::Double(number) => [&[3 << 3 | 1][..], &number.to_le_bytes()].concat(),
        Value::Int(value) => number(4, *value as u64),
        Value::UInt(value) => number(5, *value),
        Value::SInt(value) => number(6, ((value << 1) ^ (value >> 63)) as u64),
        Value::Bool(flag) => number(7, (*flag).into()),
    }
}

pub fn tile(layers: &[Layer]) -> Bytes {
    layers.iter().flat_map(Layer::encode).collect()
}

// The wire format.

pub fn varint(mut n: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
    out
}

pub fn packed(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|&n| varint(n.into())).collect()
}

/// A field that is a varint.
pub fn number(field: u64, value: u64) -> Vec<u8> {
    [varint(field << 3), varint(value)].concat()
}

/// A field that is bytes: text, a message or packed numbers.
pub fn bytes(field: u64, value: &[u8]) -> Vec<u8> {
    [varint(field << 3 | 2), varint(value.len() as u64), value.to_vec()].concat()
}

/// A tile of the sample map, for example `"14/8529/5974"`.
pub fn sample(id: &str) -> Bytes {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let fetched = runtime.block_on(async {
        let source = Source::open("sample", &Overrides::default(), None).await.expect("the sample map");
        source.fetch(id.parse::<TileId>().expect("a tile"), None).await.expect("an answer")
    });
    let Fetched::Tile(bytes) = fetched else { panic!("the sample map has no tile {id}") };
    bytes
}
