//! PNG.

use super::raster::Picture;
use crate::error::Error;

/// PNG of a picture: RGB where nothing shines through, else RGBA. The settings are fixed, so that the same pixels are the
/// same bytes.
pub fn encode(picture: &Picture) -> Result<Vec<u8>, Error> {
    let opaque = picture.pixels.iter().all(|pixel| pixel >> 24 == 255);
    let mut data = Vec::with_capacity(picture.pixels.len() * 4);
    for pixel in &picture.pixels {
        let [r, g, b, a] = pixel.to_le_bytes();
        if opaque {
            data.extend_from_slice(&[r, g, b]);
        } else {
            let straight = |c: u8| ((u32::from(c) * 255 + u32::from(a) / 2) / u32::from(a.max(1))).min(255) as u8;
            data.extend_from_slice(&[straight(r), straight(g), straight(b), a]);
        }
    }
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, picture.width, picture.height);
    encoder.set_color(if opaque { png::ColorType::Rgb } else { png::ColorType::Rgba });
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(&data));
    written.map_err(|e| Error::internal(format!("the PNG cannot be written: {e}")))?;
    Ok(out)
}
