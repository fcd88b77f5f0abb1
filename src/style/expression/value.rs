//! What expressions compute with.

use crate::style::color::Color;
use crate::value::Property;
use serde_json::Value as Json;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A value of the Style Spec's expression language.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    Number(f64),
    String(Arc<str>),
    Color(Color),
    Array(Arc<[Value]>),
    Object(Arc<BTreeMap<String, Value>>),
}

impl Value {
    pub fn from_json(json: &Json) -> Value {
        match json {
            Json::Null => Value::Null,
            Json::Bool(flag) => Value::Bool(*flag),
            Json::Number(number) => Value::Number(number.as_f64().unwrap_or(f64::NAN)),
            Json::String(text) => Value::String(text.as_str().into()),
            Json::Array(items) => Value::Array(items.iter().map(Value::from_json).collect()),
            Json::Object(map) => {
                Value::Object(Arc::new(map.iter().map(|(k, v)| (k.clone(), Value::from_json(v))).collect()))
            }
        }
    }

    /// The name that `typeof` gives.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Color(_) => "color",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        }
    }

    /// The order of two strings or two numbers; none for anything else.
    pub fn compare(&self, other: &Value) -> Option<Ordering> {
        match (self, other) {
            (Value::Number(a), Value::Number(b)) => a.partial_cmp(b),
            (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }

    /// `to-boolean`: empty string, 0, NaN, null and false are false.
    pub fn to_bool(&self) -> bool {
        match self {
            Value::Null => false,
            Value::Bool(flag) => *flag,
            Value::Number(number) => *number != 0.0 && !number.is_nan(),
            Value::String(text) => !text.is_empty(),
            _ => true,
        }
    }

    /// `to-number`: null and false are 0, true is 1, a string as ECMAScript reads numbers.
    pub fn to_number(&self) -> Option<f64> {
        match self {
            Value::Null | Value::Bool(false) => Some(0.0),
            Value::Bool(true) => Some(1.0),
            Value::Number(number) => Some(*number),
            Value::String(text) if text.trim().is_empty() => Some(0.0),
            Value::String(text) => text.trim().parse().ok().filter(|n: &f64| n.is_finite()),
            _ => None,
        }
    }

    /// `to-color`: a CSS colour's text, or an array of three or four numbers of which the first three go to 255.
    pub fn to_color(&self) -> Option<Color> {
        match self {
            Value::Color(color) => Some(*color),
            Value::String(text) => Color::parse(text),
            Value::Array(items) => {
                let numbers: Option<Vec<f64>> =
                    items.iter().map(|v| if let Value::Number(n) = v { Some(*n) } else { None }).collect();
                rgba(&numbers?)
            }
            _ => None,
        }
    }

    /// `to-string`.
    pub fn to_text(&self) -> Arc<str> {
        match self {
            Value::Null => "".into(),
            Value::String(text) => text.clone(),
            Value::Number(number) => number_text(*number).into(),
            Value::Bool(flag) => flag.to_string().into(),
            Value::Color(color) => {
                let [r, g, b, _] = color.to_rgba8();
                format!("rgba({r},{g},{b},{})", number_text(color.a)).into()
            }
            other => other.to_json().to_string().into(),
        }
    }

    fn to_json(&self) -> Json {
        match self {
            Value::Null => Json::Null,
            Value::Bool(flag) => (*flag).into(),
            // As ECMAScript writes numbers: whole ones without a point.
            Value::Number(n) if n.fract() == 0.0 && n.abs() < 9e15 => Json::from(*n as i64),
            Value::Number(number) => Json::from(*number),
            Value::Array(items) => items.iter().map(Value::to_json).collect(),
            Value::Object(map) => map.iter().map(|(k, v)| (k.clone(), v.to_json())).collect(),
            text => text.to_text().to_string().into(),
        }
    }
}

impl From<&Property> for Value {
    fn from(property: &Property) -> Value {
        match property {
            Property::Bool(flag) => Value::Bool(*flag),
            Property::Int(number) => Value::Number(*number as f64),
            Property::UInt(number) => Value::Number(*number as f64),
            Property::Double(number) => Value::Number(*number),
            Property::String(text) => Value::String(text.clone()),
        }
    }
}

/// `rgb` and `rgba`: red, green and blue 0 to 255, alpha 0 to 1.
pub fn rgba(numbers: &[f64]) -> Option<Color> {
    let (&[r, g, b], a) = match numbers {
        [rgb @ .., a] if rgb.len() == 3 => (<&[f64; 3]>::try_from(rgb).ok()?, *a),
        rgb => (<&[f64; 3]>::try_from(rgb).ok()?, 1.0),
    };
    let ok = [r, g, b].iter().all(|c| (0.0..=255.0).contains(c)) && (0.0..=1.0).contains(&a);
    ok.then_some(Color { r: r / 255.0, g: g / 255.0, b: b / 255.0, a })
}

fn number_text(number: f64) -> String {
    // Rust and ECMAScript agree on the digits; they differ in exponents, which styles do not print.
    format!("{number}")
}
