//! Edges that fade: of strokes over a number of pixels from the edge inwards, of circles over a share of the radius.

/// The most strokes that make one that fades.
const STEPS: f64 = 64.0;

/// The widths in output pixels of the strokes that make one that fades, from the outermost, and how many they are the
/// mean of: those without a width cover nothing.
///
/// Each is narrower by a step of at most a pixel: with antialiasing, which smooths each over one pixel, that is the
/// straight ramp of MapLibre's line shader, whose ends lie half a pixel out of and within the edge. All of it comes from
/// the outline, so that tiles fit where unblurred strokes do.
pub fn widths(width: f64, blur: f64) -> (Vec<f64>, u16) {
    let steps = (blur + 1.0).ceil().clamp(2.0, STEPS);
    let step = |i: u16| width - 2.0 * blur * f64::from(i) / (steps - 1.0);
    let count = steps as u16;
    ((0..count).map(step).take_while(|&width| width > 0.0).collect(), count)
}

/// From 0 at 0 to 1 at 1, level at both (GLSL ES 3.00, 8.3).
pub fn smoothstep(t: f64) -> f64 {
    let t = t.clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}
