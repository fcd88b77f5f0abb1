//! A line moved sideways, for `line-offset` and `line-gap-width`.

use super::join::unit;
use super::path::{Line, Point};

/// Beyond this ratio of miter length to offset, a corner on the outside is cut off.
const MITER_LIMIT: f64 = 2.0;

/// The line at `distance` scene units to the right of its direction (y goes down).
///
/// At a corner the two parallels are extended to where they meet, at `distance / cos(half the turn)` from it.
pub fn parallel(line: &Line, distance: f64) -> Line {
    let line = &without_repeats(line);
    let count = line.points.len();
    let normal = |i: usize| {
        let [dx, dy] = unit(line.points[i], line.points[(i + 1) % count]);
        [-dy, dx]
    };
    let mut moved = Line { length: line.length, closed: line.closed, ..Line::default() };
    for (i, &point) in line.points.iter().enumerate() {
        if line.cuts.contains(&i) {
            moved.cuts.push(moved.points.len());
        }
        let before = (i > 0 || line.closed).then(|| normal((i + count - 1) % count));
        let after = (i + 1 < count || line.closed).then(|| normal(i));
        let mut push = |[nx, ny]: [f64; 2], length: f64| {
            moved.points.push([along(point[0], nx * length), along(point[1], ny * length)]);
            moved.at.push(line.at[i]);
        };
        match (before, after) {
            (Some(a), Some(b)) => {
                let half = [a[0] + b[0], a[1] + b[1]];
                let length = half[0].hypot(half[1]);
                // cos(half the turn) is half the length of the sum of the unit normals.
                if length / 2.0 * MITER_LIMIT >= 1.0 {
                    push(half.map(|c| c / length), distance / (length / 2.0));
                } else {
                    push(a, distance);
                    push(b, distance);
                }
            }
            (one, other) => push(one.or(other).unwrap_or_default(), distance),
        }
    }
    moved
}

fn along(c: i64, by: f64) -> i64 {
    c + by.round() as i64
}

/// The line with one more vertex at an end, `length` scene units straight on; the old end becomes a cut within it.
pub fn extend(points: &[Point], last: bool, length: f64) -> Point {
    let (end, before) = match last {
        true => (points[points.len() - 1], points[points.len() - 2]),
        false => (points[0], points[1]),
    };
    let [dx, dy] = unit(before, end);
    [along(end[0], dx * length), along(end[1], dy * length)]
}

/// The line without vertices that repeat the one before, which have no direction.
fn without_repeats(line: &Line) -> Line {
    let mut kept = Line { length: line.length, closed: line.closed, ..Line::default() };
    for (i, &point) in line.points.iter().enumerate() {
        if kept.points.last() != Some(&point) {
            kept.points.push(point);
            kept.at.push(line.at[i]);
        }
        if line.cuts.contains(&i) {
            kept.cuts.push(kept.points.len() - 1);
        }
    }
    kept
}
