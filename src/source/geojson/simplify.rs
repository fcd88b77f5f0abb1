//! How far each vertex of a line stands out, by the algorithm of Douglas and Peucker (1973): a rule of the line alone,
//! computed once, so that all tiles of a zoom leave out the same vertices.

use crate::clip::Point;

/// Vertices looked at together. Without a bound the algorithm takes the square of a line's length at worst.
const RUN: usize = 4096;

/// For each vertex how far it is from the line without it; the ends count as infinitely far.
///
/// Vertices that stand out by no more than `least` have 0.
pub fn distances(line: &[Point], least: f64) -> Vec<f64> {
    let mut distances = vec![0.0; line.len()];
    if line.len() <= RUN + 1 {
        mark(line, least, &mut distances);
    } else {
        // Every so many vertices one is looked at as a line of their own, and the runs between them each by itself.
        let knots: Vec<usize> = (0..line.len() - 1).step_by(RUN).chain([line.len() - 1]).collect();
        let coarse: Vec<Point> = knots.iter().map(|&i| line[i]).collect();
        let coarse = self::distances(&coarse, least);
        for ends in knots.windows(2) {
            mark(&line[ends[0]..=ends[1]], least, &mut distances[ends[0]..=ends[1]]);
        }
        for (knot, distance) in knots.into_iter().zip(coarse) {
            distances[knot] = distance;
        }
    }
    if let [first, .., last] = &mut distances[..] {
        (*first, *last) = (f64::INFINITY, f64::INFINITY);
    }
    distances
}

/// Without recursion: a spiral would go as deep as it has vertices.
fn mark(line: &[Point], least: f64, distances: &mut [f64]) {
    let mut runs = vec![(0, line.len().saturating_sub(1))];
    while let Some((first, last)) = runs.pop() {
        let mut farthest = (least * least, None);
        for i in first + 1..last {
            let square = square_distance(line[i], line[first], line[last]);
            // Of several the one in the middle, for short runs.
            let nearer = |other: usize| (first + last).abs_diff(2 * i) < (first + last).abs_diff(2 * other);
            if square > farthest.0 || (square == farthest.0 && farthest.1.is_some_and(nearer)) {
                farthest = (square, Some(i));
            }
        }
        if let (square, Some(i)) = farthest {
            distances[i] = square.sqrt();
            runs.extend([(first, i), (i, last)]);
        }
    }
}

/// The square of a point's distance from a segment.
fn square_distance(point: Point, from: Point, to: Point) -> f64 {
    let [dx, dy] = [0, 1].map(|i| (to[i] - from[i]) as f64);
    let [px, py] = [0, 1].map(|i| (point[i] - from[i]) as f64);
    let length = dx * dx + dy * dy;
    let along = if length > 0.0 { ((px * dx + py * dy) / length).clamp(0.0, 1.0) } else { 0.0 };
    let (x, y) = (px - along * dx, py - along * dy);
    x * x + y * y
}
