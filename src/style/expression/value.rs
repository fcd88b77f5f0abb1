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

    /// What `typeof` gives: for arrays also the items' type, `value` if they differ, and their number.
    pub fn type_of(&self) -> String {
        let Value::Array(items) = self else { return self.type_name().to_string() };
        let mut types = items.iter().map(Value::type_name);
        let item = types.next().filter(|first| types.all(|other| other == *first)).unwrap_or("value");
        format!("array<{item}, {}>", items.len())
    }

    /// The type's name, without the items' of arrays.
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
            Value::String(text) => text_number(text.trim()),
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
            Property::Null => Value::Null,
            Property::Bool(flag) => Value::Bool(*flag),
            Property::Int(number) => Value::Number(*number as f64),
            Property::UInt(number) => Value::Number(*number as f64),
            Property::Double(number) => Value::Number(*number),
            Property::String(text) => Value::String(text.clone()),
            Property::Json(json) => Value::from_json(json),
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

/// A number as ECMAScript reads it (ECMA-262, 7.1.4.1).
fn text_number(text: &str) -> Option<f64> {
    let radix = |digits: &str, radix| u64::from_str_radix(digits, radix).ok().map(|n| n as f64);
    match (text, text.get(..2)) {
        ("", _) => Some(0.0),
        (_, Some("0x" | "0X")) => radix(&text[2..], 16),
        (_, Some("0o" | "0O")) => radix(&text[2..], 8),
        (_, Some("0b" | "0B")) => radix(&text[2..], 2),
        ("Infinity" | "+Infinity", _) => Some(f64::INFINITY),
        ("-Infinity", _) => Some(f64::NEG_INFINITY),
        // Rust would also read "inf" and "nan".
        _ if text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b)) => text.parse().ok(),
        _ => None,
    }
}

/// A number as ECMAScript writes it (ECMA-262, 6.1.6.1.20).
fn number_text(number: f64) -> String {
    match number.abs() {
        0.0 => "0".to_string(),
        f64::INFINITY if number > 0.0 => "Infinity".to_string(),
        f64::INFINITY => "-Infinity".to_string(),
        1e21.. => format!("{number:e}").replace('e', "e+"),
        ..1e-6 => format!("{number:e}"),
        _ => format!("{number}"),
    }
}
