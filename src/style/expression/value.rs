//! What expressions compute with.

use super::collator::Collator;
use super::{EvalError, Type, ecma};
use crate::limits;
use crate::style::color::Color;
use crate::value::Property;
use indexmap::IndexMap;
use serde_json::Value as Json;
use std::sync::Arc;

/// A value of the Style Spec's expression language.
#[derive(Clone, Debug)]
pub enum Value {
    Null,
    Bool(bool),
    Number(f64),
    String(Arc<str>),
    Color(Color),
    Array(Arc<[Value]>),
    Object(Arc<Object>),
    Collator(Arc<Collator>),
    Formatted(Arc<[Section]>),
    Image(Arc<Image>),
    /// Top, right, bottom and left, in CSS pixels.
    Padding(Arc<[f64; 4]>),
    NumberArray(Arc<[f64]>),
    ColorArray(Arc<[Color]>),
    /// Where a label may stand, in order of preference: the name of an anchor and an offset in ems.
    Anchors(Arc<[(Arc<str>, [f64; 2])]>),
    /// A projection on its way from one to another; one alone stays the text that names it.
    Projection(Arc<Projection>),
}

/// An object, its properties in the order in which they were written.
pub type Object = IndexMap<Arc<str>, Value>;

/// A part of a formatted text (`format`): text, or an image instead.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    pub text: Arc<str>,
    pub image: Option<Arc<Image>>,
    /// Relative to the label's size.
    pub scale: Option<f64>,
    /// Names of fonts, separated by commas.
    pub font: Option<Arc<str>>,
    pub color: Option<Color>,
    /// `bottom`, `center` or `top`.
    pub vertical_align: Option<Arc<str>>,
}

impl Section {
    pub fn plain(text: Arc<str>) -> Section {
        Section { text, image: None, scale: None, font: None, color: None, vertical_align: None }
    }
}

/// An image by name (`image`), and whether the style's sprite has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    pub name: Arc<str>,
    pub available: bool,
}

#[derive(Clone, Debug)]
pub struct Projection {
    pub from: Value,
    pub to: Value,
    /// How far between them, 0 to 1.
    pub transition: f64,
}

impl Value {
    pub fn from_json(json: &Json) -> Value {
        match json {
            Json::Null => Value::Null,
            Json::Bool(flag) => Value::Bool(*flag),
            Json::Number(number) => Value::Number(number.as_f64().unwrap_or(f64::NAN)),
            Json::String(text) => Value::String(text.as_str().into()),
            Json::Array(items) => Value::Array(items.iter().map(Value::from_json).collect()),
            Json::Object(map) => Value::Object(Arc::new(object(map))),
        }
    }

    /// The value's own type: for arrays also the items', `value` where they differ, and their number.
    pub fn type_of(&self) -> Type {
        match self {
            Value::Null => Type::Null,
            Value::Bool(_) => Type::Boolean,
            Value::Number(_) => Type::Number,
            Value::String(_) => Type::String,
            Value::Color(_) => Type::Color,
            Value::Object(_) => Type::Object,
            Value::Collator(_) => Type::Collator,
            Value::Formatted(_) => Type::Formatted,
            Value::Image(_) => Type::Image,
            Value::Padding(_) => Type::Padding,
            Value::NumberArray(_) => Type::NumberArray,
            Value::ColorArray(_) => Type::ColorArray,
            Value::Anchors(_) => Type::Anchors,
            Value::Projection(_) => Type::Projection,
            Value::Array(items) => {
                let item = match &**items {
                    [] => Type::Value,
                    [one] => one.type_of(),
                    // Two arrays never count as of one type.
                    [Value::Array(_), ..] => Type::Value,
                    [first, rest @ ..] => {
                        let kind = first.type_of();
                        match rest.iter().all(|other| !matches!(other, Value::Array(_)) && other.type_of() == kind) {
                            true => kind,
                            false => Type::Value,
                        }
                    }
                };
                Type::array(item, Some(items.len()))
            }
        }
    }

