//! The lines that reach into a square: gathered from its tile and those around it, and put together where tiles cut
//! them.

use super::canvas::{Canvas, Located, reach};
use super::cut::{self, Piece};
use super::join::{self, Chain, Joinable};
use super::offset;
use super::path::{Line, Point, Rect, UNITS, distance, length};
use crate::error::Error;
use crate::style;
use crate::value::{Attributes, GeometryKind, Property};

/// What pieces of one line have in common.
pub trait Joined: PartialEq {
    /// In scene units.
    fn half_width(&self) -> f64;
    /// Whether it matters which way the line runs.
    fn is_directed(&self) -> bool;
    /// Whether it matters how far along its line a place is.
    fn is_measured(&self) -> bool;
}

/// The lines of a layer that reach into a square.
pub struct Gathered<P> {
    /// The paint of each feature, in the order in which they are drawn.
    pub paints: Vec<P>,
    pub courses: Vec<Course>,
}

/// A line, with how far along its feature it is.
pub struct Course {
    pub line: Line,
    /// For each stretch between cuts, `line-progress` where it begins and ends; empty where the source does not say.
    pub progress: Vec<[f64; 2]>,
    /// At least one; what one of them begins at is where the one before ends.
    pub shares: Vec<Share>,
}

/// From where to where along a line it is drawn as part of which feature.
pub struct Share {
    /// Which of the paints, all of which are equal along one line.
    pub feature: usize,
    pub from: f64,
    pub until: f64,
}

/// The lines of a layer's features; `resolve` gives a feature's paint, or none where there is nothing to draw.
pub fn gather<P: Joined>(
    layer: &style::Layer,
    canvas: &Canvas,
    near: Rect,
    resolve: impl Fn(&Located) -> Option<P>,
) -> Result<Gathered<P>, Error> {
    // What lies beyond `reached` cannot be seen wherever it is moved sideways, and what no edge cuts is joined to nothing.
    let reached = near.grown(reach(layer, canvas.viewport));
    let filter = layer.filter(canvas.tile_zoom);
    let mut paints: Vec<P> = Vec::new();
    let mut pieces: Vec<Joinable> = Vec::new();
    // The paint of each piece.
    let mut painted: Vec<usize> = Vec::new();
    let mut progress: Vec<Option<[f64; 2]>> = Vec::new();
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
            let Some(paint) = resolve(&located) else { continue };
            let is_measured = paint.is_measured() && feature.kind() == GeometryKind::LineString;
            let metrics = if is_measured { metrics(&located) } else { None };
            paints.push(paint);
            let (tolerance, id) = (projection.tolerance(), feature.id());
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
                match metrics {
                    Some(metrics) => measure(&cut_pieces, &points, metrics, &mut progress),
                    None => progress.resize(progress.len() + cut_pieces.len(), None),
                }
                pieces.extend(cut_pieces.drain(..).map(|piece| Joinable { piece, placement: i, tolerance, id }));
            }
            painted.resize(pieces.len(), paints.len() - 1);
        }
    }
    let alike = |(a, a_last): (usize, bool), (b, b_last): (usize, bool)| {
        let paint = &paints[painted[a]];
        *paint == paints[painted[b]] && (!paint.is_directed() || a_last != b_last)
    };
    let course = |chain: Chain| {
        let (line, spans) = put_together(&chain, &pieces, paints[painted[chain.pieces[0].0]].half_width());
        let progress = progress_along(&chain, &pieces, &progress);
        Course { line, progress, shares: shares(&chain, &spans, &pieces, &painted) }
    };
    let courses = join::chains(&pieces, alike).into_iter().map(course).collect();
    Ok(Gathered { paints, courses })
}

/// The square's own features each draw their own part of a chain, up to the middle of what lies between them: whether
/// they belong together somewhere else is not known everywhere. What has none of the square's own is its first piece's.
fn shares(chain: &Chain, spans: &[(f64, f64)], pieces: &[Joinable], painted: &[usize]) -> Vec<Share> {
    let share = |feature: usize, from: f64| Share { feature, from, until: f64::INFINITY };
    let mut shares: Vec<Share> = Vec::new();
    let mut end = 0.0;
    let own = chain.pieces.iter().zip(spans).filter(|((piece, _), _)| pieces[*piece].placement == 0);
    for (&(piece, _), span) in own {
        let feature = painted[piece];
        if let Some(before) = shares.last_mut().filter(|before| before.feature != feature && !chain.closed) {
            before.until = (end + span.0) / 2.0;
            let from = before.until;
            shares.push(share(feature, from));
        } else if shares.is_empty() {
            shares.push(share(feature, 0.0));
        }
        end = span.1;
    }
    if shares.is_empty() {
        let first = chain.pieces.iter().map(|&(piece, _)| painted[piece]).min().unwrap_or_default();
        shares.push(share(first, 0.0));
    }
    shares
}

/// The progress at the ends of a line's pieces, which are in order; `start` and `end` are those of the whole line.
fn measure(pieces: &[Piece], line: &[Point], [start, end]: [f64; 2], progress: &mut Vec<Option<[f64; 2]>>) {
    let total = length(line);
    // How far along the line its vertices are, as far as they have been passed.
    let (mut passed, mut travelled) = (0, 0.0);
    for piece in pieces {
        travelled += length(&line[passed..=piece.segment]);
        passed = piece.segment;
        let begun = travelled + distance(line[passed], piece.points[0]);
        let ends = [begun, begun + length(&piece.points)];
        progress.push(Some(ends.map(|along| start + (end - start) * along / total)));
    }
}

/// Where on its line a feature begins and ends, as slicing by `lineMetrics` (geojson-vt) leaves it in the tile.
fn metrics(feature: &Located) -> Option<[f64; 2]> {
    let share = |name: &str| {
        let number = match feature.property(name)? {
            Property::Double(number) => *number,
            Property::Int(number) => *number as f64,
            Property::UInt(number) => *number as f64,
            Property::Null | Property::Bool(_) | Property::String(_) | Property::Json(_) => return None,
        };
        (0.0..=1.0).contains(&number).then_some(number)
    };
    Some([share("mapbox_clip_start")?, share("mapbox_clip_end")?])
}

/// For each stretch between the cuts of a chain, `line-progress` where it begins and ends; nothing where that of a piece
/// is not known.
fn progress_along(chain: &Chain, pieces: &[Joinable], progress: &[Option<[f64; 2]>]) -> Vec<[f64; 2]> {
    let walked = |&(i, forward): &(usize, bool)| {
        progress[i].map(|[start, end]| if forward { [start, end] } else { [end, start] })
    };
    let Some(mut along) = chain.pieces.iter().map(walked).collect::<Option<Vec<[f64; 2]>>>() else {
        return Vec::new();
    };
    // What goes straight on beyond a cut has the progress there.
    let is_cut = |(i, last): (usize, bool)| pieces[i].piece.borders[usize::from(last)] != [None; 2];
    let (first, last) = (chain.pieces[0], chain.pieces[chain.pieces.len() - 1]);
    if !chain.closed && is_cut((first.0, !first.1)) {
        along.insert(0, [along[0][0]; 2]);
    }
    if !chain.closed && is_cut(last) {
        along.push([along[along.len() - 1][1]; 2]);
    }
    along
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
/// line) stays within [`STAY`](crate::limits::STAY) pixels.
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

/// Where two ends meet that rounding has put apart.
fn between(a: Point, b: Point) -> Point {
    [0, 1].map(|i| (a[i] + b[i]).div_euclid(2))
}
