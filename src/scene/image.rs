//! The style's images in the sizes in which they are drawn: each resampled once, to whole output pixels.

use super::{ImageId, Paint};
use crate::bitmap::Bitmap;
use crate::bitmap::resample::Beyond;
use crate::limits;
use crate::sprite::Sprite;
use crate::style::expression::Globals;
use crate::style::{ImageName, Style};
use crate::viewport::Viewport;
use std::collections::BTreeMap;

/// Rows of a band above and below the image that repeat its edge, so that what is sampled there has its colour.
pub const BAND_EDGE: u32 = 2;

pub struct Images<'a> {
    sprite: &'a Sprite,
    /// What tells expressions which images there are.
    pub globals: &'a Globals,
    /// Output pixels for each CSS pixel.
    scale: f64,
    /// By name, and for bands by their height and how often they repeat the image.
    known: BTreeMap<(String, [u32; 2]), ImageId>,
    icons: BTreeMap<String, ImageId>,
    /// How many pixels of icons there may be yet.
    icon_room: u64,
    bitmaps: Vec<Bitmap>,
}

/// An image for lines of one width.
pub struct Band {
    name: String,
    /// In pixels.
    pub size: [u32; 2],
    /// How wide the lines are and how long the image is along them, in output pixels.
    pub width: f64,
    pub period: f64,
}

/// The most repetitions of a band in one image.
const REPETITIONS: u32 = 64;
/// The least, for bands that are very long.
const FEW_REPETITIONS: u32 = 4;

impl Band {
    /// How many repetitions there may be side by side: a power of two.
    pub fn most(&self) -> u32 {
        let fit = limits::PIXMAP_SIDE / self.size[0];
        (1 << fit.max(1).ilog2()).clamp(FEW_REPETITIONS, REPETITIONS)
    }
}

impl<'a> Images<'a> {
    pub fn new(style: &'a Style, viewport: &Viewport) -> Images<'a> {
        let Style { sprite, globals, .. } = style;
        let (known, icons, bitmaps) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        let scale = viewport.scale.into();
        Images { sprite, globals, scale, known, icons, icon_room: limits::ICON_PIXELS, bitmaps }
    }

    /// With images that are there already, whose numbers stay.
    pub fn after(self, bitmaps: Vec<Bitmap>) -> Images<'a> {
        Images { bitmaps, ..self }
    }

    pub fn into_bitmaps(self) -> Vec<Bitmap> {
        self.bitmaps
    }

    /// An image that is drawn once.
    pub fn add(&mut self, bitmap: Bitmap) -> ImageId {
        self.bitmaps.push(bitmap);
        self.bitmaps.len() - 1
    }

    pub fn sprite(&self) -> &'a Sprite {
        self.sprite
    }

    /// An icon as it is drawn, made once for each look; none where there is no room for its pixels.
    pub fn icon(&mut self, look: String, [width, height]: [u32; 2], make: impl FnOnce() -> Bitmap) -> Option<ImageId> {
        if let Some(known) = self.icons.get(&look) {
            return Some(*known);
        }
        self.icon_room = self.icon_room.checked_sub(u64::from(width) * u64::from(height))?;
        Some(known(&mut self.icons, &mut self.bitmaps, look, make))
    }

    /// An image over and over from the world's origin; none where there is no such image.
    pub fn area(&mut self, name: &ImageName, viewport: &Viewport, opacity: f64) -> Option<Paint> {
        let image = self.sprite.get(&name.0, self.scale)?;
        let [width, height] = image.size_at(self.scale);
        let make = || image.resampled(width, height, [Beyond::Repeated; 2]);
        let id = known(&mut self.known, &mut self.bitmaps, (name.0.to_string(), [0; 2]), make);
        let origin = [-viewport.left.rem_euclid(width.into()), -viewport.top.rem_euclid(height.into())];
        Some(Paint::Pattern { image: id, origin, opacity: opacity.clamp(0.0, 1.0) })
    }

    /// An image for lines of a width in output pixels: as high as they are wide, and as long as that makes it.
    pub fn band(&self, name: &ImageName, width: f64) -> Option<Band> {
        let image = self.sprite.get(&name.0, self.scale)?;
        let period = (width * f64::from(image.width) / f64::from(image.height)).max(1.0);
        let pixels = |length: f64| (length.round().max(1.0) as u32).min(limits::PIXMAP_SIDE / FEW_REPETITIONS);
        Some(Band { name: name.0.to_string(), size: [pixels(period), pixels(width)], width, period })
    }

    /// So many repetitions of a band side by side.
    pub fn repeated(&mut self, band: &Band, times: u32) -> Option<ImageId> {
        let image = self.sprite.get(&band.name, self.scale)?;
        let [width, height] = band.size;
        let make = || repeated(&image.resampled(width, height, [Beyond::Repeated, Beyond::Edge]), times);
        Some(known(&mut self.known, &mut self.bitmaps, (band.name.clone(), [height, times]), make))
    }
}

fn known<K: Ord>(
    known: &mut BTreeMap<K, ImageId>,
    bitmaps: &mut Vec<Bitmap>,
    key: K,
    make: impl FnOnce() -> Bitmap,
) -> ImageId {
    *known.entry(key).or_insert_with(|| {
        bitmaps.push(make());
        bitmaps.len() - 1
    })
}

/// An image side by side with itself, with its edges above and below.
fn repeated(image: &Bitmap, times: u32) -> Bitmap {
    let rows = 0..i64::from(image.height + 2 * BAND_EDGE);
    let data = rows
        .flat_map(|row| {
            let row = (row - i64::from(BAND_EDGE)).clamp(0, i64::from(image.height) - 1) as usize;
            let length = image.width as usize * 4;
            image.data[row * length..(row + 1) * length].repeat(times as usize)
        })
        .collect();
    Bitmap { width: image.width * times, height: image.height + 2 * BAND_EDGE, data }
}
