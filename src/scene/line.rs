//! Line layers: the lines of a square's tile and of those around it, joined where tiles cut them, then offset and
//! dashed.
//!
//! Everything is computed from whole pieces in positions relative to the square, whose corner is a whole pixel of the
//! world, and rounded to 1/256 px: the neighbouring square computes the same.

use super::canvas::{Canvas, Located, reach};
use super::cut::{self, Piece};
use super::join::{self, Chain, Joinable};
use super::path::{Line, Path, Point, UNITS};
use super::{Stroke, dash, faded, offset};
use crate::error::Error;
use crate::limits;
use crate::style::color::Color;
use crate::style::{self, Cap, Join};
use crate::value::GeometryKind;

/// A feature's resolved paint; lengths in output pixels.
#[derive(Clone, Debug, PartialEq)]
struct Paint {
    color: Color,
    width: f64,
    gap: f64,
    offset: f64,
    cap: Cap,
    join: Join,
    miter_limit: f64,
    dashes: Vec<f64>,
    sort_key: f64,
}

pub fn layer(layer: &style::Layer, line: &style::Line, canvas: &Canvas) -> Result<Vec<Stroke>, Error> {
    let resolve = resolver(line, canvas);
    let filter = layer.filter(canvas.zoom);
    // Which features are looked at depends on what is asked for, but what any of them looks like does not: all that
    // meet at an edge within reach are among them.
    let near = canvas.asked.grown(reach(layer, canvas.viewport) + 4 * UNITS);
    let mut paints: Vec<Paint> = Vec::new();
    let mut pieces: Vec<Joinable> = Vec::new();
    // The paint of each piece.
    let mut painted: Vec<usize> = Vec::new();
    let mut cut_pieces: Vec<Piece> = Vec::new();
    let mut points: Vec<Point> = Vec::new();
    for (i, placement) in canvas.own.iter().chain(&canvas.around).enumerate() {
        let Some(data) = placement.tile.layer(&layer.source_layer)? else { continue };
        let projection = placement.projection(data.extent);
        for feature in &data.features {
            let located = placement.located(feature, data.extent);
            if feature.kind == GeometryKind::Point
                || !projection.rect(feature.bounds).touches(near)
                || !filter.accepts(&located)
            {
                continue;
            }
            let paint = resolve(&located);
            if paint.color.a <= 0.0 || paint.width <= 0.0 {
                continue;
            }
            paints.push(paint);
            for part in feature.parts() {
                points.clear();
                points.extend(part.iter().map(|&p| projection.point(p)));
                match feature.kind {
                    GeometryKind::Polygon => cut::ring(&points, placement.cell, &mut cut_pieces),
                    _ => cut::line(&points, placement.cell, &mut cut_pieces),
                }
            }
            let tolerance = projection.tolerance();
            pieces.extend(cut_pieces.drain(..).map(|piece| Joinable { piece, placement: i, tolerance }));
            painted.resize(pieces.len(), paints.len() - 1);
        }
    }
    let mut paths = vec![Path::default(); paints.len()];
    let alike = |(a, a_last): (usize, bool), (b, b_last): (usize, bool)| {
        let paint = &paints[painted[a]];
        // An offset would change sides where two pieces run against each other.
        *paint == paints[painted[b]] && (paint.offset == 0.0 || a_last != b_last)
    };
    for chain in join::chains(&pieces, alike) {
        // A chain is drawn where its first piece is: own before neighbour.
        let Some(first) = chain.pieces.iter().map(|&(piece, _)| painted[piece]).min() else { continue };
        let paint = &paints[first];
        let line = put_together(&chain, &pieces, paint.width * UNITS as f64 / 2.0);
        for line in sideways(line, paint) {
            let lines = match paint.dashes.is_empty() {
                true => vec![line],
                false => {
                    let pattern: Vec<f64> = paint.dashes.iter().map(|d| d * paint.width * UNITS as f64).collect();
                    dash::dashes(&line, &pattern)
                }
            };
            for line in lines {
                paths[first].push_line(&line.points, line.closed, near, canvas.offset);
            }
        }
    }
    let mut drawn: Vec<(Paint, Path)> = paints.into_iter().zip(paths).filter(|(_, path)| !path.is_empty()).collect();
    drawn.sort_by(|a, b| a.0.sort_key.total_cmp(&b.0.sort_key));
    let stroke = |(paint, path): (Paint, Path)| Stroke {
        color: paint.color,
        width: paint.width,
        cap: paint.cap,
        join: paint.join,
        miter_limit: paint.miter_limit,
        path,
    };
    Ok(drawn.into_iter().map(stroke).collect())
}

