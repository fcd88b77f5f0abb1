//! Sprite sheets: the JSON index, and the PNG.

use super::{Image, refused};
use crate::bitmap::{self, Bitmap};
use crate::error::Error;
use crate::limits;
use serde::Deserialize;
use std::collections::BTreeMap;
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
    let sheet = Arc::new(bitmap::decode(png, room).map_err(|e| refused(format!("its sheet is {e}")))?);
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
