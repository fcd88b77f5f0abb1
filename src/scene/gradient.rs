//! Colours along lines: `line-gradient`.
//!
//! Where one colour ends and the next begins follows from the progress along the whole line, which the source gives,
//! so that it is the same on both sides of a cut.

use super::offset;
use super::path::{Measured, Path, Point, Rect, UNITS};
use crate::style::Gradient;
use crate::style::color::Color;

/// The finest steps of the progress, as many as colours can differ in.
const STEPS: f64 = 256.0;
/// How far a run goes on under the next one, in scene units.
const OVERLAP: f64 = UNITS as f64;

/// The runs of a part of a line that can be seen; `progress` is that of the stretches between its cuts. At its ends the
/// line goes on for `beyond` scene units, under its caps.
pub fn runs(
    measured: &Measured,
    progress: &[[f64; 2]],
    colors: &Gradient,
    [from, until]: [f64; 2],
    beyond: f64,
    near: Rect,
    moved: Point,
) -> Vec<(Color, Path)> {
    // Where each colour ends, as an arc length.
    let mut ends: Vec<(Color, f64)> = Vec::new();
    let mut add = |color: Color, end: f64| match ends.last_mut() {
        Some((last, at)) if last.to_rgba8() == color.to_rgba8() => *at = end,
        _ => ends.push((color, end)),
    };
    for (stretch, &[start, end]) in measured.stretches.iter().zip(progress) {
        let (from, to) = (measured.lengths[stretch.from], measured.lengths[stretch.to]);
        let span = end - start;
        if span == 0.0 || to <= from {
            add(colors.color(start), to);
            continue;
        }
        // About a pixel or more, in powers of two, so that tiles that differ by a rounding take the same.
        let pixels = (to - from) / UNITS as f64 / span.abs();
        let steps = pixels.log2().round().exp2().clamp(1.0, STEPS);
        let mut at = start;
        while at != end {
            let step = if span > 0.0 { (at * steps).floor() } else { (at * steps).ceil() - 1.0 };
            let border = (step + if span > 0.0 { 1.0 } else { 0.0 }) / steps;
            let next = if (border - end) * span >= 0.0 || border == at { end } else { border };
            add(colors.color((step + 0.5) / steps), from + (next - start) / span * (to - from));
            at = next;
        }
    }
    let (count, total) = (ends.len(), measured.total());
    let mut runs = Vec::new();
    let mut begin = 0.0;
    for (i, (color, end)) in ends.into_iter().enumerate() {
        let (is_first, is_last) = (i == 0, i + 1 == count);
        let over = if is_last { 0.0 } else { OVERLAP };
        let [first, last] = [begin, (end + over).min(total)].map(|at: f64| at.clamp(from, until));
        let is_within = (is_last || end > from) && (is_first || begin < until);
        begin = end;
        if !is_within {
            continue;
        }
        let mut points = measured.part(first, last);
        if first <= 0.0 && !measured.closed {
            points.insert(0, offset::extend(&points, false, beyond));
        }
        if last >= total && !measured.closed {
            points.push(offset::extend(&points, true, beyond));
        }
        let mut path = Path::default();
        path.push_line(&points, false, near, moved);
        if !path.is_empty() {
            runs.push((color, path));
        }
    }
    runs
}
