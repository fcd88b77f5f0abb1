//! Lines and rings cut to a tile.
//!
//! No vertex of theirs lies on the tile's border (`grid`), so what does is a cut. There is none in what comes out: where
//! a line crosses the border it goes straight on beyond it, for as long as its last segment within. The crossing is a
//! whole number and the same for both tiles; a line of one fits that of the other there, and nothing that is drawn at
//! vertices is drawn at a cut.

use crate::clip::{Point, Rect, clip_ring, clip_segment};

/// The stretch of a line that a tile has.
#[derive(Debug, PartialEq)]
pub struct Piece {
    pub points: Vec<Point>,
    /// Where it begins and ends as lengths along the whole line.
    pub span: [f64; 2],
}

/// A line's pieces within `tile`.
pub fn line(points: &[Point], tile: Rect) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    // Whether the piece under way can go on, and the length of the line so far.
    let (mut open, mut length) = (false, 0.0);
    for pair in points.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        let segment = clip_segment(a, b, tile).filter(|(from, to)| from != to);
        if let Some((from, to)) = segment {
            let within = distance(from, to);
            let mut piece = Piece { points: vec![from, to], span: [length + distance(a, from); 2] };
            piece.span[1] += within;
            if from != a {
                piece.points[0] = beyond(to, from);
                piece.span[0] -= within;
            }
            if to != b {
                piece.points[1] = beyond(from, to);
                piece.span[1] += within;
            }
            match pieces.last_mut().filter(|_| open && from == a) {
                Some(before) => {
                    before.points.push(piece.points[1]);
                    before.span[1] = piece.span[1];
                }
                None => pieces.push(piece),
            }
            open = to == b;
        } else {
            open = false;
        }
        length += distance(a, b);
    }
    pieces
}

/// The part of a ring that a tile has, as far as it matters within; none where that is nothing.
pub fn ring(points: &[Point], tile: Rect) -> Option<Vec<Point>> {
    if points.iter().all(|&p| tile.beyond(p) == 0) {
        return (points.len() >= 3).then(|| points.to_vec());
    }
    let cut = clip_ring(points.to_vec(), tile);
    if cut.len() < 3 || area(&cut) == 0 {
        return None;
    }
    let mut ring = Vec::with_capacity(cut.len() + 4);
    for (i, &point) in cut.iter().enumerate() {
        let sides = sides(point, tile);
        if sides == [0, 0] {
            ring.push(point);
            continue;
        }
        // Along the border the ring goes around outside, never back into the tile: what follows one another on a side
        // of it lies beyond that side.
        let (before, after) = (cut[(i + cut.len() - 1) % cut.len()], cut[(i + 1) % cut.len()]);
        let crosses = |other: Point| !shares_side(point, other, tile);
        if crosses(before) {
            ring.push(beyond(before, point));
        }
        if crosses(before) == crosses(after) {
            ring.push([0, 1].map(|axis| point[axis] + sides[axis] * (tile.max[axis] - tile.min[axis])));
        }
        if crosses(after) {
            ring.push(beyond(after, point));
        }
    }
    ring.dedup();
    (ring.len() >= 3).then_some(ring)
}

/// Where a line from within goes that reaches the border at `border`, as far again.
fn beyond(within: Point, border: Point) -> Point {
    [0, 1].map(|axis| 2 * border[axis] - within[axis])
}

/// For each axis the side of the border that a point lies on: -1 and 1, or 0 for none.
fn sides(point: Point, tile: Rect) -> Point {
    [0, 1].map(|axis| i64::from(point[axis] == tile.max[axis]) - i64::from(point[axis] == tile.min[axis]))
}

fn shares_side(a: Point, b: Point, tile: Rect) -> bool {
    let (a, b) = (sides(a, tile), sides(b, tile));
    (0..2).any(|axis| a[axis] != 0 && a[axis] == b[axis])
}

pub fn distance(a: Point, b: Point) -> f64 {
    ((b[0] - a[0]) as f64).hypot((b[1] - a[1]) as f64)
}

/// Twice the area of a ring, positive where it runs clockwise to a viewer (y down).
pub fn area(ring: &[Point]) -> i128 {
    let pairs = ring.iter().zip(ring.iter().cycle().skip(1));
    pairs.map(|(a, b)| i128::from(a[0]) * i128::from(b[1]) - i128::from(b[0]) * i128::from(a[1])).sum()
}
