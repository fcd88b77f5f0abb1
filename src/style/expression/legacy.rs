//! Filters and stop functions from before there were expressions, turned into the same tree.
//!
//! What tells a legacy filter from an expression is the Style Spec's own rule ("Other", deprecated filter syntax).

use super::parse::{at, comparison, error, unknown};
use super::{Curve, Expected, Expression, Label, ParseError, Type, Value, parse};
use crate::limits;
use serde_json::{Map, Value as Json};

type Parse<T = Expression> = Result<T, ParseError>;

/// A layer's filter in either syntax.
pub fn parse_filter(json: &Json) -> Parse {
    if is_expression(json, 0) { parse(json, Expected::Any) } else { legacy_filter(json, 0) }
}

fn is_expression(json: &Json, depth: usize) -> bool {
    let Json::Array(items) = json else { return json.is_boolean() };
    let Some(operator) = items.first().and_then(Json::as_str) else { return false };
    match operator {
        "has" => items.len() >= 2 && items[1] != "$id" && items[1] != "$type",
        "in" => items.len() >= 3 && (!items[1].is_string() || items[2].is_array()),
        "!in" | "!has" | "none" => false,
        "==" | "!=" | ">" | ">=" | "<" | "<=" => items.len() != 3 || items[1].is_array() || items[2].is_array(),
        "any" | "all" => {
            depth > limits::EXPRESSION_DEPTH || items[1..].iter().all(|e| e.is_boolean() || is_expression(e, depth + 1))
        }
        _ => true,
    }
}

fn legacy_filter(json: &Json, depth: usize) -> Parse {
    let Json::Array(items) = json else { return error("a filter is an array or a boolean") };
    let Some(operator) = items.first().and_then(Json::as_str) else {
        return error("a filter begins with the name of an operator");
    };
    if depth > limits::EXPRESSION_DEPTH {
        return error(format!("filters nest at most {} deep", limits::EXPRESSION_DEPTH));
    }
    let operands = &items[1..];
    let key = || match operands.first().and_then(Json::as_str) {
        Some(key) => Ok(key),
        None => at(1, error("the name of a property is missing")),
    };
    let within = |operands: &[Json]| -> Parse<Box<[Expression]>> {
        operands.iter().enumerate().map(|(i, e)| at(i + 1, nested(e, depth + 1))).collect()
    };
    let not = |e| Expression::Not(Box::new(e));
    Ok(match operator {
        "all" => Expression::All(within(operands)?),
        "any" => Expression::Any(within(operands)?),
        "none" => not(Expression::Any(within(operands)?)),
        "has" => has(key()?),
        "!has" => not(has(key()?)),
        "in" => one_of(key()?, &operands[1..]),
        "!in" => not(one_of(key()?, &operands[1..])),
        "==" | "!=" | "<" | "<=" | ">" | ">=" => {
            let (key, Some(value)) = (key()?, operands.get(1)) else { return error("the value is missing") };
            let value = Value::from_json(value);
            match operator {
                "==" => equal(key, value),
                "!=" => not(equal(key, value)),
                _ => Expression::LegacyCompare(comparison(operator), Box::new(read(key)), value),
            }
        }
        name => return unknown("filter", name),
    })
}

fn nested(json: &Json, depth: usize) -> Parse {
    if is_expression(json, 0) { parse(json, Expected::Any) } else { legacy_filter(json, depth) }
}

fn read(key: &str) -> Expression {
    match key {
        "$type" => Expression::GeometryType,
        "$id" => Expression::Id,
        _ => Expression::Property(key.into()),
    }
}

fn has(key: &str) -> Expression {
    match key {
        "$type" => Expression::Literal(Value::Bool(true)),
        "$id" => Expression::Not(Box::new(equal("$id", Value::Null))),
        _ => Expression::HasProperty(key.into()),
    }
}

/// A property that is not there equals nothing, not even null.
fn equal(key: &str, value: Value) -> Expression {
    if value == Value::Null && key != "$id" {
        return Expression::Literal(Value::Bool(false));
    }
    Expression::Equal(Box::new([read(key), Expression::Literal(value)]))
}

fn one_of(key: &str, values: &[Json]) -> Expression {
    let values = Value::Array(values.iter().map(Value::from_json).collect());
    Expression::In(Box::new([read(key), Expression::Literal(values)]))
}

