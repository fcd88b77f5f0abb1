//! Types: literals, values checked for a type or made one of it.

use super::operators::{Evaluate, Operator, function, special};
use super::parse::{Call, Parse, Parser, at, error};
use super::value::{Image, Section};
use super::{Context, Eval, EvalError, Expression, Op, Type, Value, color, ecma, fail};
use crate::style::color::Color;
use serde_json::Value as Json;
use std::sync::Arc;

pub fn operators() -> Vec<Operator> {
    vec![
        special("literal", parse_literal),
        special("semiliteral", parse_semiliteral),
        special("array", parse_assertion),
        special("boolean", parse_assertion),
        special("number", parse_assertion),
        special("string", parse_assertion),
        special("object", parse_assertion),
        special("to-boolean", parse_conversion),
        special("to-color", parse_conversion),
        special("to-number", parse_conversion),
        special("to-string", parse_conversion),
        function("typeof", [Type::Value], Type::String, |args, context| {
            Ok(Value::String(args[0].evaluate(context)?.type_of().to_string().into()))
        }),
        function("error", [Type::String], Type::Error, |args, context| fail(args[0].string(context)?))
            .reading(super::Reads::Globals),
    ]
}

fn parse_literal(_: &mut Parser, call: &Call) -> Parse {
    if call.count() != 1 {
        return error(format!(
            "'literal' expression requires exactly one argument, but found {} instead.",
            call.count()
        ));
    }
    let mut literal = Expression::literal(Value::from_json(&call.items[1]));
    // Nothing can be said of the items of an empty array: they are what is expected.
    if let (Type::Array(_, Some(0)), Some(expected @ Type::Array(_, None | Some(0)))) = (&literal.of, call.expected) {
        literal.of = expected.clone();
    }
    Ok(literal)
}

/// An array of expressions.
fn parse_semiliteral(parser: &mut Parser, call: &Call) -> Parse {
    if call.count() != 1 {
        return error(format!(
            "'semiliteral' expression requires exactly one argument, but found {} instead.",
            call.count()
        ));
    }
    let Json::Array(items) = &call.items[1] else {
        return Ok(Expression::literal(Value::from_json(&call.items[1])));
    };
    let each = Call { name: call.name, items, expected: None };
    let args = (0..items.len()).map(|i| at(1, parser.operand(&each, i, Some(&Type::Value))));
    let args = args.collect::<Parse<Box<[_]>>>()?;
    let item = match &*args {
        [] => Type::Value,
        [one] => one.of.clone(),
        [first, rest @ ..] if rest.iter().all(|arg| arg.of.is_the_same_as(&first.of)) => first.of.clone(),
        _ => Type::Value,
    };
    let of = Type::array(item, Some(items.len()));
    let op = Op::Call {
        name: "semiliteral",
        reads: super::Reads::Nothing,
        evaluate: Evaluate::Value(|args, context| {
            Ok(Value::Array(args.iter().map(|arg| arg.evaluate(context)).collect::<Eval<_>>()?))
        }),
    };
    Ok(Expression { op, args, of })
}

fn parse_assertion(parser: &mut Parser, call: &Call) -> Parse {
    if call.count() == 0 {
        return error("Expected at least one argument.");
    }
    let mut first = 1;
    let of = match call.name {
        "boolean" => Type::Boolean,
        "number" => Type::Number,
        "string" => Type::String,
        "object" => Type::Object,
        _ => {
            let mut item = Type::Value;
            let mut length = None;
            if call.count() > 1 {
                item = match call.items[1].as_str() {
                    Some("string") => Type::String,
                    Some("number") => Type::Number,
                    Some("boolean") => Type::Boolean,
                    _ => {
                        let message = "The item type argument of \"array\" must be one of string, number, boolean";
                        return at(1, error(message));
                    }
                };
                first = 2;
            }
            if call.count() > 2 {
                length = match &call.items[2] {
                    Json::Null => None,
                    Json::Number(n) if n.as_f64().is_some_and(|n| n >= 0.0 && n.fract() == 0.0) => {
                        n.as_f64().map(|n| n as usize)
                    }
                    _ => {
                        let message = "The length argument to \"array\" must be a positive integer literal";
                        return at(2, error(message));
                    }
                };
                first = 3;
            }
            Type::array(item, length)
        }
    };
    Ok(Expression { op: Op::Assert, args: values(parser, call, first)?, of })
}

