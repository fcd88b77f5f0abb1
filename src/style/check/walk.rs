//! The walk over a style by the reference: values of every type, objects, arrays.

use super::reference::{Group, Items, Member, REFERENCE, Type};
use super::{Kind, Report, Severity, brief, expression, filter, function, layer, member, source};
use crate::style::color::Color;
use serde_json::{Map, Value as Json};
use std::collections::HashMap;

/// One walk: the whole style, for what refers to other places in it, and what was found.
pub struct Walk<'a> {
    pub style: &'a Json,
    pub report: &'a mut Report,
    /// The first and the last layer of each id, ids as JSON text.
    pub layers: HashMap<String, (usize, usize)>,
}

/// Where a value with expressions stands, which decides what they may read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Context<'a> {
    Layout(&'a str),
    Paint(&'a str),
    Filter,
    ClusterMap,
    ClusterReduce,
    /// `light`, `sky` and `projection`.
    Root,
}

/// What becomes of members that are neither in the reference nor handled by the caller.
#[derive(Clone, Copy, PartialEq)]
pub enum Others {
    Refused,
    Allowed,
}

/// Walks over a whole style.
pub fn style(style: &Json, report: &mut Report) {
    let mut layers = HashMap::new();
    for (i, layer) in style["layers"].as_array().into_iter().flatten().enumerate() {
        if let Some(id) = layer.get("id").filter(|id| !id.is_object() && !id.is_array()) {
            layers.entry(id.to_string()).or_insert((i, i)).1 = i;
        }
    }
    let mut walk = Walk { style, report, layers };
    let root = REFERENCE.group("$root");
    walk.object("", style, root, &["glyphs"], Others::Allowed, &mut |walk, name, path, json| match name {
        "glyphs" => member::glyphs(walk, path, json),
        _ => unreachable!("only what is named is given"),
    });
    if style.get("constants").is_some_and(truthy) {
        walk.error(Kind::Deprecated, "constants", "there are no constants since version 8; write the values out");
    }
}

/// What makes a condition true in JavaScript, in which the official validator is written.
pub fn truthy(json: &Json) -> bool {
    match json {
        Json::Null => false,
        Json::Bool(flag) => *flag,
        Json::Number(number) => number.as_f64() != Some(0.0),
        Json::String(text) => !text.is_empty(),
        Json::Array(_) | Json::Object(_) => true,
    }
}

pub fn type_name(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "an array",
        Json::Object(_) => "an object",
    }
}

/// The path of a member. A name is the stranger's: it may be long, or hold what a terminal would obey.
pub fn below(path: &str, name: &str) -> String {
    let name = brief(name).replace(char::is_control, "\u{fffd}");
    if path.is_empty() { name } else { format!("{path}.{name}") }
}

