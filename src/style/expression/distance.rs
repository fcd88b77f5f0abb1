//! `distance`: metres between a feature and the nearest of some geometries.
//!
//! Near a latitude the earth is nearly flat: degrees are turned into metres by two factors that hold at the latitude of
//! the feature's first point ("Fast geodesic approximations with Cheap Ruler", V. Agafonkin, 2016), which is exact to a
//! thousandth over a few hundred kilometres.

use super::geometry::{Bounds, Point, Shape, contains, cross_each_other, degrees, shapes};
use super::operators::{Operator, special};
use super::parse::{Call, Parse, Parser, error};
use super::{Context, Expression, Op, Type};
use crate::value::TileGeometry;
use std::sync::Arc;

pub fn operators() -> Vec<Operator> {
    vec![special("distance", parse)]
}

/// Geometries in degrees.
#[derive(Debug)]
pub struct Targets(Vec<Shape>);

fn parse(_: &mut Parser, call: &Call) -> Parse {
    if call.count() != 1 {
        return error(format!(
            "'distance' expression requires exactly one argument, but found {} instead.",
            call.count()
        ));
    }
    let Some(targets) = shapes(&call.items[1]) else {
        return error("'distance' expression requires valid geojson object that contains polygon geometry type.");
    };
    Ok(Expression { op: Op::Distance(Arc::new(Targets(targets))), args: Box::default(), of: Type::Number })
}

/// NaN where the feature's place is not known.
pub fn distance(targets: &Targets, context: &Context) -> f64 {
    let Some(feature) = context.feature else { return f64::NAN };
    let Some(TileGeometry { z, x, y, parts }) = feature.geometry() else { return f64::NAN };
    let tiles = f64::from(z).exp2();
    let place = |[px, py]: Point| {
        degrees([
            (px / TileGeometry::EXTENT + f64::from(x)) / tiles,
            (py / TileGeometry::EXTENT + f64::from(y)) / tiles,
        ])
    };
    let placed = |part: &Vec<Point>| -> Vec<Point> { part.iter().map(|point| place(*point)).collect() };
    let own: Vec<Shape> = match feature.geometry_type() {
        Some("Point") => vec![Shape::Points(placed(&parts.concat()))],
        // The lines of a feature count as one, from each to the next.
        Some("LineString") => vec![Shape::Line(placed(&parts.concat()))],
        Some("Polygon") => {
            polygons(parts).iter().map(|rings| Shape::Polygon(rings.iter().map(placed).collect())).collect()
        }
        _ => return f64::NAN,
    };
    let first = own.first().and_then(|shape| match shape {
        Shape::Points(points) | Shape::Line(points) => points.first(),
        Shape::Polygon(rings) => rings.first().and_then(|ring| ring.first()),
    });
    let Some(first) = first else { return f64::NAN };
    let ruler = Ruler::at(first[1]);
    let mut nearest = f64::INFINITY;
    for target in &targets.0 {
        for shape in &own {
            between(shape, target, &ruler, &mut nearest);
            if nearest == 0.0 {
                return 0.0;
            }
        }
    }
    nearest
}

/// Rings to polygons: a ring wound as the first is an exterior, the others are holes of the one before (MVT 2.1, 4.3.4.4).
fn polygons(rings: Vec<Vec<Point>>) -> Vec<Vec<Vec<Point>>> {
    if rings.len() < 2 {
        return vec![rings];
    }
    let mut polygons: Vec<Vec<Vec<Point>>> = Vec::new();
    let mut exterior = None;
    for ring in rings {
        let area: f64 = ring.windows(2).map(|edge| edge[0][0] * edge[1][1] - edge[1][0] * edge[0][1]).sum();
        if area == 0.0 {
            continue;
        }
        let wound = area < 0.0;
        match polygons.last_mut() {
            Some(polygon) if exterior != Some(wound) => polygon.push(ring),
            _ => {
                exterior = Some(wound);
                polygons.push(vec![ring]);
            }
        }
    }
    polygons
}

fn between(a: &Shape, b: &Shape, ruler: &Ruler, nearest: &mut f64) {
    match (a, b) {
        (Shape::Points(a), Shape::Points(b)) => {
            for a in a {
                for b in b {
                    *nearest = nearest.min(ruler.distance(*a, *b));
                }
            }
        }
        (Shape::Points(points), Shape::Line(line)) | (Shape::Line(line), Shape::Points(points)) => {
            for point in points {
                ruler.to_line(*point, line, nearest);
            }
        }
        (Shape::Line(a), Shape::Line(b)) => ruler.line_to_line(a, b, nearest),
        (Shape::Polygon(rings), Shape::Points(points)) | (Shape::Points(points), Shape::Polygon(rings)) => {
            for point in points {
                if contains(rings, *point, true) {
                    *nearest = 0.0;
                    return;
                }
                rings.iter().for_each(|ring| ruler.to_line(*point, ring, nearest));
            }
        }
        (Shape::Polygon(rings), Shape::Line(line)) | (Shape::Line(line), Shape::Polygon(rings)) => {
            if line.iter().any(|point| contains(rings, *point, true)) {
                *nearest = 0.0;
                return;
            }
            rings.iter().for_each(|ring| ruler.line_to_line(line, ring, nearest));
        }
        (Shape::Polygon(a), Shape::Polygon(b)) => {
            let (of_a, of_b) = (Bounds::of(a.iter().flatten()), Bounds::of(b.iter().flatten()));
            // Where no edges cross, either lies wholly in the other, or they are apart.
            let (inner, outer) = if of_b.surrounds(&of_a) { (a, b) } else { (b, a) };
            if inner.iter().flatten().any(|point| contains(outer, *point, true)) {
                *nearest = 0.0;
                return;
            }
            for a in a {
                b.iter().for_each(|b| ruler.line_to_line(a, b, nearest));
            }
        }
    }
}