fn values(parser: &mut Parser, call: &Call, first: usize) -> Parse<Box<[Expression]>> {
    (first..call.items.len()).map(|i| parser.operand(call, i, Some(&Type::Value))).collect()
}

pub fn assert(args: &[Expression], of: &Type, context: &Context) -> Eval {
    let mut found = Type::Null;
    for arg in args {
        let value = arg.evaluate(context)?;
        let fits = match (of, &value) {
            (Type::Number, Value::Number(_)) | (Type::String, Value::String(_)) | (Type::Boolean, Value::Bool(_)) => {
                true
            }
            _ => of.includes(&value.type_of()),
        };
        if fits {
            return Ok(value);
        }
        found = value.type_of();
    }
    Err(EvalError::Mismatch { expected: of.clone(), found })
}

fn parse_conversion(parser: &mut Parser, call: &Call) -> Parse {
    if call.count() == 0 {
        return error("Expected at least one argument.");
    }
    let of = match call.name {
        "to-boolean" => Type::Boolean,
        "to-string" => Type::String,
        "to-number" => Type::Number,
        _ => Type::Color,
    };
    if matches!(of, Type::Boolean | Type::String) && call.count() != 1 {
        return error("Expected one argument.");
    }
    Ok(Expression { op: Op::Convert, args: values(parser, call, 1)?, of })
}

/// The first operand that can be converted; of types to which everything can be, the first.
pub fn convert(args: &[Expression], to: &Type, context: &Context) -> Eval {
    let mut value = Value::Null;
    let mut failure = None;
    for arg in args {
        value = arg.evaluate(context)?;
        match convert_value(&value, to) {
            Ok(Some(converted)) => return Ok(converted),
            Ok(None) => failure = None,
            Err(e) => failure = Some(e),
        }
    }
    if let Some(failure) = failure {
        return Err(failure);
    }
    let shown = |value: &Value| match value {
        Value::String(text) => Ok(text.to_string()),
        other => other.to_json(),
    };
    match to {
        Type::Number => fail(format!("Could not convert {} to number.", value.to_json()?)),
        other => {
            let name = match other {
                Type::Projection => "projectionDefinition",
                other => other.kind(),
            };
            fail(format!("Could not parse {name} from value '{}'", shown(&value)?))
        }
    }
}

fn convert_value(value: &Value, to: &Type) -> Eval<Option<Value>> {
    Ok(match to {
        Type::Boolean => Some(Value::Bool(value.to_bool())),
        Type::Number => {
            let number = to_number(value)?;
            (!number.is_nan()).then_some(Value::Number(number))
        }
        Type::Color => match value {
            Value::Color(_) => Some(value.clone()),
            Value::String(text) => Color::parse(text).map(Value::Color),
            Value::Array(items) => Some(Value::Color(color::of_array(items)?)),
            _ => None,
        },
        Type::Formatted => Some(Value::Formatted(Arc::new([Section::plain(value.to_text()?)]))),
        Type::Image => Some(image(value.to_text()?)),
        Type::Padding => padding(value),
        Type::NumberArray => match value {
            Value::Number(number) => Some(Value::NumberArray(Arc::new([*number]))),
            Value::Array(items) => numbers_of(items).map(|numbers| Value::NumberArray(numbers.into())),
            Value::NumberArray(_) => Some(value.clone()),
            _ => None,
        },
        Type::ColorArray => match value {
            Value::String(text) => Color::parse(text).map(|color| Value::ColorArray(Arc::new([color]))),
            Value::Array(items) => {
                let color = |item: &Value| if let Value::String(text) = item { Color::parse(text) } else { None };
                items.iter().map(color).collect::<Option<Vec<_>>>().map(|colors| Value::ColorArray(colors.into()))
            }
            Value::ColorArray(_) => Some(value.clone()),
            _ => None,
        },
        Type::Anchors => anchors(value),
        Type::Projection => is_projection(value)?.then(|| value.clone()),
        _ => Some(Value::String(value.to_text()?)),
    })
}

