//! A served style as MapLibre GL opens it: the document with this server's tiles and images in it, and nothing that was
//! meant for the server alone.
//!
//! Keys stand in the queries and user names of URLs, and files are the operator's own: an address that has the one or is
//! the other does not leave. Nor does what the Style Spec does not know, or says nothing of (`metadata`, where editors
//! keep access tokens).

use crate::source::Info;
use crate::style::Style;
use crate::style::check::is_known;
use reqwest::Url;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// What of a style this server has, and where.
pub struct Served<'a> {
    /// The source of `/mvt/`.
    pub source: Option<&'a Info>,
    /// The names of the style's sources that are that one.
    pub names: BTreeSet<&'a str>,
    /// The names of those that the operator gave: whatever the style says of them does not count.
    pub given: BTreeSet<&'a str>,
    /// Under which URL template, and where the images are: the URL without its ending.
    pub tiles: &'a str,
    pub sprite: &'a str,
}

/// The document.
///
/// A source that this server has is its tiles if the operator gave it or its own address may not leave; another stays as
/// the style has it, or is left out with the layers that read it. The sprite is this server's, or none; glyphs stay where
/// their address may leave.
pub fn document(style: &Style, served: &Served) -> Value {
    let Value::Object(mut document) = style.document.clone() else { return Value::Null };
    document.retain(|name, _| is_known("$root", name) && !["metadata", "font-faces"].contains(&name.as_str()));
    let mut gone: BTreeSet<String> = BTreeSet::new();
    if let Some(Value::Object(sources)) = document.get_mut("sources") {
        sources.retain(|name, source| {
            let stays = source.as_object_mut().is_some_and(|source| source_stays(name, source, served));
            if !stays {
                gone.insert(name.clone());
            }
            stays
        });
    }
    let reads_gone = |json: &Value| json["source"].as_str().is_some_and(|source| gone.contains(source));
    if document.get("terrain").is_some_and(reads_gone) {
        document.remove("terrain");
    }
    if let Some(Value::Array(layers)) = document.get_mut("layers") {
        layers.retain(|layer| !reads_gone(layer));
        for layer in layers.iter_mut().filter_map(Value::as_object_mut) {
            layer.retain(|name, _| name == "ref" || (name != "metadata" && is_known("layer", name)));
        }
    }
    if document.get("glyphs").and_then(Value::as_str).is_some_and(|glyphs| !may_leave(glyphs)) {
        document.remove("glyphs");
    }
    document.remove("sprite");
    if !style.sprite.is_empty() {
        document.insert("sprite".into(), served.sprite.into());
    }
    Value::Object(document)
}

/// Makes a source what it is to a client; false where it has to be left out.
fn source_stays(name: &str, source: &mut Map<String, Value>, served: &Served) -> bool {
    let kind = source.get("type").and_then(Value::as_str).unwrap_or_default().replace('-', "_");
    let group = format!("source_{kind}");
    source.retain(|name, _| is_known(&group, name));
    // Of a type that the Style Spec does not know.
    if !source.contains_key("type") {
        return false;
    }
    let is_open = ["url", "urls", "tiles", "data"].iter().filter_map(|member| source.get(*member)).all(is_open);
    let Some(info) = served.source.filter(|_| served.names.contains(name) && (served.given.contains(name) || !is_open))
    else {
        return is_open;
    };
    // The layers over GeoJSON name no source layer, as they would have to over its tiles.
    if kind != "vector" {
        return is_open;
    }
    source.retain(|name, _| !["url", "tiles", "scheme"].contains(&name.as_str()));
    source.insert("tiles".into(), json!([served.tiles]));
    source.insert("minzoom".into(), info.minzoom.into());
    source.insert("maxzoom".into(), info.maxzoom.into());
    source.insert("bounds".into(), json!(info.bounds));
    if !info.attribution.is_empty() {
        source.insert("attribution".into(), info.attribution.as_str().into());
    }
    true
}

/// Whether a source's member names no address that may not leave. Data that stands in the style is the style's own.
fn is_open(member: &Value) -> bool {
    match member {
        Value::String(address) => may_leave(address),
        Value::Array(addresses) => addresses.iter().all(|address| address.as_str().is_some_and(may_leave)),
        other => other.is_object(),
    }
}

/// Whether an address can be told to strangers: one of the web, without a query, a user or a place for a key.
fn may_leave(address: &str) -> bool {
    let address = address.strip_prefix("pmtiles://").unwrap_or(address);
    let is_plain = |url: Url| {
        let of_web = ["http", "https"].contains(&url.scheme());
        let has_user = !url.username().is_empty() || url.password().is_some();
        of_web && !has_user && url.query().is_none() && url.fragment().is_none()
    };
    !address.contains("{api_key}") && Url::parse(address).is_ok_and(is_plain)
}
