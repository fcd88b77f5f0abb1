//! Lines cut into dashes.
//!
//! The phase of a pattern must not depend on how a line is cut into tiles, and nobody knows where a line began some
//! tiles ago. So at each cut the pattern stands at the middle of its first dash; between two cuts it is stretched so
//! that a whole number of periods fits; a piece shorter than half a period is solid.

use super::path::{Measured, Point, Stretch};
use crate::limits;

/// A stretch of a line that is stroked.
pub struct Dash {
    pub points: Vec<Point>,
    pub closed: bool,
    /// Where along the line its middle lies.
    pub middle: f64,
}

impl Dash {
    /// All of a line.
    pub fn whole(line: Measured) -> Dash {
        Dash { closed: line.closed, points: line.whole(), middle: 0.0 }
    }
}

/// The dashes of a line; `pattern` holds the lengths in scene units, on and off in turn. A pattern of an odd number of
/// lengths ends and begins with "on". The line itself where the pattern has no length or would make too many dashes.
pub fn dashes(line: Measured, pattern: &[f64]) -> Vec<Dash> {
    let period: f64 = pattern.iter().sum();
    let total = line.length;
    if period <= 0.0 || total / period > limits::DASHES as f64 {
        return vec![Dash::whole(line)];
    }
    let mut intervals: Vec<(f64, f64)> = Vec::new();
    for Stretch { from, to, cut: [cut_before, cut_after] } in line.stretches.iter().copied() {
        let piece = (line.lengths[from], line.lengths[to]);
        let length = piece.1 - piece.0;
        for (start, end) in piece_dashes(length, cut_before, cut_after, pattern, period) {
            // Where the piece ends, not where a sum's rounding says that it does.
            let (start, end) = (piece.0 + start, if end >= length { piece.1 } else { piece.0 + end });
            match intervals.last_mut() {
                // A dash goes on over a cut.
                Some(before) if start <= before.1 => before.1 = end,
                _ => intervals.push((start, end)),
            }
        }
    }
    let over_start =
        line.closed && intervals.len() > 1 && intervals[0].0 <= 0.0 && intervals[intervals.len() - 1].1 >= total;
    let dash =
        |&(start, end): &(f64, f64)| Dash { points: line.part(start, end), closed: false, middle: (start + end) / 2.0 };
    let mut drawn: Vec<Dash> = intervals.iter().map(dash).collect();
    if over_start && let Some(mut joined) = drawn.pop() {
        joined.points.pop();
        joined.points.append(&mut drawn[0].points);
        drawn[0] = joined;
    }
    drawn
}

/// Where a piece of a line is on, as arc lengths from its start.
fn piece_dashes(length: f64, cut_before: bool, cut_after: bool, pattern: &[f64], period: f64) -> Vec<(f64, f64)> {
    if (cut_before || cut_after) && length < period / 2.0 {
        return vec![(0.0, length)];
    }
    let middle = pattern[0] / 2.0;
    // Where in the pattern the piece starts, and how much the pattern is stretched.
    let (phase, stretched) = match (cut_before, cut_after) {
        (true, true) => (middle, length / (length / period).round().max(1.0) / period),
        (true, false) => (middle, 1.0),
        (false, true) => ((middle - length).rem_euclid(period), 1.0),
        (false, false) => (0.0, 1.0),
    };
    let mut found = Vec::new();
    let mut at = -phase * stretched;
    while at < length {
        for (i, part) in pattern.iter().enumerate() {
            let end = at + part * stretched;
            if i % 2 == 0 && end >= 0.0 && at < length {
                found.push((at.max(0.0), end.min(length)));
            }
            at = end;
        }
    }
    // Rounding must not leave a gap before a cut.
    if let Some(last) = found.last_mut().filter(|last| cut_after && length - last.1 < 1.0) {
        last.1 = length;
    }
    found
}