/// The function from a feature to its paint.
fn resolver<'a>(line: &'a style::Line, canvas: &Canvas<'_>) -> impl Fn(&Located) -> Paint + use<'a> {
    let (zoom, scale) = (canvas.zoom, f64::from(canvas.viewport.scale));
    let (color, opacity, width) = (line.color.at(zoom), line.opacity.at(zoom), line.width.at(zoom));
    let (gap, offset) = (line.gap_width.at(zoom), line.offset.at(zoom));
    let (cap, join, miter_limit) = (line.cap.at(zoom), line.join.at(zoom), line.miter_limit.at(zoom));
    let dashes = line.dasharray.as_ref().map(|dashes| dashes.at(zoom));
    let sort_key = line.sort_key.as_ref().map(|key| key.at(zoom));
    move |feature| Paint {
        color: faded(color.of(feature), opacity.of(feature)),
        width: width.of(feature).clamp(0.0, 2.0 * limits::MARGIN) * scale,
        gap: gap.of(feature).clamp(0.0, 2.0 * limits::MARGIN) * scale,
        offset: offset.of(feature).clamp(-limits::MARGIN, limits::MARGIN) * scale,
        cap: cap.of(feature),
        join: join.of(feature),
        miter_limit: miter_limit.of(feature).clamp(1.0, limits::MARGIN),
        dashes: dashes.as_ref().map(|dashes| dashes.of(feature)).unwrap_or_default(),
        sort_key: sort_key.as_ref().map_or(0.0, |key| key.of(feature)),
    }
}

/// A chain as one line. A cut end without a partner goes straight on for half the width, out of its cell.
fn put_together(chain: &Chain, pieces: &[Joinable], half_width: f64) -> Line {
    let mut line = Line::open(Vec::new());
    let piece = |i: usize| &pieces[i].piece;
    let is_cut = |i: usize, last: bool| piece(i).borders[usize::from(last)] != [None; 2];
    let (first, first_forward) = chain.pieces[0];
    if !chain.closed && is_cut(first, !first_forward) {
        line.points.push(offset::extend(&piece(first).points, !first_forward, half_width));
        line.cuts.push(1);
    }
    for (n, &(i, forward)) in chain.pieces.iter().enumerate() {
        let mut points: Vec<Point> = piece(i).points.clone();
        if !forward {
            points.reverse();
        }
        if n > 0
            && let Some(end) = line.points.pop()
        {
            line.cuts.push(line.points.len());
            points[0] = between(end, points[0]);
        }
        line.points.extend(points);
    }
    line.closed = chain.closed || piece(first).closed;
    let &(last, last_forward) = chain.pieces.last().unwrap_or(&chain.pieces[0]);
    if chain.closed
        && line.points.len() > 3
        && let Some(end) = line.points.pop()
    {
        line.points[0] = between(end, line.points[0]);
        line.cuts.insert(0, 0);
    } else if !chain.closed && is_cut(last, last_forward) {
        line.cuts.push(line.points.len() - 1);
        line.points.push(offset::extend(&piece(last).points, last_forward, half_width));
    }
    line
}

/// Where two ends meet that rounding has put apart.
fn between(a: Point, b: Point) -> Point {
    [0, 1].map(|i| (a[i] + b[i]).div_euclid(2))
}

/// The line at its offset, or twice, on both sides of its gap.
fn sideways(line: Line, paint: &Paint) -> Vec<Line> {
    let at = |distance: f64| offset::parallel(&line, distance * UNITS as f64);
    if paint.gap > 0.0 {
        let side = (paint.gap + paint.width) / 2.0;
        vec![at(paint.offset - side), at(paint.offset + side)]
    } else if paint.offset != 0.0 {
        vec![at(paint.offset)]
    } else {
        vec![line]
    }
}
