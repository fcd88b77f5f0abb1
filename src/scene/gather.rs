//! The lines that reach into a square: gathered from its tile and those around it, and put together where tiles cut
//! them.

use super::canvas::Canvas;
use super::cut::{self, Piece};
use super::join::{self, Chain, Joinable};
use super::offset;
use super::path::{Line, Point, Rect, distance, length};
use crate::error::Error;
use crate::mvt::Feature;
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

/// A line, with how far along its feature it is.
pub struct Course {
    pub line: Line,
    /// For each stretch between cuts, `line-progress` where it begins and ends; empty where the source does not say.
    pub progress: Vec<[f64; 2]>,
}

/// The features of a layer with their paints, in the order in which they are drawn, each with its lines. `resolve`
/// gives a feature's paint, or none where there is nothing to draw.
pub fn gather<P: Joined>(
    layer: &style::Layer,
    canvas: &Canvas,
    near: Rect,
    resolve: impl Fn(&Feature) -> Option<P>,
) -> Result<Vec<(P, Vec<Course>)>, Error> {
    let mut paints: Vec<P> = Vec::new();
    let mut pieces: Vec<Joinable> = Vec::new();
    // The paint of each piece.
    let mut painted: Vec<usize> = Vec::new();
    let mut progress: Vec<Option<[f64; 2]>> = Vec::new();
    let mut cut_pieces: Vec<Piece> = Vec::new();
    let mut points: Vec<Point> = Vec::new();
    for (i, placement) in canvas.own.iter().chain(&canvas.around).enumerate() {
        let Some(data) = placement.tile.layer(&layer.source_layer)? else { continue };
        let projection = placement.projection(data.extent);
        for feature in &data.features {
            if feature.kind == GeometryKind::Point
                || !projection.rect(feature.bounds).touches(near)
                || !layer.accepts(feature, canvas.zoom)
            {
                continue;
            }
            let Some(paint) = resolve(feature) else { continue };
            let is_measured = paint.is_measured() && feature.kind == GeometryKind::LineString;
            let metrics = if is_measured { metrics(feature) } else { None };
            paints.push(paint);
            let tolerance = projection.tolerance();
            for part in feature.parts() {
                points.clear();
                points.extend(part.iter().map(|&p| projection.point(p)));
                match feature.kind {
                    GeometryKind::Polygon => cut::ring(&points, placement.cell, &mut cut_pieces),
                    _ => cut::line(&points, placement.cell, &mut cut_pieces),
                }
                match metrics {
                    Some(metrics) => measure(&cut_pieces, &points, metrics, &mut progress),
                    None => progress.resize(progress.len() + cut_pieces.len(), None),
                }
                pieces.extend(cut_pieces.drain(..).map(|piece| Joinable { piece, placement: i, tolerance }));
            }
            painted.resize(pieces.len(), paints.len() - 1);
        }
    }
    let mut courses: Vec<Vec<Course>> = paints.iter().map(|_| Vec::new()).collect();
    let alike = |(a, a_last): (usize, bool), (b, b_last): (usize, bool)| {
        let paint = &paints[painted[a]];
        *paint == paints[painted[b]] && (!paint.is_directed() || a_last != b_last)
    };
    for chain in join::chains(&pieces, alike) {
        // A chain is drawn where its first piece is: own before neighbour.
        let Some(first) = chain.pieces.iter().map(|&(piece, _)| painted[piece]).min() else { continue };
        courses[first].push(put_together(&chain, &pieces, &progress, paints[first].half_width()));
    }
    Ok(paints.into_iter().zip(courses).filter(|(_, courses)| !courses.is_empty()).collect())
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
fn metrics(feature: &Feature) -> Option<[f64; 2]> {
    let share = |name: &str| {
        let number = match feature.property(name)? {
            Property::Double(number) => *number,
            Property::Int(number) => *number as f64,
            Property::UInt(number) => *number as f64,
            Property::Bool(_) | Property::String(_) => return None,
        };
        (0.0..=1.0).contains(&number).then_some(number)
    };
    Some([share("mapbox_clip_start")?, share("mapbox_clip_end")?])
}

/// A chain as one line. A cut end without a partner goes straight on for half the width, out of its cell.
fn put_together(chain: &Chain, pieces: &[Joinable], progress: &[Option<[f64; 2]>], half_width: f64) -> Course {
    let mut line = Line::open(Vec::new());
    let piece = |i: usize| &pieces[i].piece;
    let is_cut = |i: usize, last: bool| piece(i).borders[usize::from(last)] != [None; 2];
    let walked = |&(i, forward): &(usize, bool)| {
        progress[i].map(|[start, end]| if forward { [start, end] } else { [end, start] })
    };
    let mut progress: Vec<[f64; 2]> = chain.pieces.iter().map_while(walked).collect();
    if progress.len() < chain.pieces.len() {
        progress.clear();
    }
    let (first, first_forward) = chain.pieces[0];
    if !chain.closed && is_cut(first, !first_forward) {
        line.points.push(offset::extend(&piece(first).points, !first_forward, half_width));
        line.cuts.push(1);
        if let Some(&[start, _]) = progress.first() {
            progress.insert(0, [start; 2]);
        }
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
        if let Some(&[_, end]) = progress.last() {
            progress.push([end; 2]);
        }
    }
    Course { line, progress }
}

/// Where two ends meet that rounding has put apart.
fn between(a: Point, b: Point) -> Point {
    [0, 1].map(|i| (a[i] + b[i]).div_euclid(2))
}
