//! Images that styles name: sprite sheets and folders of SVG icons, read into plain data.
//!
//! A sheet is one PNG with a JSON index of the rectangles in it (Style Spec, "Sprite"). Images share their sheet's
//! pixels, so that an index whose rectangles all overlap costs no memory.

mod bundled;
mod icon;
mod pack;
mod sheet;

use crate::bitmap::Bitmap;
use crate::bitmap::resample::{self, Beyond, Shares};
use crate::digest;
use crate::error::Error;
use crate::limits;
use std::collections::BTreeMap;
use std::sync::Arc;

pub use bundled::{BUNDLED, BUNDLED_ICONS};
pub use icon::RATIOS;
pub use pack::Packed;

/// One image at one pixel ratio. Boxes and stretches are in the image's own pixels.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    sheet: Arc<Bitmap>,
    /// The top left corner in the sheet.
    corner: [u32; 2],
    pub width: u32,
    pub height: u32,
    /// Pixels for each CSS pixel.
    pub pixel_ratio: f64,
    /// Where text goes: left, top, right, bottom.
    pub content: Option<[f64; 4]>,
    /// What of the width and of the height may be stretched; all of it where nothing is said.
    pub stretch_x: Vec<[f64; 2]>,
    pub stretch_y: Vec<[f64; 2]>,
    /// Whether the alpha channel is a signed distance field, to be drawn in any colour.
    pub sdf: bool,
}

/// All images of a style by name.
#[derive(Clone, Debug, Default)]
pub struct Sprite {
    /// Each at the pixel ratios that there are, smallest first.
    images: BTreeMap<String, Vec<Image>>,
    /// Digests of what was read, in order.
    parts: Vec<String>,
    /// Of all sheets and icons.
    pixels: u64,
}

impl Sprite {
    pub fn is_empty(&self) -> bool {
        self.images.is_empty()
    }

    pub fn has(&self, name: &str) -> bool {
        self.images.contains_key(name)
    }

    /// The image for so many output pixels to a CSS pixel: the coarsest that is fine enough, else the finest.
    pub fn get(&self, name: &str, scale: f64) -> Option<&Image> {
        let ratios = self.images.get(name)?;
        ratios.iter().find(|image| image.pixel_ratio >= scale).or(ratios.last())
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.images.keys().map(String::as_str)
    }

    /// The digest of everything that was read.
    pub fn digest(&self) -> String {
        digest::of_parts(self.parts.iter().map(String::as_str))
    }

    /// Adds a sheet: its index and its PNG. `prefix` goes in front of the names.
    pub fn add_sheet(&mut self, prefix: &str, index: &[u8], png: &[u8]) -> Result<(), Error> {
        self.note(&[prefix.as_bytes(), index, png]);
        let images = sheet::read(index, png, limits::SPRITE_PIXELS - self.pixels)?;
        self.pixels += images.first().map_or(0, |(_, image)| image.sheet.pixels());
        images.into_iter().for_each(|(name, image)| self.add(format!("{prefix}{name}"), image));
        Ok(())
    }

    /// Draws SVG icons, each at all of [`RATIOS`]. One takes the place of what has its name already.
    pub fn add_icons(&mut self, icons: &[(String, Vec<u8>)]) -> Result<(), Error> {
        for (name, svg) in icons {
            self.note(&[name.as_bytes(), svg]);
            let room = limits::SPRITE_PIXELS - self.pixels;
            let drawn = icon::draw(svg, room).map_err(|e| e.within(format!("the icon {name:?}")))?;
            self.pixels += drawn.iter().map(|image| image.sheet.pixels()).sum::<u64>();
            self.images.remove(name);
            drawn.into_iter().for_each(|image| self.add(name.clone(), image));
        }
        Ok(())
    }

    fn add(&mut self, name: String, image: Image) {
        let ratios = self.images.entry(name).or_default();
        ratios.retain(|known| known.pixel_ratio != image.pixel_ratio);
        ratios.push(image);
        ratios.sort_by(|a, b| a.pixel_ratio.total_cmp(&b.pixel_ratio));
    }

    fn note(&mut self, parts: &[&[u8]]) {
        self.parts.extend(parts.iter().map(|part| digest::of(part)));
    }
}

impl Image {
    /// The size in output pixels, so many to a CSS pixel: whole ones.
    pub fn size_at(&self, scale: f64) -> [u32; 2] {
        [self.width, self.height].map(|length| (f64::from(length) / self.pixel_ratio * scale).round().max(1.0) as u32)
    }

    /// The image in a size of whole pixels.
    pub fn resampled(&self, width: u32, height: u32, beyond: [Beyond; 2]) -> Bitmap {
        let columns = resample::shares(self.width, width, beyond[0]);
        let rows = resample::shares(self.height, height, beyond[1]);
        self.resampled_with(&columns, &rows)
    }

    /// The image whose pixels are made of these shares of its own.
    pub fn resampled_with(&self, columns: &Shares, rows: &Shares) -> Bitmap {
        resample::resampled(&self.sheet, self.corner, columns, rows)
    }
}

/// What is wrong with an image or a sheet.
fn refused(detail: impl Into<String>) -> Error {
    Error::misconfigured(detail, "look at the style's sprite: a PNG sheet and its JSON index, or SVG icons")
}
