//! A served style as MapLibre GL opens it: the document with this server's tiles in its sources.

use crate::source::Info;
use crate::style::Style;
use serde_json::{Value, json};

/// The document.
///
/// `filled` tells of a source's name what this server has under `tiles`, a URL template, where it is what draws that
/// source. Of what the style says of such a one, where its tiles come from is left out, and any key with it; other
/// sources stay as the style has them.
pub fn document<'a>(style: &Style, filled: impl Fn(&str) -> Option<&'a Info>, tiles: &str) -> Value {
    let mut document = style.document.clone();
    for (name, json) in document["sources"].as_object_mut().into_iter().flatten() {
        let (Some(source), Some(filled)) = (filled(name), json.as_object_mut()) else { continue };
        filled.retain(|name, _| !["url", "tiles", "scheme"].contains(&name.as_str()));
        filled.insert("tiles".into(), json!([tiles]));
        filled.insert("minzoom".into(), source.minzoom.into());
        filled.insert("maxzoom".into(), source.maxzoom.into());
        filled.insert("bounds".into(), json!(source.bounds));
        if !source.attribution.is_empty() {
            filled.insert("attribution".into(), source.attribution.as_str().into());
        }
    }
    document
}