/// A stop function of the zoom or of a property (`{"stops": …}`). `interpolated` is whether the property's type has
/// values in between.
pub fn parse_function(map: &Map<String, Json>, expected: Expected, interpolated: bool) -> Parse {
    let kind = map.get("type").and_then(Json::as_str);
    let property = map.get("property").and_then(Json::as_str);
    let output = |json: &Json| match (json, expected) {
        (Json::Array(_) | Json::Object(_), _) => Ok(Expression::Literal(Value::from_json(json))),
        (json, expected) => parse(json, expected),
    };
    // A missing default is an error, so that the property's own default takes its place.
    let fallback = match map.get("default") {
        Some(json) => output(json)?,
        None => Expression::Assert(Type::Object, Box::new([Expression::Literal(Value::Null)])),
    };
    if kind == Some("identity") {
        let Some(property) = property else { return error("an \"identity\" function names a \"property\"") };
        let value = Expression::Property(property.into());
        let value = match (expected, interpolated) {
            (Expected::Color, _) => Expression::Convert(Type::Color, Box::new([value, fallback])),
            (Expected::Any, true) => Expression::Assert(Type::Number, Box::new([value, fallback])),
            (Expected::Any, false) => {
                let has = Expression::HasProperty(property.into());
                Expression::Case(Box::new([(has, value)]), Box::new(fallback))
            }
        };
        return Ok(value);
    }
    let Some(stops) = map.get("stops").and_then(Json::as_array).filter(|stops| !stops.is_empty()) else {
        return error("a function has \"stops\": an array of [input, output] pairs");
    };
    let mut pairs = Vec::new();
    for (i, stop) in stops.iter().enumerate() {
        let Some([input, out]) = stop.as_array().map(Vec::as_slice) else {
            return at(i, error("a stop is a pair of an input and an output"));
        };
        if input.is_object() {
            return at(i, unknown("function of", "zoom and property at once"));
        }
        pairs.push((input, at(i, output(out))?));
    }
    if kind == Some("categorical") {
        let Some(property) = property else { return error("a \"categorical\" function names a \"property\"") };
        return categorical(property, pairs, fallback);
    }
    let curve = match kind {
        Some("interval") => Curve::Step,
        Some("exponential") | None if interpolated => match map.get("base").map_or(Some(1.0), Json::as_f64) {
            Some(base) if base > 0.0 => Curve::Exponential(base),
            _ => return error("\"base\" is a number above 0"),
        },
        Some("exponential") | None => Curve::Step,
        Some(name) => return unknown("function type", name),
    };
    let mut numbered: Vec<(f64, Expression)> = Vec::new();
    for (i, (input, output)) in pairs.into_iter().enumerate() {
        let Some(input) = input.as_f64() else { return at(i, error("the input of a stop is a number")) };
        if numbered.last().is_some_and(|(last, _)| *last > input) {
            return at(i, error("stops go upwards"));
        }
        numbered.push((input, output));
    }
    let input = Box::new(property.map_or(Expression::Zoom, |name| Expression::Property(name.into())));
    let function = Expression::Stops { curve, input, stops: numbered.into() };
    Ok(match property {
        None => function,
        // Inputs that are no numbers give the default.
        Some(name) => {
            let value = Expression::Property(name.into());
            let of_number = Expression::Equal(Box::new([
                Expression::Typeof(Box::new(value)),
                Expression::Literal(Value::String("number".into())),
            ]));
            Expression::Case(Box::new([(of_number, function)]), Box::new(fallback))
        }
    })
}

fn categorical(property: &str, pairs: Vec<(&Json, Expression)>, fallback: Expression) -> Parse {
    let mut branches = Vec::new();
    for (input, output) in pairs {
        branches.push((equal(property, Value::from_json(input)), output));
    }
    // A table where the labels allow it.
    let label = |e: &Expression| match e {
        Expression::Equal(pair) => match &pair[1] {
            Expression::Literal(Value::String(text)) => Some(Label::String(text.clone())),
            _ => None,
        },
        _ => None,
    };
    match branches.iter().map(|(condition, _)| label(condition)).collect::<Option<Vec<_>>>() {
        Some(labels) => Ok(Expression::Match {
            input: Box::new(Expression::Property(property.into())),
            labels: labels.into_iter().enumerate().map(|(i, label)| (label, i)).collect(),
            outputs: branches.into_iter().map(|(_, output)| output).collect(),
            otherwise: Box::new(fallback),
        }),
        None => Ok(Expression::Case(branches.into(), Box::new(fallback))),
    }
}
