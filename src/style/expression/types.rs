//! The types of the expression language, and which of them stands in for which.

use std::fmt;
use std::sync::Arc;

/// A type (Style Spec, "Expressions: Types"). Every value is a `Value` but collators, which only comparisons take.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    Null,
    Number,
    String,
    Boolean,
    Color,
    Projection,
    Object,
    Value,
    /// The type of `["error", …]`: it never has a value, so it fits everywhere.
    Error,
    Collator,
    Formatted,
    Padding,
    NumberArray,
    ColorArray,
    Image,
    Anchors,
    /// The items' type, and how many there are where that is known.
    Array(Arc<Type>, Option<usize>),
}

impl Type {
    pub fn array(item: Type, length: Option<usize>) -> Type {
        Type::Array(Arc::new(item), length)
    }

    /// Whether a value of type `other` can stand where this one is expected.
    pub fn includes(&self, other: &Type) -> bool {
        match (self, other) {
            (_, Type::Error) => true,
            (Type::Array(item, length), Type::Array(of, known)) => {
                let empty = *known == Some(0) && **of == Type::Value;
                (empty || item.includes(of)) && (length.is_none() || length == known)
            }
            (Type::Value, Type::Array(item, _)) => Type::Value.includes(item),
            (Type::Value, other) => *other != Type::Collator,
            (expected, other) => expected == other,
        }
    }

    /// The name without an array's items.
    pub fn kind(&self) -> &'static str {
        match self {
            Type::Null => "null",
            Type::Number => "number",
            Type::String => "string",
            Type::Boolean => "boolean",
            Type::Color => "color",
            Type::Projection => "projectionDefinition",
            Type::Object => "object",
            Type::Value => "value",
            Type::Error => "error",
            Type::Collator => "collator",
            Type::Formatted => "formatted",
            Type::Padding => "padding",
            Type::NumberArray => "numberArray",
            Type::ColorArray => "colorArray",
            Type::Image => "resolvedImage",
            Type::Anchors => "variableAnchorOffsetCollection",
            Type::Array(..) => "array",
        }
    }

    /// The type that a property's reference names; none for names that say nothing of the value.
    pub fn named(name: &str) -> Option<Type> {
        Some(match name {
            "string" | "enum" => Type::String,
            "number" => Type::Number,
            "boolean" => Type::Boolean,
            "color" => Type::Color,
            "formatted" => Type::Formatted,
            "padding" => Type::Padding,
            "numberArray" => Type::NumberArray,
            "colorArray" => Type::ColorArray,
            "projectionDefinition" => Type::Projection,
            "resolvedImage" => Type::Image,
            "variableAnchorOffsetCollection" => Type::Anchors,
            _ => return None,
        })
    }

    /// Whether two types count as one: of arrays, only those that come from one place do, as the results of one
    /// operator.
    pub fn is_the_same_as(&self, other: &Type) -> bool {
        match (self, other) {
            (Type::Array(a, of_a), Type::Array(b, of_b)) => Arc::ptr_eq(a, b) && of_a == of_b,
            (a, b) => a == b,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Array(item, Some(length)) => write!(f, "array<{item}, {length}>"),
            Type::Array(item, None) if **item == Type::Value => f.write_str("array"),
            Type::Array(item, None) => write!(f, "array<{item}>"),
            other => f.write_str(other.kind()),
        }
    }
}
