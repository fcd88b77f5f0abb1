//! Circle layers: one circle for each point, drawn by the cell that holds the point.

use super::canvas::{Canvas, Placement, SourceTiles, reach};
use super::path::{Point, Rect};
use super::sieve::Sieve;
use super::trace::{Fate, Trace};
use super::{Circle, UNITS, faded};
use crate::error::Error;
use crate::limits;
use crate::style;
use crate::viewport::Viewport;

pub fn layer(
    layer: &style::Layer,
    circle: &style::Circle,
    viewport: &Viewport,
    shift: Point,
    tiles: &SourceTiles,
    trace: &mut impl Trace,
) -> Result<Vec<Circle>, Error> {
    // Each cell once, where the viewport sees it.
    let mut cells: Vec<(Point, Placement, Point)> = Vec::new();
    for square in viewport.squares(tiles.class) {
        let canvas = Canvas::new(viewport, square, tiles).shifted(shift);
        for placement in canvas.own.into_iter().chain(canvas.around.iter().copied()) {
            let corner = [0, 1].map(|i| placement.cell.min[i] + canvas.offset[i]);
            if cells.iter().all(|(other, ..)| *other != corner) {
                cells.push((corner, placement, canvas.offset));
            }
        }
    }
    cells.sort_by_key(|([x, y], ..)| [*y, *x]);
    let (zoom, tile_zoom) = (viewport.style_zoom(), viewport.tile_zoom());
    let scale = f64::from(viewport.scale);
    let (color, opacity, radius) = (circle.color.at(zoom), circle.opacity.at(zoom), circle.radius.at(zoom));
    let (stroke_color, stroke_width) = (circle.stroke_color.at(zoom), circle.stroke_width.at(zoom));
    let (stroke_opacity, blur) = (circle.stroke_opacity.at(zoom), circle.blur.at(zoom));
    let filter = layer.filter(tile_zoom);
    let conditions = filter.conditions();
    let sort_key = circle.sort_key.as_ref().map(|key| key.at(tile_zoom));
    let [left, top, right, bottom] = viewport.seen().map(|pixels| pixels * UNITS);
    let seen = Rect { min: [left, top], max: [right, bottom] }.grown(reach(layer, viewport) + UNITS);
    let mut drawn: Vec<(f64, Circle)> = Vec::new();
    for (_, placement, offset) in &cells {
        let Some(data) = placement.tile.layer(&layer.source_layer) else { continue };
        let projection = placement.projection(data.extent());
        let mut sieve = Sieve::new(&conditions, data);
        let near = Rect { min: [0, 1].map(|i| seen.min[i] - offset[i]), max: [0, 1].map(|i| seen.max[i] - offset[i]) };
        for feature in data.features_within(projection.units(near.intersection(placement.cell))) {
            let located = placement.located(feature, data.extent());
            let mark = trace.mark(layer, &located);
            if !sieve.accepts(&located) {
                trace.came_to(&mark, Fate::Filter);
                continue;
            }
            let key = sort_key.as_ref().map_or(0.0, |key| key.of(&located));
            // As in MapLibre, lines and polygons have a circle at each vertex.
            for vertex in feature.parts().flat_map(|part| part.vertices()) {
                let point = projection.point(vertex);
                // A point on an edge belongs to the cell to the east or south.
                if !(0..2).all(|i| placement.cell.min[i] <= point[i] && point[i] < placement.cell.max[i]) {
                    continue;
                }
                let center = [0, 1].map(|i| point[i] + offset[i]);
                if !seen.touches(Rect { min: center, max: center }) {
                    continue;
                }
                let circle = Circle {
                    center: center.map(|c| c as i32),
                    radius: radius.of(&located).clamp(0.0, limits::MARGIN) * scale,
                    color: faded(color.of(&located), opacity.of(&located)),
                    stroke_width: stroke_width.of(&located).clamp(0.0, limits::MARGIN) * scale,
                    stroke_color: faded(stroke_color.of(&located), stroke_opacity.of(&located)),
                    blur: blur.of(&located).max(0.0),
                };
                if circle.is_visible() {
                    trace.came_to(&mark, Fate::Drawn);
                    drawn.push((key, circle));
                } else {
                    trace.came_to(&mark, Fate::Unpainted);
                }
            }
        }
    }
    drawn.sort_by(|a, b| a.0.total_cmp(&b.0));
    Ok(drawn.into_iter().map(|(_, circle)| circle).collect())
}

impl Circle {
    fn is_visible(&self) -> bool {
        let has_disc = self.radius > 0.0 && self.color.a > 0.0;
        has_disc || (self.stroke_width > 0.0 && self.stroke_color.a > 0.0)
    }
}