    /// Equality as `==` has it: of arrays, objects and other compound values, only each with itself.
    pub fn is(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Null, Value::Null) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Number(a), Value::Number(b)) => a == b,
            (Value::String(a), Value::String(b)) => a == b,
            (Value::Array(a), Value::Array(b)) => Arc::ptr_eq(a, b),
            (Value::Object(a), Value::Object(b)) => Arc::ptr_eq(a, b),
            _ => false,
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

    /// `to-string`: null is empty, compound values are their JSON.
    pub fn to_text(&self) -> Result<Arc<str>, EvalError> {
        Ok(match self {
            Value::Null => "".into(),
            Value::String(text) => text.clone(),
            Value::Number(number) => ecma::text(*number).into(),
            Value::Bool(flag) => flag.to_string().into(),
            Value::Color(color) => color.to_string().into(),
            Value::Image(image) => image.name.clone(),
            Value::Formatted(sections) => bounded(sections.iter().map(|section| &*section.text))?.into(),
            Value::Projection(projection) => match (&projection.from, &projection.to) {
                (from @ Value::String(name), to) if from.is(to) && projection.transition == 1.0 => name.clone(),
                (from, to) => {
                    let parts = [from.clone(), to.clone(), Value::Number(projection.transition)];
                    Value::Array(Arc::new(parts)).to_json()?.into()
                }
            },
            Value::Padding(sides) => numbers(&**sides).to_json()?.into(),
            Value::NumberArray(items) => numbers(items).to_json()?.into(),
            Value::ColorArray(colors) => {
                Value::Array(colors.iter().map(|color| Value::Color(*color)).collect()).to_json()?.into()
            }
            Value::Anchors(_) => {
                let mut out = String::new();
                self.write_values(&mut out)?;
                out.into()
            }
            other => other.to_json()?.into(),
        })
    }

    /// The value as an item of an array that is shown as text (ECMA-262, 23.1.3.18).
    pub fn joined(&self) -> String {
        match self {
            Value::Array(items) => items.iter().map(Value::joined).collect::<Vec<_>>().join(","),
            Value::Object(_) => "[object Object]".to_string(),
            other => other.to_text().map_or_else(|_| String::new(), |text| text.to_string()),
        }
    }

    /// The value as JSON, as ECMAScript writes it: NaN and infinities are null.
    pub fn to_json(&self) -> Result<String, EvalError> {
        let mut out = String::new();
        self.write(&mut out)?;
        Ok(out)
    }

    fn write(&self, out: &mut String) -> Result<(), EvalError> {
        match self {
            Value::Null => out.push_str("null"),
            Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
            Value::Number(number) => write_number(*number, out),
            Value::String(text) => write_text(text, out),
            // The reference implementation keeps colours multiplied by their alpha.
            Value::Color(color) => {
                for (name, channel) in
                    [("{\"r\":", color.r * color.a), (",\"g\":", color.g * color.a), (",\"b\":", color.b * color.a)]
                {
                    out.push_str(name);
                    write_number(channel, out);
                }
                out.push_str(",\"a\":");
                write_number(color.a, out);
                out.push('}');
            }
            Value::Array(items) => write_list(items.iter(), out, |item, out| item.write(out))?,
            Value::Object(map) => {
                out.push('{');
                for (i, (key, value)) in map.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    write_text(key, out);
                    out.push(':');
                    value.write(out)?;
                }
                out.push('}');
            }
            Value::Collator(collator) => {
                out.push_str("{\"locale\":");
                match collator.locale() {
                    Some(locale) => write_text(locale, out),
                    None => out.push_str("null"),
                }
                out.push_str(",\"sensitivity\":");
                write_text(collator.sensitivity(), out);
                out.push_str(",\"collator\":{}}");
            }
            Value::Formatted(sections) => {
                out.push_str("{\"sections\":");
                write_list(sections.iter(), out, |section, out| section.write(out))?;
                out.push('}');
            }
            Value::Image(image) => {
                out.push_str("{\"name\":");
                write_text(&image.name, out);
                out.push_str(if image.available { ",\"available\":true}" } else { ",\"available\":false}" });
            }
            Value::Padding(_) | Value::NumberArray(_) | Value::ColorArray(_) | Value::Anchors(_) => {
                out.push_str("{\"values\":");
                self.write_values(out)?;
                out.push('}');
            }
            Value::Projection(projection) => {
                out.push_str("{\"from\":");
                projection.from.write(out)?;
                out.push_str(",\"to\":");
                projection.to.write(out)?;
                out.push_str(",\"transition\":");
                write_number(projection.transition, out);
                out.push('}');
            }
        }
        within_limit(out.len())
    }

    /// The values within paddings, arrays of numbers and of colours, and anchors.
    fn write_values(&self, out: &mut String) -> Result<(), EvalError> {
        match self {
            Value::Padding(sides) => numbers(&**sides).write(out),
            Value::NumberArray(items) => numbers(items).write(out),
            Value::ColorArray(colors) => write_list(colors.iter(), out, |color, out| Value::Color(*color).write(out)),
            Value::Anchors(anchors) => {
                let flat = anchors.iter().flat_map(|(name, offset)| [Value::String(name.clone()), numbers(offset)]);
                Value::Array(flat.collect()).write(out)
            }
            other => other.write(out),
        }
    }
}

