//! GeoJSON (RFC 7946) as it lies in a document: one feature at a time, coordinates flat, every mistake with its place.
//!
//! Members come in any order, so a geometry's coordinates may be read before its type is known; how deep they are nested
//! follows from the first of them. What is only of no use (a line of one position, a ring that is not closed, a null
//! geometry) is no mistake.

use crate::limits;
use crate::value::GeometryKind;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value as Json};
use std::fmt;

/// A feature as the document has it.
pub struct Feature {
    pub id: Json,
    pub properties: Map<String, Json>,
    /// A GeometryCollection has several, null none.
    pub geometries: Vec<Geometry>,
}

/// A geometry of one kind, or of its multi-kind.
pub struct Geometry {
    pub kind: GeometryKind,
    pub coordinates: Coordinates,
}

/// Nested arrays of positions, flat. For each level of arrays, where they end in the level below.
#[derive(Default)]
pub struct Coordinates {
    /// Longitude and latitude in degrees.
    pub positions: Vec<[f64; 2]>,
    ends: [Vec<usize>; 3],
    /// Arrays around a position: 0 for a Point, 3 for a MultiPolygon.
    depth: usize,
}

impl Coordinates {
    /// The lines or rings as ranges of positions.
    fn lines(&self, range: std::ops::Range<usize>) -> impl Iterator<Item = &[[f64; 2]]> {
        range.map(|i| &self.positions[i.checked_sub(1).map_or(0, |before| self.ends[0][before])..self.ends[0][i]])
    }

    /// Lines each by itself, or polygons with their rings.
    pub fn parts(&self, kind: GeometryKind) -> Vec<Vec<&[[f64; 2]]>> {
        let count = self.ends[0].len();
        match kind {
            GeometryKind::Polygon if self.depth == 3 => {
                let starts = std::iter::once(0).chain(self.ends[1].iter().copied());
                starts.zip(&self.ends[1]).map(|(from, &to)| self.lines(from..to).collect()).collect()
            }
            GeometryKind::Polygon => vec![self.lines(0..count).collect()],
            _ => self.lines(0..count).map(|line| vec![line]).collect(),
        }
    }
}

/// What takes the features; it says why where it cannot.
pub type Sink<'a> = dyn FnMut(Feature) -> Result<(), String> + 'a;

/// Reads a whole document. The error is a place, such as `features[3].geometry.coordinates[0]`, and what is wrong there.
pub fn read<'de, D: Deserializer<'de>>(document: D, sink: &mut Sink) -> Result<(), (String, String)> {
    let mut track = serde_path_to_error::Track::new();
    let root = Object { role: Role::Root(sink) };
    match root.deserialize(serde_path_to_error::Deserializer::new(document, &mut track)) {
        Ok(_) => Ok(()),
        Err(error) => Err((track.path().to_string(), error.to_string())),
    }
}

/// One object of GeoJSON; what it gives are geometries, none where they went to the sink.
struct Object<'a, 'b> {
    role: Role<'a, 'b>,
}

/// Where an object stands, which says of what types it may be.
enum Role<'a, 'b> {
    Root(&'a mut Sink<'b>),
    Feature(&'a mut Sink<'b>),
    /// In so many GeometryCollections.
    Geometry(usize),
}

/// The members that mean something in an object of one type or another.
#[derive(Default)]
struct Members {
    kind: Option<String>,
    coordinates: Option<Coordinates>,
    /// Those of a GeometryCollection.
    geometries: Option<Vec<Geometry>>,
    /// A feature's, which null is too.
    geometry: Option<Vec<Geometry>>,
    properties: Map<String, Json>,
    id: Json,
    features: bool,
}

impl<'de> DeserializeSeed<'de> for Object<'_, '_> {
    type Value = Vec<Geometry>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<Geometry>, D::Error> {
        match self.role {
            // A feature's geometry may be null.
            Role::Geometry(0) => deserializer.deserialize_option(self),
            _ => deserializer.deserialize_map(self),
        }
    }
}

