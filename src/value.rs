//! Property values and geometry kinds as tiles hold them, shared by decoding, styling and GeoJSON.

use std::sync::Arc;

/// A property value with the type the tile gave it (MVT 2.1, 4.4). Coercion belongs to the style.
#[derive(Clone, Debug, PartialEq)]
pub enum Property {
    /// A property that is there and has no value.
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Double(f64),
    String(Arc<str>),
    /// An array or object, as GeoJSON may have.
    Json(Arc<serde_json::Value>),
}

impl From<&Property> for serde_json::Value {
    fn from(property: &Property) -> serde_json::Value {
        match property {
            Property::Null => serde_json::Value::Null,
            Property::Bool(flag) => (*flag).into(),
            Property::Int(number) => (*number).into(),
            Property::UInt(number) => (*number).into(),
            // NaN and infinities, which JSON does not have, become null.
            Property::Double(number) => (*number).into(),
            Property::String(text) => (**text).into(),
            Property::Json(json) => (**json).clone(),
        }
    }
}

/// What a feature is made of (MVT 2.1, 4.3.4); multi-geometries count as their parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GeometryKind {
    Point,
    LineString,
    Polygon,
}

impl GeometryKind {
    /// The name that `["geometry-type"]` and `$type` give.
    pub fn name(self) -> &'static str {
        match self {
            GeometryKind::Point => "Point",
            GeometryKind::LineString => "LineString",
            GeometryKind::Polygon => "Polygon",
        }
    }
}

/// A feature as styles see it: its kind, id and properties, wherever it came from.
pub trait Attributes {
    fn kind(&self) -> GeometryKind;
    fn id(&self) -> Option<u64>;
    fn property(&self, name: &str) -> Option<&Property>;
    /// All properties, sorted by name.
    fn properties(&self) -> Box<dyn Iterator<Item = (&str, &Property)> + '_>;
    /// Where the feature is in the world; none where only its properties are known.
    fn geometry(&self) -> Option<TileGeometry> {
        None
    }
}

/// A geometry in a tile of the web's grid (z/x/y).
#[derive(Clone, Debug)]
pub struct TileGeometry {
    pub z: u8,
    pub x: u32,
    pub y: u32,
    /// Points, lines, or rings whose last point is their first, in 1/8192 of the tile's side from its north-west corner.
    pub parts: Vec<Vec<[f64; 2]>>,
}

impl TileGeometry {
    /// Units of a tile's side.
    pub const EXTENT: f64 = 8192.0;
}
