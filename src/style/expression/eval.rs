//! Evaluation, one arm an operator.

use super::value::rgba;
use super::{Comparison, Context, Curve, EvalError, Expression, Label, Math, Type, Value};
use crate::value::Property;
use std::cmp::Ordering;
use std::sync::Arc;

type Eval = Result<Value, EvalError>;

fn error<T>(message: impl Into<String>) -> Result<T, EvalError> {
    Err(EvalError(message.into()))
}

pub fn evaluate(expression: &Expression, context: &Context) -> Eval {
    use Expression as E;
    let eval = |e: &Expression| evaluate(e, context);
    Ok(match expression {
        E::Literal(value) => value.clone(),
        E::Zoom => Value::Number(context.zoom),
        E::Id => context.feature.and_then(|f| f.id()).map_or(Value::Null, |id| Value::Number(id as f64)),
        E::GeometryType => context.feature.map_or(Value::Null, |f| Value::String(f.kind().name().into())),
        E::Properties => match context.feature {
            Some(feature) => {
                Value::Object(Arc::new(feature.properties().map(|(k, v)| (k.to_string(), v.into())).collect()))
            }
            None => Value::Null,
        },
        E::Property(name) => property(context, name).map_or(Value::Null, Value::from),
        E::HasProperty(name) => Value::Bool(property(context, name).is_some()),
        E::Get(parts) => lookup(parts, context)?.unwrap_or(Value::Null),
        E::Has(parts) => Value::Bool(lookup(parts, context)?.is_some()),
        E::At(parts) => at(eval(&parts[0])?, eval(&parts[1])?)?,
        E::In(parts) => contains(eval(&parts[0])?, eval(&parts[1])?)?,
        E::Length(of) => match eval(of)? {
            Value::String(text) => Value::Number(text.chars().count() as f64),
            Value::Array(items) => Value::Number(items.len() as f64),
            other => return error(format!("length of a {}; a string or array has one", other.type_name())),
        },
        E::Not(e) => Value::Bool(!boolean(eval(e)?)?),
        E::All(parts) => {
            for part in parts {
                if !boolean(eval(part)?)? {
                    return Ok(Value::Bool(false));
                }
            }
            Value::Bool(true)
        }
        E::Any(parts) => {
            for part in parts {
                if boolean(eval(part)?)? {
                    return Ok(Value::Bool(true));
                }
            }
            Value::Bool(false)
        }
        E::Equal(parts) => Value::Bool(equal(&parts[0], &parts[1], context)?),
        E::Compare(comparison, parts) => {
            let (a, b) = (eval(&parts[0])?, eval(&parts[1])?);
            match a.compare(&b) {
                Some(order) => Value::Bool(holds(*comparison, order)),
                None if matches!((&a, &b), (Value::Number(_), Value::Number(_))) => Value::Bool(false),
                None => {
                    let (a, b) = (a.type_name(), b.type_name());
                    return error(format!("a {a} and a {b} cannot be ordered; two numbers or two strings can"));
                }
            }
        }
        E::Math(operator, parts) => {
            let mut numbers = Vec::with_capacity(parts.len());
            for part in parts {
                numbers.push(number(eval(part)?)?);
            }
            Value::Number(math(*operator, &numbers))
        }
        E::Case(branches, otherwise) => {
            for (condition, output) in branches {
                if boolean(eval(condition)?)? {
                    return eval(output);
                }
            }
            eval(otherwise)?
        }
        E::Match { input, labels, outputs, otherwise } => {
            let label = match eval(input)? {
                Value::String(text) => Some(Label::String(text)),
                Value::Number(number) if number.fract() == 0.0 => Some(Label::Number(number as i64)),
                _ => None,
            };
            match label.and_then(|label| labels.get(&label)) {
                Some(&output) => eval(&outputs[output])?,
                None => eval(otherwise)?,
            }
        }
        E::Coalesce(options) => {
            let mut last = Value::Null;
            for option in options {
                last = eval(option)?;
                if last != Value::Null {
                    break;
                }
            }
            last
        }
        E::Stops { curve, input, stops } => between(*curve, number(eval(input)?)?, stops, context)?,
        E::Assert(of, options) => {
            let mut last = Value::Null;
            for option in options {
                last = eval(option)?;
                if is_of(&last, *of) {
                    return Ok(last);
                }
            }
            return error(format!("expected a {}, found a {}", name(*of), last.type_name()));
        }
        E::Array { item, length, value } => {
            let value = eval(value)?;
            let fits = match &value {
                Value::Array(items) => {
                    length.is_none_or(|length| items.len() == length)
                        && item.is_none_or(|item| items.iter().all(|value| is_of(value, item)))
                }
                _ => false,
            };
            if !fits {
                return error(format!("expected another array, found {}", value.type_of()));
            }
            value
        }
        E::Convert(to, options) => {
            let mut last = Value::Null;
            for option in options {
                last = eval(option)?;
                if let Some(value) = convert(&last, *to) {
                    return Ok(value);
                }
            }
            return error(format!("a {} {} cannot be made a {}", last.type_name(), last.to_text(), name(*to)));
        }
        E::Rgba(parts) => {
            let mut numbers = Vec::with_capacity(4);
            for part in parts {
                numbers.push(number(eval(part)?)?);
            }
            let color = rgba(&numbers);
            Value::Color(color.ok_or_else(|| {
                EvalError("a colour's red, green and blue go from 0 to 255, its alpha from 0 to 1".into())
            })?)
        }
        E::Concat(parts) => {
            let mut text = String::new();
            for part in parts {
                text.push_str(&eval(part)?.to_text());
            }
            Value::String(text.into())
        }
        E::Upcase(e) => Value::String(string(eval(e)?)?.to_uppercase().into()),
        E::Downcase(e) => Value::String(string(eval(e)?)?.to_lowercase().into()),
        E::Typeof(e) => Value::String(eval(e)?.type_of().into()),
        E::LegacyCompare(comparison, e, value) => {
            Value::Bool(eval(e)?.compare(value).is_some_and(|order| holds(*comparison, order)))
        }
    })
}

