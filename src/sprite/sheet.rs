//! Sprite sheets: the JSON index, and the PNG.

use super::{Bitmap, Image, refused};
use crate::error::Error;
use crate::limits;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::Arc;

/// An image in the index, in pixels of the sheet.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    x: u32,
    y: u32,
    width: u32,
    height: u32,
    #[serde(default = "one")]
    pixel_ratio: f64,
    content: Option<[f64; 4]>,
    #[serde(default)]
    stretch_x: Vec<[f64; 2]>,
    #[serde(default)]
    stretch_y: Vec<[f64; 2]>,
    #[serde(default)]
    sdf: bool,
}

fn one() -> f64 {
    1.0
}

/// The images of a sheet of at most `room` pixels. Those without any pixels are left out.
pub fn read(index: &[u8], png: &[u8], room: u64) -> Result<Vec<(String, Image)>, Error> {
    let mut reader = serde_json::Deserializer::from_slice(index);
    let entries: BTreeMap<String, Entry> = serde_path_to_error::deserialize(&mut reader)
        .map_err(|e| refused(format!("its index: {}: {}", e.path(), e.inner())))?;
    if entries.len() > limits::SPRITE_IMAGES {
        return Err(refused(format!("its index names more than {} images", limits::SPRITE_IMAGES)));
    }
    let sheet = Arc::new(decode(png, room)?);
    let mut images = Vec::new();
    for (name, entry) in entries {
        if entry.width > 0 && entry.height > 0 {
            let checked = image(entry, &sheet).map_err(|what| refused(format!("its image {name:?} {what}")))?;
            images.push((name, checked));
        }
    }
    Ok(images)
}

fn image(entry: Entry, sheet: &Arc<Bitmap>) -> Result<Image, String> {
    let Entry { x, y, width, height, pixel_ratio, content, stretch_x, stretch_y, sdf } = entry;
    let fits = |at: u32, length: u32, whole: u32| at.checked_add(length).is_some_and(|end| end <= whole);
    if !fits(x, width, sheet.width) || !fits(y, height, sheet.height) {
        return Err(format!("lies outside of the sheet, which is {} by {}", sheet.width, sheet.height));
    }
    let side = f64::from(limits::SPRITE_IMAGE_SIDE);
    let ratio = pixel_ratio.is_finite() && pixel_ratio > 0.0;
    if !ratio || [width, height].iter().any(|&length| f64::from(length) / pixel_ratio > side) {
        return Err(format!(
            "is {width} by {height} at a pixelRatio of {pixel_ratio}; a side is at most {side} CSS pixels"
        ));
    }
    let within = |[from, to]: [f64; 2], length: u32| 0.0 <= from && from <= to && to <= f64::from(length);
    if content.is_some_and(|[l, t, r, b]| !within([l, r], width) || !within([t, b], height)) {
        return Err("has a content box that is not within it".to_string());
    }
    let stretches = stretch_x.iter().map(|&s| (s, width)).chain(stretch_y.iter().map(|&s| (s, height)));
    if stretches.into_iter().any(|(stretch, length)| !within(stretch, length)) {
        return Err("has a stretch that is not within it".to_string());
    }
    let sheet = sheet.clone();
    Ok(Image { sheet, corner: [x, y], width, height, pixel_ratio, content, stretch_x, stretch_y, sdf })
}

/// A PNG of any kind as premultiplied RGBA.
fn decode(png: &[u8], room: u64) -> Result<Bitmap, Error> {
    let broken = |e: png::DecodingError| refused(format!("its sheet is not a PNG that can be read: {e}"));
    let mut decoder = png::Decoder::new(Cursor::new(png));
    decoder.set_transformations(png::Transformations::normalize_to_color8() | png::Transformations::ALPHA);
    let mut reader = decoder.read_info().map_err(broken)?;
    let (width, height) = (reader.info().width, reader.info().height);
    // Before there is memory for it.
    if u64::from(width) * u64::from(height) > room {
        let limit = limits::SPRITE_PIXELS;
        return Err(refused(format!("its sheet is {width} by {height}; a style's images have at most {limit} pixels")));
    }
    let mut data = vec![0; reader.output_buffer_size().unwrap_or_default()];
    let frame = reader.next_frame(&mut data).map_err(broken)?;
    data.truncate(frame.buffer_size());
    let data: Vec<u8> = match frame.color_type {
        png::ColorType::GrayscaleAlpha => {
            data.chunks_exact(2).flat_map(|p| premultiplied([p[0], p[0], p[0], p[1]])).collect()
        }
        _ => data.chunks_exact(4).flat_map(|p| premultiplied([p[0], p[1], p[2], p[3]])).collect(),
    };
    match data.len() as u64 == u64::from(width) * u64::from(height) * 4 {
        true => Ok(Bitmap { width, height, data }),
        false => Err(refused("its sheet is not a PNG that can be read: pixels are missing")),
    }
}

fn premultiplied([r, g, b, a]: [u8; 4]) -> [u8; 4] {
    let times = |c: u8| ((u32::from(c) * u32::from(a) + 127) / 255) as u8;
    [times(r), times(g), times(b), a]
}
