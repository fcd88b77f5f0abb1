//! Segments and rings cut to rectangles, in whole numbers.
//!
//! What a cut gives depends on the segment alone, not on where the rectangle goes on: two rectangles with a common side
//! cut a segment at the same point of it.

/// A position, x to the right, y down.
pub type Point = [i64; 2];

/// A rectangle: left, top, right, bottom.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rect {
    pub min: Point,
    pub max: Point,
}

impl Rect {
    pub fn grown(self, by: i64) -> Rect {
        Rect { min: self.min.map(|c| c - by), max: self.max.map(|c| c + by) }
    }

    pub fn intersection(self, other: Rect) -> Rect {
        Rect { min: [0, 1].map(|i| self.min[i].max(other.min[i])), max: [0, 1].map(|i| self.max[i].min(other.max[i])) }
    }

    /// Whether they have more than an edge in common.
    pub fn meets(self, other: Rect) -> bool {
        (0..2).all(|i| self.min[i] < other.max[i] && other.min[i] < self.max[i])
    }

    /// The smallest rectangle around both.
    pub fn union(self, other: Rect) -> Rect {
        Rect { min: [0, 1].map(|i| self.min[i].min(other.min[i])), max: [0, 1].map(|i| self.max[i].max(other.max[i])) }
    }

    /// The smallest rectangle around points; none around nothing.
    pub fn around(points: &[Point]) -> Option<Rect> {
        points.iter().map(|&p| Rect { min: p, max: p }).reduce(Rect::union)
    }

    pub fn touches(self, other: Rect) -> bool {
        (0..2).all(|i| self.min[i] <= other.max[i] && other.min[i] <= self.max[i])
    }

    /// Whether the other lies within and touches no side.
    pub fn surrounds(self, other: Rect) -> bool {
        (0..2).all(|i| self.min[i] < other.min[i] && other.max[i] < self.max[i])
    }

    /// The sides of the rectangle that a point lies beyond, one bit each.
    pub fn beyond(self, p: Point) -> u8 {
        u8::from(p[0] < self.min[0])
            | u8::from(p[0] > self.max[0]) << 1
            | u8::from(p[1] < self.min[1]) << 2
            | u8::from(p[1] > self.max[1]) << 3
    }
}

/// The part of a segment within `rect`, if any (Liang and Barsky 1984), new ends rounded to whole units.
pub fn clip_segment(a: Point, b: Point, rect: Rect) -> Option<(Point, Point)> {
    if rect.beyond(a) == 0 && rect.beyond(b) == 0 {
        return Some((a, b));
    }
    // Where the segment enters and leaves, as fractions of its length with positive denominators.
    let mut enter = (0i128, 1i128);
    let mut leave = (1i128, 1i128);
    for axis in 0..2 {
        for (side, bound) in [(-1, rect.min[axis]), (1, rect.max[axis])] {
            // Towards the outside: how far the segment goes, and how far it may.
            let delta = i128::from(b[axis] - a[axis]) * side;
            let room = i128::from(bound - a[axis]) * side;
            if delta > 0 && room * leave.1 < leave.0 * delta {
                leave = (room, delta);
            } else if delta < 0 && -room * enter.1 > enter.0 * -delta {
                enter = (-room, -delta);
            } else if delta == 0 && room < 0 {
                return None;
            }
        }
    }
    if enter.0 * leave.1 > leave.0 * enter.1 {
        return None;
    }
    let at = |t: (i128, i128)| [0, 1].map(|i| a[i] + rounded(i128::from(b[i] - a[i]) * t.0, t.1));
    Some((if enter.0 == 0 { a } else { at(enter) }, if leave.0 == leave.1 { b } else { at(leave) }))
}

/// `n / d` to the nearest whole number, halves upwards; `d` is positive.
fn rounded(n: i128, d: i128) -> i64 {
    (2 * n + d).div_euclid(2 * d) as i64
}

/// A ring cut to a rectangle (Sutherland and Hodgman 1974), between two opposite sides at a time: an edge that crosses
/// both is cut twice as it is. Where a ring falls apart, the parts stay joined along the rectangle's sides.
pub fn clip_ring(mut ring: Vec<Point>, rect: Rect) -> Vec<Point> {
    for axis in 0..2 {
        let (min, max) = (rect.min[axis], rect.max[axis]);
        let mut cut = Vec::with_capacity(ring.len() + 4);
        for (i, &point) in ring.iter().enumerate() {
            let before = ring[(i + ring.len() - 1) % ring.len()];
            // In the order in which the edge comes to them.
            let bounds = if before[axis] < point[axis] { [min, max] } else { [max, min] };
            for bound in bounds {
                let side = if bound == min { -1 } else { 1 };
                let outside = |p: Point| p[axis] * side > bound * side;
                if outside(before) != outside(point) {
                    let other = 1 - axis;
                    let along = i128::from(bound - before[axis]) * i128::from(point[other] - before[other]);
                    let delta = i128::from(point[axis] - before[axis]);
                    let (along, delta) = if delta < 0 { (-along, -delta) } else { (along, delta) };
                    let mut crossing = [bound; 2];
                    crossing[other] = before[other] + rounded(along, delta);
                    cut.push(crossing);
                }
            }
            if (min..=max).contains(&point[axis]) {
                cut.push(point);
            }
        }
        ring = cut;
    }
    ring
}
