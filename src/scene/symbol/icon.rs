//! Icons: which image, how large, where, and its pixels in their final size and colours.

use super::super::image::Images;
use super::super::path::{Point, Rect, UNITS};
use super::Pose;
use super::text::{Block, Inset, around, units};
use crate::bitmap::Bitmap;
use crate::bitmap::resample::{Beyond, Shares, shares, smooth};
use crate::limits;
use crate::scene::ImageId;
use crate::scene::canvas::Located;
use crate::sprite::{Image, Sprite};
use crate::style::color::Color;
use crate::style::{self, AtZoom, ImageName, Padding, SymbolAnchor, TextFit, turned};
use std::sync::Arc;

/// CSS pixels from where a signed distance field has all of its values to where it has none, and the share of that at
/// which its edge is (MapLibre's `SDF_PX` and 192 of 256).
const FIELD_DEPTH: f64 = 8.0;
const FIELD_EDGE: f64 = 0.75;

/// The icons of a layer at a zoom.
pub struct Icons<'s> {
    sprite: &'s Sprite,
    scale: f64,
    image: AtZoom<'s, ImageName>,
    size: AtZoom<'s, f64>,
    anchor: AtZoom<'s, SymbolAnchor>,
    offset: AtZoom<'s, [f64; 2]>,
    rotate: AtZoom<'s, f64>,
    padding: AtZoom<'s, Padding>,
    text_fit: TextFit,
    text_fit_padding: [f64; 4],
}

/// An icon about its anchor.
#[derive(Clone, Debug)]
pub struct Placed {
    pub name: Arc<str>,
    /// In output pixels.
    pub size: [u32; 2],
    /// Where a stretched image's zones end, in output pixels: none where the whole is made larger or smaller.
    pub fit: Option<[f64; 2]>,
    /// The upper left corner before it is turned, from the anchor, in output pixels.
    pub corner: [f64; 2],
    /// In degrees clockwise.
    pub angle: f64,
    /// What stays free around it, in output pixels: top, right, bottom, left.
    pub padding: [f64; 4],
    /// Times the image's own size.
    factor: f64,
}

/// What an SDF icon is painted with; lengths in CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paint {
    pub color: Color,
    pub halo_color: Color,
    pub halo_width: f64,
    pub halo_blur: f64,
}

/// Why there is no icon.
pub enum Missing {
    /// None is asked for.
    Nothing,
    /// There is no such image.
    Image,
}

impl<'s> Icons<'s> {
    pub fn new(
        icon: &'s style::Icon,
        style: &'s style::Style,
        [zoom, tile_zoom]: [f64; 2],
        scale: f64,
    ) -> Option<Icons<'s>> {
        Some(Icons {
            sprite: &style.sprite,
            scale,
            image: icon.image.as_ref()?.at_with(tile_zoom, &style.globals),
            size: icon.size.at(zoom),
            anchor: icon.part.anchor.at(tile_zoom),
            offset: icon.offset.at(tile_zoom),
            rotate: icon.part.rotate.at(tile_zoom),
            padding: icon.padding.at(tile_zoom),
            text_fit: icon.text_fit.at(tile_zoom).constant(),
            text_fit_padding: icon.text_fit_padding.at(tile_zoom).constant(),
        })
    }

    /// A feature's icon; `angle` is added to its own.
    pub fn placed(&self, feature: &Located, angle: f64) -> Result<Placed, Missing> {
        let ImageName(name) = self.image.of(feature);
        if name.is_empty() {
            return Err(Missing::Nothing);
        }
        let image = self.sprite.get(&name, self.scale).ok_or(Missing::Image)?;
        let factor = self.size.of(feature).clamp(0.0, limits::MARGIN);
        let natural = natural(image, self.scale);
        let most = 2.0 * limits::MARGIN * self.scale;
        let size = natural.map(|length| (length * factor).min(most).round() as u32);
        if size.contains(&0) {
            return Err(Missing::Nothing);
        }
        let (offset, sides) = (self.offset.of(feature), self.anchor.of(feature).sides());
        let corner =
            [0, 1].map(|i| offset[i] * factor * self.scale - (1.0 + f64::from(sides[i])) / 2.0 * f64::from(size[i]));
        let padding = self.padding.of(feature).0.map(|side| side * self.scale);
        let angle = angle + self.rotate.of(feature);
        Ok(Placed { name, size, fit: None, corner, angle, padding, factor })
    }

    /// Whether icons are made as large as their texts.
    pub fn fits_text(&self) -> bool {
        self.text_fit != TextFit::None
    }

    /// The icon made as large as a text (Style Spec, `icon-text-fit`).
    pub fn fitted(&self, icon: &Placed, feature: &Located, text: &Block) -> Placed {
        let Some(image) = self.sprite.get(&icon.name, self.scale) else { return icon.clone() };
        let [top, right, bottom, left] = self.text_fit_padding.map(|side| side * self.scale);
        let offset = self.offset.of(feature).map(|by| by * self.scale);
        let natural = natural(image, self.scale);
        let text_size = [text.shaped.width, text.shaped.height].map(|length| length * text.size);
        let [width, height] = match self.text_fit {
            TextFit::None => [false, false],
            TextFit::Width => [true, false],
            TextFit::Height => [false, true],
            TextFit::Both => [true, true],
        };
        let mut placed = icon.clone();
        let mut fit = [0.0; 2];
        for (i, (is_fitted, before, after)) in [(width, left, right), (height, top, bottom)].into_iter().enumerate() {
            let axis = Axis::of(image, i, self.scale);
            // What holds the text, from the anchor.
            let (from, length) = match is_fitted {
                true => (text.corner[i] - before, text_size[i] + before + after),
                false => {
                    let length = axis.content();
                    (text.corner[i] + (text_size[i] - length) / 2.0, length)
                }
            };
            let most = 2.0 * limits::MARGIN * self.scale;
            let stretch = axis.stretch_for(length.clamp(1.0, most));
            fit[i] = stretch;
            placed.size[i] = axis.length(natural[i], stretch).min(most).round().max(1.0) as u32;
            placed.corner[i] = offset[i] + from - axis.before(stretch);
        }
        placed.angle = text.angle;
        placed.fit = Some(fit);
        placed
    }
}

