//! Lines and outlines cut to a cell.
//!
//! A source tile ends its lines at its edge, and a polygon's outline runs along the edge where the polygon goes on next
//! door. Neither is an end or an outline of anything: the first becomes a *cut end*, which `join` continues, the second
//! is left out.

use super::path::{Point, Rect, clip_segment};

/// A stretch of line within one cell.
#[derive(Debug, PartialEq)]
pub struct Piece {
    pub points: Vec<Point>,
    /// A ring that no edge cuts; the closing vertex is implied.
    pub closed: bool,
    /// The segment of the whole line that it begins on.
    pub segment: usize,
    /// For the first and last point: the x and the y of the cell's edge that cuts it.
    pub borders: [Border; 2],
}

/// The coordinate of a vertical and of a horizontal edge; both at a corner.
pub type Border = [Option<i64>; 2];

impl Piece {
    fn open(points: Vec<Point>, segment: usize, cell: Rect) -> Option<Piece> {
        let (&[first, second], &[before, last]) = (points.first_chunk()?, points.last_chunk()?);
        let borders = [border(first, second, cell), border(last, before, cell)];
        Some(Piece { points, closed: false, segment, borders })
    }
}

/// The edges that an end point lies on and its segment does not run along.
fn border(end: Point, next: Point, cell: Rect) -> Border {
    [0, 1].map(|i| {
        let on_edge = end[i] == cell.min[i] || end[i] == cell.max[i];
        (on_edge && next[i] != end[i]).then_some(end[i])
    })
}

/// A line's pieces within `cell`. Lines along an edge are lines.
pub fn line(points: &[Point], cell: Rect, pieces: &mut Vec<Piece>) {
    // Most lines are not cut.
    if points.iter().any(|&point| cell.beyond(point) != 0) {
        return open(points.iter().copied(), cell, false, pieces);
    }
    let Some(second) = points.iter().position(|point| *point != points[0]) else { return };
    let mut run = points.to_vec();
    run.dedup();
    pieces.extend(Piece::open(run, second - 1, cell));
}

/// A ring's pieces within `cell`, without those along its edges.
pub fn ring(points: &[Point], cell: Rect, pieces: &mut Vec<Piece>) {
    // Strictly inside, a ring is whole. It is also if it only touches an edge.
    let outside = |p: Point| (0..2).any(|i| p[i] < cell.min[i] || p[i] > cell.max[i]);
    let next = |i: usize| points[(i + 1) % points.len()];
    let first_gap = (0..points.len()).find(|&i| outside(points[i]) || along_edge(points[i], next(i), cell));
    let Some(gap) = first_gap else {
        let mut points = points.to_vec();
        points.dedup();
        if points.len() >= 3 {
            pieces.push(Piece { points, closed: true, segment: 0, borders: [[None; 2]; 2] });
        }
        return;
    };
    // Begun at a gap, no piece goes over the end of the list.
    let from_gap = (gap + 1..=gap + 1 + points.len()).map(|i| points[i % points.len()]);
    open(from_gap, cell, true, pieces);
}

fn along_edge(a: Point, b: Point, cell: Rect) -> bool {
    (0..2).any(|i| a[i] == b[i] && (a[i] == cell.min[i] || a[i] == cell.max[i]))
}

fn open(points: impl Iterator<Item = Point>, cell: Rect, leave_edges: bool, pieces: &mut Vec<Piece>) {
    let mut run: Vec<Point> = Vec::with_capacity(points.size_hint().0);
    let mut before: Option<Point> = None;
    // Where the run began.
    let mut start = 0;
    for (i, point) in points.enumerate() {
        if let Some(before) = before.filter(|&before| before != point) {
            let segment = clip_segment(before, point, cell);
            let segment = segment.filter(|&(a, b)| a != b && !(leave_edges && along_edge(a, b, cell)));
            match segment {
                Some((a, b)) => {
                    if run.last() != Some(&a) {
                        end(&mut run, start, cell, pieces);
                        start = i - 1;
                        run.push(a);
                    }
                    run.push(b);
                }
                None => end(&mut run, start, cell, pieces),
            }
        }
        before = Some(point);
    }
    end(&mut run, start, cell, pieces);
}

/// Makes a piece of the points since its start, if there are any.
fn end(run: &mut Vec<Point>, start: usize, cell: Rect, pieces: &mut Vec<Piece>) {
    if !run.is_empty() {
        pieces.extend(Piece::open(std::mem::take(run), start, cell));
    }
}