impl<'de> Visitor<'de> for Object<'_, '_> {
    type Value = Vec<Geometry>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a GeoJSON object")
    }

    fn visit_none<E>(self) -> Result<Vec<Geometry>, E> {
        Ok(Vec::new())
    }

    fn visit_unit<E>(self) -> Result<Vec<Geometry>, E> {
        Ok(Vec::new())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<Geometry>, D::Error> {
        deserializer.deserialize_map(self)
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Vec<Geometry>, A::Error> {
        let mut members = Members::default();
        while let Some(name) = map.next_key::<String>()? {
            match (name.as_str(), &mut self.role) {
                ("type", _) => members.kind = Some(map.next_value()?),
                ("features", Role::Root(sink)) => {
                    map.next_value_seed(Features(sink))?;
                    members.features = true;
                }
                ("geometry", Role::Root(_) | Role::Feature(_)) => {
                    members.geometry = Some(map.next_value_seed(Object { role: Role::Geometry(0) })?);
                }
                ("geometries", role) => {
                    let around = if let Role::Geometry(around) = role { *around } else { 0 };
                    members.geometries = Some(map.next_value_seed(Geometries(around + 1))?);
                }
                ("coordinates", _) => {
                    let mut coordinates = Coordinates::default();
                    let depth = members.kind.as_deref().and_then(simple).map(|(_, depth)| depth);
                    let array = Array { coordinates: &mut coordinates, depth, outermost: true };
                    coordinates.depth = map.next_value_seed(array)?;
                    members.coordinates = Some(coordinates);
                }
                ("properties", _) => members.properties = map.next_value::<Option<_>>()?.unwrap_or_default(),
                ("id", _) => members.id = map.next_value()?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        members.give(self.role).map_err(A::Error::custom)
    }
}

impl Members {
    /// What a whole object is, by its type.
    fn give(self, role: Role) -> Result<Vec<Geometry>, String> {
        let kind = self.kind.as_deref().ok_or("the type is missing")?;
        match (role, kind) {
            (Role::Root(_), "FeatureCollection") if self.features => Ok(Vec::new()),
            (Role::Root(_), "FeatureCollection") => Err("the features are missing".to_string()),
            (Role::Root(sink) | Role::Feature(sink), "Feature") => {
                let geometries = self.geometry.ok_or("the geometry is missing; null would be one")?;
                sink(Feature { id: self.id, properties: self.properties, geometries }).map(|()| Vec::new())
            }
            (Role::Feature(_), other) => Err(format!("the type {:?} is not \"Feature\"", brief(other))),
            (Role::Root(sink), _) => {
                let geometries = self.geometries()?;
                sink(Feature { id: Json::Null, properties: Map::new(), geometries }).map(|()| Vec::new())
            }
            (Role::Geometry(_), _) => self.geometries(),
        }
    }

    fn geometries(self) -> Result<Vec<Geometry>, String> {
        let name = self.kind.unwrap_or_default();
        if name == "GeometryCollection" {
            return self.geometries.ok_or_else(|| "the geometries are missing".to_string());
        }
        let (kind, depth) = simple(&name).ok_or_else(|| format!("there is no type {:?} here", brief(&name)))?;
        let coordinates = self.coordinates.ok_or("the coordinates are missing")?;
        // An empty array has no depth; the geometry counts as null (RFC 7946, 3.1).
        if coordinates.depth != depth && !coordinates.positions.is_empty() {
            let found = nested(coordinates.depth);
            return Err(format!("the coordinates of a {name} are {}, these are {found}", nested(depth)));
        }
        Ok(vec![Geometry { kind, coordinates }])
    }
}

/// The kind of a geometry's type, and how many arrays there are around a position (RFC 7946, 3.1).
fn simple(name: &str) -> Option<(GeometryKind, usize)> {
    Some(match name {
        "Point" => (GeometryKind::Point, 0),
        "MultiPoint" => (GeometryKind::Point, 1),
        "LineString" => (GeometryKind::LineString, 1),
        "MultiLineString" => (GeometryKind::LineString, 2),
        "Polygon" => (GeometryKind::Polygon, 2),
        "MultiPolygon" => (GeometryKind::Polygon, 3),
        _ => return None,
    })
}

fn nested(depth: usize) -> &'static str {
    ["a position", "positions", "arrays of positions", "arrays of arrays of positions"][depth.min(DEEPEST)]
}

/// The beginning of what a stranger wrote.
fn brief(text: &str) -> String {
    text.chars().take(40).collect()
}

/// The array of a FeatureCollection's features.
struct Features<'a, 'b>(&'a mut Sink<'b>);

impl<'de> DeserializeSeed<'de> for Features<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Features<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an array of features")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut features: A) -> Result<(), A::Error> {
        while features.next_element_seed(Object { role: Role::Feature(self.0) })?.is_some() {}
        Ok(())
    }
}

/// The array of a GeometryCollection's geometries; the number counts collections in one another.
struct Geometries(usize);

