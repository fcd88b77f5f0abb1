//! SVG icons, drawn at the pixel ratios that are asked for most.

use super::{Bitmap, Image, refused};
use crate::error::Error;
use crate::limits;
use std::sync::Arc;
use tiny_skia::{Pixmap, Transform};

/// The pixel ratios at which icons are drawn; others are made from the next finer one.
pub const RATIOS: [u8; 3] = [1, 2, 4];

/// An icon at all ratios; its own size is in CSS pixels. `room` is how many pixels may still be made.
pub fn draw(svg: &[u8], room: &mut u64) -> Result<Vec<Image>, Error> {
    let options = usvg::Options {
        // An icon is one file.
        image_href_resolver: usvg::ImageHrefResolver {
            resolve_string: Box::new(|_, _| None),
            ..usvg::ImageHrefResolver::default()
        },
        ..usvg::Options::default()
    };
    let tree =
        usvg::Tree::from_data(svg, &options).map_err(|e| refused(format!("it is not SVG that can be read: {e}")))?;
    let size = [tree.size().width(), tree.size().height()];
    let side = limits::SPRITE_IMAGE_SIDE as f32;
    if size.iter().any(|length| *length > side) {
        return Err(refused(format!("it is {} by {}; a side is at most {side} px", size[0], size[1])));
    }
    RATIOS.iter().map(|&ratio| at_ratio(&tree, ratio, room)).collect()
}

fn at_ratio(tree: &usvg::Tree, ratio: u8, room: &mut u64) -> Result<Image, Error> {
    let ratio = f32::from(ratio);
    let [width, height] =
        [tree.size().width(), tree.size().height()].map(|length| (length * ratio).ceil().max(1.0) as u32);
    *room = room.checked_sub(u64::from(width) * u64::from(height)).ok_or_else(|| {
        refused(format!(
            "the icons have more than {} pixels, drawn at {RATIOS:?} times their size",
            limits::SPRITE_PIXELS
        ))
    })?;
    let pixmap = Pixmap::new(width, height);
    let mut pixmap = pixmap.ok_or_else(|| Error::internal(format!("there is no pixmap of {width} by {height}")))?;
    resvg::render(tree, Transform::from_scale(ratio, ratio), &mut pixmap.as_mut());
    Ok(Image {
        sheet: Arc::new(Bitmap { width, height, data: pixmap.take() }),
        corner: [0, 0],
        width,
        height,
        pixel_ratio: ratio.into(),
        content: None,
        stretch_x: Vec::new(),
        stretch_y: Vec::new(),
        sdf: false,
    })
}
