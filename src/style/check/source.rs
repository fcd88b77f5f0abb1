//! One source, by its type.

use super::reference::{Member, REFERENCE, Type};
use super::walk::{Context, Others, Walk, below, is_expression, truthy};
use super::{Kind, brief, expression, member};
use serde_json::{Value as Json, json};

/// The members of a raster-dem source that only its encoding `custom` has.
const CUSTOM_ENCODING: [&str; 4] = ["redFactor", "greenFactor", "blueFactor", "baseShift"];

pub fn check(walk: &mut Walk, path: &str, json: &Json) {
    let Some(r#type) = json.get("type").filter(|r#type| truthy(r#type)) else {
        return walk.error(Kind::Missing, path, "the member \"type\" is missing");
    };
    match r#type.as_str().unwrap_or_default() {
        name @ ("vector" | "raster" | "video" | "image" | "geojson") => {
            // Sources of type "raster" take any member, but this one is looked at.
            let special: &[&str] = if ["video", "image"].contains(&name) { &[] } else { &["promoteId"] };
            let group = REFERENCE.group(&format!("source_{name}"));
            walk.object(path, json, group, special, Others::Refused, &mut |walk, _, path, json| {
                member::promote_id(walk, path, json);
            });
            if name == "geojson" && json.get("cluster").is_some_and(truthy) {
                clusters(walk, path, &json["clusterProperties"]);
            }
        }
        "raster-dem" => raster_dem(walk, path, json),
        "canvas" => walk.error(Kind::Unknown, path, "a source of type \"canvas\" cannot stand in a style"),
        _ => {
            let types = ["vector", "raster", "raster-dem", "geojson", "video", "image"];
            walk.one_of(&below(path, "type"), r#type, &types.map(Json::from));
        }
    }
}

fn raster_dem(walk: &mut Walk, path: &str, json: &Json) {
    let group = REFERENCE.group("source_raster_dem");
    for (name, json_of) in json.as_object().into_iter().flatten() {
        let at = below(path, name);
        if CUSTOM_ENCODING.contains(&name.as_str()) && json["encoding"] != "custom" {
            walk.error(Kind::Unknown, &at, format!("{name:?} is only for the encoding \"custom\""));
        } else if let Some(member) = group.get(name) {
            walk.value(&at, json_of, member, Context::Root);
        } else {
            walk.error(Kind::Unknown, &at, format!("there is no member {:?}", brief(name)));
        }
    }
}

/// What is gathered for clusters: pairs of an operator, or an expression, and an expression for each feature. The
/// official validator takes them apart unseen; here their form is looked at first.
fn clusters(walk: &mut Walk, path: &str, json: &Json) {
    let path = &below(path, "clusterProperties");
    let Some(properties) = json.as_object() else { return walk.simple(path, json, json.is_null(), "an object") };
    let any = Member::of(Type::Anything);
    for (name, pair) in properties {
        let Some([reduce, map]) = pair.as_array().map(Vec::as_slice) else {
            let message = "an array of an operator and an expression is expected";
            walk.error(Kind::Type, &below(path, name), message);
            continue;
        };
        let reduce = match reduce {
            Json::String(operator) => json!([operator, ["accumulated"], ["get", name]]),
            other => other.clone(),
        };
        for (part, json, context) in [("map", map, Context::ClusterMap), ("reduce", &reduce, Context::ClusterReduce)] {
            let at = below(&below(path, name), part);
            match json {
                Json::Array(items) if !is_expression(items) => {
                    walk.error(Kind::Expression, &at, format!("{} is not an expression", brief(&json.to_string())));
                }
                json => expression::check(walk, &at, json, &any, context),
            }
        }
    }
}
