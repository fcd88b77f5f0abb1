//! Colours onto pixels: source over (Porter and Duff 1984), in 8 bits, rounded once.

use super::coverage::Run;
use crate::style::color::Color;

/// Premultiplied red, green, blue and alpha, red in the lowest byte.
pub type Pixel = u32;

/// All of a pixel, in 256ths.
pub const OPAQUE_ALPHA: u32 = 256;

/// A colour as it is laid over pixels.
#[derive(Clone, Copy, Debug)]
pub struct Ink {
    /// The colour, opaque.
    pixel: Pixel,
    /// In 256ths.
    alpha: u32,
}

impl Ink {
    pub fn new(color: Color) -> Ink {
        let [r, g, b, _] = color.to_rgba8();
        Ink { pixel: u32::from_le_bytes([r, g, b, 255]), alpha: share(color.a) }
    }

    /// Covers a run of pixels.
    pub fn lay(self, run: Run, pixels: &mut [Pixel]) {
        match run {
            Run::All(cover, _) => self.fill(pixels, cover),
            Run::Each(covers) => self.cover(pixels, covers),
        }
    }

    /// Covers pixels alike, by 256ths.
    pub fn fill(self, pixels: &mut [Pixel], cover: u16) {
        let alpha = self.alpha * u32::from(cover) / 256;
        if alpha == OPAQUE_ALPHA {
            pixels.fill(self.pixel);
        } else {
            for pixel in pixels {
                *pixel = mix(*pixel, self.pixel, alpha);
            }
        }
    }

    /// Covers each pixel by its own 256ths.
    fn cover(self, pixels: &mut [Pixel], covers: &[u16]) {
        let pixels = pixels.iter_mut().zip(covers);
        if self.alpha == OPAQUE_ALPHA {
            pixels.for_each(|(pixel, &cover)| *pixel = mix(*pixel, self.pixel, u32::from(cover)));
        } else {
            pixels.for_each(|(pixel, &cover)| *pixel = mix(*pixel, self.pixel, self.alpha * u32::from(cover) / 256));
        }
    }
}

/// `alpha` 256ths of one and the rest of the other, each channel rounded to the nearest. Where what covers is opaque, this
/// is source over for premultiplied pixels.
pub fn mix(under: Pixel, over: Pixel, alpha: u32) -> Pixel {
    const EVEN: u32 = 0x00ff_00ff;
    const HALF: u32 = 0x0080_0080;
    let rest = 256 - alpha;
    let even = ((under & EVEN) * rest + (over & EVEN) * alpha + HALF) >> 8 & EVEN;
    let odd = ((under >> 8 & EVEN) * rest + (over >> 8 & EVEN) * alpha + HALF) & !EVEN;
    even | odd
}

/// `alpha` 256ths of a pixel that may be translucent over another, each channel rounded to the nearest.
pub fn over(under: Pixel, over: Pixel, alpha: u32) -> Pixel {
    const WHOLE: u32 = 255 * 256;
    match over >> 24 {
        0 => under,
        255 => mix(under, over, alpha),
        opaque => {
            let rest = WHOLE - opaque * alpha;
            let (under, over) = (under.to_le_bytes(), over.to_le_bytes());
            let channel =
                |i: usize| (u32::from(over[i]) * alpha * 255 + u32::from(under[i]) * rest + WHOLE / 2) / WHOLE;
            Pixel::from_le_bytes([0, 1, 2, 3].map(|i| channel(i) as u8))
        }
    }
}

/// A colour as a pixel.
pub fn premultiplied(color: Color) -> Pixel {
    let Color { r, g, b, a } = color;
    Pixel::from_le_bytes(Color { r: r * a, g: g * a, b: b * a, a }.to_rgba8())
}

/// An opacity in 256ths.
pub fn share(opacity: f64) -> u32 {
    (opacity.clamp(0.0, 1.0) * 256.0).round() as u32
}
