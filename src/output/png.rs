//! PNG. The settings are fixed, so that the same pixels are the same bytes.

use super::raster::Picture;
use crate::error::Error;
use std::io::Write;

/// PNG of a picture: RGB where nothing shines through, else RGBA.
pub fn encode(picture: &Picture) -> Result<Vec<u8>, Error> {
    let opaque = picture.pixels.iter().all(|pixel| pixel >> 24 == 255);
    let mut data = Vec::with_capacity(picture.pixels.len() * 4);
    match opaque {
        true => data.extend(
            picture.pixels.iter().flat_map(|pixel| <[u8; 3]>::try_from(&pixel.to_le_bytes()[..3]).unwrap_or_default()),
        ),
        false => push_straight(&picture.pixels, &mut data),
    }
    let mut out = Vec::new();
    let color = if opaque { png::ColorType::Rgb } else { png::ColorType::Rgba };
    let writer = header(&mut out, picture.width, picture.height, color);
    writer.and_then(|mut writer| writer.write_image_data(&data)).map_err(unwritten)?;
    Ok(out)
}

/// The begin of an RGBA PNG of a picture of any size, whose stream takes what [`write_band`] gives.
pub fn start(out: &mut Vec<u8>, width: u32, height: u32) -> Result<png::Writer<&mut Vec<u8>>, Error> {
    header(out, width, height, png::ColorType::Rgba).map_err(unwritten)
}

/// Adds a band of cells, side by side and of one height.
pub fn write_band(rows: &mut impl Write, cells: &[Picture]) -> Result<(), Error> {
    let mut row = Vec::new();
    for y in 0..cells.first().map_or(0, |cell| cell.height) as usize {
        row.clear();
        for cell in cells {
            let width = cell.width as usize;
            push_straight(&cell.pixels[y * width..(y + 1) * width], &mut row);
        }
        rows.write_all(&row).map_err(unwritten)?;
    }
    Ok(())
}

/// Pixels as PNG has them: not premultiplied.
fn push_straight(pixels: &[u32], out: &mut Vec<u8>) {
    for pixel in pixels {
        let [r, g, b, a] = pixel.to_le_bytes();
        let straight = |c: u8| ((u32::from(c) * 255 + u32::from(a) / 2) / u32::from(a.max(1))).min(255) as u8;
        out.extend_from_slice(&[straight(r), straight(g), straight(b), a]);
    }
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
