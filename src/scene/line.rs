//! Line layers: the lines of a square's tile and of those around it, joined where tiles cut them, then offset and
//! dashed.
//!
//! Everything is computed from whole pieces in positions relative to the square, whose corner is a whole pixel of the
//! world, and rounded to 1/256 px: the neighbouring square computes the same.

use super::canvas::{Canvas, Located, reach};
use super::cut::{self, Piece};
use super::dash::{self, Dash};
use super::join::{self, Chain, Joinable};
use super::path::{Line, Path, Point, UNITS};
use super::{Stroke, faded, offset};
use crate::error::Error;
use crate::limits;
use crate::style::color::Color;
use crate::style::{self, Cap, Join};
use crate::value::{Attributes, GeometryKind};

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
    let filter = layer.filter(canvas.tile_zoom);
    // Which features are looked at depends on what is asked for, but what any of them looks like does not: all that
    // meet at an edge within reach are among them.
    let near = canvas.asked.grown(reach(layer, canvas.viewport) + 4 * UNITS);
    // What lies beyond `reached` cannot be seen wherever it is moved sideways, and what no edge cuts is joined to nothing.
    let reached = near.grown(reach(layer, canvas.viewport));
    let mut paints: Vec<Paint> = Vec::new();
    let mut pieces: Vec<Joinable> = Vec::new();
    // The paint of each piece.
    let mut painted: Vec<usize> = Vec::new();
    let mut cut_pieces: Vec<Piece> = Vec::new();
    let mut points: Vec<Point> = Vec::new();
    for (i, placement) in canvas.own.iter().chain(&canvas.around).enumerate() {
        let Some(data) = placement.tile.layer(&layer.source_layer) else { continue };
        let projection = placement.projection(data.extent());
        for feature in data.features_within(projection.units(near)) {
            let located = placement.located(feature, data.extent());
            if feature.kind() == GeometryKind::Point || !filter.accepts(&located) {
                continue;
            }
            let paint = resolve(&located);
            if paint.color.a <= 0.0 || paint.width <= 0.0 {
                continue;
            }
            paints.push(paint);
            for part in feature.parts() {
                let bounds = projection.rect(part.bounds);
                if !bounds.touches(reached) && placement.cell.surrounds(bounds) {
                    continue;
                }
                points.clear();
                points.extend(part.vertices().map(|p| projection.point(p)));
                match feature.kind() {
                    GeometryKind::Polygon => cut::ring(&points, placement.cell, &mut cut_pieces),
                    _ => cut::line(&points, placement.cell, &mut cut_pieces),
                }
            }
            let tolerance = projection.tolerance();
            pieces.extend(cut_pieces.drain(..).map(|piece| Joinable {
                piece,
                placement: i,
                tolerance,
                id: feature.id(),
            }));
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
        let paint = &paints[painted[chain.pieces[0].0]];
        let (line, spans) = put_together(&chain, &pieces, paint.width * UNITS as f64 / 2.0);
        let shares = shares(&chain, &spans, &pieces, &painted);
        for line in sideways(line, paint) {
            for Dash { points, closed, middle } in stretches(line, paint, &shares) {
                let share = shares.iter().find(|share| middle < share.until).unwrap_or(&shares[0]);
                paths[share.feature].push_line(&points, closed, near, canvas.offset);
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
    let (zoom, tile_zoom, scale) = (canvas.zoom, canvas.tile_zoom, f64::from(canvas.viewport.scale));
    let (color, opacity, width) = (line.color.at(zoom), line.opacity.at(zoom), line.width.at(zoom));
    let (gap, offset) = (line.gap_width.at(zoom), line.offset.at(zoom));
    let (cap, join) = (line.cap.at(tile_zoom), line.join.at(tile_zoom));
    let miter_limit = line.miter_limit.at(tile_zoom);
    let dashes = line.dasharray.as_ref().map(|dashes| dashes.at(zoom));
    let sort_key = line.sort_key.as_ref().map(|key| key.at(tile_zoom));
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

/// Up to where along a chain it is drawn as part of which feature.
struct Share {
    feature: usize,
    until: f64,
}

/// The square's own features each draw their own part of a chain, up to the middle of what lies between them: whether
/// they belong together somewhere else is not known everywhere. What has none of the square's own is its first piece's.
fn shares(chain: &Chain, spans: &[(f64, f64)], pieces: &[Joinable], painted: &[usize]) -> Vec<Share> {
    let mut shares: Vec<Share> = Vec::new();
    let mut end = 0.0;
    let own = chain.pieces.iter().zip(spans).filter(|((piece, _), _)| pieces[*piece].placement == 0);
    for (&(piece, _), span) in own {
        let feature = painted[piece];
        if let Some(before) = shares.last_mut().filter(|before| before.feature != feature && !chain.closed) {
            before.until = (end + span.0) / 2.0;
            shares.push(Share { feature, until: f64::INFINITY });
        } else if shares.is_empty() {
            shares.push(Share { feature, until: f64::INFINITY });
        }
        end = span.1;
    }
    if shares.is_empty() {
        let first = chain.pieces.iter().map(|&(piece, _)| painted[piece]).min().unwrap_or_default();
        shares.push(Share { feature: first, until: f64::INFINITY });
    }
    shares
}

/// What is stroked of a line: its dashes, or all of it, cut where another feature draws on.
fn stretches(line: Line, paint: &Paint, shares: &[Share]) -> Vec<Dash> {
    if !paint.dashes.is_empty() {
        let pattern: Vec<f64> = paint.dashes.iter().map(|d| d * paint.width * UNITS as f64).collect();
        return dash::dashes(&line, &pattern);
    }
    if shares.len() == 1 {
        return vec![Dash { points: line.points, closed: line.closed, middle: 0.0 }];
    }
    let mut from = 0.0;
    let part = |share: &Share| {
        let until = share.until.min(line.length);
        let points = dash::stretch(&line.points, &line.at, from, until);
        let middle = (from + until) / 2.0;
        from = until;
        Dash { points, closed: false, middle }
    };
    shares.iter().map(part).collect()
}

/// A chain as one line, and from where to where along it each piece reaches. A cut end without a partner goes straight
/// on for half the width, out of its cell.
fn put_together(chain: &Chain, pieces: &[Joinable], half_width: f64) -> (Line, Vec<(f64, f64)>) {
    let piece = |i: usize| &pieces[i].piece;
    let is_cut = |i: usize, last: bool| piece(i).borders[usize::from(last)] != [None; 2];
    let mut line = Line { closed: chain.closed, ..Line::default() };
    let mut spans = Vec::with_capacity(chain.pieces.len());
    let (first, first_forward) = chain.pieces[0];
    if !chain.closed && is_cut(first, !first_forward) {
        line.points.push(offset::extend(&piece(first).points, !first_forward, half_width));
        line.at.push(0.0);
        line.length = half_width;
        line.cuts.push(1);
    }
    for (n, &(i, forward)) in chain.pieces.iter().enumerate() {
        let mut points = with_stays(piece(i));
        if !forward {
            points.reverse();
        }
        let lengths: Vec<f64> = points.windows(2).map(|pair| distance(pair[0], pair[1])).collect();
        if n > 0
            && let Some(end) = line.points.pop()
        {
            line.at.pop();
            line.cuts.push(line.points.len());
            points[0] = between(end, points[0]);
        }
        let start = line.length;
        line.at.push(start);
        for length in lengths {
            line.length += length;
            line.at.push(line.length);
        }
        line.points.extend(points);
        spans.push((start, line.length));
    }
    if piece(first).closed {
        line.closed = true;
        line.length += distance(line.points[line.points.len() - 1], line.points[0]);
    }
    let &(last, last_forward) = chain.pieces.last().unwrap_or(&chain.pieces[0]);
    if chain.closed
        && line.points.len() > 3
        && let Some(end) = line.points.pop()
    {
        line.at.pop();
        line.points[0] = between(end, line.points[0]);
        line.cuts.insert(0, 0);
    } else if !chain.closed && is_cut(last, last_forward) {
        line.cuts.push(line.points.len() - 1);
        line.points.push(offset::extend(&piece(last).points, last_forward, half_width));
        line.length += half_width;
        line.at.push(line.length);
    }
    (line, spans)
}

/// A piece's points, with more of them where needed so that the two segments at each cut end are short.
///
/// There its line goes on into another tile's, whose end may be rounded otherwise, and which is not known where only the
/// far part of the piece is in sight. What moves with the end (it, and the corner before it of an outline or an offset
/// line) stays within [`limits::STAY`] pixels.
fn with_stays(piece: &Piece) -> Vec<Point> {
    let mut points = piece.points.clone();
    if piece.borders[1] != [None; 2] {
        points.reverse();
        stay(&mut points);
        points.reverse();
    }
    if piece.borders[0] != [None; 2] {
        stay(&mut points);
    }
    points
}

/// Shortens the first two segments.
fn stay(points: &mut Vec<Point>) {
    let towards = |from: Point, to: Point, pixels: f64| {
        let share = pixels * UNITS as f64 / distance(from, to);
        [0, 1].map(|i| from[i] + ((to[i] - from[i]) as f64 * share).round() as i64)
    };
    let pixels = |a: Point, b: Point| distance(a, b) / UNITS as f64;
    let (end, next) = (points[0], points[1]);
    if pixels(end, next) > 3.0 {
        points.splice(1..1, [towards(end, next, 1.0), towards(end, next, 2.0)]);
    } else if let Some(&after) = points.get(2)
        && pixels(next, after) > 2.0
    {
        points.insert(2, towards(next, after, 1.0));
    }
}

fn distance(a: Point, b: Point) -> f64 {
    ((b[0] - a[0]) as f64).hypot((b[1] - a[1]) as f64)
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
