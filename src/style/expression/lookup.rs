//! What is looked up: in arrays, texts and objects, in the feature, and in what drawing brings along.

use super::context::Field;
use super::operators::{Evaluate, Operator, Overload, Reads, Takes, function, overloaded, special};
use super::parse::{Call, Parse, Parser, error, kind_of_json};
use super::{Context, Eval, Expression, Op, Type, Value, ecma, fail};
use foldhash::fast::RandomState;
use serde_json::Value as Json;
use std::collections::HashSet;
use std::sync::Arc;

pub fn operators() -> Vec<Operator> {
    use Type as T;
    vec![
        overloaded(
            "get",
            T::Value,
            vec![
                Overload { reads: Reads::Feature, ..Overload::pure(Takes::Each(vec![T::String]), get_of_feature) },
                Overload::pure(Takes::Each(vec![T::String, T::Object]), get_of_object),
            ],
        ),
        overloaded(
            "has",
            T::Boolean,
            vec![
                Overload { reads: Reads::Feature, ..Overload::test(Takes::Each(vec![T::String]), has_of_feature) },
                Overload::test(Takes::Each(vec![T::String, T::Object]), has_of_object),
            ],
        ),
        special("at", parse_at),
        special("in", parse_in),
        special("index-of", parse_index_of),
        special("slice", parse_slice),
        special("length", parse_length),
        // The feature.
        function("properties", [], T::Object, |_, context| {
            Ok(context.feature.map_or_else(|| Value::Object(Arc::default()), |feature| feature.properties()))
        })
        .reading(Reads::Feature),
        function("geometry-type", [], T::String, |_, context| {
            Ok(context.feature.and_then(|f| f.geometry_type()).map_or(Value::Null, |name| Value::String(name.into())))
        })
        .reading(Reads::Feature),
        function("id", [], T::Value, |_, context| Ok(context.feature.map_or(Value::Null, |feature| feature.id())))
            .reading(Reads::Feature),
        function("feature-state", [T::String], T::Value, |args, context| {
            let name = args[0].string(context)?;
            Ok(found(context.feature.and_then(|feature| feature.state(&name))))
        })
        .reading(Reads::Feature),
        // The drawing.
        function("zoom", [], T::Number, |_, context| Ok(Value::Number(context.zoom))).reading(Reads::Zoom),
        function("heatmap-density", [], T::Number, |_, context| {
            Ok(Value::Number(context.globals.map_or(0.0, |globals| globals.heatmap_density)))
        })
        .reading(Reads::Globals),
        function("line-progress", [], T::Number, |_, context| {
            Ok(Value::Number(context.globals.map_or(0.0, |globals| globals.line_progress)))
        })
        .reading(Reads::Globals),
        function("elevation", [], T::Number, |_, context| {
            Ok(Value::Number(context.globals.map_or(0.0, |globals| globals.elevation)))
        })
        .reading(Reads::Globals),
        function("accumulated", [], T::Value, |_, context| {
            Ok(context.globals.and_then(|globals| globals.accumulated.clone()).unwrap_or(Value::Null))
        })
        .reading(Reads::Globals),
        special("global-state", parse_global_state),
    ]
}

fn found(field: Option<Field>) -> Value {
    field.map_or(Value::Null, |field| field.value())
}

fn get_of_feature(args: &[Expression], context: &Context) -> Eval {
    Ok(found(context.property(&args[0].string(context)?)))
}

fn has_of_feature(args: &[Expression], context: &Context) -> Eval<bool> {
    Ok(context.property(&args[0].string(context)?).is_some())
}

fn get_of_object(args: &[Expression], context: &Context) -> Eval {
    Ok(of_object(args, context)?.unwrap_or(Value::Null))
}

fn has_of_object(args: &[Expression], context: &Context) -> Eval<bool> {
    Ok(of_object(args, context)?.is_some())
}

fn of_object(args: &[Expression], context: &Context) -> Eval<Option<Value>> {
    let name = args[0].string(context)?;
    match args[1].evaluate(context)? {
        Value::Object(map) => Ok(map.get(&*name).cloned()),
        other => Err(super::EvalError::Mismatch { expected: Type::Object, found: other.type_of() }),
    }
}

pub fn global_state(name: &str, context: &Context) -> Eval {
    Ok(context.globals.and_then(|globals| globals.state.get(name)).cloned().unwrap_or(Value::Null))
}

fn parse_global_state(_: &mut Parser, call: &Call) -> Parse {
    if call.count() != 1 {
        return error(format!("Expected 1 argument, but found {} instead.", call.count()));
    }
    match &call.items[1] {
        Json::Null => error("Global state property must be defined."),
        Json::String(name) => {
            Ok(Expression { op: Op::GlobalState(name.as_str().into()), args: Box::default(), of: Type::Value })
        }
        other => error(format!("Global state property must be string, but found {} instead.", kind_of_json(other))),
    }
}

