//! TileJSON 3.0 of the PNG tiles of a style.

use crate::source::Info;
use crate::style::Style;
use crate::viewport::SizeClass;
use serde_json::{Value, json};

/// How deep clients may zoom: tiles above the source's are scaled up from it.
const MAXZOOM: u8 = 22;

/// The document; `base` is where clients reach this program, without a slash at its end. `query` picks the style in the
/// tiles' URLs; it is empty for the default style.
///
/// `source` is beyond the specification: which of `/mvt/`'s tiles there are, and how many CSS pixels one covers at its
/// own zoom.
pub fn document(style: &Style, source: &Info, base: &str, query: &str) -> Value {
    // A tile of 256 px shows MapLibre zoom z - 1: the first with content.
    let minzoom = match (source.minzoom, source.class) {
        (0, _) => 0,
        (z, SizeClass::C256) => z,
        (z, SizeClass::C512) => z + 1,
        (z, SizeClass::C1024) => z + 2,
    };
    let mut document = json!({
        "tilejson": "3.0.0",
        "name": style.name,
        "scheme": "xyz",
        "tiles": [format!("{base}/png/{{z}}/{{x}}/{{y}}.png{query}")],
        "minzoom": minzoom,
        "maxzoom": MAXZOOM.max(minzoom),
        "bounds": source.bounds,
        "source": { "minzoom": source.minzoom, "maxzoom": source.maxzoom, "tile_size": source.class.pixels() },
    });
    if !source.attribution.is_empty() {
        document["attribution"] = source.attribution.as_str().into();
    }
    if let (Some([lon, lat]), Some(zoom)) = (style.center, style.zoom) {
        // MapLibre's zoom counts tiles of 512 px.
        document["center"] = json!([lon, lat, (zoom + 1.0).round() as i64]);
    }
    document
}