fn property<'a>(context: &Context<'a>, name: &str) -> Option<&'a Property> {
    context.feature.and_then(|feature| feature.property(name))
}

fn number(value: Value) -> Result<f64, EvalError> {
    match value {
        Value::Number(number) => Ok(number),
        other => error(format!("expected a number, found a {}", other.type_name())),
    }
}

fn boolean(value: Value) -> Result<bool, EvalError> {
    match value {
        Value::Bool(flag) => Ok(flag),
        other => error(format!("expected a boolean, found a {}", other.type_name())),
    }
}

fn string(value: Value) -> Result<Arc<str>, EvalError> {
    match value {
        Value::String(text) => Ok(text),
        other => error(format!("expected a string, found a {}", other.type_name())),
    }
}

/// Equality of a property and a constant text is most of what filters do: it copies nothing.
fn equal(a: &Expression, b: &Expression, context: &Context) -> Result<bool, EvalError> {
    match (a, b) {
        (Expression::Property(name), Expression::Literal(Value::String(text)))
        | (Expression::Literal(Value::String(text)), Expression::Property(name)) => {
            Ok(matches!(property(context, name), Some(Property::String(value)) if value == text))
        }
        _ => Ok(evaluate(a, context)? == evaluate(b, context)?),
    }
}

/// `get` and `has` with a computed name, or in an object.
fn lookup(parts: &[Expression], context: &Context) -> Result<Option<Value>, EvalError> {
    let name = string(evaluate(&parts[0], context)?)?;
    match parts.get(1) {
        None => Ok(property(context, &name).map(Value::from)),
        Some(object) => match evaluate(object, context)? {
            Value::Object(map) => Ok(map.get(&*name).cloned()),
            other => error(format!("expected an object, found a {}", other.type_name())),
        },
    }
}

