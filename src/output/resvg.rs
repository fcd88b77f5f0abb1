//! Pixels of written SVG, by resvg: the reference that the scan converter is held against.

use super::raster::Picture;
use crate::error::{Code, Error};
use crate::limits;
use tiny_skia::{Pixmap, Transform};

const PLUS_LIGHTER: &str = "mix-blend-mode:plus-lighter";

/// Draws SVG text.
pub fn pixels(svg: &str, width: u32, height: u32) -> Result<Picture, Error> {
    let too_large = width > limits::PIXMAP_SIDE || height > limits::PIXMAP_SIDE;
    let pixmap = if too_large { None } else { Pixmap::new(width, height) };
    let mut pixmap = pixmap.ok_or_else(|| Error::internal(format!("there is no pixmap of {width} by {height}")))?;
    // It does not know this mode; its nearest is lighter everywhere too.
    let svg = svg.replace(PLUS_LIGHTER, "mix-blend-mode:screen");
    let tree = usvg::Tree::from_str(&svg, &usvg::Options::default()).map_err(|e| match e {
        usvg::Error::ElementsLimitReached | usvg::Error::ParsingFailed(usvg::roxmltree::Error::NodesLimitReached) => {
            Error::new(
                Code::TooLarge,
                "the tile has more to draw than fits a picture",
                "ask for a deeper zoom, or for svg; or draw less at this zoom with another style",
            )
        }
        e => Error::internal(format!("the SVG cannot be drawn: {e}")),
    })?;
    resvg::render(&tree, Transform::identity(), &mut pixmap.as_mut());
    let pixels =
        pixmap.pixels().iter().map(|p| u32::from_le_bytes([p.red(), p.green(), p.blue(), p.alpha()])).collect();
    Ok(Picture { width, height, pixels })
}
