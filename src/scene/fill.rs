//! Fill layers: the square's own polygons. What overhangs from next door is in the square's own tile too.

use super::canvas::Canvas;
use super::path::{Path, Point};
use super::{Fill, faded};
use crate::error::Error;
use crate::style;
use crate::value::GeometryKind;

pub fn layer(layer: &style::Layer, fill: &style::Fill, canvas: &Canvas) -> Result<Vec<Fill>, Error> {
    let Some(own) = canvas.own else { return Ok(Vec::new()) };
    let Some(data) = own.tile.layer(&layer.source_layer)? else { return Ok(Vec::new()) };
    let projection = own.projection(data.extent);
    let (color, opacity) = (fill.color.at(canvas.zoom), fill.opacity.at(canvas.zoom));
    let sort_key = fill.sort_key.as_ref().map(|key| key.at(canvas.zoom));
    let filter = layer.filter(canvas.zoom);
    let mut drawn: Vec<(f64, Fill)> = Vec::new();
    let mut ring: Vec<Point> = Vec::new();
    for feature in &data.features {
        let located = own.located(feature, data.extent);
        if feature.kind != GeometryKind::Polygon
            || !projection.rect(feature.bounds).touches(canvas.asked)
            || !filter.accepts(&located)
        {
            continue;
        }
        let color = faded(color.of(&located), opacity.of(&located));
        if color.a <= 0.0 {
            continue;
        }
        let mut path = Path::default();
        for part in feature.parts() {
            ring.clear();
            ring.extend(part.iter().map(|&p| projection.point(p)));
            path.push_ring(&ring, canvas.asked.grown(super::UNITS), canvas.offset);
        }
        if !path.is_empty() {
            let key = sort_key.as_ref().map_or(0.0, |key| key.of(&located));
            drawn.push((key, Fill { color, path }));
        }
    }
    drawn.sort_by(|a, b| a.0.total_cmp(&b.0));
    Ok(drawn.into_iter().map(|(_, fill)| fill).collect())
}
