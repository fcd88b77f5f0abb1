//! The outline of a stroke, as polygons: caps, joins and miter limit as in SVG 2 (13.5).
//!
//! Every piece of it is wound the same way, the inner side of a bend going through the vertex, so that coverage adds up
//! and nothing cancels. Distances from a vertex follow from the differences to its neighbours alone and are rounded to
//! scene units: the outline is the same wherever in the world it lies. Only square roots are taken, which IEEE 754
//! rounds alike everywhere.

use super::coverage::{Coverage, FAR};
use crate::limits;
use crate::scene::{Path, UNITS};
use crate::style::{Cap, Join};

/// How far a flattened arc may lie from the true one, in scene units.
const TOLERANCE: f64 = 6.0;

/// The largest radius, in scene units: a picture's side.
const MOST_RADIUS: f64 = limits::PIXMAP_SIDE as f64 * UNITS as f64;

/// What of a stroke is the same for all its lines; lengths in scene units.
#[derive(Clone, Copy, Debug)]
pub struct Pen {
    pub radius: f64,
    pub cap: Cap,
    pub join: Join,
    pub miter_limit: f64,
}

/// Memory for outlines, used again for each.
#[derive(Default)]
pub struct Outliner {
    points: Vec<[i32; 2]>,
    /// The side to the right of the line's direction, and the other.
    right: Vec<[i32; 2]>,
    left: Vec<[i32; 2]>,
    quarter: Quarter,
}

/// What lies between the ends of a quarter turn that is flattened for a radius: how much of its first direction and how
/// much of its second.
#[derive(Default)]
struct Quarter {
    radius: f64,
    between: Vec<Vector>,
}

type Vector = [f64; 2];

/// A segment's direction, of length 1, and its length.
#[derive(Clone, Copy)]
struct Segment {
    direction: Vector,
    length: f64,
}

impl Outliner {
    /// Adds the stroke of one line.
    pub fn stroke(&mut self, line: &[[i32; 2]], closed: bool, pen: &Pen, coverage: &mut Coverage) {
        let pen = &Pen { radius: pen.radius.clamp(0.0, MOST_RADIUS), ..*pen };
        self.points.clear();
        self.points.extend(line.iter().map(|p| p.map(|c| c.clamp(-FAR, FAR))));
        self.points.dedup();
        if closed && self.points.len() > 1 && self.points.first() == self.points.last() {
            self.points.pop();
        }
        self.right.clear();
        self.left.clear();
        let points = std::mem::take(&mut self.points);
        match points[..] {
            [] => {}
            [point] => self.dot(point, pen, coverage),
            _ if closed && points.len() > 2 => self.ring(&points, pen, coverage),
            _ => self.open(&points, pen, coverage),
        }
        self.points = points;
    }

    fn open(&mut self, points: &[[i32; 2]], pen: &Pen, coverage: &mut Coverage) {
        let first = segment(points[0], points[1]);
        self.cap(points[0], first.direction.map(|d| -d), pen);
        let mut before = first;
        for i in 1..points.len() - 1 {
            let after = segment(points[i], points[i + 1]);
            self.join(points[i], before, after, pen);
            before = after;
        }
        // The cap at the start has gone to the right side, from the left one: from here on it is one contour.
        self.cap(points[points.len() - 1], before.direction, pen);
        self.right.extend(self.left.drain(..).rev());
        coverage.polygon(self.right.iter().copied());
    }

    fn ring(&mut self, points: &[[i32; 2]], pen: &Pen, coverage: &mut Coverage) {
        let count = points.len();
        let mut before = segment(points[count - 1], points[0]);
        for i in 0..count {
            let after = segment(points[i], points[(i + 1) % count]);
            self.join(points[i], before, after, pen);
            before = after;
        }
        self.left.reverse();
        coverage.polygon(self.right.iter().copied());
        coverage.polygon(self.left.iter().copied());
    }

    /// A line of no length.
    fn dot(&mut self, at: [i32; 2], pen: &Pen, coverage: &mut Coverage) {
        if pen.cap == Cap::Butt {
            return;
        }
        self.cap(at, [-1.0, 0.0], pen);
        self.cap(at, [1.0, 0.0], pen);
        coverage.polygon(self.right.iter().copied());
    }

