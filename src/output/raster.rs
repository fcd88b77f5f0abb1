//! Pixels, and PNG of them: the one place that knows how pixels are made. They are made by resvg from the written SVG.

use crate::error::{Code, Error};
use crate::limits;
use std::io::Write;
use tiny_skia::{Pixmap, Transform};

/// A pixmap, premultiplied RGBA, where nothing is drawn yet.
pub fn blank(width: u32, height: u32) -> Result<Pixmap, Error> {
    let too_large = width > limits::PIXMAP_SIDE || height > limits::PIXMAP_SIDE;
    let pixmap = if too_large { None } else { Pixmap::new(width, height) };
    pixmap.ok_or_else(|| Error::internal(format!("there is no pixmap of {width} by {height}")))
}

/// Copies a part into a larger picture, its top left corner to `at`.
pub fn put(part: &Pixmap, picture: &mut Pixmap, at: [u32; 2]) {
    let (width, [left, top]) = (picture.width() as usize, at.map(|c| c as usize));
    let rows = picture.pixels_mut().chunks_exact_mut(width).skip(top);
    for (to, from) in rows.zip(part.pixels().chunks_exact(part.width() as usize)) {
        to[left..left + from.len()].copy_from_slice(from);
    }
}

/// Draws SVG text.
pub fn pixels(svg: &str, width: u32, height: u32) -> Result<Pixmap, Error> {
    let mut pixmap = blank(width, height)?;
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

/// PNG of a pixmap: RGB where nothing shines through, else RGBA. The settings are fixed, so that the same pixels are
/// the same bytes.
pub fn png(pixmap: &Pixmap) -> Result<Vec<u8>, Error> {
    let pixels = pixmap.pixels();
    let opaque = pixels.iter().all(|pixel| pixel.is_opaque());
    let mut data = Vec::with_capacity(pixels.len() * 4);
    for pixel in pixels {
        let color = pixel.demultiply();
        data.extend_from_slice(&[color.red(), color.green(), color.blue()]);
        if !opaque {
            data.push(color.alpha());
        }
    }
    let mut out = Vec::new();
    let color = if opaque { png::ColorType::Rgb } else { png::ColorType::Rgba };
    let written =
        header(&mut out, pixmap.width(), pixmap.height(), color).and_then(|mut writer| writer.write_image_data(&data));
    written.map_err(unwritten)?;
    Ok(out)
}

fn header<W: Write>(
    out: W,
    width: u32,
    height: u32,
    color: png::ColorType,
) -> Result<png::Writer<W>, png::EncodingError> {
    let mut encoder = png::Encoder::new(out, width, height);
    encoder.set_color(color);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    encoder.write_header()
}

/// The error of a PNG that cannot be encoded.
pub fn unwritten(error: impl std::fmt::Display) -> Error {
    Error::internal(format!("the PNG cannot be written: {error}"))
}

/// The begin of an RGBA PNG of a picture of any size, whose stream takes what [`write_band`] gives.
pub fn start_png(out: &mut Vec<u8>, width: u32, height: u32) -> Result<png::Writer<&mut Vec<u8>>, Error> {
    header(out, width, height, png::ColorType::Rgba).map_err(unwritten)
}

/// Adds a band of cells, side by side and of one height.
pub fn write_band(rows: &mut impl Write, cells: &[Pixmap]) -> Result<(), Error> {
    let mut row = Vec::new();
    for y in 0..cells.first().map_or(0, Pixmap::height) as usize {
        row.clear();
        for cell in cells {
            let width = cell.width() as usize;
            for pixel in &cell.pixels()[y * width..(y + 1) * width] {
                let color = pixel.demultiply();
                row.extend_from_slice(&[color.red(), color.green(), color.blue(), color.alpha()]);
            }
        }
        rows.write_all(&row).map_err(unwritten)?;
    }
    Ok(())
}