/// Metres for a degree of longitude and of latitude.
struct Ruler {
    scale: Point,
}

impl Ruler {
    /// The radii of curvature of the WGS 84 ellipsoid, to the east and to the north, at a latitude.
    fn at(latitude: f64) -> Ruler {
        const EQUATORIAL_RADIUS: f64 = 6_378_137.0;
        const FLATTENING: f64 = 1.0 / 298.257_223_563;
        const ECCENTRICITY_SQUARED: f64 = FLATTENING * (2.0 - FLATTENING);
        let (sin, cos) = latitude.to_radians().sin_cos();
        let w2 = 1.0 / (1.0 - ECCENTRICITY_SQUARED * sin * sin);
        let w = w2.sqrt();
        let degree = EQUATORIAL_RADIUS.to_radians();
        Ruler { scale: [degree * w * cos, degree * w * w2 * (1.0 - ECCENTRICITY_SQUARED)] }
    }

    /// The way from one place to another in metres, to the east and to the north, the short way around the earth.
    fn way(&self, from: Point, to: Point) -> Point {
        let east = to[0] - from[0];
        let east = if east.abs() > 180.0 { east - 360.0 * (east / 360.0).round() } else { east };
        [east * self.scale[0], (to[1] - from[1]) * self.scale[1]]
    }

    fn distance(&self, a: Point, b: Point) -> f64 {
        let [x, y] = self.way(a, b);
        (x * x + y * y).sqrt()
    }

    fn to_segment(&self, point: Point, from: Point, to: Point) -> f64 {
        let [dx, dy] = self.way(from, to);
        let [px, py] = self.way(from, point);
        let length = dx * dx + dy * dy;
        let t = if length == 0.0 { 0.0 } else { ((px * dx + py * dy) / length).clamp(0.0, 1.0) };
        let nearest = [from[0] + dx / self.scale[0] * t, from[1] + dy / self.scale[1] * t];
        self.distance(point, if t == 1.0 { to } else { nearest })
    }

    /// The distance of a point to a line, where it is the nearest so far.
    fn to_line(&self, point: Point, line: &[Point], nearest: &mut f64) {
        for segment in line.windows(2) {
            *nearest = nearest.min(self.to_segment(point, segment[0], segment[1]));
        }
    }

    /// A run of segments apart farther than the nearest so far is passed over: of two long lines only few meet.
    fn line_to_line(&self, a: &[Point], b: &[Point], nearest: &mut f64) {
        let runs = |line: &[Point]| -> Vec<(std::ops::Range<usize>, Bounds)> {
            const RUN: usize = 16;
            (0..line.len().saturating_sub(1))
                .step_by(RUN)
                .map(|start| {
                    let end = (start + RUN).min(line.len() - 1);
                    (start..end, Bounds::of(&line[start..=end]))
                })
                .collect()
        };
        let of_b = runs(b);
        for (run_a, bounds_a) in runs(a) {
            for (run_b, bounds_b) in &of_b {
                if self.apart(&bounds_a, bounds_b) >= *nearest {
                    continue;
                }
                for i in run_a.clone() {
                    for j in run_b.clone() {
                        self.segment_to_segment([a[i], a[i + 1]], [b[j], b[j + 1]], nearest);
                    }
                }
            }
        }
    }

    fn segment_to_segment(&self, [a, b]: [Point; 2], [c, d]: [Point; 2], nearest: &mut f64) {
        if cross_each_other(a, b, c, d) {
            *nearest = 0.0;
            return;
        }
        for (point, from, to) in [(a, c, d), (b, c, d), (c, a, b), (d, a, b)] {
            *nearest = nearest.min(self.to_segment(point, from, to));
        }
    }

    /// A distance that nothing within the bounds falls short of.
    fn apart(&self, a: &Bounds, b: &Bounds) -> f64 {
        let gap = |axis: usize| (b.min[axis] - a.max[axis]).max(a.min[axis] - b.max[axis]).max(0.0);
        // Around the earth it may be nearer.
        let east = gap(0).min(360.0 - (a.max[0].max(b.max[0]) - a.min[0].min(b.min[0]))).max(0.0);
        let (x, y) = (east * self.scale[0], gap(1) * self.scale[1]);
        (x * x + y * y).sqrt()
    }
}
