//! GeoJSON drawn over a map: style layers of its own, which read the properties of simplestyle-spec 1.1.0, over a source
//! of its own.
//!
//! <https://github.com/mapbox/simplestyle-spec/tree/master/1.1.0>

use crate::error::Error;
use crate::file;
use crate::limits;
use crate::source::{Base, Overrides, Source};
use crate::style::Style;
use crate::tiler::Map;
use serde_json::{Value as Json, json};
use std::path::Path;
use std::sync::Arc;

/// The layer of the tiles that GeoJSON is cut into.
const LAYER: &str = "geojson";

/// The map with the files' features over all else, the last file on top.
pub async fn over(map: Map, files: &[std::path::PathBuf]) -> Result<Map, Error> {
    let Map { style, mut sources, given, rasterizer } = map;
    if files.is_empty() {
        return Ok(Map { style, sources, given, rasterizer });
    }
    let Style { name, mut document, sprite, pictures, fonts, digest, .. } = style;
    for (i, file) in files.iter().enumerate() {
        let data = read(file).map_err(|error| error.within(file.display()))?;
        if has_symbols(&data) {
            tracing::warn!(file = %file.display(), "marker-symbol is not drawn: every marker is a plain disc");
        }
        let members = json!({ "type": "geojson", "data": data });
        let Some(members) = members.as_object() else { continue };
        let opened = Source::declared(members, &Base::File(file.clone()), &Overrides::default(), None).await;
        let source = opened.map_err(|error| error.within(file.display()))?;
        let overlay = free_name(&document, &format!("overlay-{}", i + 1));
        document["sources"][&overlay] = json!({ "type": "vector" });
        if let Some(layers) = document["layers"].as_array_mut() {
            layers.extend(layers_of(&overlay));
        }
        sources.insert(overlay, Arc::new(source));
    }
    let style = Style::parse(&name, &document.to_string())?.with_sprite(sprite).with_pictures(pictures, &digest);
    let style = match fonts {
        Some(fonts) => style.with_fonts(fonts),
        None => style,
    };
    Ok(Map { style, sources, given, rasterizer })
}

fn read(path: &Path) -> Result<Json, Error> {
    let refused = |detail: String| Error::misconfigured(detail, "name a file of GeoJSON (RFC 7946)");
    let bytes = file::read(path, limits::DOCUMENT_BYTES as u64);
    let bytes = bytes.map_err(|e| refused(format!("it cannot be read: {e}")))?;
    if bytes.len() > limits::DOCUMENT_BYTES {
        return Err(refused(format!("it has more than {} bytes", limits::DOCUMENT_BYTES)));
    }
    let data: Json = serde_json::from_slice(&bytes).map_err(|e| refused(format!("it is not JSON: {e}")))?;
    if data.is_object() { Ok(data) } else { Err(refused("it is not an object".to_string())) }
}

fn has_symbols(data: &Json) -> bool {
    let one = std::slice::from_ref(data);
    let features = data.get("features").and_then(Json::as_array).map_or(one, Vec::as_slice);
    let symbol = |feature: &Json| feature.get("properties")?.get("marker-symbol")?.as_str().map(str::to_string);
    features.iter().filter_map(symbol).any(|symbol| !symbol.is_empty())
}

/// A name that neither a source has nor the beginning of any layer's name.
fn free_name(document: &Json, wanted: &str) -> String {
    let mut name = wanted.to_string();
    let layers = document["layers"].as_array().map_or(&[][..], Vec::as_slice);
    while document["sources"].get(&name).is_some()
        || layers.iter().any(|layer| layer["id"].as_str().is_some_and(|id| id.starts_with(&name)))
    {
        name.insert(0, '_');
    }
    name
}

/// Areas, lines with the outlines of areas, and markers, with the specification's defaults.
fn layers_of(source: &str) -> Vec<Json> {
    // The number sign is optional.
    let color = |name: &str, default: &str| {
        json!(["to-color", ["get", name], ["concat", "#", ["to-string", ["get", name]]], default])
    };
    let number = |name: &str, default: f64| json!(["to-number", ["coalesce", ["get", name], default], default]);
    let layer = |part: &str, kind: &str, paint: Json| json!({ "id": format!("{source}-{part}"), "type": kind, "source": source, "source-layer": LAYER, "paint": paint });
    let fill = layer(
        "fill",
        "fill",
        json!({ "fill-color": color("fill", "#555555"), "fill-opacity": number("fill-opacity", 0.6) }),
    );
    let mut stroke = layer(
        "stroke",
        "line",
        json!({
            "line-color": color("stroke", "#555555"),
            "line-opacity": number("stroke-opacity", 1.0),
            "line-width": number("stroke-width", 2.0),
        }),
    );
    stroke["layout"] = json!({ "line-cap": "round", "line-join": "round" });
    let mut marker = layer(
        "marker",
        "circle",
        json!({
            "circle-color": color("marker-color", "#7e7e7e"),
            "circle-radius": ["match", ["get", "marker-size"], "small", 5, "large", 11, 8],
            "circle-stroke-color": "#ffffff",
            "circle-stroke-width": 2,
        }),
    );
    marker["filter"] = json!(["==", ["geometry-type"], "Point"]);
    vec![fill, stroke, marker]
}