fn call(name: &'static str, evaluate: Evaluate, args: Vec<Expression>, of: Type) -> Expression {
    Expression { op: Op::Call { name, reads: Reads::Nothing, evaluate }, args: args.into(), of }
}

fn parse_at(parser: &mut Parser, at: &Call) -> Parse {
    if at.count() != 2 {
        return error(format!("Expected 2 arguments, but found {} instead.", at.count()));
    }
    let index = parser.operand(at, 1, Some(&Type::Number))?;
    let item = at.expected.cloned().unwrap_or(Type::Value);
    let input = parser.inherited(at, 2, &Type::array(item, None))?;
    let of = match &input.of {
        Type::Array(item, _) => (**item).clone(),
        // An error has any type.
        _ => Type::Error,
    };
    Ok(call("at", Evaluate::Value(item_at), vec![index, input], of))
}

fn item_at(args: &[Expression], context: &Context) -> Eval {
    let index = args[0].number(context)?;
    let items = match args[1].evaluate(context)? {
        Value::Array(items) => items,
        other => {
            let expected = Type::array(Type::Value, None);
            return Err(super::EvalError::Mismatch { expected, found: other.type_of() });
        }
    };
    let shown = ecma::text(index);
    if index < 0.0 {
        return fail(format!("Array index out of bounds: {shown} < 0."));
    }
    if index >= items.len() as f64 {
        return fail(format!("Array index out of bounds: {shown} > {}.", items.len() as i64 - 1));
    }
    if index != index.floor() {
        return fail(format!("Array index must be an integer, but found {shown} instead."));
    }
    Ok(items[index as usize].clone())
}

/// What can be looked for in arrays and texts.
fn parse_needle_and_haystack(parser: &mut Parser, call: &Call) -> Parse<Vec<Expression>> {
    let needle = parser.operand(call, 1, Some(&Type::Value))?;
    let haystack = parser.operand(call, 2, Some(&Type::Value))?;
    match needle.of {
        Type::Boolean | Type::String | Type::Number | Type::Null | Type::Value => Ok(vec![needle, haystack]),
        other => error(format!(
            "Expected first argument to be of type boolean, string, number or null, but found {other} instead"
        )),
    }
}

fn parse_in(parser: &mut Parser, within: &Call) -> Parse {
    if within.count() != 2 {
        return error(format!("Expected 2 arguments, but found {} instead.", within.count()));
    }
    Ok(call("in", Evaluate::Test(contains), parse_needle_and_haystack(parser, within)?, Type::Boolean))
}

fn check_needle(needle: &Value) -> Eval<()> {
    match needle {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
        other => fail(format!(
            "Expected first argument to be of type boolean, string, number or null, but found {} instead.",
            other.type_of()
        )),
    }
}

/// A needle as it is looked for in a text.
fn as_text(needle: &Value) -> Eval<Arc<str>> {
    match needle {
        Value::Null => Ok("null".into()),
        other => other.to_text(),
    }
}

fn contains(args: &[Expression], context: &Context) -> Eval<bool> {
    let needle = args[0].evaluate(context)?;
    let haystack = args[1].evaluate(context)?;
    if !haystack.to_bool() {
        return Ok(false);
    }
    check_needle(&needle)?;
    match &haystack {
        Value::Array(items) => Ok(items.iter().any(|item| item.is(&needle))),
        Value::String(text) => Ok(text.contains(&*as_text(&needle)?)),
        other => fail(format!(
            "Expected second argument to be of type array or string, but found {} instead.",
            other.type_of()
        )),
    }
}

/// Operands in number 2 or 3.
fn check_two_or_three(call: &Call) -> Parse<()> {
    match call.count() {
        2 | 3 => Ok(()),
        count => error(format!("Expected 2 or 3 arguments, but found {count} instead.")),
    }
}

fn parse_index_of(parser: &mut Parser, index_of: &Call) -> Parse {
    check_two_or_three(index_of)?;
    let mut args = parse_needle_and_haystack(parser, index_of)?;
    if index_of.count() == 3 {
        args.push(parser.operand(index_of, 3, Some(&Type::Number))?);
    }
    Ok(call("index-of", Evaluate::Value(index_of_needle), args, Type::Number))
}

