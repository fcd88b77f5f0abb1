//! Filters: expressions, or the older syntax, which becomes one.
//!
//! What tells them apart is the reference implementation's rule: a filter is an old one if something in it can only be
//! old and nothing only new. Old comparisons look at properties by name and are false for values of another type;
//! `filter-==` and the like are operators for that.

use super::lookup::Set;
use super::operators::{Operator, Reads, find, test};
use super::parse::{Parse, at, error, unknown};
use super::ramp::{self, Place};
use super::{Context, Eval, Expression, Op, Type, Value, ecma, parse};
use serde_json::{Value as Json, json};
use std::cmp::Ordering;

pub fn operators() -> Vec<Operator> {
    use Type::{String, Value as Any};
    vec![
        test("filter-==", [String, Any], |args, context| {
            let value = constant(&args[1]);
            Ok(property(&args[0], context).is_some_and(|found| found.is(&value)))
        }),
        test("filter-<", [String, Any], |args, context| of_property(args, context, Ordering::is_lt)),
        test("filter->", [String, Any], |args, context| of_property(args, context, Ordering::is_gt)),
        test("filter-<=", [String, Any], |args, context| of_property(args, context, Ordering::is_le)),
        test("filter->=", [String, Any], |args, context| of_property(args, context, Ordering::is_ge)),
        test("filter-id-==", [Any], |args, context| Ok(id(context).is(&constant(&args[0])))),
        test("filter-id-<", [Any], |args, context| of_id(args, context, Ordering::is_lt)),
        test("filter-id->", [Any], |args, context| of_id(args, context, Ordering::is_gt)),
        test("filter-id-<=", [Any], |args, context| of_id(args, context, Ordering::is_le)),
        test("filter-id->=", [Any], |args, context| of_id(args, context, Ordering::is_ge)),
        test("filter-type-==", [String], |args, context| Ok(geometry_type(context).is(&constant(&args[0])))),
        test("filter-has", [Any], |args, context| Ok(property(&args[0], context).is_some())),
        test("filter-has-id", [], |_, context| Ok(!matches!(id(context), Value::Null))),
        test("filter-in", [String, Type::array(Any, None)], |args, context| {
            let values = constant(&args[1]);
            Ok(property(&args[0], context).is_some_and(|found| is_among(&found, &values)))
        }),
        test("filter-id-in", [Type::array(Any, None)], |args, context| Ok(is_among(&id(context), &constant(&args[0])))),
        test("filter-type-in", [Type::array(String, None)], |args, context| {
            Ok(is_among(&geometry_type(context), &constant(&args[0])))
        }),
    ]
    .into_iter()
    .map(|operator| operator.reading(Reads::Feature))
    .collect()
}

fn constant(arg: &Expression) -> Value {
    arg.constant().cloned().unwrap_or(Value::Null)
}

fn property(name: &Expression, context: &Context) -> Option<Value> {
    match name.constant() {
        Some(Value::String(name)) => context.property(name).map(|field| field.value()),
        _ => None,
    }
}

fn id(context: &Context) -> Value {
    context.feature.map_or(Value::Null, |feature| feature.id())
}

fn geometry_type(context: &Context) -> Value {
    context.feature.and_then(|f| f.geometry_type()).map_or(Value::Null, |name| Value::String(name.into()))
}

fn is_among(found: &Value, values: &Value) -> bool {
    matches!(values, Value::Array(values) if values.iter().any(|value| value.is(found)))
}

/// The order of two values of one type; none for values of two.
fn order(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.partial_cmp(b),
        (Value::String(a), Value::String(b)) => Some(ecma::compare(a, b)),
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::Null, Value::Null) => Some(Ordering::Equal),
        _ => None,
    }
}

fn of_property(args: &[Expression], context: &Context, holds: fn(Ordering) -> bool) -> Eval<bool> {
    let found = property(&args[0], context);
    Ok(found.and_then(|found| order(&found, &constant(&args[1]))).is_some_and(holds))
}

fn of_id(args: &[Expression], context: &Context, holds: fn(Ordering) -> bool) -> Eval<bool> {
    Ok(order(&id(context), &constant(&args[0])).is_some_and(holds))
}

/// The values of a `filter-in`, where they can be looked up by hash.
pub fn set(values: &Value) -> Option<Set> {
    match values {
        Value::Array(values) if !values.iter().any(|value| matches!(value, Value::Null)) => Some(Set::lenient(values)),
        _ => None,
    }
}

/// A layer's filter.
pub struct Filter {
    pub expression: Expression,
    /// What in an expression looks like the older syntax, and is not read as that: its key, and what is the matter.
    pub mixed: Option<(String, String)>,
}

