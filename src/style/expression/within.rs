//! `within`: whether a point or line lies inside of polygons, edges left out.
//!
//! Decided in the plane of Web Mercator, on the grid of the feature's tile, as the features of tiles are on it.

use super::geometry::{Bounds, Point, Shape, contains, cross_each_other, mercator, shapes};
use super::operators::{Operator, special};
use super::parse::{Call, Parse, Parser, error};
use super::{Context, Expression, Op, Type, ecma};
use crate::value::TileGeometry;
use std::sync::Arc;

pub fn operators() -> Vec<Operator> {
    vec![special("within", parse)]
}

/// Polygons in the world of Web Mercator.
#[derive(Debug)]
pub struct Area {
    polygons: Vec<Vec<Vec<Point>>>,
    bounds: Bounds,
}

fn parse(_: &mut Parser, call: &Call) -> Parse {
    if call.count() != 1 {
        return error(format!(
            "'within' expression requires exactly one argument, but found {} instead.",
            call.count()
        ));
    }
    let polygon = |shape| if let Shape::Polygon(rings) = shape { Some(rings) } else { None };
    let found = shapes(&call.items[1]).unwrap_or_default().into_iter().filter_map(polygon);
    let project = |rings: Vec<Vec<Point>>| -> Vec<Vec<Point>> {
        rings.into_iter().map(|ring| ring.into_iter().map(mercator).collect()).collect()
    };
    let polygons: Vec<Vec<Vec<Point>>> = found.map(project).collect();
    if polygons.is_empty() {
        return error("'within' expression requires valid geojson object that contains polygon geometry type.");
    }
    let bounds = Bounds::of(polygons.iter().flatten().flatten());
    let op = Op::Within(Arc::new(Area { polygons, bounds }));
    Ok(Expression { op, args: Box::default(), of: Type::Boolean })
}

pub fn within(area: &Area, context: &Context) -> bool {
    let Some(feature) = context.feature else { return false };
    let is_line = match feature.geometry_type() {
        Some("Point") => false,
        Some("LineString") => true,
        _ => return false,
    };
    let Some(TileGeometry { z, x, y, mut parts }) = feature.geometry() else { return false };
    let world = TileGeometry::EXTENT * f64::from(z).exp2();
    let on_grid = |point: Point| point.map(|c| ecma::round(c * world));
    let bounds = Bounds { min: on_grid(area.bounds.min), max: on_grid(area.bounds.max) };
    for point in parts.iter_mut().flatten() {
        point[0] += f64::from(x) * TileGeometry::EXTENT;
        point[1] += f64::from(y) * TileGeometry::EXTENT;
    }
    // A line of half the world's width may be one across the antimeridian or not: it stays where it is.
    let own = Bounds::of(parts.iter().flatten());
    if !is_line || own.max[0] - own.min[0] <= world / 2.0 {
        parts.iter_mut().flatten().for_each(|point| point[0] += turn(point[0], &bounds, world));
    }
    if !bounds.surrounds(&Bounds::of(parts.iter().flatten())) {
        return false;
    }
    let polygons: Vec<Vec<Vec<Point>>> = area
        .polygons
        .iter()
        .map(|rings| rings.iter().map(|ring| ring.iter().map(|point| on_grid(*point)).collect()).collect())
        .collect();
    match is_line {
        false => parts.iter().flatten().all(|point| polygons.iter().any(|rings| contains(rings, *point, false))),
        true => parts.iter().all(|line| polygons.iter().any(|rings| holds(rings, line))),
    }
}

/// Around the world, if that brings an abscissa nearer to the bounds.
fn turn(x: f64, bounds: &Bounds, world: f64) -> f64 {
    let (west, east) = (bounds.min[0], bounds.max[0]);
    if (west..=east).contains(&x) {
        return 0.0;
    }
    for edge in [west, east] {
        if x - edge > world / 2.0 {
            return -world;
        }
        if edge - x > world / 2.0 {
            return world;
        }
    }
    0.0
}

fn holds(rings: &[Vec<Point>], line: &[Point]) -> bool {
    let crosses = |a: Point, b: Point| {
        rings.iter().flat_map(|ring| ring.windows(2)).any(|edge| cross_each_other(a, b, edge[0], edge[1]))
    };
    line.iter().all(|point| contains(rings, *point, false))
        && !line.windows(2).any(|segment| crosses(segment[0], segment[1]))
}