    /// The end of a line that comes from the opposite of `direction`: from its left to its right side, added to the
    /// right one in the order of a contour that goes around the end.
    fn cap(&mut self, at: [i32; 2], direction: Vector, pen: &Pen) {
        let normal = turned(direction);
        let back = normal.map(|c| -c);
        let r = pen.radius;
        // At the line's start the contour comes from the left of the line's own direction, which is the right of this.
        self.right.push(offset(at, normal, r));
        match pen.cap {
            Cap::Butt => {}
            Cap::Square => {
                let corner = |side: Vector| offset(at, [0, 1].map(|i| side[i] + direction[i]), r);
                self.right.extend([corner(normal), corner(back)]);
            }
            Cap::Round => {
                self.quarter.flatten(r);
                self.quarter.add(&mut self.right, at, normal, direction);
                self.right.push(offset(at, direction, r));
                self.quarter.add(&mut self.right, at, direction, back);
            }
        }
        self.right.push(offset(at, back, r));
    }

    fn join(&mut self, at: [i32; 2], before: Segment, after: Segment, pen: &Pen) {
        let (a, b) = (before.direction, after.direction);
        let (cross, dot) = (a[0] * b[1] - a[1] * b[0], a[0] * b[0] + a[1] * b[1]);
        let (from, to) = (turned(a), turned(b));
        let r = pen.radius;
        // The cosine of half the angle that the line turns by.
        let half = ((1.0 + dot) / 2.0).max(0.0).sqrt();
        let tip = [0, 1].map(|i| (from[i] + to[i]) / (1.0 + dot));
        // How far the sides' crossing lies from the vertex along a segment.
        let along = r * cross.abs() / (1.0 + dot);
        let short = along <= before.length.min(after.length);
        let within = r * (1.0 / half - 1.0) <= TOLERANCE || (pen.join == Join::Miter && 1.0 <= pen.miter_limit * half);
        if dot > 0.0 && short && within {
            // The sides cross where they should, on both sides of the line.
            self.right.push(offset(at, tip, r));
            self.left.push(offset(at, tip, -r));
            return;
        }
        let (outer, inner, side) = match cross > 0.0 {
            true => (&mut self.left, &mut self.right, -1.0),
            false => (&mut self.right, &mut self.left, 1.0),
        };
        let r = r * side;
        match inner.len() {
            _ if dot > 0.0 && short => inner.push(offset(at, tip, -r)),
            _ => inner.extend([offset(at, from, -r), at, offset(at, to, -r)]),
        }
        outer.push(offset(at, from, r));
        match pen.join {
            Join::Miter if 1.0 <= pen.miter_limit * half => outer.push(offset(at, tip, r)),
            Join::Miter | Join::Bevel => {}
            Join::Round => arc(outer, at, from, to, r),
        }
        outer.push(offset(at, to, r));
    }
}

impl Quarter {
    /// Most strokes of a picture are as wide as one before: nothing is done again.
    fn flatten(&mut self, radius: f64) {
        if self.radius != radius {
            self.radius = radius;
            self.between.clear();
            let between = &mut self.between;
            halve([1.0, 0.0], [0.0, 1.0], radius, &mut |middle| between.push(middle));
        }
    }

    fn add(&self, points: &mut Vec<[i32; 2]>, center: [i32; 2], from: Vector, to: Vector) {
        let at = |of: &Vector| [0, 1].map(|i| of[0] * from[i] + of[1] * to[i]);
        points.extend(self.between.iter().map(|of| offset(center, at(of), self.radius)));
    }
}

/// Adds convex rings that belong to a stroke, wound as its outline is.
pub fn tips(path: &Path, coverage: &mut Coverage) {
    for (ring, _) in path.parts() {
        if twice_area(ring) <= 0 {
            coverage.polygon(ring.iter().copied());
        } else {
            coverage.polygon(ring.iter().rev().copied());
        }
    }
}

/// Twice the area that a ring encloses, negative where it is wound as strokes are.
pub fn twice_area(ring: &[[i32; 2]]) -> i128 {
    let edges = ring.iter().zip(ring.iter().cycle().skip(1));
    edges
        .map(|(a, b)| {
            let ([ax, ay], [bx, by]) = (a.map(i128::from), b.map(i128::from));
            ax * by - ay * bx
        })
        .sum()
}

