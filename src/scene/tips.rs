//! Joins that are round, but not sharp enough for it: `line-round-limit`.

use super::join::unit;
use super::path::{Path, Point, Rect};

/// Adds the miter of each corner whose miter is shorter than `limit` half widths. It holds the round join within it.
pub fn lay(line: &[Point], closed: bool, half_width: f64, limit: f64, near: Rect, offset: Point, tips: &mut Path) {
    let count = line.len();
    let corners = if closed { 0..count } else { 1..count.saturating_sub(1) };
    for i in corners {
        let (before, corner, after) = (line[(i + count - 1) % count], line[i], line[(i + 1) % count]);
        let (a, b) = (unit(before, corner), unit(corner, after));
        let turn = a[0] * b[1] - a[1] * b[0];
        // To the outside: the left of a line that turns right.
        let side = if turn > 0.0 { half_width } else { -half_width };
        let outside = |[x, y]: [f64; 2]| [y * side, -x * side];
        let (from, to) = (outside(a), outside(b));
        let half = [(a[0] + b[0]) / 2.0, (a[1] + b[1]) / 2.0];
        // The length of half the sum of unit vectors is the cosine of half the turn.
        let cosine = half[0].hypot(half[1]);
        if turn == 0.0 || cosine * limit <= 1.0 {
            continue;
        }
        let tip = outside(half).map(|c| c / (cosine * cosine));
        let at = |by: [f64; 2]| [0, 1].map(|axis| corner[axis] + by[axis].round() as i64);
        tips.push_ring(&[corner, at(from), at(tip), at(to)], near, offset);
    }
}
