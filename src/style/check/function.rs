//! Stop functions: `{"stops": …}`, the deprecated way to let a value depend on the zoom or a property.

use super::reference::{Member, REFERENCE};
use super::walk::{Context, Others, Walk, is_expression, truthy, type_name};
use super::{Kind, brief};
use serde_json::{Map, Value as Json};
use std::collections::HashSet;

/// A function where a member takes one.
pub fn check(walk: &mut Walk, path: &str, map: &Map<String, Json>, member: &Member) {
    let kind = map.get("type").and_then(Json::as_str);
    let by_zoom = kind != Some("categorical") && !map.contains_key("property");
    let first = map.get("stops").and_then(|stops| stops.get(0)).filter(|stop| stop.is_array());
    let by_both = first.and_then(|stop| stop.get(0)).is_some_and(Json::is_object);
    let mut stops = Stops { member, kind, by_both, domain: None, last: None, last_zoom: None, seen: HashSet::new() };
    let json = Json::Object(map.clone());
    let group = REFERENCE.group("function");
    walk.object(path, &json, group, &["stops", "default"], Others::Refused, &mut |walk, name, path, json| match name {
        "stops" => stops.check(walk, path, json),
        _ => walk.value(path, json, member, Context::Root),
    });
    if kind == Some("identity") && by_zoom {
        walk.error(Kind::Missing, path, "the member \"property\" is missing");
    }
    if kind != Some("identity") && !map.get("stops").is_some_and(truthy) {
        walk.error(Kind::Missing, path, "the member \"stops\" is missing");
    }
    if kind == Some("exponential") && !member.is_interpolated() {
        walk.error(
            Kind::Function,
            path,
            "an exponential function is not possible here: there are no values in between",
        );
    }
    if !by_zoom && !member.is_data_driven() {
        walk.error(Kind::Function, path, "a function of a property is not possible here");
    } else if by_zoom && !member.takes_zoom() {
        walk.error(Kind::Function, path, "a function of the zoom is not possible here");
    }
    if (kind == Some("categorical") || by_both) && !map.contains_key("property") {
        walk.error(Kind::Function, path, "the member \"property\" is missing");
    }
}

/// The stops of one function, read in their order.
struct Stops<'a> {
    member: &'a Member,
    kind: Option<&'a str>,
    /// Whether inputs are objects of a zoom and a value.
    by_both: bool,
    /// The type of the first input.
    domain: Option<&'static str>,
    last: Option<f64>,
    last_zoom: Option<f64>,
    /// Inputs so far, as text.
    seen: HashSet<String>,
}

impl Stops<'_> {
    fn check(&mut self, walk: &mut Walk, path: &str, json: &Json) {
        if self.kind == Some("identity") {
            return walk.error(Kind::Function, path, "an identity function has no stops");
        }
        let Some(stops) = json.as_array() else { return walk.wrong_type(path, json, "an array") };
        walk.items(path, stops, |walk, path, stop| self.stop(walk, path, stop));
        if stops.is_empty() {
            walk.error(Kind::Function, path, "at least one stop is needed");
        }
    }

    fn stop(&mut self, walk: &mut Walk, path: &str, json: &Json) {
        let Some(pair) = json.as_array() else { return walk.wrong_type(path, json, "an array") };
        let [input, output] = pair.as_slice() else {
            return walk.error(Kind::Length, path, format!("2 items are expected, not {}", pair.len()));
        };
        let at = format!("{path}[0]");
        if self.by_both {
            let Some(both) = input.as_object() else { return walk.wrong_type(path, input, "an object as the input") };
            let Some(zoom) = both.get("zoom") else {
                return walk.error(Kind::Function, path, "the input has no \"zoom\"");
            };
            if !both.contains_key("value") {
                return walk.error(Kind::Function, path, "the input has no \"value\"");
            }
            let number = zoom.as_f64();
            if self.last_zoom.zip(number).is_some_and(|(last, zoom)| last != 0.0 && last > zoom) {
                return walk.error(Kind::Function, path, "the zooms of stops go upwards");
            }
            if number != self.last_zoom {
                self.last_zoom = number;
                self.last = None;
                self.seen.clear();
            }
            for (name, json) in both {
                match name.as_str() {
                    "zoom" => walk.simple(&format!("{at}.zoom"), json, json.is_number(), "a number"),
                    "value" => self.input(walk, &format!("{at}.value"), json),
                    name => walk.unknown(&at, name),
                }
            }
        } else {
            self.input(walk, &at, input);
        }
        let at = format!("{path}[1]");
        match output {
            Json::Array(items) if is_expression(items) => {
                walk.error(Kind::Function, &at, "an expression cannot stand in a stop");
            }
            output => walk.value(&at, output, self.member, Context::Root),
        }
    }

    fn input(&mut self, walk: &mut Walk, path: &str, json: &Json) {
        let found = type_name(json);
        let domain = *self.domain.get_or_insert(found);
        let wrong = |walk: &mut Walk, message: String| walk.error(Kind::Function, path, message);
        if found != domain {
            return wrong(walk, format!("the input is {found}, that of the first stop {domain}"));
        }
        if !(json.is_number() || json.is_string() || json.is_boolean()) {
            return wrong(walk, format!("the input is a number, a string or a boolean, not {found}"));
        }
        let categorical = self.kind == Some("categorical");
        if !json.is_number() && !categorical {
            return walk.wrong_type(path, json, "a number (or \"type\": \"categorical\")");
        }
        let number = json.as_f64();
        if categorical && number.is_some_and(|number| number.fract() != 0.0) {
            return wrong(walk, format!("{} is not a whole number", brief(&json.to_string())));
        }
        if !categorical && self.last.zip(number).is_some_and(|(last, number)| number < last) {
            return wrong(walk, "the inputs of stops go upwards".to_string());
        }
        self.last = number;
        let text = json.as_str().map_or_else(|| json.to_string(), str::to_string);
        if !self.seen.insert(text) && categorical {
            wrong(walk, format!("the input {} stands twice", brief(&json.to_string())));
        }
    }
}