/// A ring together with what lies within a distance to the right of it, with round joins: of a ring that is wound as
/// strokes are (its area is negative), what is around it.
///
/// It is the ring and a quad beside each of its edges and a sector at each of its corners, all wound one way: where the
/// ring bends to the right, quads lie over one another, and nothing cancels.
pub fn grown(ring: &[[i32; 2]], radius: f64) -> Vec<[i32; 2]> {
    let count = ring.len();
    let mut points = Vec::with_capacity(2 * count);
    let mut before = segment(ring[count - 1], ring[0]);
    for (i, &at) in ring.iter().enumerate() {
        let after = segment(at, ring[(i + 1) % count]);
        let (a, b) = (before.direction, after.direction);
        let (cross, dot) = (a[0] * b[1] - a[1] * b[0], a[0] * b[0] + a[1] * b[1]);
        let (from, to) = (turned(a), turned(b));
        let tip = [0, 1].map(|i| (from[i] + to[i]) / (1.0 + dot));
        let half = ((1.0 + dot) / 2.0).max(0.0).sqrt();
        // Half of either side, so that what is cut off at both its ends is not more than all of it.
        let short = radius * cross.abs() / (1.0 + dot) <= before.length.min(after.length) / 2.0;
        match cross > 0.0 {
            true if dot > 0.0 && short => points.push(offset(at, tip, radius)),
            true => points.extend([offset(at, from, radius), at, offset(at, to, radius)]),
            false if dot > 0.0 && radius * (1.0 / half - 1.0) <= TOLERANCE => points.push(offset(at, tip, radius)),
            false => {
                points.push(offset(at, from, radius));
                arc(&mut points, at, from, to, radius);
                points.push(offset(at, to, radius));
            }
        }
        before = after;
    }
    points
}

/// Adds a disc.
pub fn disc(center: [i32; 2], radius: f64, coverage: &mut Coverage) {
    let mut points = Vec::new();
    let radius = radius.clamp(0.0, MOST_RADIUS);
    let quarters: [Vector; 4] = [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]];
    for i in 0..4 {
        points.push(offset(center, quarters[i], radius));
        arc(&mut points, center, quarters[i], quarters[(i + 1) % 4], radius);
    }
    coverage.polygon(points);
}

/// The points of the arc between two directions that are less than half a turn apart, without its ends.
fn arc(points: &mut Vec<[i32; 2]>, center: [i32; 2], from: Vector, to: Vector, radius: f64) {
    halve(from, to, radius, &mut |direction| points.push(offset(center, direction, radius)));
}

/// Gives the directions between two that are less than half a turn apart: it is halved until the chord is near enough.
fn halve(from: Vector, to: Vector, radius: f64, add: &mut impl FnMut(Vector)) {
    let dot = from[0] * to[0] + from[1] * to[1];
    let half = ((1.0 + dot) / 2.0).max(0.0).sqrt();
    if radius.abs() * (1.0 - half) <= TOLERANCE {
        return;
    }
    let sum = [from[0] + to[0], from[1] + to[1]];
    let length = (sum[0] * sum[0] + sum[1] * sum[1]).sqrt();
    // Half a turn goes on ahead.
    let ahead = [from[1], -from[0]].map(|c| c * radius.signum());
    let middle = if length > 1e-6 { sum.map(|c| c / length) } else { ahead };
    halve(from, middle, radius, add);
    add(middle);
    halve(middle, to, radius, add);
}

fn segment(from: [i32; 2], to: [i32; 2]) -> Segment {
    let [dx, dy] = [0, 1].map(|i| f64::from(to[i]) - f64::from(from[i]));
    let length = (dx * dx + dy * dy).sqrt();
    Segment { direction: [dx / length, dy / length], length }
}

/// A quarter turn: with y down, to the right of the direction.
fn turned([x, y]: Vector) -> Vector {
    [-y, x]
}

fn offset(at: [i32; 2], direction: Vector, distance: f64) -> [i32; 2] {
    [0, 1].map(|i| at[i].saturating_add(rounded(direction[i] * distance)))
}

/// To the nearest whole number; the cast cuts towards zero.
fn rounded(n: f64) -> i32 {
    (n + 0.5f64.copysign(n)) as i32
}
