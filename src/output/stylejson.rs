//! A served style as MapLibre GL opens it: the document with this server's tiles in its sources.

use crate::source::Info;
use crate::style::Style;
use serde_json::{Value, json};

/// The document; `base` is where clients reach this program, without a slash at its end.
///
/// Vector sources are those that the server's own source fills. Of what the style says of them, where its tiles come
/// from is left out, and any key with it.
pub fn document(style: &Style, source: &Info, base: &str) -> Value {
    let mut document = style.document.clone();
    let sources = document["sources"].as_object_mut().into_iter().flat_map(|sources| sources.values_mut());
    for filled in sources.filter(|source| source["type"] == "vector").filter_map(Value::as_object_mut) {
        filled.retain(|name, _| !["url", "tiles", "scheme"].contains(&name.as_str()));
        filled.insert("tiles".into(), json!([format!("{base}/mvt/{{z}}/{{x}}/{{y}}.mvt")]));
        filled.insert("minzoom".into(), source.minzoom.into());
        filled.insert("maxzoom".into(), source.maxzoom.into());
        filled.insert("bounds".into(), json!(source.bounds));
        if !source.attribution.is_empty() {
            filled.insert("attribution".into(), source.attribution.as_str().into());
        }
    }
    document
}
