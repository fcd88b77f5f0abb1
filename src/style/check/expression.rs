//! Expressions within a style: the one place where the check asks the expression language.

use super::reference::{Member, REFERENCE, Type};
use super::walk::{Context, Walk};
use super::{Kind, brief};
use crate::style::expression::{self, Expected};
use serde_json::Value as Json;

/// An expression where a member, or a filter, takes one.
pub fn check(walk: &mut Walk, path: &str, json: &Json, member: &Member, context: Context) {
    let expected = if member.r#type == Type::Color { Expected::Color } else { Expected::Any };
    let parsed = match context {
        Context::Filter => expression::parse_filter(json),
        _ => expression::parse(json, expected),
    };
    match parsed {
        Ok(expression) => {
            let property = matches!(context, Context::Layout(_) | Context::Paint(_));
            if property && expression.reads_feature() && !member.is_data_driven() {
                walk.error(Kind::Expression, path, "the value cannot differ between features here");
            }
        }
        // What is only not known here is no error of the style: it is among what is not drawn.
        Err(error)
            if error.unknown && operator_at(json, &error.key).is_none_or(|name| REFERENCE.operators.contains(name)) => {
        }
        Err(error) => walk.error(Kind::Expression, &format!("{path}{}", error.key), brief(&error.message)),
    }
}

/// The operator of the expression that a key such as `[1][2]` leads to.
fn operator_at<'a>(json: &'a Json, key: &str) -> Option<&'a str> {
    let mut steps = key.split(['[', ']']).filter(|step| !step.is_empty());
    let found = steps.try_fold(json, |json, step| json.get(step.parse::<usize>().ok()?))?;
    found.get(0)?.as_str()
}
