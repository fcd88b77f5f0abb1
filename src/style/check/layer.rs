//! One layer: what it is, where its features come from, its properties.

use super::reference::REFERENCE;
use super::walk::{Context, Others, Walk, below, truthy};
use super::{Kind, brief, filter};
use serde_json::{Map, Value as Json};

pub fn check(walk: &mut Walk, path: &str, json: &Json) {
    let Some(layer) = json.as_object() else { return walk.wrong_type(path, json, "an object") };
    let given = |name: &str| layer.get(name).filter(|json| truthy(json));
    if given("type").is_none() && given("ref").is_none() {
        walk.error(Kind::Missing, path, "the member \"type\" is missing");
    }
    if let Some(id) = given("id") {
        let first = walk.layers.get(&id.to_string()).map(|(first, _)| format!("layers[{first}]"));
        if let Some(first) = first.filter(|first| first != path) {
            walk.error(Kind::DuplicateId, path, format!("the id {} is that of {first} too", brief(&id.to_string())));
        }
    }
    let mut r#type = layer.get("type").cloned().unwrap_or_default();
    if let Some(other) = layer.get("ref") {
        if let Some(parent) = referred(walk, path, layer, other) {
            r#type = parent;
        }
    } else if r#type != "background" {
        source(walk, path, layer, r#type.as_str().unwrap_or_default());
    }
    let raster = |name: &str| layer.get("paint").and_then(|paint| paint.get(name)).is_some_and(truthy);
    if r#type == "raster" && raster("resampling") && raster("raster-resampling") {
        walk.error(Kind::Unknown, path, "\"resampling\" and \"raster-resampling\" say the same: keep the first");
    }
    let special = ["type", "filter", "layout", "paint"];
    let r#type = r#type.as_str().unwrap_or_default();
    walk.object(
        path,
        json,
        REFERENCE.group("layer"),
        &special,
        Others::Allowed,
        &mut |walk, name, at, json| match name {
            "type" => walk.one_of(&below(path, "type"), json_type(layer), &REFERENCE.group("layer")["type"].values),
            "filter" => filter::check(walk, at, json),
            part => properties(walk, at, json, part, r#type),
        },
    );
}

fn json_type(layer: &Map<String, Json>) -> &Json {
    layer.get("type").unwrap_or(&Json::Null)
}

/// A layer that takes its members from another: the type of that one.
fn referred(walk: &mut Walk, path: &str, layer: &Map<String, Json>, other: &Json) -> Option<Json> {
    for name in ["type", "source", "source-layer", "filter", "layout"] {
        if layer.contains_key(name) {
            walk.error(Kind::Ref, path, format!("a layer with \"ref\" has no {name:?} of its own"));
        }
    }
    let parent = walk.layers.get(&other.to_string()).map(|(_, last)| &walk.style["layers"][*last]);
    match parent {
        None => {
            walk.error(Kind::Ref, path, format!("\"ref\" names {}, which is no layer", brief(&other.to_string())));
            None
        }
        Some(parent) if parent.get("ref").is_some_and(truthy) => {
            walk.error(Kind::Ref, path, "\"ref\" names a layer that has a \"ref\" itself");
            None
        }
        Some(parent) => Some(parent.get("type").cloned().unwrap_or_default()),
    }
}

/// Whether the layer's source is there and of a type that the layer can draw.
fn source(walk: &mut Walk, path: &str, layer: &Map<String, Json>, r#type: &str) {
    let Some(name) = layer.get("source").filter(|name| truthy(name)) else {
        return walk.error(Kind::Missing, path, "the member \"source\" is missing");
    };
    let key = name.as_str().map_or_else(|| name.to_string(), str::to_string);
    let Some(source) = walk.style["sources"].get(&key).filter(|source| truthy(source)) else {
        return walk.error(Kind::Source, path, format!("there is no source {:?}", brief(&key)));
    };
    let of = source.get("type").and_then(Json::as_str).unwrap_or_default();
    let needs = |what: &str| {
        format!("a layer of type {:?} needs a source of type {what:?}, not {:?}", brief(r#type), brief(of))
    };
    let gradient = || layer.get("paint").and_then(|paint| paint.get("line-gradient")).is_some_and(truthy);
    let metrics = || of == "geojson" && source.get("lineMetrics").is_some_and(truthy);
    let wrong = match (of, r#type) {
        ("vector", "raster") => needs("raster"),
        (_, "hillshade" | "color-relief") if of != "raster-dem" => needs("raster-dem"),
        ("raster", _) if r#type != "raster" => needs("vector"),
        ("vector", _) if !layer.get("source-layer").is_some_and(truthy) => {
            "the member \"source-layer\" is missing: a vector source has several".to_string()
        }
        ("raster-dem", _) if !["hillshade", "color-relief"].contains(&r#type) => {
            "a source of type \"raster-dem\" is for layers of type \"hillshade\" and \"color-relief\"".to_string()
        }
        (_, "line") if gradient() && !metrics() => {
            "\"line-gradient\" needs a source of type \"geojson\" with \"lineMetrics\"".to_string()
        }
        _ => return,
    };
    walk.error(Kind::Source, path, wrong);
}

/// The layout or paint properties of a layer.
fn properties(walk: &mut Walk, path: &str, json: &Json, part: &str, r#type: &str) {
    let Some(map) = json.as_object() else { return walk.wrong_type(path, json, "an object") };
    let Some(group) = REFERENCE.groups.get(&format!("{part}_{type}")) else { return };
    for (name, json) in map {
        let path = &below(path, name);
        let animated = name.strip_suffix("-transition").and_then(|name| group.get(name)).filter(|m| m.transition);
        if part == "paint" && animated.is_some() {
            let transition = REFERENCE.group("transition");
            walk.object(path, json, transition, &[], Others::Refused, &mut |_, _, _, _| {});
            continue;
        }
        let Some(member) = group.get(name) else {
            let message = format!("a layer of type {type:?} has no {part} property {:?}", brief(name));
            walk.error(Kind::Unknown, path, message);
            continue;
        };
        let token = json.as_str().and_then(|text| text.strip_prefix('{')?.strip_suffix('}'));
        if let Some(token) = token.filter(|t| !t.is_empty() && !t.contains('}'))
            && member.is_data_driven()
            && !member.tokens
        {
            let message = format!("{name:?} takes no token; write [\"get\", {:?}]", brief(token));
            walk.error(Kind::Token, path, message);
            continue;
        }
        if name == "text-font" && json.get("type").is_some_and(|kind| kind == "identity") {
            walk.error(Kind::Function, path, "\"text-font\" takes no identity function");
        }
        let context = if part == "layout" { Context::Layout(name) } else { Context::Paint(name) };
        walk.value(path, json, member, context);
    }
}
