//! Expressions within a style: the one place where the check asks the expression language.

use super::reference::{Items, Member, Type};
use super::walk::{Context, Walk};
use super::{Kind, brief};
use crate::style::expression::{self, PropertySpec, Reading};
use serde_json::Value as Json;

/// An expression where a member, or a filter, takes one.
pub fn check(walk: &mut Walk, path: &str, json: &Json, member: &Member, context: Context) {
    let parsed = match context {
        Context::Filter => expression::parse_filter(json).map(|_| ()),
        _ => expression::parse_property(json, &spec(member, context), Reading::Drawn).map(|_| ()),
    };
    if let Err(error) = parsed {
        walk.error(Kind::Expression, &format!("{path}{}", error.key), brief(&error.message));
    }
}

/// What an expression for a member may be.
fn spec(member: &Member, context: Context) -> PropertySpec {
    let property = matches!(context, Context::Layout(_) | Context::Paint(_));
    PropertySpec {
        kind: kind(member.r#type).to_string(),
        value: match &member.value {
            Some(Items::Of(item)) => Some(kind(*item).to_string()),
            _ => None,
        },
        length: member.length,
        default: member.default.clone(),
        values: member.values.iter().filter_map(Json::as_str).map(str::to_string).collect(),
        tokens: member.tokens,
        of_feature: !property || member.is_data_driven(),
        of_zoom: !property || member.takes_zoom(),
        interpolated: !property || member.is_interpolated(),
    }
}

/// A type by its name in the reference, where expressions can have it.
fn kind(r#type: Type) -> &'static str {
    match r#type {
        Type::Array => "array",
        Type::Boolean => "boolean",
        Type::Color => "color",
        Type::ColorArray => "colorArray",
        Type::Enum => "enum",
        Type::Formatted => "formatted",
        Type::Number => "number",
        Type::NumberArray => "numberArray",
        Type::Padding => "padding",
        Type::ProjectionDefinition => "projectionDefinition",
        Type::ResolvedImage => "resolvedImage",
        Type::String => "string",
        Type::VariableAnchorOffsetCollection => "variableAnchorOffsetCollection",
        _ => "",
    }
}
