//! Colours onto pixels: source over (Porter and Duff 1984), in 8 bits, rounded once.

use crate::style::color::Color;

/// Premultiplied red, green, blue and alpha, red in the lowest byte.
pub type Pixel = u32;

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
        let alpha = (color.a.clamp(0.0, 1.0) * 256.0).round() as u32;
        Ink { pixel: u32::from_le_bytes([r, g, b, 255]), alpha }
    }

    /// Covers pixels alike, by 256ths.
    pub fn fill(self, pixels: &mut [Pixel], cover: u16) {
        let alpha = self.alpha * u32::from(cover) / 256;
        if alpha == 256 {
            pixels.fill(self.pixel);
        } else {
            for pixel in pixels {
                *pixel = mix(*pixel, self.pixel, alpha);
            }
        }
    }

    /// Covers each pixel by its own 256ths.
    pub fn cover(self, pixels: &mut [Pixel], covers: &[u16]) {
        for (pixel, &cover) in pixels.iter_mut().zip(covers) {
            *pixel = mix(*pixel, self.pixel, self.alpha * u32::from(cover) / 256);
        }
    }
}

/// `alpha` 256ths of one and the rest of the other, each channel rounded to the nearest. What covers is opaque, so that
/// this is source over for premultiplied pixels.
fn mix(under: Pixel, over: Pixel, alpha: u32) -> Pixel {
    const EVEN: u32 = 0x00ff_00ff;
    const HALF: u32 = 0x0080_0080;
    let rest = 256 - alpha;
    let even = ((under & EVEN) * rest + (over & EVEN) * alpha + HALF) >> 8 & EVEN;
    let odd = ((under >> 8 & EVEN) * rest + (over >> 8 & EVEN) * alpha + HALF) & !EVEN;
    even | odd
}

/// A premultiplied pixel at `alpha` 256ths over another, each channel rounded to the nearest.
pub fn over(under: Pixel, over: Pixel, alpha: u32) -> Pixel {
    let [over, under] = [over, under].map(Pixel::to_le_bytes);
    // In 256ths of 255ths.
    let rest = 255 * 256 - u32::from(over[3]) * alpha;
    let channel = |i: usize| (u32::from(over[i]) * alpha * 255 + u32::from(under[i]) * rest + 255 * 128) / (255 * 256);
    Pixel::from_le_bytes([0, 1, 2, 3].map(|i| channel(i).min(255) as u8))
}
