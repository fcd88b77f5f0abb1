//! Images along lines: `line-pattern`.
//!
//! As with dashes, the image begins anew at each cut, and between two cuts it is stretched so that a whole number of
//! them fits. Each straight stretch of a line is a quad with the image in it; at a corner two quads meet along the line
//! that halves it.

use super::Quad;
use super::image::{BAND_EDGE, Band, Images};
use super::join::unit;
use super::path::{Measured, Point, Rect, Stretch, UNITS, clip_segment, distance};

/// How far quads reach beyond the edges of the line, which clips them, and under the next one, in scene units.
const OVERLAP: f64 = UNITS as f64;
/// Where a quad's image begins is a whole number of this part of an output pixel, so that sums are exact.
const CORNER: f64 = 65_536.0;
/// Corners with a longer miter are not halved: there quads lie over one another.
const MITER_LIMIT: f64 = 4.0;

type Vector = [f64; 2];

/// A straight part of a line: where it begins, which way it runs, how many images come before it, and how many there
/// are in a scene unit.
struct Segment {
    start: Point,
    along: Vector,
    begun: f64,
    rate: f64,
}

/// The quads of a part of a line that can be seen.
pub fn lay(
    measured: &Measured,
    band: &Band,
    [from, until]: [f64; 2],
    near: Rect,
    offset: Point,
    images: &mut Images,
) -> Vec<Quad> {
    let mut quads = Vec::new();
    let points = &measured.points;
    let wide = band.width * UNITS as f64 / 2.0 + OVERLAP;
    let near = near.grown(wide.ceil() as i64);
    let last = points.len() - 1;
    let direction = |i: usize| unit(points[i], points[i + 1]);
    for stretch in &measured.stretches {
        let (phase, rate) = phase(measured, *stretch, band.period * UNITS as f64);
        for i in stretch.from..stretch.to {
            let along = direction(i);
            let length = distance(points[i], points[i + 1]);
            let Some((near_start, near_end)) = clip_segment(points[i], points[i + 1], near) else { continue };
            if length == 0.0 {
                continue;
            }
            // A line that was moved sideways is longer or shorter than what it is measured on; at sharp corners it has
            // segments that nothing is measured on.
            let begin = measured.lengths[i];
            let covered = measured.lengths[i + 1] - begin;
            let local = if covered > 0.0 { covered / length } else { 1.0 };
            let before = if i > 0 { Some(direction(i - 1)) } else { measured.closed.then(|| direction(last - 1)) };
            let after = if i + 1 < last { Some(direction(i + 1)) } else { measured.closed.then(|| direction(0)) };
            let begun = phase + (begin - measured.lengths[stretch.from]) * rate;
            let segment = Segment { start: points[i], along, begun, rate: rate * local };
            // Long segments are cut where it does not depend on what can be seen of them.
            let step = f64::from(band.most() / 2) / segment.rate;
            let seen =
                [near_start, near_end].map(|p| dot([0, 1].map(|axis| (p[axis] - points[i][axis]) as f64), along));
            let first = (seen[0] / step).floor().max(0.0) as u64;
            let end = (seen[1] / step).ceil().min((length / step).ceil()) as u64;
            for n in first..end {
                let (start, stop) = (n as f64 * step, ((n + 1) as f64 * step).min(length));
                if begin + stop * local < from || begin + start * local > until {
                    continue;
                }
                let is_last = stop >= length;
                let [a, b] = if n == 0 { ends(before, along, wide) } else { square(along, wide, 0.0) };
                let [c, d] = match is_last {
                    true => ends(after.map(|d| d.map(|c| -c)), along.map(|c| -c), wide),
                    false => square(along.map(|c| -c), wide, 0.0),
                };
                // Under the next quad.
                let over = if is_last && after.is_none() { 0.0 } else { OVERLAP };
                let place = |at: f64, by: Vector| [0, 1].map(|axis| along[axis] * at + by[axis]);
                let corners = [place(start, a), place(start, b), place(stop + over, c), place(stop + over, d)];
                quads.extend(quad(corners, &segment, band, offset, images));
            }
        }
    }
    quads
}

/// How many images a stretch begins after, and how many there are in a scene unit.
fn phase(measured: &Measured, Stretch { from, to, cut }: Stretch, period: f64) -> (f64, f64) {
    let length = measured.lengths[to] - measured.lengths[from];
    match cut {
        [true, true] if length > 0.0 => (0.0, (length / period).round().max(1.0) / length),
        [false, true] => (-length / period, 1.0 / period),
        _ => (0.0, 1.0 / period),
    }
}

/// From a quad's vertex to its two corners there, to the left and to the right of a line that runs `along`; `before` is
/// where it comes from.
fn ends(before: Option<Vector>, along: Vector, wide: f64) -> [Vector; 2] {
    // The ends of a line may have caps.
    let Some(before) = before else { return square(along, wide, wide) };
    let half = [(along[0] + before[0]) / 2.0, (along[1] + before[1]) / 2.0];
    let cosine = half[0].hypot(half[1]);
    if cosine * MITER_LIMIT < 1.0 {
        return square(along, wide, wide);
    }
    let miter = [-half[1], half[0]].map(|c| c / (cosine * cosine) * wide);
    [miter.map(|c| -c), miter]
}

/// The corners of an end at right angles, `beyond` before the vertex.
fn square(along: Vector, wide: f64, beyond: f64) -> [Vector; 2] {
    let corner = |side: f64| [-along[0] * beyond - along[1] * side, -along[1] * beyond + along[0] * side];
    [corner(-wide), corner(wide)]
}

/// A quad with `corners` from the start of the segment.
fn quad(corners: [Vector; 4], segment: &Segment, band: &Band, offset: Point, images: &mut Images) -> Option<Quad> {
    let Segment { start, along, begun, rate } = *segment;
    // In images; the quad's own begin at a whole one.
    let reached = corners.map(|corner| begun + dot(corner, along) * rate);
    let base = reached.into_iter().fold(f64::INFINITY, f64::min).floor();
    let most = reached.into_iter().fold(f64::NEG_INFINITY, f64::max);
    let times = ((most - base).ceil().max(1.0) as u32).next_power_of_two().min(band.most());
    let image = images.repeated(band, times)?;
    let units = UNITS as f64;
    let [columns, rows] = band.size.map(f64::from);
    // One pixel of the image along the line and across it. Its top is on the right of the line, as in MapLibre.
    let column = 1.0 / (rate * columns * units);
    let row = band.width / rows;
    let (x_axis, y_axis) = (along.map(|c| c * column), [along[1] * row, -along[0] * row]);
    let (back, up) = ((begun - base) * columns, rows / 2.0 + f64::from(BAND_EDGE));
    // Rounded before it is moved to the viewport, so that it is the same pixel of the world for all.
    let from_start = [0, 1].map(|i| ((-x_axis[i] * back - y_axis[i] * up) * CORNER).round() / CORNER);
    let origin = [0, 1].map(|i| (start[i] + offset[i]) as f64 / units + from_start[i]);
    let place = |corner: Vector| [0, 1].map(|axis| (start[axis] + offset[axis] + corner[axis].round() as i64) as i32);
    Some(Quad {
        image,
        corners: corners.map(place),
        transform: [x_axis[0], x_axis[1], y_axis[0], y_axis[1], origin[0], origin[1]],
    })
}

fn dot(a: Vector, b: Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1]
}
