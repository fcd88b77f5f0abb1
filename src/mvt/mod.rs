//! Vector tiles: bytes in, typed features out, one layer at a time and only when asked for.
//!
//! [`Tile::parse`] checks every byte (`scan`), so that a tile that parses can be kept; decoding is mvt-reader's.
//! It gets each layer with its multi-part geometries cut into features of one part: it reserves memory for the whole
//! geometry at each part, and the merged roads of a city have thousands.

mod scan;
mod wire;
mod write;

use crate::error::{Code, Error};
use crate::limits;
use crate::value::{Attributes, GeometryKind, Property};
use bytes::Bytes;
use geo_types::Geometry;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

pub use write::{LayerWriter, TooMuch, encode_value};

/// A checked tile. Coordinates are tile units: 0 to the layer's extent, x to the east, y to the south; vertices may
/// lie outside where the tile has a buffer or its polygons overhang.
pub struct Tile {
    bytes: Bytes,
    layers: Vec<Slot>,
}

struct Slot {
    name: String,
    range: Range<usize>,
    decoded: OnceLock<Result<Arc<Layer>, Error>>,
}

/// A decoded layer.
pub struct Layer {
    pub extent: u32,
    pub features: Vec<Feature>,
}

/// A decoded feature, its geometry flat: lines, rings (without the closing vertex) or points.
pub struct Feature {
    pub id: Option<u64>,
    pub kind: GeometryKind,
    /// West, north, east and south of all vertices.
    pub bounds: [i32; 4],
    vertices: Vec<[i32; 2]>,
    ends: Vec<u32>,
    /// Indices of keys and values, sorted by the keys' names.
    tags: Box<[[u32; 2]]>,
    dictionary: Arc<Dictionary>,
}

/// The keys and values that the features of a layer share (MVT 2.1, 4.4).
#[derive(Default)]
struct Dictionary {
    keys: Vec<Box<str>>,
    /// None for values that no feature has.
    values: Vec<Option<Property>>,
}

impl Feature {
    /// The lines or rings in order; of points, all of them as one part.
    pub fn parts(&self) -> impl Iterator<Item = &[[i32; 2]]> {
        let mut from = 0;
        self.ends.iter().map(move |&end| {
            let part = &self.vertices[from..end as usize];
            from = end as usize;
            part
        })
    }

    pub fn vertices(&self) -> &[[i32; 2]] {
        &self.vertices
    }
}

impl Attributes for Feature {
    fn kind(&self) -> GeometryKind {
        self.kind
    }

    fn id(&self) -> Option<u64> {
        self.id
    }

    fn property(&self, name: &str) -> Option<&Property> {
        let Dictionary { keys, values } = &*self.dictionary;
        let tag = self.tags.iter().find(|[key, _]| *keys[*key as usize] == *name)?;
        values[tag[1] as usize].as_ref()
    }

    fn properties(&self) -> Box<dyn Iterator<Item = (&str, &Property)> + '_> {
        let Dictionary { keys, values } = &*self.dictionary;
        let pair = |[key, value]: &[u32; 2]| Some((&*keys[*key as usize], values[*value as usize].as_ref()?));
        Box::new(self.tags.iter().filter_map(pair))
    }
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
        let mut layers = Vec::new();
        let mut names = HashSet::new();
        let mut budget = scan::Budget::default();
        for body in scan::layers(&bytes).map_err(|e| bad_tile(e.0))? {
            let layer = scan::layer(body, &mut budget).map_err(|e| bad_tile(e.0))?;
            // 4.1: no two layers of a tile have the same name.
            if !names.insert(layer.name) {
                return Err(bad_tile(format!("two of its layers are named {:?}", layer.name)));
            }
            let start = body.as_ptr() as usize - bytes.as_ptr() as usize;
            let range = start..start + body.len();
            layers.push(Slot { name: layer.name.to_string(), range, decoded: OnceLock::new() });
        }
        Ok(Tile { bytes, layers })
    }

    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The names of the layers in the tile's order.
    pub fn layer_names(&self) -> impl Iterator<Item = &str> {
        self.layers.iter().map(|slot| slot.name.as_str())
    }

    /// The layer of this name, decoded at the first call and kept. An empty name is that of the only layer: style
    /// layers on GeoJSON sources name none.
    pub fn layer(&self, name: &str) -> Result<Option<Arc<Layer>>, Error> {
        let only = self.layers.first().filter(|_| name.is_empty() && self.layers.len() == 1);
        let Some(slot) = self.layers.iter().find(|slot| slot.name == name).or(only) else { return Ok(None) };
        slot.decoded.get_or_init(|| decode(&self.bytes[slot.range.clone()]).map(Arc::new)).clone().map(Some)
    }
}