/// An image's size in output pixels as it is.
fn natural(image: &Image, scale: f64) -> [f64; 2] {
    [image.width, image.height].map(|length| f64::from(length) / image.pixel_ratio * scale)
}

/// One axis of an image that is stretched, in output pixels.
struct Axis {
    /// Stretched zones, and the zone that holds the text.
    zones: Vec<[f64; 2]>,
    content: [f64; 2],
}

impl Axis {
    fn of(image: &Image, axis: usize, scale: f64) -> Axis {
        let natural = natural(image, scale)[axis];
        let pixels = |at: f64| at / image.pixel_ratio * scale;
        let zones = [&image.stretch_x, &image.stretch_y][axis];
        let zones =
            if zones.is_empty() { vec![[0.0, natural]] } else { zones.iter().map(|zone| zone.map(pixels)).collect() };
        let content = image.content.map_or([0.0, natural], |c| [pixels(c[axis]), pixels(c[axis + 2])]);
        Axis { zones, content }
    }

    fn content(&self) -> f64 {
        self.content[1] - self.content[0]
    }

    /// How much of a part of the image is stretched.
    fn stretched(&self, [from, to]: [f64; 2]) -> f64 {
        self.zones.iter().map(|zone| (zone[1].min(to) - zone[0].max(from)).max(0.0)).sum()
    }

    /// How many times the zones are stretched where the content is to have a length.
    fn stretch_for(&self, length: f64) -> f64 {
        let stretched = self.stretched(self.content);
        if stretched > 0.0 { ((length - (self.content() - stretched)) / stretched).max(0.0) } else { 1.0 }
    }

    fn length(&self, natural: f64, stretch: f64) -> f64 {
        natural + self.stretched([0.0, natural]) * (stretch - 1.0)
    }

    /// What lies before the content.
    fn before(&self, stretch: f64) -> f64 {
        self.content[0] + self.stretched([0.0, self.content[0]]) * (stretch - 1.0)
    }

    /// Where in the image a place of the stretched one comes from.
    fn source(&self, at: f64, stretch: f64) -> f64 {
        let mut shift = 0.0;
        for zone in &self.zones {
            let (from, to) = (zone[0] + shift, zone[0] + shift + (zone[1] - zone[0]) * stretch);
            if at <= from {
                break;
            }
            if at < to {
                return zone[0] + (at - from) / stretch;
            }
            shift += (zone[1] - zone[0]) * (stretch - 1.0);
        }
        at - shift
    }
}