fn index_of_needle(args: &[Expression], context: &Context) -> Eval {
    let needle = args[0].evaluate(context)?;
    let haystack = args[1].evaluate(context)?;
    check_needle(&needle)?;
    let from = args.get(2).map(|from| from.number(context)).transpose()?.unwrap_or(0.0);
    let index = match &haystack {
        Value::String(text) => {
            // Where to begin counts UTF-16 code units, the result characters.
            let units = if from.is_nan() { 0.0 } else { from.max(0.0).trunc() };
            let needle = as_text(&needle)?;
            let mut passed = 0.0;
            let start = text.char_indices().find_map(|(at, c)| {
                let here = passed >= units;
                passed += c.len_utf16() as f64;
                here.then_some(at)
            });
            let start = start.unwrap_or(text.len());
            text[start..].find(&*needle).map(|at| text[..start + at].chars().count())
        }
        Value::Array(items) => {
            let start = ecma::relative_index(from, items.len());
            items[start..].iter().position(|item| item.is(&needle)).map(|at| start + at)
        }
        other => {
            return fail(format!(
                "Expected second argument to be of type array or string, but found {} instead.",
                other.type_of()
            ));
        }
    };
    Ok(Value::Number(index.map_or(-1.0, |index| index as f64)))
}

fn parse_slice(parser: &mut Parser, slice: &Call) -> Parse {
    check_two_or_three(slice)?;
    let input = parser.operand(slice, 1, Some(&Type::Value))?;
    let mut bounds = vec![parser.operand(slice, 2, Some(&Type::Number))?];
    let of = input.of.clone();
    if !matches!(of, Type::Array(..) | Type::String | Type::Value) {
        return error(format!("Expected first argument to be of type array or string, but found {of} instead"));
    }
    if slice.count() == 3 {
        bounds.push(parser.operand(slice, 3, Some(&Type::Number))?);
    }
    Ok(call("slice", Evaluate::Value(part), std::iter::once(input).chain(bounds).collect(), of))
}

fn part(args: &[Expression], context: &Context) -> Eval {
    let input = args[0].evaluate(context)?;
    let begin = args[1].number(context)?;
    let end = args.get(2).map(|end| end.number(context)).transpose()?;
    let bounds = |length: usize| {
        let start = ecma::relative_index(begin, length);
        (start, end.map_or(length, |end| ecma::relative_index(end, length)).saturating_sub(start))
    };
    match &input {
        Value::String(text) => {
            let (start, count) = bounds(text.chars().count());
            Ok(Value::String(text.chars().skip(start).take(count).collect::<String>().into()))
        }
        Value::Array(items) => {
            let (start, count) = bounds(items.len());
            Ok(Value::Array(items[start..start + count].into()))
        }
        other => fail(format!(
            "Expected first argument to be of type array or string, but found {} instead.",
            other.type_of()
        )),
    }
}

fn parse_length(parser: &mut Parser, length: &Call) -> Parse {
    if length.count() != 1 {
        return error(format!("Expected 1 argument, but found {} instead.", length.count()));
    }
    let input = parser.operand(length, 1, None)?;
    if !matches!(input.of, Type::Array(..) | Type::String | Type::Value) {
        return error(format!("Expected argument of type string or array, but found {} instead.", input.of));
    }
    Ok(call("length", Evaluate::Value(count), vec![input], Type::Number))
}

fn count(args: &[Expression], context: &Context) -> Eval {
    match args[0].evaluate(context)? {
        Value::String(text) => Ok(Value::Number(text.chars().count() as f64)),
        Value::Array(items) => Ok(Value::Number(items.len() as f64)),
        other => fail(format!("Expected value to be of type string or array, but found {} instead.", other.type_of())),
    }
}

/// Values that something may be one of.
#[derive(Debug, Default)]
pub struct Set {
    texts: HashSet<Arc<str>, RandomState>,
    others: Vec<Value>,
    /// Whether arrays and objects, which cannot be looked for, are merely none of them.
    lenient: bool,
}

impl Set {
    pub fn new(values: &[Value]) -> Set {
        let mut set = Set::default();
        for value in values {
            match value {
                Value::String(text) => drop(set.texts.insert(text.clone())),
                other => set.others.push(other.clone()),
            }
        }
        set
    }

    pub fn lenient(values: &[Value]) -> Set {
        Set { lenient: true, ..Set::new(values) }
    }

    fn contains(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => self.texts.contains(text),
            other => self.others.iter().any(|known| known.is(other)),
        }
    }
}

pub fn one_of(set: &Set, arg: &Expression, context: &Context) -> Eval<bool> {
    if let Op::Get(name) = &arg.op {
        let field = context.property(name);
        if let Some(text) = field.as_ref().and_then(Field::text) {
            return Ok(set.texts.contains(text));
        }
    }
    let value = arg.evaluate(context)?;
    if !set.lenient {
        check_needle(&value)?;
    }
    Ok(set.contains(&value))
}
