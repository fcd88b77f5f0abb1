//! A layer as a whole onto what lies below: opacity and blend modes by W3C's Compositing and Blending Level 1, and
//! `plus-lighter` as Level 2 has it.
//!
//! The layer is drawn on pixels of its own first. Where both are, its colours are blended with those below:
//! `αs (1 - αb) Cs + αs αb B(Cb, Cs) + (1 - αs) αb Cb` (10, "Blending").

use super::blend::{Pixel, over, share};
use crate::scene::Blending;
use crate::style::BlendMode;

type Rgb = [f32; 3];

/// Lays a layer's pixels on those below.
pub fn lay(layer: &[Pixel], blending: Blending, below: &mut [Pixel]) {
    let opacity = share(blending.opacity);
    let both = below.iter_mut().zip(layer).filter(|(_, layer)| **layer != 0);
    match blending.mode {
        BlendMode::Normal => both.for_each(|(below, layer)| *below = over(*below, *layer, opacity)),
        mode => both.for_each(|(below, layer)| *below = blended(*below, *layer, opacity as f32 / 256.0, mode)),
    }
}

fn blended(below: Pixel, layer: Pixel, opacity: f32, mode: BlendMode) -> Pixel {
    let (backdrop, backdrop_alpha) = straight(below);
    let (source, source_alpha) = straight(layer);
    let source_alpha = source_alpha * opacity;
    // Premultiplied.
    let channel = |backdrop: f32, source: f32, mixed: f32| {
        let (s, b) = (source_alpha, backdrop_alpha);
        s * (1.0 - b) * source + s * b * mixed + (1.0 - s) * b * backdrop
    };
    let mixed = match mode {
        BlendMode::PlusLighter => {
            let sum = |i: usize| source_alpha * source[i] + backdrop_alpha * backdrop[i];
            return pixel([sum(0), sum(1), sum(2), source_alpha + backdrop_alpha]);
        }
        BlendMode::Normal => source,
        BlendMode::Multiply => each(backdrop, source, multiply),
        BlendMode::Screen => each(backdrop, source, screen),
        BlendMode::Overlay => each(backdrop, source, |b, s| hard_light(s, b)),
        BlendMode::Color => with_luminosity(source, luminosity(backdrop)),
        BlendMode::Luminosity => with_luminosity(backdrop, luminosity(source)),
    };
    let color = |i: usize| channel(backdrop[i], source[i], mixed[i]);
    pixel([color(0), color(1), color(2), channel(1.0, 1.0, 1.0)])
}

/// A pixel's colour, not premultiplied, and its alpha.
fn straight(pixel: Pixel) -> (Rgb, f32) {
    let [r, g, b, a] = pixel.to_le_bytes();
    let most = f32::from(a.max(1));
    ([r, g, b].map(|c| f32::from(c) / most), f32::from(a) / 255.0)
}

fn pixel(channels: [f32; 4]) -> Pixel {
    Pixel::from_le_bytes(channels.map(|c| (c.clamp(0.0, 1.0) * 255.0).round() as u8))
}

fn each(backdrop: Rgb, source: Rgb, mode: impl Fn(f32, f32) -> f32) -> Rgb {
    [0, 1, 2].map(|i| mode(backdrop[i], source[i]))
}

fn multiply(a: f32, b: f32) -> f32 {
    a * b
}

fn screen(a: f32, b: f32) -> f32 {
    a + b - a * b
}

fn hard_light(backdrop: f32, source: f32) -> f32 {
    if source <= 0.5 { multiply(backdrop, 2.0 * source) } else { screen(backdrop, 2.0 * source - 1.0) }
}

fn luminosity([r, g, b]: Rgb) -> f32 {
    0.3 * r + 0.59 * g + 0.11 * b
}

/// The colour with another luminosity, brought back to where colours can be (`SetLum` and `ClipColor`).
fn with_luminosity(color: Rgb, wanted: f32) -> Rgb {
    let by = wanted - luminosity(color);
    let color = color.map(|c| c + by);
    let lightness = luminosity(color);
    let low = color.into_iter().fold(f32::INFINITY, f32::min);
    let high = color.into_iter().fold(f32::NEG_INFINITY, f32::max);
    let color = match low < 0.0 {
        true => color.map(|c| lightness + (c - lightness) * lightness / (lightness - low)),
        false => color,
    };
    match high > 1.0 {
        true => color.map(|c| lightness + (c - lightness) * (1.0 - lightness) / (high - lightness)),
        false => color,
    }
}