/// `to-number`: null and false are 0, true is 1, texts and arrays as ECMAScript reads them.
fn to_number(value: &Value) -> Eval<f64> {
    Ok(match value {
        Value::Null | Value::Bool(false) => 0.0,
        Value::Bool(true) => 1.0,
        Value::Number(number) => *number,
        Value::String(text) => ecma::number(text),
        Value::Image(image) => ecma::number(&image.name),
        Value::Formatted(_) => ecma::number(&value.to_text()?),
        Value::Array(items) => match &**items {
            [] => 0.0,
            [Value::Bool(_)] => f64::NAN,
            [Value::Null] => 0.0,
            [one] => to_number(one)?,
            // Items are joined by commas, and no number has any.
            _ => f64::NAN,
        },
        _ => f64::NAN,
    })
}

/// The image of this name; none has an empty one.
pub fn image(name: Arc<str>) -> Value {
    match name.is_empty() {
        true => Value::Null,
        false => Value::Image(Arc::new(Image { name, available: false })),
    }
}

fn numbers_of(items: &[Value]) -> Option<Vec<f64>> {
    items.iter().map(|item| if let Value::Number(number) = item { Some(*number) } else { None }).collect()
}

/// One to four numbers in the order of CSS: top, right, bottom, left.
fn padding(value: &Value) -> Option<Value> {
    let sides = match value {
        Value::Padding(_) => return Some(value.clone()),
        Value::Number(all) => [*all; 4],
        Value::Array(items) => match *numbers_of(items)? {
            [all] => [all; 4],
            [y, x] => [y, x, y, x],
            [top, x, bottom] => [top, x, bottom, x],
            [top, right, bottom, left] => [top, right, bottom, left],
            _ => return None,
        },
        _ => return None,
    };
    Some(Value::Padding(Arc::new(sides)))
}

const ANCHORS: [&str; 9] =
    ["center", "left", "right", "top", "bottom", "top-left", "top-right", "bottom-left", "bottom-right"];

/// Pairs of an anchor's name and an offset of two numbers.
fn anchors(value: &Value) -> Option<Value> {
    let items = match value {
        Value::Anchors(_) => return Some(value.clone()),
        Value::Array(items) if !items.is_empty() => items,
        _ => return None,
    };
    let (pairs, []) = items.as_chunks() else { return None };
    let anchor = |[name, offset]: &[Value; 2]| match (name, offset) {
        (Value::String(name), Value::Array(offset)) if ANCHORS.contains(&&**name) => {
            Some((name.clone(), <[f64; 2]>::try_from(numbers_of(offset)?).ok()?))
        }
        _ => None,
    };
    pairs.iter().map(anchor).collect::<Option<Vec<_>>>().map(|anchors| Value::Anchors(anchors.into()))
}

/// A projection's name, or two and how far it is from one to the other.
fn is_projection(value: &Value) -> Eval<bool> {
    let complete = |from: Option<&Value>, to: Option<&Value>, transition: Option<&Value>| {
        matches!((from, to, transition), (Some(Value::String(_)), Some(Value::String(_)), Some(Value::Number(_))))
    };
    Ok(match value {
        Value::String(_) => true,
        Value::Projection(_) => true,
        Value::Array(items) => items.len() == 3 && complete(items.first(), items.get(1), items.get(2)),
        Value::Object(map) => complete(map.get("from"), map.get("to"), map.get("transition")),
        Value::Null => return fail("Could not parse projectionDefinition from value 'null'"),
        _ => false,
    })
}