fn decode(body: &[u8]) -> Result<Layer, Error> {
    let layer = scan::layer(body, &mut scan::Budget::default()).map_err(|e| bad_tile(e.0))?;
    let reader = mvt_reader::Reader::new(single_parts(&layer)).map_err(bad_tile)?;
    let mut decoded = reader.get_features_as::<i32>(0).map_err(bad_tile)?.into_iter();
    let mut dictionary =
        Dictionary { keys: layer.keys.iter().map(|&key| key.into()).collect(), values: vec![None; layer.values] };
    let mut features = Vec::with_capacity(layer.features.len());
    for raw in &layer.features {
        let mut feature = Feature {
            id: raw.id,
            kind: raw.kind,
            bounds: [i32::MAX, i32::MAX, i32::MIN, i32::MIN],
            vertices: Vec::new(),
            ends: Vec::with_capacity(raw.parts.len()),
            tags: tags(raw, &layer),
            dictionary: Arc::default(),
        };
        for part in decoded.by_ref().take(raw.parts.len()) {
            push_geometry(&mut feature, part.geometry);
            // Only the first part has any.
            let Some(mut properties) = part.properties.filter(|properties| !properties.is_empty()) else { continue };
            for [key, value] in &feature.tags {
                let known = &mut dictionary.values[*value as usize];
                if known.is_none() {
                    let is_json = layer.json.binary_search(value).is_ok();
                    *known = properties.remove(layer.keys[*key as usize]).map(|value| property(value, is_json));
                }
            }
        }
        for [x, y] in &feature.vertices {
            let [west, north, east, south] = feature.bounds;
            feature.bounds = [west.min(*x), north.min(*y), east.max(*x), south.max(*y)];
        }
        feature.vertices.shrink_to_fit();
        features.push(feature);
    }
    let dictionary = Arc::new(dictionary);
    features.iter_mut().for_each(|feature| feature.dictionary = dictionary.clone());
    Ok(Layer { extent: layer.extent, features })
}

/// A feature's tags in pairs, each key once: of one that comes twice, the last counts.
fn tags(feature: &scan::Feature, layer: &scan::Layer) -> Box<[[u32; 2]]> {
    let mut tags: Vec<[u32; 2]> = feature.tags.as_chunks().0.to_vec();
    tags.reverse();
    tags.sort_by_key(|[key, _]| layer.keys[*key as usize]);
    tags.dedup_by_key(|[key, _]| layer.keys[*key as usize]);
    tags.into()
}

/// The layer as the only one of a tile, each part a feature of its own; the first of them has the tags.
fn single_parts(layer: &scan::Layer) -> Vec<u8> {
    let mut out = Vec::new();
    let mut feature_bytes = Vec::new();
    let mut packed = Vec::new();
    wire::put_number(&mut out, 15, layer.version);
    wire::put_bytes(&mut out, 1, layer.name.as_bytes());
    wire::put_number(&mut out, 5, u64::from(layer.extent));
    layer.dictionary.iter().for_each(|field| out.extend_from_slice(field));
    for feature in &layer.features {
        for (i, part) in feature.parts.iter().enumerate() {
            feature_bytes.clear();
            if i == 0 {
                packed.clear();
                feature.tags.iter().for_each(|&tag| wire::put_varint(&mut packed, tag.into()));
                wire::put_bytes(&mut feature_bytes, 2, &packed);
            }
            let kind = match feature.kind {
                GeometryKind::Point => 1,
                GeometryKind::LineString => 2,
                GeometryKind::Polygon => 3,
            };
            wire::put_number(&mut feature_bytes, 3, kind);
            packed.clear();
            if feature.kind == GeometryKind::Point {
                packed.extend_from_slice(feature.geometry);
            } else {
                wire::put_varint(&mut packed, 1 << 3 | 1);
                part.start.iter().for_each(|&n| wire::put_varint(&mut packed, wire::zigzag(n).into()));
                packed.extend_from_slice(part.rest);
            }
            wire::put_bytes(&mut feature_bytes, 4, &packed);
            wire::put_bytes(&mut out, 2, &feature_bytes);
        }
    }
    let mut tile = Vec::with_capacity(out.len() + 8);
    wire::put_bytes(&mut tile, 3, &out);
    tile
}

fn push_geometry(feature: &mut Feature, geometry: Geometry<i32>) {
    let pair = |c: geo_types::Coord<i32>| [c.x, c.y];
    match geometry {
        Geometry::Point(point) => feature.vertices.push(pair(point.0)),
        Geometry::MultiPoint(points) => feature.vertices.extend(points.0.into_iter().map(|p| pair(p.0))),
        Geometry::LineString(line) => feature.vertices.extend(line.0.into_iter().map(pair)),
        Geometry::Polygon(polygon) => {
            let (ring, _) = polygon.into_inner();
            feature.vertices.extend(ring.0.into_iter().map(pair));
            // The closing vertex is implied.
            feature.vertices.pop();
        }
        // The decoder makes multi-geometries of one part in other versions of it.
        Geometry::MultiLineString(lines) => {
            feature.vertices.extend(lines.0.into_iter().flat_map(|line| line.0).map(pair));
        }
        Geometry::MultiPolygon(polygons) => {
            for polygon in polygons.0 {
                push_geometry(feature, Geometry::Polygon(polygon));
            }
            return;
        }
        _ => return,
    }
    feature.ends.push(feature.vertices.len() as u32);
}

fn property(value: mvt_reader::feature::Value, is_json: bool) -> Property {
    use mvt_reader::feature::Value;
    match value {
        Value::String(text) => match is_json.then(|| serde_json::from_str(&text)) {
            Some(Ok(json)) => Property::Json(Arc::new(json)),
            _ => Property::String(text.into()),
        },
        Value::Float(number) => Property::Double(number.into()),
        Value::Double(number) => Property::Double(number),
        Value::Int(number) | Value::SInt(number) => Property::Int(number),
        Value::UInt(number) => Property::UInt(number),
        Value::Bool(flag) => Property::Bool(flag),
        Value::Null => Property::Null,
    }
}
