//! Fill layers: the square's own polygons. What overhangs from next door is in the square's own tile too. Outlines are
//! lines, and go over edges as those do.

use super::canvas::Canvas;
use super::image::Images;
use super::path::{Path, Point, Rect};
use super::sieve::Sieve;
use super::trace::{Fate, Trace};
use super::{Fill, Item, Paint, UNITS, faded, line};
use crate::error::Error;
use crate::style;
use crate::value::{Attributes, GeometryKind};

/// How far edges on a cut are pushed out where squares end within pixels.
const PUSHED_OUT: i64 = 2 * UNITS;

pub fn layer(
    layer: &style::Layer,
    fill: &style::Fill,
    canvas: &Canvas,
    images: &mut Images,
    trace: &mut impl Trace,
) -> Result<Vec<Item>, Error> {
    let antialias = fill.antialias.at(canvas.zoom).constant();
    let areas = areas(layer, fill, antialias, canvas, images, trace)?;
    let mut items: Vec<Item> = areas.into_iter().map(Item::Fill).collect();
    // Disabled by a pattern (Style Spec, `fill-outline-color`).
    if let Some(color) = fill.outline_color.as_ref().filter(|_| antialias && fill.pattern.is_none()) {
        items.extend(line::outlines(layer, fill, color, canvas, images, trace)?.into_iter().map(Item::Stroke));
    }
    Ok(items)
}

fn areas(
    layer: &style::Layer,
    fill: &style::Fill,
    antialias: bool,
    canvas: &Canvas,
    images: &mut Images,
    trace: &mut impl Trace,
) -> Result<Vec<Fill>, Error> {
    let Some(own) = canvas.own else { return Ok(Vec::new()) };
    let Some(data) = own.tile.layer(&layer.source_layer) else { return Ok(Vec::new()) };
    let projection = own.projection(data.extent());
    let (color, opacity) = (fill.color.at(canvas.zoom), fill.opacity.at(canvas.zoom));
    let pattern = fill.pattern.as_ref().map(|pattern| pattern.at_with(canvas.tile_zoom, images.globals));
    let filter = layer.filter(canvas.tile_zoom);
    let conditions = filter.conditions();
    let mut sieve = Sieve::new(&conditions, data);
    let sort_key = fill.sort_key.as_ref().map(|key| key.at(canvas.tile_zoom));
    let mut drawn: Vec<(f64, Fill)> = Vec::new();
    let mut ring: Vec<Point> = Vec::new();
    // Edges on a cut may be pushed out by two pixels.
    let visible = canvas.asked.grown(3 * UNITS);
    for feature in data.features_within(projection.units(canvas.asked)) {
        let located = own.located(feature, data.extent());
        let mark = trace.mark(layer, &located);
        if feature.kind() != GeometryKind::Polygon {
            trace.came_to(&mark, Fate::Geometry);
            continue;
        }
        if !sieve.accepts(&located) {
            trace.came_to(&mark, Fate::Filter);
            continue;
        }
        let opacity = opacity.of(&located);
        let paint = match &pattern {
            None => Some(Paint::Color(faded(color.of(&located), opacity))),
            Some(pattern) => images.area(&pattern.of(&located), canvas.viewport, opacity),
        };
        let Some(paint) = paint else {
            trace.came_to(&mark, Fate::NoImage);
            continue;
        };
        if !paint.is_visible() {
            trace.came_to(&mark, Fate::Unpainted);
            continue;
        }
        let mut path = Path::default();
        for part in feature.parts().filter(|part| projection.rect(part.bounds).touches(visible)) {
            ring.clear();
            ring.extend(part.vertices().map(|p| projection.point(p)));
            if canvas.shift != [0, 0] || !canvas.viewport.is_on_pixels() {
                ring = pushed_out(&ring, own.whole);
            }
            path.push_ring(&ring, visible, canvas.offset);
        }
        if !path.is_empty() {
            trace.came_to(&mark, Fate::Drawn);
            let key = sort_key.as_ref().map_or(0.0, |key| key.of(&located));
            drawn.push((key, Fill { paint, antialias, path }));
        }
    }
    drawn.sort_by(|a, b| a.0.total_cmp(&b.0));
    Ok(drawn.into_iter().map(|(_, fill)| fill).collect())
}

/// A ring whose edges along its tile's own run a little outside of it instead, so that pixels there are covered wholly.
/// All other edges stay where they are: at both ends of such an edge there are two vertices, on the cut and outside.
fn pushed_out(ring: &[Point], tile: Rect) -> Vec<Point> {
    // What an edge on the tile's moves by; at a corner of the tile two edges meet.
    let out = |a: Point, b: Point| {
        [0, 1].map(|i| match a[i] {
            c if c != b[i] || a == b => 0,
            c if c == tile.min[i] => -PUSHED_OUT,
            c if c == tile.max[i] => PUSHED_OUT,
            _ => 0,
        })
    };
    let mut pushed = Vec::with_capacity(ring.len() + 8);
    for (i, &point) in ring.iter().enumerate() {
        let before = out(ring[(i + ring.len() - 1) % ring.len()], point);
        let after = out(point, ring[(i + 1) % ring.len()]);
        let by = [0, 1].map(|i| if before[i] != 0 { before[i] } else { after[i] });
        let outside = [point[0] + by[0], point[1] + by[1]];
        match (before != [0, 0], after != [0, 0]) {
            (false, false) => pushed.push(point),
            (false, true) => pushed.extend([point, outside]),
            (true, false) => pushed.extend([outside, point]),
            (true, true) => pushed.push(outside),
        }
    }
    pushed
}
