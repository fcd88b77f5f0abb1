//! A style's images as MapLibre GL loads them: a PNG and its index (Style Spec, "Sprite").

use super::png;
use super::raster::Picture;
use crate::error::Error;
use crate::limits;
use crate::sprite::Sprite;
use bytes::Bytes;
use serde_json::{Value, json};

/// Where each image is in [`sheet`].
pub fn index(sprite: &Sprite, scale: u8) -> Value {
    let packed = sprite.packed(scale.into());
    let entry = |[x, y]: [u32; 2], image: &crate::sprite::Image| {
        let mut entry = json!({
            "x": x,
            "y": y,
            "width": image.width,
            "height": image.height,
            "pixelRatio": image.pixel_ratio,
        });
        if let Some(content) = image.content {
            entry["content"] = json!(content);
        }
        for (name, stretches) in [("stretchX", &image.stretch_x), ("stretchY", &image.stretch_y)] {
            if !stretches.is_empty() {
                entry[name] = json!(stretches);
            }
        }
        if image.sdf {
            entry["sdf"] = json!(true);
        }
        entry
    };
    packed.images.into_iter().map(|(name, corner, image)| (name.to_string(), entry(corner, image))).collect()
}

/// All images in one PNG.
pub fn sheet(sprite: &Sprite, scale: u8) -> Result<Bytes, Error> {
    let packed = sprite.packed(scale.into());
    // An index may name one large image many times.
    if u64::from(packed.width) * u64::from(packed.height) > limits::SPRITE_PIXELS {
        let (width, height, most) = (packed.width, packed.height, limits::SPRITE_PIXELS);
        let detail = format!("the style's images side by side are {width} by {height} pixels, of at most {most}");
        return Err(Error::misconfigured(detail, "take images out of the style's sprite, or make them smaller"));
    }
    let bitmap = packed.bitmap();
    let (pixels, _) = bitmap.data.as_chunks();
    let pixels = pixels.iter().map(|pixel| u32::from_le_bytes(*pixel)).collect();
    png::encode(&Picture { width: bitmap.width, height: bitmap.height, pixels })
}
