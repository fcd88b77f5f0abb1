//! What `within` and `distance` share: GeoJSON, Web Mercator, points in polygons, segments that cross.

use serde_json::Value as Json;
use std::f64::consts::PI;

pub type Point = [f64; 2];

/// West, south, east and north of some points: the least and the largest of both coordinates.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    pub min: Point,
    pub max: Point,
}

impl Bounds {
    pub const EMPTY: Bounds = Bounds { min: [f64::INFINITY; 2], max: [f64::NEG_INFINITY; 2] };

    pub fn of<'a>(points: impl IntoIterator<Item = &'a Point>) -> Bounds {
        let mut bounds = Bounds::EMPTY;
        points.into_iter().for_each(|point| bounds.add(*point));
        bounds
    }

    pub fn add(&mut self, point: Point) {
        for (axis, at) in point.into_iter().enumerate() {
            self.min[axis] = self.min[axis].min(at);
            self.max[axis] = self.max[axis].max(at);
        }
    }

    /// Whether the other lies within, not touching an edge.
    pub fn surrounds(&self, other: &Bounds) -> bool {
        (0..2).all(|axis| self.min[axis] < other.min[axis] && other.max[axis] < self.max[axis])
    }
}

/// Degrees to the square world of Web Mercator, 0 to 1 from its north-west corner.
pub fn mercator([lon, lat]: Point) -> Point {
    let y = (PI / 4.0 + lat * PI / 360.0).tan().ln();
    [(180.0 + lon) / 360.0, (180.0 - 180.0 / PI * y) / 360.0]
}

/// The inverse of [`mercator`].
pub fn degrees([x, y]: Point) -> Point {
    [x * 360.0 - 180.0, 360.0 / PI * ((180.0 - y * 360.0) * PI / 180.0).exp().atan() - 90.0]
}

/// Whether a point lies in rings by the even-odd rule; `on_edge` is the answer for one on an edge. The rings are closed:
/// their last point is their first.
pub fn contains(rings: &[Vec<Point>], point: Point, on_edge: bool) -> bool {
    let mut inside = false;
    for edge in rings.iter().flat_map(|ring| ring.windows(2)) {
        let [a, b] = [edge[0], edge[1]];
        let (to_a, to_b) = (difference(point, a), difference(point, b));
        if cross(to_a, to_b) == 0.0 && to_a[0] * to_b[0] <= 0.0 && to_a[1] * to_b[1] <= 0.0 {
            return on_edge;
        }
        let spans = (a[1] > point[1]) != (b[1] > point[1]);
        if spans && point[0] < (b[0] - a[0]) * (point[1] - a[1]) / (b[1] - a[1]) + a[0] {
            inside = !inside;
        }
    }
    inside
}

/// Whether two segments cross: each has its ends on different sides of the other. Touching is not crossing.
pub fn cross_each_other(a: Point, b: Point, c: Point, d: Point) -> bool {
    let parts = |p: Point, q: Point, from: Point, to: Point| {
        let along = difference(to, from);
        let (first, second) = (cross(difference(p, from), along), cross(difference(q, from), along));
        (first > 0.0 && second < 0.0) || (first < 0.0 && second > 0.0)
    };
    parts(a, b, c, d) && parts(c, d, a, b)
}

fn difference(a: Point, b: Point) -> Point {
    [a[0] - b[0], a[1] - b[1]]
}

fn cross(a: Point, b: Point) -> f64 {
    a[0] * b[1] - b[0] * a[1]
}

/// A GeoJSON geometry without collections (RFC 7946, 3.1).
#[derive(Debug)]
pub enum Shape {
    Points(Vec<Point>),
    Line(Vec<Point>),
    Polygon(Vec<Vec<Point>>),
}

/// The geometries of a GeoJSON object, multi-geometries in parts; none where it is malformed.
pub fn shapes(geojson: &Json) -> Option<Vec<Shape>> {
    match geojson["type"].as_str()? {
        "FeatureCollection" => {
            let features = geojson["features"].as_array()?.iter().map(|feature| of_geometry(&feature["geometry"]));
            Some(features.collect::<Option<Vec<_>>>()?.into_iter().flatten().collect())
        }
        "Feature" => of_geometry(&geojson["geometry"]),
        _ => of_geometry(geojson),
    }
}

fn of_geometry(geometry: &Json) -> Option<Vec<Shape>> {
    let coordinates = &geometry["coordinates"];
    Some(match geometry["type"].as_str()? {
        "Point" => vec![Shape::Points(vec![point(coordinates)?])],
        "MultiPoint" => list(coordinates, |at| Some(Shape::Points(vec![point(at)?])))?,
        "LineString" => vec![Shape::Line(list(coordinates, point)?)],
        "MultiLineString" => list(coordinates, |line| Some(Shape::Line(list(line, point)?)))?,
        "Polygon" => vec![polygon(coordinates)?],
        "MultiPolygon" => list(coordinates, polygon)?,
        _ => return None,
    })
}

fn list<T>(json: &Json, read: impl Fn(&Json) -> Option<T>) -> Option<Vec<T>> {
    json.as_array()?.iter().map(read).collect()
}

fn point(json: &Json) -> Option<Point> {
    Some([json.get(0)?.as_f64()?, json.get(1)?.as_f64()?])
}

fn polygon(json: &Json) -> Option<Shape> {
    let rings = list(json, |ring| list(ring, point))?;
    // A polygon has an exterior, and it is somewhere.
    (!rings.iter().any(Vec::is_empty) && !rings.is_empty()).then_some(Shape::Polygon(rings))
}
