//! The features of a viewport as JSON: cut from the tiles that its picture is drawn from, in longitude and latitude.
//!
//! Rings are wound as RFC 7946 wants them; positions have 7 decimals (1 cm).

use crate::error::Error;
use crate::scene::{self, Canvas, Point, Rect, SourceTiles, Tiles};
use crate::value::{Attributes, GeometryKind};
use crate::viewport::Viewport;
use std::fmt::Write;

/// Tilezen JSON: an object of layer name to FeatureCollection, `{}` where there is no tile.
pub fn layers(viewport: &Viewport, tiles: &Tiles) -> Result<String, Error> {
    let mut out = String::from("{");
    for (i, (name, features)) in collect(viewport, tiles, None)?.into_iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        let _ = write!(out, r#"{}:{{"type":"FeatureCollection","features":[{features}]}}"#, quoted(&name));
    }
    out.push('}');
    Ok(out)
}

/// One FeatureCollection. `layer` among the properties is the layer's name; a property of that name which the feature
/// has already, as Tilezen's roads do, is called `_layer`.
pub fn collection(viewport: &Viewport, tiles: &Tiles) -> Result<String, Error> {
    let layers = collect(viewport, tiles, Some("layer"))?;
    let features: Vec<String> = layers.into_iter().map(|(_, features)| features).filter(|f| !f.is_empty()).collect();
    Ok(format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(",")))
}

/// Each layer's name with its features, separated by commas, in the order of the tiles.
///
/// A layer whose name one of the sources before has too is called `source/layer`.
fn collect(viewport: &Viewport, tiles: &Tiles, name_as: Option<&str>) -> Result<Vec<(String, String)>, Error> {
    let mut all: Vec<(String, String)> = Vec::new();
    for (source, tiles) in tiles {
        for (name, features) in collect_source(viewport, tiles, name_as)? {
            let taken = all.iter().any(|(other, _)| *other == name);
            all.push((if taken { format!("{source}/{name}") } else { name }, features));
        }
    }
    Ok(all)
}

fn collect_source(
    viewport: &Viewport,
    tiles: &SourceTiles,
    name_as: Option<&str>,
) -> Result<Vec<(String, String)>, Error> {
    let mut layers: Vec<(String, String)> = Vec::new();
    for square in viewport.squares(tiles.class) {
        let canvas = Canvas::new(viewport, square, tiles);
        let Some(placement) = canvas.own else { continue };
        let bounds = canvas.asked.intersection(placement.cell);
        for name in placement.tile.layer_names() {
            let Some(layer) = placement.tile.layer(name) else { continue };
            let index = layers.iter().position(|(other, _)| other == name).unwrap_or_else(|| {
                layers.push((name.to_string(), String::new()));
                layers.len() - 1
            });
            let out = &mut layers[index].1;
            let projection = placement.projection(layer.extent());
            for feature in layer.features_within(projection.units(bounds)) {
                let parts: Vec<Vec<Point>> =
                    feature.parts().map(|part| part.vertices().map(|p| projection.point(p)).collect()).collect();
                let Some(geometry) = geometry(feature.kind(), &parts, bounds, &|p| position(p, &canvas, viewport))
                else {
                    continue;
                };
                if !out.is_empty() {
                    out.push(',');
                }
                out.push_str(r#"{"type":"Feature","#);
                if let Some(id) = feature.id() {
                    let _ = write!(out, r#""id":{id},"#);
                }
                let _ = write!(out, r#""geometry":{geometry},"properties":{{"#);
                let mut comma = "";
                if let Some(key) = name_as {
                    let _ = write!(out, "{}:{}", quoted(key), quoted(name));
                    comma = ",";
                }
                for (key, value) in feature.properties() {
                    let key = if name_as == Some(key) { format!("_{key}") } else { key.to_string() };
                    let _ = write!(out, "{comma}{}:{}", quoted(&key), serde_json::Value::from(value));
                    comma = ",";
                }
                out.push_str("}}");
            }
        }
    }
    Ok(layers)
}

fn quoted(text: &str) -> serde_json::Value {
    text.into()
}

fn position(point: Point, canvas: &Canvas, viewport: &Viewport) -> String {
    let (lon, lat) = viewport.lon_lat([0, 1].map(|i| canvas.offset[i] + point[i]));
    let rounded = |degrees: f64| (degrees * 1e7).round() / 1e7;
    format!("[{},{}]", rounded(lon), rounded(lat))
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(","))
}

/// The GeoJSON geometry of what lies within `bounds`; none where nothing does.
fn geometry(
    kind: GeometryKind,
    parts: &[Vec<Point>],
    bounds: Rect,
    position: &dyn Fn(Point) -> String,
) -> Option<String> {
    let (name, mut items) = match kind {
        GeometryKind::Point => {
            // A point on an edge belongs to the tile to the east or south.
            let within = |p: &&Point| (0..2).all(|i| bounds.min[i] <= p[i] && p[i] < bounds.max[i]);
            ("Point", parts.iter().flatten().filter(within).map(|&p| position(p)).collect::<Vec<_>>())
        }
        GeometryKind::LineString => {
            let lines = parts.iter().flat_map(|line| scene::cut_line(line, bounds));
            ("LineString", lines.map(|line| list(line.into_iter().map(position))).collect())
        }
        GeometryKind::Polygon => ("Polygon", polygons(parts, bounds, position)),
    };
    match items.len() {
        0 => None,
        1 => Some(format!(r#"{{"type":"{name}","coordinates":{}}}"#, items.remove(0))),
        _ => Some(format!(r#"{{"type":"Multi{name}","coordinates":[{}]}}"#, items.join(","))),
    }
}

/// Rings to polygons: a ring wound as the first is an exterior, the others are holes of the one before (MVT 2.1, 4.3.4.4).
fn polygons(parts: &[Vec<Point>], bounds: Rect, position: &dyn Fn(Point) -> String) -> Vec<String> {
    let mut polygons: Vec<Vec<String>> = Vec::new();
    let first = parts.iter().map(|ring| area(ring).signum()).find(|sign| *sign != 0).unwrap_or_default();
    let mut exterior_seen = false;
    for ring in parts {
        let exterior = area(ring).signum() == first;
        let mut clipped = scene::clip_ring(ring.clone(), bounds);
        clipped.dedup();
        let seen = clipped.len() >= 3 && area(&clipped) != 0;
        if exterior {
            exterior_seen = seen;
        }
        if !seen || !exterior_seen {
            continue;
        }
        // Counter-clockwise to a viewer (positive area with y up) for exteriors, clockwise for holes.
        if (area(&clipped) > 0) == exterior {
            clipped.reverse();
        }
        clipped.push(clipped[0]);
        let ring = list(clipped.into_iter().map(position));
        match polygons.last_mut() {
            Some(polygon) if !exterior => polygon.push(ring),
            _ => polygons.push(vec![ring]),
        }
    }
    polygons.into_iter().map(|rings| list(rings.into_iter())).collect()
}

/// Twice the area by the surveyor's formula, positive for a ring that runs clockwise to a viewer (y down).
fn area(ring: &[Point]) -> i128 {
    let pairs = ring.iter().zip(ring.iter().cycle().skip(1));
    pairs.map(|(a, b)| i128::from(a[0]) * i128::from(b[1]) - i128::from(b[0]) * i128::from(a[1])).sum()
}