/// A layer's filter in either syntax; what the reference implementation would read as something else than it says is an
/// error here.
pub fn parse_filter(json: &Json) -> Parse<Filter> {
    check_known(json)?;
    let is_old = classify(json) == Syntax::Old;
    if is_old {
        check_old(json)?;
    }
    let mixed = if is_old { None } else { find_mixed(json) };
    Ok(Filter { expression: parse_legacy_or_expression(json)?, mixed })
}

/// A filter as the reference implementation evaluates it, however little sense it makes.
pub fn parse_legacy_or_expression(json: &Json) -> Parse {
    let converted = match classify(json) {
        Syntax::Old => &converted(json),
        _ => json,
    };
    parse(converted, Some(&Type::Boolean))
}

#[derive(Clone, Copy, PartialEq)]
enum Syntax {
    Old,
    New,
    /// Means the same in both.
    Either,
}

fn classify(json: &Json) -> Syntax {
    let Json::Array(items) = json else {
        return if json.is_boolean() { Syntax::Either } else { Syntax::Old };
    };
    let Some(operator) = items.first() else { return Syntax::Old };
    let is_old = |old| if old { Syntax::Old } else { Syntax::New };
    match operator.as_str().unwrap_or_default() {
        "has" if items.len() < 2 || items[1] == "$id" || items[1] == "$type" => Syntax::Old,
        "has" if items.len() == 2 => Syntax::Either,
        "in" => is_old(items.len() < 3 || (items[1].is_string() && !items[2].is_array())),
        "!in" | "!has" | "none" => Syntax::Old,
        "==" | "!=" | ">" | ">=" | "<" | "<=" => {
            is_old(items.len() == 3 && !items[1].is_array() && !items[2].is_array())
        }
        "any" | "all" => {
            let mut all = Syntax::Either;
            for item in &items[1..] {
                match classify(item) {
                    Syntax::New => return Syntax::New,
                    Syntax::Old => all = Syntax::Old,
                    Syntax::Either => {}
                }
            }
            all
        }
        _ => Syntax::New,
    }
}

/// An old filter as an expression.
fn converted(json: &Json) -> Json {
    let Json::Array(items) = json else { return Json::Bool(true) };
    let operator = items.first().and_then(Json::as_str).unwrap_or_default();
    if items.len() <= 1 {
        return Json::Bool(operator != "any");
    }
    let not = |filter: Json| json!(["!", filter]);
    let each = |operator: &str, convert: &dyn Fn(&Json) -> Json| {
        Json::Array(std::iter::once(operator.into()).chain(items[1..].iter().map(convert)).collect())
    };
    let compared = |operator: &str| {
        // A value that is missing is one that cannot be read.
        let operands = match items[1].as_str() {
            Some("$type") => vec![format!("filter-type-{operator}").into()],
            Some("$id") => vec![format!("filter-id-{operator}").into()],
            _ => vec![format!("filter-{operator}").into(), items[1].clone()],
        };
        Json::Array(operands.into_iter().chain(items.get(2).cloned()).collect())
    };
    let is_in = || match (items[1].as_str(), &items[2..]) {
        (_, []) => Json::Bool(false),
        (Some("$type"), values) => json!(["filter-type-in", ["literal", values]]),
        (Some("$id"), values) => json!(["filter-id-in", ["literal", values]]),
        (_, values) => json!(["filter-in", items[1], ["literal", values]]),
    };
    let has = || match items[1].as_str() {
        Some("$type") => Json::Bool(true),
        Some("$id") => json!(["filter-has-id"]),
        _ => json!(["filter-has", items[1]]),
    };
    match operator {
        "==" | "<" | ">" | "<=" | ">=" => compared(operator),
        "!=" => not(compared("==")),
        "any" | "all" => each(operator, &converted),
        "none" => each("all", &|filter| not(converted(filter))),
        "in" => is_in(),
        "!in" => not(is_in()),
        "has" => has(),
        "!has" => not(has()),
        _ => Json::Bool(true),
    }
}

/// Operators that neither syntax has: they may be right, and are only not known here.
fn check_known(json: &Json) -> Parse<()> {
    let Json::Array(items) = json else { return Ok(()) };
    match items.first().and_then(Json::as_str) {
        Some("all" | "any" | "none") => {
            items[1..].iter().enumerate().try_for_each(|(i, filter)| at(i + 1, check_known(filter)))
        }
        Some("!in" | "!has") | None => Ok(()),
        Some(name) if find(name).is_some() => Ok(()),
        Some(name) => unknown(format!("the filter {:?} is not known here", crate::style::brief(name))),
    }
}

