//! Raster layers: tiles of pixels, square by square, and pictures over four corners.
//!
//! They are put into output pixels here, so that nothing is left to what draws them: a pixel's colour is a function of
//! where in the world it lies.

use super::canvas::{SourceTiles, TileData, cell};
use super::image::Images;
use super::{Image, UNITS};
use crate::bitmap::Bitmap;
use crate::bitmap::resample::{self, Beyond};
use crate::style::{Picture, Raster, Resampling};
use crate::viewport::{Square, Viewport};

/// The part of a square that is seen, from its source's tile or what stands in for it.
pub fn tile(
    raster: &Raster,
    viewport: &Viewport,
    square: Square,
    tiles: &SourceTiles,
    images: &mut Images,
) -> Option<Image> {
    let Some((id, TileData::Raster(bitmap))) = tiles.cells.get(&cell(square.tile, tiles.maxzoom))?.as_ref() else {
        return None;
    };
    let [left, top, right, bottom] = within(viewport.pixels(square), viewport.seen())?;
    // Where the picture is turned, the square's edge goes through pixels, which it has wholly or not at all.
    let out = if viewport.turn.is_some() { 2 } else { 0 };
    let [left, top, right, bottom] = [left - out, top - out, right + out, bottom + out];
    let whole = viewport.rect(Square { tile: *id, ..square });
    let nearest = is_nearest(raster, viewport);
    let shares = |pixels: std::ops::Range<i64>, axis: usize, length: u32| {
        let side = (whole[axis + 2] - whole[axis]) as f64;
        let at = |pixel: i64| (pixel * UNITS - whole[axis]) as f64 * f64::from(length) / side;
        let of = |pixel: i64| match nearest {
            true => resample::nearest(length, at(pixel), at(pixel + 1)),
            false => resample::smooth(length, at(pixel), at(pixel + 1), Beyond::Edge),
        };
        pixels.map(of).collect()
    };
    let (columns, rows) = (shares(left..right, 0, bitmap.width), shares(top..bottom, 1, bitmap.height));
    let pixels = resample::resampled(bitmap, [0, 0], &columns, &rows);
    finish(pixels, [left, top], raster, viewport, images)
}

/// A picture, in each of the copies of the world in which it is seen.
pub fn picture(raster: &Raster, viewport: &Viewport, picture: &Picture, images: &mut Images) -> Vec<Image> {
    let world = viewport.world() / UNITS as f64;
    let corners = picture.corners.map(|corner| corner.map(|share| share * world));
    let bounds = |i: usize| {
        let low = corners.iter().map(|c| c[i]).fold(f64::INFINITY, f64::min);
        (low, corners.iter().map(|c| c[i]).fold(f64::NEG_INFINITY, f64::max))
    };
    let ((west, east), (north, south)) = (bounds(0), bounds(1));
    let (seen, corner) = (viewport.seen(), [viewport.left, viewport.top]);
    // From a position in output pixels of the first world to the whole pixels of the viewport.
    let outwards = |low: f64, high: f64, axis: usize| {
        let clamped = |at: f64| at.clamp(-1e15, 1e15) as i64 - corner[axis];
        (clamped(low.floor()), clamped(high.ceil()))
    };
    let sampler = Sampler::new(picture, corners, is_nearest(raster, viewport));
    let first = (((corner[0] + seen[0]) as f64 - east) / world).floor() as i64;
    let last = (((corner[0] + seen[2]) as f64 - west) / world).ceil() as i64;
    let drawn = (first..=last).filter_map(|copy| {
        let away = copy as f64 * world;
        let ((left, right), (top, bottom)) = (outwards(west + away, east + away, 0), outwards(north, south, 1));
        let [left, top, right, bottom] = within([left, top, right, bottom], seen)?;
        let mut data = Vec::with_capacity(((right - left) * (bottom - top) * 4) as usize);
        for y in top..bottom {
            for x in left..right {
                let [x, y] = [(corner[0] + x) as f64 - away, (corner[1] + y) as f64];
                data.extend(sampler.pixel([x, y]));
            }
        }
        let pixels = Bitmap { width: (right - left) as u32, height: (bottom - top) as u32, data };
        finish(pixels, [left, top], raster, viewport, images)
    });
    drawn.collect()
}

fn is_nearest(raster: &Raster, viewport: &Viewport) -> bool {
    raster.resampling.at(viewport.tile_zoom()).constant() == Resampling::Nearest
}