impl Placed {
    /// An image within a text.
    pub fn within(name: Arc<str>, &Inset { corner, size, angle, .. }: &Inset) -> Placed {
        let size = size.map(|length| length.round().max(1.0) as u32);
        Placed { name, size, fit: None, corner, angle, padding: [0.0; 4], factor: 1.0 }
    }

    /// What it keeps free.
    pub fn collision(&self) -> Rect {
        let [top, right, bottom, left] = self.padding;
        self.grown([left, top], [right, bottom])
    }

    /// What of the picture it may change: where it is put on whole pixels, one more around it.
    pub fn extent(&self) -> Rect {
        self.grown([1.0; 2], [1.0; 2])
    }

    fn grown(&self, before: [f64; 2], after: [f64; 2]) -> Rect {
        let min = [0, 1].map(|i| self.corner[i] - before[i]);
        let max = [0, 1].map(|i| self.corner[i] + f64::from(self.size[i]) + after[i]);
        around([min, max], self.angle)
    }

    /// Where its pixels go, with its anchor at a place of the picture.
    pub fn pose(&self, anchor: Point) -> Pose {
        let corner = turned(self.corner, self.angle);
        if self.angle == 0.0 {
            return Pose::Upright([0, 1].map(|i| (anchor[i] + units(corner[i]) + UNITS / 2).div_euclid(UNITS)));
        }
        let (sin, cos) = self.angle.to_radians().sin_cos();
        let [e, f] = [0, 1].map(|i| (anchor[i] + units(corner[i])) as f64 / UNITS as f64);
        Pose::Turned([cos, sin, -sin, cos, e, f])
    }

    /// Its pixels as they are drawn.
    pub fn image(&self, images: &mut Images, paint: &Paint, scale: f64) -> Option<ImageId> {
        let mut image = images.sprite().get(&self.name, scale)?;
        if self.factor > 1.0 && self.fit.is_none() && !image.sdf {
            // One that is fine enough for what it is enlarged to.
            image = images.sprite().get(&self.name, scale * self.factor)?;
        }
        let look = match image.sdf {
            true => format!("{:?} {:?}", paint, self.factor),
            false => String::new(),
        };
        let key = format!("{} {:?} {:?} {look}", self.name, self.size, self.fit);
        images.icon(key, self.size, || {
            let [columns, rows] = self.shares(image, scale);
            let bitmap = image.resampled_with(&columns, &rows);
            if image.sdf { painted(&bitmap, paint, self.factor, scale) } else { bitmap }
        })
    }

    fn shares(&self, image: &Image, scale: f64) -> [Shares; 2] {
        let lengths = [image.width, image.height];
        [0, 1].map(|i| match self.fit {
            None => shares(lengths[i], self.size[i], Beyond::Edge),
            Some(stretch) => {
                let axis = Axis::of(image, i, scale);
                let pixel = |at: u32| axis.source(f64::from(at), stretch[i]) * image.pixel_ratio / scale;
                (0..self.size[i]).map(|at| smooth(lengths[i], pixel(at), pixel(at + 1), Beyond::Edge)).collect()
            }
        })
    }
}

/// A signed distance field in its colours.
fn painted(field: &Bitmap, paint: &Paint, factor: f64, scale: f64) -> Bitmap {
    let halo_width = paint.halo_width.clamp(0.0, FIELD_DEPTH * FIELD_EDGE * factor);
    let mut data = Vec::with_capacity(field.data.len());
    for pixel in field.data.chunks_exact(4) {
        // Output pixels from the edge, positive inside.
        let depth = (f64::from(pixel[3]) / 255.0 - FIELD_EDGE) * FIELD_DEPTH * factor * scale;
        let fill = (depth + 0.5).clamp(0.0, 1.0) * paint.color.a;
        let fade = 1.0 + paint.halo_blur.max(0.0) * scale;
        let around = ((depth + halo_width * scale) / fade + 0.5).clamp(0.0, 1.0);
        let halo = if paint.halo_width > 0.0 { around * paint.halo_color.a } else { 0.0 };
        let below = halo * (1.0 - fill);
        let channel = |own: f64, halo: f64| ((own * fill + halo * below) * 255.0).round() as u8;
        let (c, h) = (paint.color, paint.halo_color);
        data.extend([channel(c.r, h.r), channel(c.g, h.g), channel(c.b, h.b), channel(1.0, 1.0)]);
    }
    Bitmap { data, ..*field }
}
