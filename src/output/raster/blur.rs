//! Edges that fade: of strokes over a number of pixels from the edge inwards, of circles over a share of the radius.
//!
//! A stroke that fades is the mean of strokes within one another, each narrower by a step of at most a pixel: with
//! antialiasing, which smooths each over one pixel, that is the straight ramp of MapLibre's line shader, whose ends lie
//! half a pixel out of and within the edge. All of it comes from the outline, so that tiles fit where unblurred strokes do.
//!
//! A circle has, at the middle of each pixel, the colour and the opacity of MapLibre's circle shader: opacity goes to 0 at
//! the edge and colour to that of the stroke where it begins, each as a smooth step (`smoothstep`, GLSL ES 3.00, 8.3) as
//! long as the blur, which is a pixel or more.

use super::blend::{OPAQUE_ALPHA, Pixel, over};
use super::coverage::{PixelRect, Run};
use super::sheet::Sheet;
use crate::scene::{Circle, UNITS};
use crate::style::color::Color;

/// The most strokes that make one that fades.
const STEPS: f64 = 64.0;

/// The widths in output pixels of the strokes that make one that fades, from the outermost, and how many they are the
/// mean of: those without a width cover nothing.
pub fn widths(width: f64, blur: f64) -> (Vec<f64>, u16) {
    let steps = (blur + 1.0).ceil().clamp(2.0, STEPS);
    let step = |i: u16| width - 2.0 * blur * f64::from(i) / (steps - 1.0);
    let count = steps as u16;
    ((0..count).map(step).take_while(|&width| width > 0.0).collect(), count)
}

/// Adds a run of one of the strokes.
pub fn add(sums: &mut Sheet<u16>, y: i32, x: i32, run: Run) {
    for (sum, cover) in sums.touch(y, x, run.length()).iter_mut().zip(run.covers()) {
        *sum += cover as u16;
    }
}

/// Gives the mean of the strokes as runs, and forgets them.
pub fn sweep(sums: &mut Sheet<u16>, count: u16, mut run: impl FnMut(i32, i32, Run)) {
    let mut means = Vec::new();
    sums.rows(|y, x, sums| {
        means.clear();
        means.extend(sums.iter().map(|sum| (sum + count / 2) / count));
        run(y, x, Run::Each(&means));
    });
    sums.clear();
}

/// Draws a circle that fades on the pixels of a rectangle.
pub fn circle(circle: &Circle, [left, top, right, bottom]: PixelRect, pixels: &mut [Pixel]) {
    let whole = circle.radius + circle.stroke_width;
    if whole.is_nan() || whole <= 0.0 {
        return;
    }
    let fade = Fade::new(circle, whole);
    let [x, y] = circle.center.map(|c| f64::from(c) / UNITS as f64);
    let span = |at: f64, low: i32, high: i32| {
        let (from, to) = ((at - whole).floor() as i32, (at + whole).ceil() as i32);
        from.max(low)..to.min(high)
    };
    for row in span(y, top, bottom) {
        let dy = f64::from(row) + 0.5 - y;
        let pixels = &mut pixels[(row - top) as usize * (right - left) as usize..];
        for column in span(x, left, right) {
            let dx = f64::from(column) + 0.5 - x;
            let distance = (dx * dx + dy * dy).sqrt() / whole;
            if distance < 1.0 {
                let pixel = &mut pixels[(column - left) as usize];
                *pixel = over(*pixel, fade.pixel(distance), OPAQUE_ALPHA);
            }
        }
    }
}

/// What a circle has at a share of its whole radius.
struct Fade {
    /// Premultiplied.
    inner: [f64; 4],
    outer: [f64; 4],
    blur: f64,
    /// Where the stroke begins; none if there is none.
    border: Option<f64>,
}

impl Fade {
    fn new(circle: &Circle, whole: f64) -> Fade {
        let border = (circle.stroke_width > 0.0).then_some(circle.radius / whole);
        let [inner, outer] = [circle.color, circle.stroke_color].map(premultiplied);
        Fade { inner, outer, blur: circle.blur.max(1.0 / whole), border }
    }

    fn pixel(&self, distance: f64) -> Pixel {
        let share = self.border.map_or(0.0, |border| smoothstep((distance - border + self.blur) / self.blur));
        let opacity = smoothstep((1.0 - distance) / self.blur);
        let channel = |i: usize| {
            let (inner, outer) = (self.inner[i], self.outer[i]);
            ((inner + (outer - inner) * share) * opacity * 255.0).round() as u8
        };
        Pixel::from_le_bytes([0, 1, 2, 3].map(channel))
    }
}

fn premultiplied(color: Color) -> [f64; 4] {
    let Color { r, g, b, a } = color;
    [r * a, g * a, b * a, a].map(|c| c.clamp(0.0, 1.0))
}

/// From 0 at 0 to 1 at 1, level at both.
fn smoothstep(t: f64) -> f64 {
    let t = t.clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}