/// What two rectangles, left, top, right and bottom, have in common, if anything.
fn within(a: [i64; 4], b: [i64; 4]) -> Option<[i64; 4]> {
    let both = [a[0].max(b[0]), a[1].max(b[1]), a[2].min(b[2]), a[3].min(b[3])];
    (both[0] < both[2] && both[1] < both[3]).then_some(both)
}

/// Output pixels with the layer's tone as an image of the scene.
fn finish(
    mut pixels: Bitmap,
    corner: [i64; 2],
    raster: &Raster,
    viewport: &Viewport,
    images: &mut Images,
) -> Option<Image> {
    let zoom = viewport.style_zoom();
    let opacity = raster.opacity.at(zoom).constant().clamp(0.0, 1.0);
    if opacity <= 0.0 {
        return None;
    }
    if let Some(tone) = Tone::of(raster, zoom) {
        tone.apply(&mut pixels);
    }
    Some(Image { image: images.add(pixels), corner, opacity })
}

/// A picture by places in the world.
struct Sampler<'a> {
    bitmap: &'a Bitmap,
    origin: [f64; 2],
    /// From a place relative to the origin to the picture's unit square, as homogeneous coordinates.
    inverse: [[f64; 3]; 3],
    /// Samples along each side of a pixel, within the picture and on its edge.
    samples: [u32; 2],
    nearest: bool,
}

/// Samples along each side of a pixel that the picture's edge goes through, at least, and of any pixel, at most.
const SAMPLES: [u32; 2] = [4, 8];

impl<'a> Sampler<'a> {
    /// The projective map that takes the unit square to a quadrilateral, inverted (P. S. Heckbert, Fundamentals of
    /// Texture Mapping and Image Warping, 1989, 2.2.3).
    fn new(picture: &'a Picture, corners: [[f64; 2]; 4], nearest: bool) -> Sampler<'a> {
        let bitmap = &*picture.bitmap;
        let origin = corners[0];
        let [_, [x1, y1], [x2, y2], [x3, y3]] = corners.map(|corner| [corner[0] - origin[0], corner[1] - origin[1]]);
        let (dx1, dx2, sx) = (x1 - x2, x3 - x2, x2 - x1 - x3);
        let (dy1, dy2, sy) = (y1 - y2, y3 - y2, y2 - y1 - y3);
        let det = dx1 * dy2 - dx2 * dy1;
        let (g, h) = ((sx * dy2 - dx2 * sy) / det, (dx1 * sy - sx * dy1) / det);
        let (a, b, d, e) = (x1 + g * x1, x3 + h * x3, y1 + g * y1, y3 + h * y3);
        let inverse = [[e, -b, 0.0], [-d, a, 0.0], [d * h - e * g, b * g - a * h, a * e - b * d]];
        // Pixels of the picture in one of the output, where it is smallest.
        let side = |i: usize, j: usize| (corners[i][0] - corners[j][0]).hypot(corners[i][1] - corners[j][1]);
        let across = f64::from(bitmap.width) / side(0, 1).min(side(3, 2));
        let down = f64::from(bitmap.height) / side(0, 3).min(side(1, 2));
        let inside = across.max(down).ceil().clamp(1.0, f64::from(SAMPLES[1])) as u32;
        Sampler { bitmap, origin, inverse, samples: [inside, inside.max(SAMPLES[0])], nearest }
    }

    /// The picture's unit square at a place; none beyond the horizon.
    fn at(&self, [x, y]: [f64; 2]) -> Option<[f64; 2]> {
        let [x, y] = [x - self.origin[0], y - self.origin[1]];
        let [u, v, w] = self.inverse.map(|row| row[0] * x + row[1] * y + row[2]);
        // The determinant's sign is that of all places on this side.
        (w * self.inverse[2][2] > 0.0).then(|| [u / w, v / w])
    }

    /// The mean of the picture over the pixel whose top left corner is here.
    fn pixel(&self, [x, y]: [f64; 2]) -> [u8; 4] {
        let is_inside = |[u, v]: [f64; 2]| (0.0..=1.0).contains(&u) && (0.0..=1.0).contains(&v);
        let corners = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];
        let whole = corners.iter().all(|[dx, dy]| self.at([x + dx, y + dy]).is_some_and(is_inside));
        let count = self.samples[usize::from(!whole)];
        let mut sum = [0.0f32; 4];
        for i in 0..count * count {
            let [dx, dy] = [i % count, i / count].map(|i| (f64::from(i) + 0.5) / f64::from(count));
            if let Some(place) = self.at([x + dx, y + dy]).filter(|place| is_inside(*place)) {
                let color = self.color(place);
                sum.iter_mut().zip(color).for_each(|(sum, channel)| *sum += channel);
            }
        }
        sum.map(|sum| (sum / (count * count) as f32).round() as u8)
    }

