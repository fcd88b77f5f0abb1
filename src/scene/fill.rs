//! Fill layers: the square's own polygons. What overhangs from next door is in the square's own tile too. Outlines are
//! lines, and go over edges as those do.

use super::canvas::Canvas;
use super::image::Images;
use super::path::{Path, Point, Rect};
use super::{Fill, Item, Paint, UNITS, faded, line};
use crate::error::Error;
use crate::style;
use crate::value::GeometryKind;

/// How far an edge on a cut is pushed out of the tile where tiles do not end on whole pixels.
const PUSHED_OUT: i64 = 2 * UNITS;

pub fn layer(
    layer: &style::Layer,
    fill: &style::Fill,
    canvas: &Canvas,
    images: &mut Images,
) -> Result<Vec<Item>, Error> {
    let antialias = fill.antialias.at(canvas.zoom).constant();
    let mut items: Vec<Item> = areas(layer, fill, antialias, canvas, images)?.into_iter().map(Item::Fill).collect();
    // Disabled by a pattern (Style Spec, `fill-outline-color`).
    if let Some(color) = fill.outline_color.as_ref().filter(|_| antialias && fill.pattern.is_none()) {
        items.extend(line::outlines(layer, fill, color, canvas, images)?.into_iter().map(Item::Stroke));
    }
    Ok(items)
}

fn areas(
    layer: &style::Layer,
    fill: &style::Fill,
    antialias: bool,
    canvas: &Canvas,
    images: &mut Images,
) -> Result<Vec<Fill>, Error> {
    let Some(own) = canvas.own else { return Ok(Vec::new()) };
    let Some(data) = own.tile.layer(&layer.source_layer)? else { return Ok(Vec::new()) };
    let projection = own.projection(data.extent);
    let (color, opacity) = (fill.color.at(canvas.zoom), fill.opacity.at(canvas.zoom));
    let pattern = fill.pattern.as_ref().map(|pattern| pattern.at(canvas.zoom.floor()));
    let sort_key = fill.sort_key.as_ref().map(|key| key.at(canvas.zoom));
    let mut drawn: Vec<(f64, Fill)> = Vec::new();
    let mut ring: Vec<Point> = Vec::new();
    for feature in &data.features {
        if feature.kind != GeometryKind::Polygon
            || !projection.rect(feature.bounds).touches(canvas.asked)
            || !layer.accepts(feature, canvas.zoom)
        {
            continue;
        }
        let opacity = opacity.of(feature);
        let paint = match &pattern {
            None => Some(Paint::Color(faded(color.of(feature), opacity))),
            Some(pattern) => images.area(&pattern.of(feature), canvas.viewport, opacity),
        };
        let Some(paint) = paint.filter(Paint::is_visible) else { continue };
        let mut path = Path::default();
        for part in feature.parts() {
            ring.clear();
            ring.extend(part.iter().map(|&p| projection.point(p)));
            if canvas.shift != [0, 0] {
                ring = pushed_out(&ring, own.whole);
            }
            path.push_ring(&ring, canvas.asked.grown(UNITS), canvas.offset);
        }
        if !path.is_empty() {
            let key = sort_key.as_ref().map_or(0.0, |key| key.of(feature));
            drawn.push((key, Fill { paint, antialias, path }));
        }
    }
    drawn.sort_by(|a, b| a.0.total_cmp(&b.0));
    Ok(drawn.into_iter().map(|(_, fill)| fill).collect())
}

/// A ring whose edges along its tile's cut run a little further out, so that the pixels on the cut are covered wholly.
fn pushed_out(ring: &[Point], tile: Rect) -> Vec<Point> {
    let out = |axis: usize, c: i64| match c {
        _ if c == tile.min[axis] => c - PUSHED_OUT,
        _ if c == tile.max[axis] => c + PUSHED_OUT,
        _ => c,
    };
    let mut pushed = Vec::with_capacity(ring.len() + 4);
    for (i, &point) in ring.iter().enumerate() {
        let next = ring[(i + 1) % ring.len()];
        pushed.push(point);
        if (0..2).any(|axis| point[axis] == next[axis] && out(axis, point[axis]) != point[axis]) {
            pushed.extend([point, next].map(|p| [out(0, p[0]), out(1, p[1])]));
        }
    }
    pushed
}
