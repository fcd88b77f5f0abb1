//! Images on areas and along lines.
//!
//! An area's image lies on whole pixels of the world: which of its pixels is seen is a remainder. Where an image is turned
//! or stretched, it is sampled at the middle of each pixel, between the middles of its own four nearest (bilinear
//! interpolation), at positions that follow from the distance to the image's own corner or to the pivot alone.

use super::blend::{Pixel, mix, over, share};
use super::coverage::Run;
use super::turn::Rotation;
use crate::bitmap::Bitmap;
use crate::scene::{Quad, UNITS};

/// Beyond this, in 256ths of an image's pixel, positions count as equal: what is there has the image's edge.
const FAR: f64 = (1u64 << 40) as f64;

/// The farthest corner of an image, in output pixels: what lies there is not seen.
const FARTHEST: i64 = 1 << 40;

/// An image that can be drawn: of a pixel or more.
#[derive(Clone, Copy)]
struct Image<'a> {
    bitmap: &'a Bitmap,
    size: [i64; 2],
}

impl<'a> Image<'a> {
    fn new(bitmap: &'a Bitmap) -> Option<Image<'a>> {
        let size = [bitmap.width, bitmap.height];
        let is_whole =
            size[0] > 0 && size[1] > 0 && bitmap.data.len() as u64 >= 4 * u64::from(size[0]) * u64::from(size[1]);
        is_whole.then(|| Image { bitmap, size: size.map(i64::from) })
    }

    fn pixel(&self, x: i64, y: i64) -> Pixel {
        let at = 4 * (y * self.size[0] + x) as usize;
        let data = &self.bitmap.data;
        Pixel::from_le_bytes([data[at], data[at + 1], data[at + 2], data[at + 3]])
    }

    /// Between four pixels, at a position in 256ths from the middle of the first; `within` brings an index into the image.
    fn between(&self, [x, y]: [i64; 2], within: impl Fn(i64, i64) -> i64) -> Pixel {
        let [left, right] = [0, 1].map(|i| within((x >> 8) + i, self.size[0]));
        let [top, bottom] = [0, 1].map(|i| within((y >> 8) + i, self.size[1]));
        let (right_share, lower_share) = ((x & 255) as u32, (y & 255) as u32);
        let row = |y: i64| mix(self.pixel(left, y), self.pixel(right, y), right_share);
        mix(row(top), row(bottom), lower_share)
    }
}

/// An image again and again, or once.
pub struct Area<'a> {
    image: Image<'a>,
    repeated: bool,
    origin: [i64; 2],
    opacity: u32,
    turn: Option<&'a Rotation>,
}

impl<'a> Area<'a> {
    /// None of an image without pixels. `origin` is a corner of one of the repetitions, in output pixels before the turn.
    pub fn new(bitmap: &'a Bitmap, origin: [i64; 2], opacity: f64, turn: Option<&'a Rotation>) -> Option<Area<'a>> {
        let image = Image::new(bitmap)?;
        let origin = [0, 1].map(|i| origin[i].rem_euclid(image.size[i]));
        Some(Area { image, repeated: true, origin, opacity: share(opacity), turn })
    }

    /// The same of an image that is there once, with its top left corner at `corner`; beyond its edges it has their
    /// colours.
    pub fn once(bitmap: &'a Bitmap, corner: [i64; 2], opacity: f64, turn: Option<&'a Rotation>) -> Option<Area<'a>> {
        let origin = corner.map(|c| c.clamp(-FARTHEST, FARTHEST));
        Some(Area { image: Image::new(bitmap)?, repeated: false, origin, opacity: share(opacity), turn })
    }

    /// Lays it on a run of pixels.
    pub fn lay(&self, y: i32, x: i32, run: Run, pixels: &mut [Pixel]) {
        let [width, height] = self.image.size;
        let alphas = run.covers().map(|cover| self.opacity * cover / 256);
        if let Some(turn) = self.turn {
            let corner = self.origin.map(|c| c * UNITS + UNITS / 2);
            for ((pixel, alpha), x) in pixels.iter_mut().zip(alphas).zip(x..) {
                let at = turn.on_map([x, y]);
                let within = |i: i64, length: i64| match self.repeated {
                    true => i.rem_euclid(length),
                    false => i.clamp(0, length - 1),
                };
                let sample = self.image.between([0, 1].map(|i| at[i] - corner[i]), within);
                *pixel = over(*pixel, sample, alpha);
            }
            return;
        }
        let row = (i64::from(y) - self.origin[1]).rem_euclid(height);
        let mut column = (i64::from(x) - self.origin[0]).rem_euclid(width);
        for (pixel, alpha) in pixels.iter_mut().zip(alphas) {
            *pixel = over(*pixel, self.image.pixel(column, row), alpha);
            column += 1;
            if column == width {
                column = 0;
            }
        }
    }
}

/// A stretch of an image along a line.
pub struct Stretch<'a> {
    image: Image<'a>,
    /// From output pixels, relative to the image's corner, to the image's pixels.
    inverse: [f64; 4],
    corner: [f64; 2],
    opacity: u32,
}

impl<'a> Stretch<'a> {
    /// None of an image without pixels or extent.
    pub fn new(quad: &Quad, bitmap: &'a Bitmap, opacity: f64) -> Option<Stretch<'a>> {
        let [a, b, c, d, e, f] = quad.transform;
        let determinant = a * d - b * c;
        let inverse = [d, -c, -b, a].map(|n| n / determinant);
        let is_finite = inverse.iter().chain(&[e, f]).all(|n| n.is_finite());
        let image = Image::new(bitmap).filter(|_| is_finite)?;
        Some(Stretch { image, inverse, corner: [e, f], opacity: share(opacity) })
    }

    /// Lays it on a run of pixels.
    pub fn lay(&self, y: i32, x: i32, run: Run, pixels: &mut [Pixel]) {
        let [xx, xy, yx, yy] = self.inverse;
        let dy = f64::from(y) + 0.5 - self.corner[1];
        for ((pixel, cover), x) in pixels.iter_mut().zip(run.covers()).zip(x..) {
            let dx = f64::from(x) + 0.5 - self.corner[0];
            let at = [dx * xx + dy * xy, dx * yx + dy * yy];
            let at = at.map(|c| (c * 256.0).clamp(-FAR, FAR).floor() as i64 - 128);
            let sample = self.image.between(at, |i, length| i.clamp(0, length - 1));
            *pixel = over(*pixel, sample, self.opacity * cover / 256);
        }
    }
}