    fn color(&self, [u, v]: [f64; 2]) -> [f32; 4] {
        let Bitmap { width, height, .. } = *self.bitmap;
        let (x, y) = (u * f64::from(width), v * f64::from(height));
        // As wide as nothing, so that the two nearest pixels count, or the one.
        let shares = |at: f64, length: u32| match self.nearest {
            true => [((at as u32).min(length - 1), 1.0), (0, 0.0)],
            false => {
                let low = (at - 0.5).floor();
                let share = (at - 0.5 - low) as f32;
                let inside = |i: f64| i.clamp(0.0, f64::from(length - 1)) as u32;
                [(inside(low), 1.0 - share), (inside(low + 1.0), share)]
            }
        };
        let mut sum = [0.0f32; 4];
        for (y, down) in shares(y, height) {
            for (x, across) in shares(x, width) {
                let color = self.bitmap.pixel(x, y).map(f32::from);
                sum.iter_mut().zip(color).for_each(|(sum, channel)| *sum += channel * across * down);
            }
        }
        sum
    }
}

/// What becomes of colours: an affine map of red, green and blue, not premultiplied.
///
/// Hue is turned about the axis of greys, then saturation, contrast and brightness are changed, in MapLibre's order and
/// by its factors (Style Spec, `raster-hue-rotate` and others).
struct Tone {
    matrix: [[f64; 3]; 3],
    offset: [f64; 3],
}

impl Tone {
    /// None where colours stay as they are.
    fn of(raster: &Raster, zoom: f64) -> Option<Tone> {
        let (hue, saturation) = (raster.hue_rotate.at(zoom).constant(), raster.saturation.at(zoom).constant());
        let (contrast, low) = (raster.contrast.at(zoom).constant(), raster.brightness_min.at(zoom).constant());
        let high = raster.brightness_max.at(zoom).constant();
        if [hue, saturation, contrast, low, high] == [0.0, 0.0, 0.0, 0.0, 1.0] {
            return None;
        }
        // A rotation about (1, 1, 1), which leaves the sum (O. Rodrigues, 1840).
        let (sin, cos) = hue.to_radians().sin_cos();
        let [same, next, before] =
            [2.0 * cos + 1.0, 1.0 - cos - 3f64.sqrt() * sin, 1.0 - cos + 3f64.sqrt() * sin].map(|n| n / 3.0);
        let turned = [[same, next, before], [before, same, next], [next, before, same]];
        // At their ends the factors would be without bounds.
        let saturation = saturation.clamp(-1.0, 1.0);
        let grey = if saturation > 0.0 { 1.0 - 1.0 / (1.001 - saturation) } else { -saturation };
        let contrast = contrast.clamp(-1.0, 0.999);
        let steep = if contrast > 0.0 { 1.0 / (1.0 - contrast) } else { 1.0 + contrast };
        let scale = steep * (high - low);
        let mean = [0, 1, 2].map(|i| (turned[0][i] + turned[1][i] + turned[2][i]) / 3.0);
        let matrix = turned.map(|row| [0, 1, 2].map(|i| scale * (row[i] * (1.0 - grey) + mean[i] * grey)));
        Some(Tone { matrix, offset: [low + (high - low) * 0.5 * (1.0 - steep); 3] })
    }

    fn apply(&self, pixels: &mut Bitmap) {
        for pixel in pixels.data.chunks_exact_mut(4).filter(|pixel| pixel[3] > 0) {
            let alpha = f64::from(pixel[3]) / 255.0;
            let color = [0, 1, 2].map(|i| f64::from(pixel[i]) / 255.0 / alpha);
            for (i, (row, offset)) in self.matrix.iter().zip(self.offset).enumerate() {
                let channel = row[0] * color[0] + row[1] * color[1] + row[2] * color[2] + offset;
                pixel[i] = (channel.clamp(0.0, 1.0) * alpha * 255.0).round() as u8;
            }
        }
    }
}