impl Section {
    fn write(&self, out: &mut String) -> Result<(), EvalError> {
        let or_null = |value: Option<Value>| value.unwrap_or(Value::Null);
        let fields = [
            ("{\"text\":", Value::String(self.text.clone())),
            (",\"image\":", or_null(self.image.clone().map(Value::Image))),
            (",\"scale\":", or_null(self.scale.map(Value::Number))),
            (",\"fontStack\":", or_null(self.font.clone().map(Value::String))),
            (",\"textColor\":", or_null(self.color.map(Value::Color))),
            (",\"verticalAlign\":", or_null(self.vertical_align.clone().map(Value::String))),
        ];
        for (name, value) in fields {
            out.push_str(name);
            value.write(out)?;
        }
        out.push('}');
        Ok(())
    }
}

pub fn numbers(items: &[f64]) -> Value {
    Value::Array(items.iter().map(|item| Value::Number(*item)).collect())
}

/// Whole numbers come first, upwards, as ECMAScript orders the properties of an object (ECMA-262, 10.1.11).
fn object(map: &serde_json::Map<String, Json>) -> Object {
    let index = |key: &str| key.parse::<u32>().ok().filter(|index| *index < u32::MAX && index.to_string() == key);
    let mut found: Object = map.iter().map(|(key, value)| (key.as_str().into(), Value::from_json(value))).collect();
    if found.keys().any(|key| index(key).is_some()) {
        found.sort_by_cached_key(|key, _| index(key).map_or((1, 0), |index| (0, index)));
    }
    found
}

/// Texts put together, as long as they stay within the limit: expressions can double them at each step.
pub fn bounded<'a>(texts: impl Iterator<Item = &'a str>) -> Result<String, EvalError> {
    let mut joined = String::new();
    for text in texts {
        joined.push_str(text);
        within_limit(joined.len())?;
    }
    Ok(joined)
}

fn within_limit(length: usize) -> Result<(), EvalError> {
    match length > limits::EXPRESSION_TEXT_BYTES {
        true => Err(EvalError::text(format!("A text has more than {} bytes.", limits::EXPRESSION_TEXT_BYTES))),
        false => Ok(()),
    }
}

pub fn write_text(text: &str, out: &mut String) {
    // A text is always JSON.
    out.push_str(&serde_json::to_string(text).unwrap_or_default());
}

pub fn write_number(number: f64, out: &mut String) {
    match number.is_finite() {
        true => out.push_str(&ecma::text(number)),
        false => out.push_str("null"),
    }
}

fn write_list<T>(
    items: impl Iterator<Item = T>,
    out: &mut String,
    write: impl Fn(T, &mut String) -> Result<(), EvalError>,
) -> Result<(), EvalError> {
    out.push('[');
    for (i, item) in items.enumerate() {
        if i > 0 {
            out.push(',');
        }
        write(item, out)?;
    }
    out.push(']');
    Ok(())
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