impl Walk<'_> {
    pub fn error(&mut self, kind: Kind, path: &str, message: impl Into<String>) {
        self.report.error(kind, path, message);
    }

    pub fn warning(&mut self, kind: Kind, path: &str, message: impl Into<String>) {
        self.report.add(Severity::Warning, kind, path, message);
    }

    pub fn wrong_type(&mut self, path: &str, json: &Json, expected: &str) {
        let found = type_name(json);
        self.error(Kind::Type, path, format!("{expected} is expected, not {found}"));
    }

    /// An object by its group. Members named in `special` go to `each` instead of the reference.
    pub fn object(
        &mut self,
        path: &str,
        json: &Json,
        group: &Group,
        special: &[&str],
        others: Others,
        each: &mut dyn FnMut(&mut Self, &str, &str, &Json),
    ) {
        let Some(map) = json.as_object() else { return self.wrong_type(path, json, "an object") };
        for (name, json) in map {
            let at = below(path, name);
            // What follows a dot makes a class of its own, `paint.night`, which is read as `paint`.
            let bare = name.split('.').next().unwrap_or_default();
            match group.get(bare).or_else(|| group.get("*")) {
                _ if special.contains(&bare) => each(self, bare, &at, json),
                Some(member) => self.value(&at, json, member, Context::Root),
                None if others == Others::Allowed => {}
                None => self.unknown(path, name),
            }
        }
        self.missing(path, map, group, special);
    }

    pub fn unknown(&mut self, path: &str, name: &str) {
        self.error(Kind::Unknown, path, format!("there is no member {:?}", brief(name)));
    }

    fn missing(&mut self, path: &str, map: &Map<String, Json>, group: &Group, special: &[&str]) {
        let mut names: Vec<&str> = group
            .iter()
            .filter(|(name, member)| member.required && member.default.is_none() && !map.contains_key(*name))
            .map(|(name, _)| name.as_str())
            .filter(|name| !special.contains(name))
            .collect();
        names.sort_unstable();
        for name in names {
            self.error(Kind::Missing, path, format!("the member {name:?} is missing"));
        }
    }

    /// One value by its member.
    pub fn value(&mut self, path: &str, json: &Json, member: &Member, context: Context) {
        if member.expression.is_some() {
            match json {
                Json::Object(map) => return function::check(self, path, map, member),
                Json::Array(items) if is_expression(items) => {
                    return expression::check(self, path, json, member, context);
                }
                Json::Array(items) if !takes_arrays(member.r#type) => {
                    // A misspelt operator makes an array no expression.
                    if let Some(name) = items.first().and_then(Json::as_str) {
                        let kind = if member.r#type == Type::Enum { Kind::Enum } else { Kind::Type };
                        return self.error(kind, path, format!("there is no operator {:?}", brief(name)));
                    }
                }
                _ => {}
            }
        }
        let none = &mut |_: &mut Self, _: &str, _: &str, _: &Json| {};
        match member.r#type {
            Type::Anything | Type::Expression | Type::FunctionStop | Type::Layout | Type::Paint => {}
            Type::Array => self.array(path, json, member),
            Type::Boolean => self.simple(path, json, json.is_boolean(), "a boolean"),
            Type::String => self.simple(path, json, json.is_string(), "a string"),
            Type::Color => self.color(path, json),
            Type::ColorArray => self.one_or_many(path, json, &mut |walk, path, json| walk.color(path, json)),
            Type::Enum => self.one_of(path, json, &member.values),
            Type::Filter => filter::check(self, path, json),
            Type::FontFaces => member::font_faces(self, path, json),
            Type::Formatted | Type::ResolvedImage if json.is_string() => {}
            Type::Formatted | Type::ResolvedImage => {
                let message = format!("a string or an expression is expected, not {}", type_name(json));
                self.error(Kind::Expression, path, message);
            }
            Type::Layer => layer::check(self, path, json),
            Type::Light => member::styled(self, path, json, REFERENCE.group("light")),
            Type::Number => self.number(path, json, member),
            Type::NumberArray => {
                let number = Member::of(Type::Number);
                self.one_or_many(path, json, &mut |walk, path, json| walk.number(path, json, &number));
            }
            Type::Padding => member::padding(self, path, json),
            Type::Projection => member::styled(self, path, json, REFERENCE.group("projection")),
            Type::ProjectionDefinition => member::projection(self, path, json),
            Type::PromoteId => member::promote_id(self, path, json),
            Type::Sky => member::styled(self, path, json, REFERENCE.group("sky")),
            Type::Source => source::check(self, path, json),
            Type::Sources => self.object(path, json, REFERENCE.group("sources"), &[], Others::Refused, none),
            Type::Sprite => member::sprite(self, path, json),
            Type::State => self.simple(path, json, json.is_object(), "an object"),
            Type::Terrain => member::styled(self, path, json, REFERENCE.group("terrain")),
            Type::Transition => self.object(path, json, REFERENCE.group("transition"), &[], Others::Refused, none),
            Type::VariableAnchorOffsetCollection => member::anchor_offsets(self, path, json),
        }
    }

    pub fn simple(&mut self, path: &str, json: &Json, right: bool, expected: &str) {
        if !right {
            self.wrong_type(path, json, expected);
        }
    }

    pub fn number(&mut self, path: &str, json: &Json, member: &Member) {
        let Some(number) = json.as_f64() else { return self.wrong_type(path, json, "a number") };
        if let Some(minimum) = member.minimum.filter(|minimum| number < *minimum) {
            self.error(Kind::Minimum, path, format!("{number} is too small: {minimum} is the least"));
        } else if let Some(maximum) = member.maximum.filter(|maximum| number > *maximum) {
            self.error(Kind::Maximum, path, format!("{number} is too large: {maximum} is the most"));
        }
    }

    pub fn color(&mut self, path: &str, json: &Json) {
        let Some(text) = json.as_str() else { return self.wrong_type(path, json, "a colour as a string") };
        if Color::parse(text).is_none() {
            self.error(Kind::Color, path, format!("{:?} is not a CSS colour", brief(text)));
        }
    }

    pub fn one_of(&mut self, path: &str, json: &Json, values: &[Json]) {
        if !values.contains(json) {
            let accepted: Vec<String> = values.iter().map(Json::to_string).collect();
            let of = if accepted.len() == 1 { "not" } else { "none of" };
            let message = format!("{} is {of} {}", brief(&json.to_string()), accepted.join(", "));
            self.error(Kind::Enum, path, message);
        }
    }

    fn array(&mut self, path: &str, json: &Json, member: &Member) {
        let Some(items) = json.as_array() else { return self.wrong_type(path, json, "an array") };
        if member.length.is_some_and(|length| items.len() != length) {
            let length = member.length.unwrap_or_default();
            return self.error(Kind::Length, path, format!("{length} items are expected, not {}", items.len()));
        }
        match &member.value {
            Some(Items::Like(item)) => {
                self.items(path, items, |walk, path, json| walk.value(path, json, item, Context::Root))
            }
            Some(Items::Of(r#type)) => {
                let item = Member { values: member.values.clone(), ..Member::of(*r#type) };
                self.items(path, items, |walk, path, json| walk.value(path, json, &item, Context::Root));
            }
            None => {}
        }
    }

    pub fn items(&mut self, path: &str, items: &[Json], mut each: impl FnMut(&mut Self, &str, &Json)) {
        for (i, json) in items.iter().enumerate() {
            each(self, &format!("{path}[{i}]"), json);
        }
    }

    /// One value, or an array of at least one.
    fn one_or_many(&mut self, path: &str, json: &Json, each: &mut dyn FnMut(&mut Self, &str, &Json)) {
        match json {
            Json::Array(items) if items.is_empty() => {
                self.error(Kind::Length, path, "at least 1 item is expected, not 0");
            }
            Json::Array(items) => self.items(path, items, each),
            json => each(self, path, json),
        }
    }
}

/// Whether an array is an expression: it begins with the name of an operator.
pub fn is_expression(items: &[Json]) -> bool {
    items.first().and_then(Json::as_str).is_some_and(|name| REFERENCE.operators.contains(name))
}

/// Whether values of a type can be arrays that are no expressions.
fn takes_arrays(r#type: Type) -> bool {
    use Type::*;
    let arrays = [Array, ColorArray, NumberArray, Padding, ProjectionDefinition, VariableAnchorOffsetCollection];
    arrays.contains(&r#type) || [Formatted, ResolvedImage].contains(&r#type)
}
