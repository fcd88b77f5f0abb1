//! Where a polygon's label goes: the pole of inaccessibility, the point within it that is farthest from its outline.
//!
//! The search is that of V. Agafonkin's "A new algorithm for finding a visual center of a polygon" (2016), as MapLibre
//! has it: a square is looked into only if it could hold a better point than the best so far.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// The share of a tile's side that the pole may be off by: a pixel of 512.
const PRECISION: f64 = 1.0 / 512.0;
/// Vertices looked at for one polygon, so that one of millions ends.
const VISITS: usize = 4_000_000;
/// Squares that are looked at in one polygon, so that the work grows with the vertices of a tile.
const SQUARES: usize = 1024;

type P = [f64; 2];

/// A square with its middle, half its side, how far inside the polygon its middle is, and how far any of it can be.
struct Square {
    middle: P,
    half: f64,
    depth: f64,
    most: f64,
}

impl PartialEq for Square {
    fn eq(&self, other: &Square) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Square {}

impl PartialOrd for Square {
    fn partial_cmp(&self, other: &Square) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Square {
    fn cmp(&self, other: &Square) -> Ordering {
        self.most.total_cmp(&other.most)
    }
}

/// The rings of polygons, each with the holes after it: what runs as the first does begins one. In tiles of version 2 that
/// is clockwise to a viewer (MVT 2.1, 4.3.4.4), those of version 1 did not say.
pub fn polygons(rings: Vec<Vec<[i32; 2]>>) -> Vec<Vec<Vec<[i32; 2]>>> {
    let mut polygons: Vec<Vec<Vec<[i32; 2]>>> = Vec::new();
    let mut outer = 0;
    for ring in rings {
        let side = area(&ring).signum();
        if outer == 0 {
            outer = side;
        }
        match polygons.last_mut() {
            _ if side == 0 => {}
            Some(polygon) if side != outer => polygon.push(ring),
            _ => polygons.push(vec![ring]),
        }
    }
    polygons
}

/// Twice the signed area.
fn area(ring: &[[i32; 2]]) -> i64 {
    let next = ring.iter().cycle().skip(1);
    ring.iter().zip(next).map(|(a, b)| i64::from(a[0]) * i64::from(b[1]) - i64::from(b[0]) * i64::from(a[1])).sum()
}

/// The pole of a polygon, its outline first, in tile units.
pub fn pole(polygon: &[Vec<[i32; 2]>], extent: u32) -> [i32; 2] {
    let rings: Vec<Vec<P>> = polygon.iter().map(|ring| ring.iter().map(|p| p.map(f64::from)).collect()).collect();
    let outline = &rings[0];
    let edge = |i: usize, of: fn(f64, f64) -> f64| outline.iter().map(|p| p[i]).reduce(of).unwrap_or_default();
    let (min, max) = ([0, 1].map(|i| edge(i, f64::min)), [0, 1].map(|i| edge(i, f64::max)));
    let precision = f64::from(extent) * PRECISION;
    let side = (max[0] - min[0]).min(max[1] - min[1]);
    if side == 0.0 {
        return polygon[0][0];
    }
    // Squares finer than the answer are of no use.
    let side = side.max(precision);
    let square = |middle: P, half: f64| {
        let depth = depth(middle, &rings);
        Square { middle, half, depth, most: depth + half * std::f64::consts::SQRT_2 }
    };
    let vertices: usize = rings.iter().map(Vec::len).sum();
    let mut left = (VISITS / vertices).min(SQUARES);
    let mut best = square(centroid(outline), 0.0);
    let mut queue = BinaryHeap::new();
    let half = side / 2.0;
    let steps = [0, 1].map(|i| ((max[i] - min[i]) / side).ceil() as usize);
    for (x, y) in (0..steps[0]).flat_map(|x| (0..steps[1]).map(move |y| (x, y))).take(left) {
        queue.push(square([min[0] + x as f64 * side + half, min[1] + y as f64 * side + half], half));
    }
    while let Some(found) = queue.pop() {
        if found.depth > best.depth || best.depth == 0.0 {
            best = Square { ..found };
        }
        if found.most - best.depth <= precision || left == 0 {
            break;
        }
        left = left.saturating_sub(4);
        let half = found.half / 2.0;
        for [dx, dy] in [[-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]] {
            queue.push(square([found.middle[0] + dx * half, found.middle[1] + dy * half], half));
        }
    }
    best.middle.map(|c| c.round() as i32)
}

/// How far a point lies inside the rings; negative outside.
fn depth([x, y]: P, rings: &[Vec<P>]) -> f64 {
    let mut is_inside = false;
    let mut nearest = f64::INFINITY;
    for ring in rings {
        for (a, b) in ring.iter().zip(ring.iter().cycle().skip(1)) {
            if (a[1] > y) != (b[1] > y) && x < (b[0] - a[0]) * (y - a[1]) / (b[1] - a[1]) + a[0] {
                is_inside = !is_inside;
            }
            nearest = nearest.min(distance_squared([x, y], *a, *b));
        }
    }
    if is_inside { nearest.sqrt() } else { -nearest.sqrt() }
}

fn distance_squared(p: P, a: P, b: P) -> f64 {
    let d = [b[0] - a[0], b[1] - a[1]];
    let length = d[0] * d[0] + d[1] * d[1];
    let t = if length > 0.0 { ((p[0] - a[0]) * d[0] + (p[1] - a[1]) * d[1]) / length } else { 0.0 };
    let t = t.clamp(0.0, 1.0);
    let off = [0, 1].map(|i| p[i] - a[i] - d[i] * t);
    off[0] * off[0] + off[1] * off[1]
}

fn centroid(ring: &[P]) -> P {
    let mut sum = [0.0; 2];
    let mut area = 0.0;
    for (a, b) in ring.iter().zip(ring.iter().cycle().skip(1)) {
        // From the first vertex, so that far away nothing is lost.
        let (a, b) = ([a[0] - ring[0][0], a[1] - ring[0][1]], [b[0] - ring[0][0], b[1] - ring[0][1]]);
        let cross = a[0] * b[1] - b[0] * a[1];
        (0..2).for_each(|i| sum[i] += (a[i] + b[i]) * cross);
        area += cross * 3.0;
    }
    if area == 0.0 { ring[0] } else { [0, 1].map(|i| ring[0][i] + sum[i] / area) }
}
