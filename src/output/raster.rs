//! Pixels, and PNG of them: the one place that knows how pixels are made. They are made by resvg from the written SVG.

use crate::error::{Code, Error};
use crate::limits;
use tiny_skia::{Pixmap, PremultipliedColorU8, Transform};

/// Draws SVG text; a pixmap is premultiplied RGBA.
pub fn pixels(svg: &str, width: u32, height: u32) -> Result<Pixmap, Error> {
    let too_large = width > limits::PIXMAP_SIDE || height > limits::PIXMAP_SIDE;
    let pixmap = if too_large { None } else { Pixmap::new(width, height) };
    let mut pixmap = pixmap.ok_or_else(|| Error::internal(format!("there is no pixmap of {width} by {height}")))?;
    let tree = usvg::Tree::from_str(svg, &usvg::Options::default()).map_err(|e| match e {
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
    Ok(pixmap)
}

/// PNG of a pixmap: RGB where nothing shines through, else RGBA.
pub fn png(pixmap: &Pixmap) -> Result<Vec<u8>, Error> {
    png_of(pixmap.width(), pixmap.height(), pixmap.data())
}

/// PNG of premultiplied RGBA. The settings are fixed, so that the same pixels are the same bytes.
pub fn png_of(width: u32, height: u32, rgba: &[u8]) -> Result<Vec<u8>, Error> {
    let opaque = rgba.chunks_exact(4).all(|pixel| pixel[3] == u8::MAX);
    let mut data = Vec::with_capacity(rgba.len());
    for pixel in rgba.chunks_exact(4) {
        let color = PremultipliedColorU8::from_rgba(pixel[0], pixel[1], pixel[2], pixel[3]);
        let color = color.unwrap_or(PremultipliedColorU8::TRANSPARENT).demultiply();
        data.extend_from_slice(&[color.red(), color.green(), color.blue()]);
        if !opaque {
            data.push(color.alpha());
        }
    }
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(if opaque { png::ColorType::Rgb } else { png::ColorType::Rgba });
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(&data));
    written.map_err(|e| Error::internal(format!("the PNG cannot be written: {e}")))?;
    Ok(out)
}