impl<'de> DeserializeSeed<'de> for Geometries {
    type Value = Vec<Geometry>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<Geometry>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Geometries {
    type Value = Vec<Geometry>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an array of geometries")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<Geometry>, A::Error> {
        if self.0 > limits::GEOJSON_DEPTH {
            let most = limits::GEOJSON_DEPTH;
            return Err(A::Error::custom(format!("more than {most} GeometryCollections are in one another")));
        }
        let mut all = Vec::new();
        while let Some(geometries) = items.next_element_seed(Object { role: Role::Geometry(self.0) })? {
            all.extend(geometries);
        }
        Ok(all)
    }
}

/// The most arrays there are around a position: a MultiPolygon's.
const DEEPEST: usize = 3;

/// One array of coordinates, of a depth that is known or follows from its first item; it gives its depth.
struct Array<'a> {
    coordinates: &'a mut Coordinates,
    depth: Option<usize>,
    /// Whether it may be empty.
    outermost: bool,
}

impl<'de> DeserializeSeed<'de> for Array<'_> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Array<'_> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.depth {
            None => f.write_str("an array of coordinates"),
            Some(0) => f.write_str("a position, [longitude, latitude]"),
            Some(depth) => write!(f, "an array of {}", nested(depth - 1)),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<usize, A::Error> {
        let coordinates = self.coordinates;
        let (depth, mut any) = match self.depth {
            Some(0) => return position(coordinates, None, &mut items).map(|()| 0),
            Some(depth) => (depth, false),
            None => match items.next_element_seed(First(coordinates))? {
                Some(Item::Number(number)) => return position(coordinates, Some(number), &mut items).map(|()| 0),
                Some(Item::Array(depth)) if depth < DEEPEST => (depth + 1, true),
                Some(Item::Array(_)) => return Err(A::Error::custom("the coordinates are nested too deeply")),
                None => (0, false),
            },
        };
        if depth > 0 {
            let below = Some(depth - 1);
            while items.next_element_seed(Array { coordinates, depth: below, outermost: false })?.is_some() {
                any = true;
            }
        }
        if !any && !self.outermost {
            return Err(A::Error::custom("an array of coordinates is empty"));
        }
        match depth {
            0 => {}
            1 => coordinates.ends[0].push(coordinates.positions.len()),
            _ => coordinates.ends[depth - 1].push(coordinates.ends[depth - 2].len()),
        }
        Ok(depth)
    }
}

/// The numbers of a position (RFC 7946, 3.1.1), of which the first may have been read; an altitude is not kept.
fn position<'de, A: SeqAccess<'de>>(
    coordinates: &mut Coordinates,
    first: Option<f64>,
    numbers: &mut A,
) -> Result<(), A::Error> {
    let mut next = || numbers.next_element_seed(Number);
    let longitude = if first.is_some() { first } else { next()? };
    let (Some(longitude), Some(latitude)) = (longitude, next()?) else {
        return Err(A::Error::custom("a position has at least two numbers"));
    };
    while next()?.is_some() {}
    if longitude.abs() > limits::GEOJSON_LONGITUDE {
        let most = limits::GEOJSON_LONGITUDE;
        let message = format!("{longitude} is no longitude, which go from -{most} to {most}; GeoJSON is in WGS 84");
        return Err(A::Error::custom(message));
    }
    if coordinates.positions.len() == limits::GEOJSON_VERTICES {
        return Err(A::Error::custom(format!("there are more than {} positions", limits::GEOJSON_VERTICES)));
    }
    coordinates.positions.push([longitude, latitude]);
    Ok(())
}

struct Number;

impl<'de> DeserializeSeed<'de> for Number {
    type Value = f64;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<f64, D::Error> {
        deserializer.deserialize_f64(self)
    }
}

impl Visitor<'_> for Number {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_f64<E>(self, number: f64) -> Result<f64, E> {
        Ok(number)
    }

    fn visit_i64<E>(self, number: i64) -> Result<f64, E> {
        Ok(number as f64)
    }

    fn visit_u64<E>(self, number: u64) -> Result<f64, E> {
        Ok(number as f64)
    }
}

/// The first item of an array whose depth is not known.
struct First<'a>(&'a mut Coordinates);

enum Item {
    Number(f64),
    /// Of this depth.
    Array(usize),
}

impl<'de> DeserializeSeed<'de> for First<'_> {
    type Value = Item;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Item, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for First<'_> {
    type Value = Item;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a number or an array")
    }

    fn visit_f64<E>(self, number: f64) -> Result<Item, E> {
        Ok(Item::Number(number))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Item, E> {
        Ok(Item::Number(number as f64))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Item, E> {
        Ok(Item::Number(number as f64))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Item, A::Error> {
        Array { coordinates: self.0, depth: None, outermost: false }.visit_seq(items).map(Item::Array)
    }
}