/// What an old filter must look like (Style Spec, "Other: deprecated filter syntax").
fn check_old(json: &Json) -> Parse<()> {
    let Json::Array(items) = json else { return error("a filter is an array or a boolean") };
    let Some(operator) = items.first().and_then(Json::as_str) else {
        return error("a filter begins with the name of an operator");
    };
    let name = |json: &Json| match json.is_string() {
        true => Ok(()),
        false => at(1, error("the name of a property is a text")),
    };
    match operator {
        "all" | "any" | "none" => {
            items[1..].iter().enumerate().try_for_each(|(i, filter)| at(i + 1, check_old(filter)))
        }
        "has" | "!has" => match items.as_slice() {
            [_, key] => name(key),
            _ => error(format!("{operator:?} takes the name of a property")),
        },
        "==" | "!=" | "<" | "<=" | ">" | ">=" => match items.as_slice() {
            [_, key, _] if *key == "$type" && !matches!(operator, "==" | "!=") => {
                error(format!("\"$type\" cannot be used with {operator:?}"))
            }
            [_, key, value] => name(key).and_then(|()| at(2, check_value(key, value))),
            _ => error(format!("{operator:?} takes the name of a property and a value")),
        },
        "in" | "!in" => match items.as_slice() {
            [_, key, values @ ..] => {
                name(key)?;
                values.iter().enumerate().try_for_each(|(i, value)| at(i + 2, check_value(key, value)))
            }
            _ => error(format!("{operator:?} takes the name of a property and values")),
        },
        _ => error(format!("{operator:?} stands among filters of the older syntax, where it has no meaning")),
    }
}

fn check_value(key: &Json, value: &Json) -> Parse<()> {
    if *key == "$type" && !["Point", "LineString", "Polygon"].iter().any(|name| *value == **name) {
        return error("a geometry's type is \"Point\", \"LineString\" or \"Polygon\"");
    }
    match value {
        // Null is not listed in the spec, and equals what has no value.
        Json::String(_) | Json::Number(_) | Json::Bool(_) | Json::Null => Ok(()),
        _ => error("a value is a text, a number or a boolean"),
    }
}

/// The first filter of the older syntax within an expression.
fn find_mixed(json: &Json) -> Option<(String, String)> {
    let Json::Array(items) = json else { return None };
    let conditions: Vec<usize> = match items.first()?.as_str()? {
        "all" | "any" | "none" => (1..items.len()).collect(),
        "!" => vec![1],
        "case" => (1..items.len().saturating_sub(1)).step_by(2).collect(),
        _ => return None,
    };
    conditions.into_iter().find_map(|i| {
        let filter = items.get(i).filter(|filter| filter.is_array())?;
        if classify(filter) == Syntax::Old {
            let shown = crate::style::brief(&filter.to_string());
            let message =
                format!("{shown} is a filter of the older syntax, which is not read as such in an expression");
            return Some((format!("[{i}]"), message));
        }
        find_mixed(filter).map(|(key, message)| (format!("[{i}]{key}"), message))
    })
}

/// What must all hold for a filter to let a feature through.
pub fn conditions(filter: &Expression) -> &[Expression] {
    match &filter.op {
        super::Op::Call { name: "all", .. } => &filter.args,
        _ => std::slice::from_ref(filter),
    }
}

/// Whether a filter can let anything through, as far as can be told without a feature.
pub fn can_hold(filter: &Expression) -> bool {
    match &filter.op {
        Op::Literal(value) => matches!(value, Value::Bool(true)),
        Op::Call { name: "all", .. } => filter.args.iter().all(can_hold),
        Op::Call { name: "any", .. } => filter.args.iter().any(can_hold),
        Op::Case => {
            let (branches, otherwise) = filter.args.as_chunks();
            branches.iter().any(|[condition, output]| can_hold(condition) && can_hold(output))
                || otherwise.iter().any(can_hold)
        }
        Op::Match(_) => filter.args[1..].iter().any(can_hold),
        Op::Assert => filter.args.iter().any(can_hold),
        _ => true,
    }
}

/// What in a filter as it was written refuses what it is evaluated for, and where that stands, as `[1][2]`: of an `all`
/// the first part that does not hold, of a `step` what it comes to. In anything else it is the whole.
pub fn refusing<'j>(filter: &Expression, written: &'j Json, context: &Context) -> (String, &'j Json) {
    let items = written.as_array().map_or(&[][..], Vec::as_slice);
    let found = match &filter.op {
        // Parts that are known beforehand may have gone: then it cannot be told which is which.
        Op::Call { name: "all", .. } if items.len() == filter.args.len() + 1 => {
            let holds = |part: &Expression| matches!(part.evaluate(context), Ok(Value::Bool(true)));
            filter.args.iter().position(|part| !holds(part)).map(|part| (part, part + 1))
        }
        Op::Step(stops) if items.len() == 2 * filter.args.len() - 1 => {
            let place = filter.args[0].number(context).ok().and_then(|input| ramp::place(stops, input).ok());
            place.map(|(Place::At(stop) | Place::After(stop))| (stop + 1, 2 * stop + 2))
        }
        _ => None,
    };
    match found {
        Some((part, item)) => {
            let (path, json) = refusing(&filter.args[part], &items[item], context);
            (format!("[{item}]{path}"), json)
        }
        None => (String::new(), written),
    }
}