fn at(index: Value, items: Value) -> Eval {
    let index = number(index)?;
    let Value::Array(items) = items else {
        return error(format!("expected an array, found a {}", items.type_name()));
    };
    if index < 0.0 || index.fract() != 0.0 || index >= items.len() as f64 {
        return error(format!("index {index} is not in an array of {}", items.len()));
    }
    Ok(items[index as usize].clone())
}

fn contains(needle: Value, haystack: Value) -> Eval {
    match (&needle, &haystack) {
        (_, Value::Array(items)) => Ok(Value::Bool(items.contains(&needle))),
        (_, Value::Null) => Ok(Value::Bool(false)),
        (Value::String(part), Value::String(text)) => Ok(Value::Bool(text.contains(&**part))),
        (_, Value::String(text)) => Ok(Value::Bool(text.contains(&*needle.to_text()))),
        _ => error(format!("expected an array or string to look in, found a {}", haystack.type_name())),
    }
}

fn holds(comparison: Comparison, order: Ordering) -> bool {
    match comparison {
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
    }
}

/// The parser saw to the number of operands.
fn math(operator: Math, numbers: &[f64]) -> f64 {
    let [a, b] = [numbers.first().copied().unwrap_or(0.0), numbers.get(1).copied().unwrap_or(0.0)];
    match operator {
        Math::Add => numbers.iter().sum(),
        Math::Subtract if numbers.len() == 1 => -a,
        Math::Subtract => a - b,
        Math::Multiply => numbers.iter().product(),
        Math::Divide => a / b,
        Math::Remainder => a % b,
        Math::Power => a.powf(b),
        Math::Min => numbers.iter().copied().fold(f64::INFINITY, f64::min),
        Math::Max => numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        Math::Abs => a.abs(),
        Math::Ceil => a.ceil(),
        Math::Floor => a.floor(),
        // Halves go away from zero (Style Spec, "round").
        Math::Round => a.round(),
        Math::Sqrt => a.sqrt(),
        Math::Ln => a.ln(),
        Math::Log2 => a.log2(),
        Math::Log10 => a.log10(),
    }
}

/// The value of a curve through stops; outside of them, that of the nearest.
fn between(curve: Curve, input: f64, stops: &[(f64, Expression)], context: &Context) -> Eval {
    let next = stops.partition_point(|(at, _)| *at <= input);
    if next == 0 {
        return evaluate(&stops[0].1, context);
    }
    let (low, from) = &stops[next - 1];
    let Some((high, to)) = stops.get(next).filter(|_| curve != Curve::Step) else {
        return evaluate(from, context);
    };
    let t = match curve {
        Curve::Exponential(base) if base != 1.0 => (base.powf(input - low) - 1.0) / (base.powf(high - low) - 1.0),
        _ => (input - low) / (high - low),
    };
    mix(evaluate(from, context)?, evaluate(to, context)?, t)
}

fn mix(from: Value, to: Value, t: f64) -> Eval {
    Ok(match (&from, &to) {
        (Value::Number(a), Value::Number(b)) => Value::Number(a + (b - a) * t),
        (Value::Color(a), Value::Color(b)) => Value::Color(a.mix(*b, t)),
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let items: Result<Vec<Value>, _> =
                a.iter().zip(b.iter()).map(|(a, b)| mix(a.clone(), b.clone(), t)).collect();
            Value::Array(items?.into())
        }
        _ => return error(format!("there is nothing between a {} and a {}", from.type_name(), to.type_name())),
    })
}

fn is_of(value: &Value, of: Type) -> bool {
    value.type_name() == name(of)
}

fn name(of: Type) -> &'static str {
    match of {
        Type::Bool => "boolean",
        Type::Number => "number",
        Type::String => "string",
        Type::Color => "color",
        Type::Object => "object",
    }
}

fn convert(value: &Value, to: Type) -> Option<Value> {
    match to {
        Type::Bool => Some(Value::Bool(value.to_bool())),
        Type::Number => value.to_number().map(Value::Number),
        Type::String => Some(Value::String(value.to_text())),
        Type::Color => value.to_color().map(Value::Color),
        Type::Object => is_of(value, to).then(|| value.clone()),
    }
}
