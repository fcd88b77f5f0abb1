//! SVG icons, drawn at the pixel ratios that are asked for most.
//!
//! Where a text goes on an icon, and what of it may be stretched, is said by the boxes of elements with the ids
//! `mapbox-content`, `mapbox-stretch-x` and `mapbox-stretch-y`, as drawing programs and sprite makers have it.

use super::{Image, refused};
use crate::bitmap::Bitmap;
use crate::error::Error;
use crate::limits;
use std::sync::Arc;
use tiny_skia::{Pixmap, Transform};

/// The pixel ratios at which icons are drawn; others are made from the next finer one.
pub const RATIOS: [u8; 3] = [1, 2, 4];

/// An icon at all ratios; its own size is in CSS pixels. They have at most `room` pixels.
pub fn draw(svg: &[u8], mut room: u64) -> Result<Vec<Image>, Error> {
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
    let mut images = Vec::new();
    for ratio in RATIOS {
        let [width, height] = size.map(|length| (length * f32::from(ratio)).ceil().max(1.0) as u32);
        room = room.checked_sub(u64::from(width) * u64::from(height)).ok_or_else(|| {
            let limit = limits::SPRITE_PIXELS;
            refused(format!("a style's images, icons at {RATIOS:?} times their size, have at most {limit} pixels"))
        })?;
        images.push(at_ratio(&tree, ratio.into(), width, height)?);
    }
    Ok(images)
}

fn at_ratio(tree: &usvg::Tree, ratio: f32, width: u32, height: u32) -> Result<Image, Error> {
    let pixmap = Pixmap::new(width, height);
    let mut pixmap = pixmap.ok_or_else(|| Error::internal(format!("there is no pixmap of {width} by {height}")))?;
    resvg::render(tree, Transform::from_scale(ratio, ratio), &mut pixmap.as_mut());
    let [within_x, within_y] =
        [width, height].map(|length| move |at: f32| f64::from(at * ratio).clamp(0.0, length.into()));
    let box_of = |id: &str| tree.node_by_id(id).map(|node| node.abs_bounding_box());
    Ok(Image {
        sheet: Arc::new(Bitmap { width, height, data: pixmap.take() }),
        corner: [0, 0],
        width,
        height,
        pixel_ratio: ratio.into(),
        content: box_of("mapbox-content")
            .map(|at| [within_x(at.left()), within_y(at.top()), within_x(at.right()), within_y(at.bottom())]),
        stretch_x: box_of("mapbox-stretch-x")
            .map(|at| [within_x(at.left()), within_x(at.right())])
            .into_iter()
            .collect(),
        stretch_y: box_of("mapbox-stretch-y")
            .map(|at| [within_y(at.top()), within_y(at.bottom())])
            .into_iter()
            .collect(),
        sdf: false,
    })
}
