//! TileJSON 3.0 of the PNG tiles of a style.

use crate::source::{Info, WORLD};
use crate::style::Style;
use crate::viewport::SizeClass;
use serde_json::{Value, json};

/// How deep clients may zoom: tiles above the source's are scaled up from it.
const MAXZOOM: u8 = 22;

/// The document; `sources` are those that the style reads, that of `/mvt/` first, and `tiles` is a URL template.
///
/// Two members are beyond the specification. `source`: which of `/mvt/`'s tiles there are, and how many CSS pixels one
/// covers at its own zoom. `styles`: the names of all that are served, the default first.
pub fn document(style: &Style, sources: &[&Info], attribution: &str, tiles: &str, styles: &[&str]) -> Value {
    // A tile of 256 px shows MapLibre zoom z - 1: the first with content.
    let minzoom = |source: &&Info| match (source.minzoom, source.class) {
        (0, _) => 0,
        (z, SizeClass::C256) => z,
        (z, SizeClass::C512) => z + 1,
        (z, SizeClass::C1024) => z + 2,
    };
    let minzoom = sources.iter().map(minzoom).min().unwrap_or(0);
    let mut document = json!({
        "tilejson": "3.0.0",
        "name": style.name,
        "scheme": "xyz",
        "tiles": [tiles],
        "minzoom": minzoom,
        "maxzoom": MAXZOOM.max(minzoom),
        "styles": styles,
        "bounds": sources.iter().map(|source| source.bounds).reduce(both).unwrap_or(WORLD),
    });
    if let Some(source) = sources.first() {
        document["source"] =
            json!({ "minzoom": source.minzoom, "maxzoom": source.maxzoom, "tile_size": source.class.pixels() });
    }
    if !attribution.is_empty() {
        document["attribution"] = attribution.into();
    }
    if let (Some([lon, lat]), Some(zoom)) = (style.center, style.zoom) {
        // MapLibre's zoom counts tiles of 512 px.
        document["center"] = json!([lon, lat, (zoom + 1.0).round() as i64]);
    }
    document
}

/// Bounds around both: the world from west to east, where one of them goes over the antimeridian.
fn both(a: [f64; 4], b: [f64; 4]) -> [f64; 4] {
    let around = a[0] > a[2] || b[0] > b[2];
    let (west, east) = if around && a != b { (-180.0, 180.0) } else { (a[0].min(b[0]), a[2].max(b[2])) };
    if a == b { a } else { [west, a[1].min(b[1]), east, a[3].max(b[3])] }
}
