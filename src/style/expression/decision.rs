//! What chooses: conditions, labels, comparisons.

use super::operators::{Operator, Overload, Takes, overloaded, special, test};
use super::parse::{Annotation, Call, Parse, Parser, at, error};
use super::{Context, Eval, EvalError, Expression, Op, Type, Value, ecma, fail};
use foldhash::fast::RandomState;
use serde_json::Value as Json;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

pub fn operators() -> Vec<Operator> {
    use Type::Boolean;
    let of_booleans = |holds| {
        vec![Overload::test(Takes::Each(vec![Boolean, Boolean]), holds), Overload::test(Takes::Many(Boolean), holds)]
    };
    vec![
        special("case", parse_case),
        special("match", parse_match),
        special("coalesce", parse_coalesce),
        special("==", parse_comparison),
        special("!=", parse_comparison),
        special("<", parse_comparison),
        special(">", parse_comparison),
        special("<=", parse_comparison),
        special(">=", parse_comparison),
        overloaded("all", Boolean, of_booleans(all)),
        overloaded("any", Boolean, of_booleans(any)),
        test("!", [Boolean], |args, context| Ok(!args[0].bool(context)?)),
    ]
}

fn all(args: &[Expression], context: &Context) -> Eval<bool> {
    for arg in args {
        if !arg.bool(context)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn any(args: &[Expression], context: &Context) -> Eval<bool> {
    for arg in args {
        if arg.bool(context)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn parse_case(parser: &mut Parser, call: &Call) -> Parse {
    let count = call.count();
    if count < 3 {
        return error(format!("Expected at least 3 arguments, but found only {count}."));
    }
    if count.is_multiple_of(2) {
        return error("Expected an odd number of arguments.");
    }
    let mut of = call.wanted().cloned();
    let mut args = Vec::with_capacity(count);
    for i in (1..count).step_by(2) {
        args.push(parser.operand(call, i, Some(&Type::Boolean))?);
        args.push(parser.output(call, i + 1, &mut of, Annotation::Inferred)?);
    }
    args.push(parser.output(call, count, &mut of, Annotation::Inferred)?);
    Ok(Expression { op: Op::Case, args: args.into(), of: of.unwrap_or(Type::Value) })
}

pub fn case(args: &[Expression], context: &Context) -> Eval {
    let (branches, otherwise) = args.as_chunks();
    for [condition, output] in branches {
        if condition.bool(context)? {
            return output.evaluate(context);
        }
    }
    otherwise[0].evaluate(context)
}

/// The labels of a `match`, each with the index of its output among the operands.
#[derive(Debug)]
pub enum Labels {
    Texts(HashMap<Arc<str>, usize, RandomState>),
    /// Whole numbers.
    Numbers(HashMap<i64, usize, RandomState>),
}

/// The largest number of which all smaller whole numbers are exact (ECMA-262, 21.1.2.6).
const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;

fn parse_match(parser: &mut Parser, call: &Call) -> Parse {
    let count = call.count();
    if count < 4 {
        return error(format!("Expected at least 4 arguments, but found only {count}."));
    }
    if !count.is_multiple_of(2) {
        return error("Expected an even number of arguments.");
    }
    let mut of = call.wanted().cloned();
    let (mut texts, mut numbers) = (HashMap::default(), HashMap::default());
    let mut outputs = Vec::new();
    for i in (2..count).step_by(2) {
        let labels = match &call.items[i] {
            Json::Array(labels) => labels.as_slice(),
            one => std::slice::from_ref(one),
        };
        let index = outputs.len() + 1;
        let (texts_before, numbers_before) = (!texts.is_empty(), !numbers.is_empty());
        let mut seen = (texts_before, numbers_before);
        if labels.is_empty() {
            return at(i, error("Expected at least one branch label."));
        }
        for label in labels {
            let mismatch = |expected, found| at(i, error(format!("Expected {expected} but found {found} instead.")));
            let taken = match label {
                Json::String(_) if seen.1 => return mismatch("number", "string"),
                Json::String(text) => {
                    seen.0 = true;
                    texts.insert(Arc::from(text.as_str()), index).is_some()
                }
                Json::Number(number) => {
                    let number = number.as_f64().unwrap_or(f64::NAN);
                    if number.abs() > MAX_SAFE_INTEGER {
                        let most = ecma::text(MAX_SAFE_INTEGER);
                        return at(i, error(format!("Branch labels must be integers no larger than {most}.")));
                    }
                    if number.floor() != number {
                        return at(i, error("Numeric branch labels must be integer values."));
                    }
                    if seen.0 {
                        return mismatch("string", "number");
                    }
                    seen.1 = true;
                    numbers.insert(number as i64, index).is_some()
                }
                _ => return at(i, error("Branch labels must be numbers or strings.")),
            };
            if taken {
                return at(i, error("Branch labels must be unique."));
            }
        }
        // The reference implementation gives an output the index of its labels.
        let parsed = at(i, parser.parse(&call.items[i + 1], of.as_ref(), Annotation::Inferred))?;
        of.get_or_insert_with(|| parsed.of.clone());
        outputs.push(parsed);
    }
    let input = parser.operand(call, 1, Some(&Type::Value))?;
    let otherwise = parser.output(call, count, &mut of, Annotation::Inferred)?;
    let (labels, label_type) = match numbers.is_empty() {
        true => (Labels::Texts(texts), Type::String),
        false => (Labels::Numbers(numbers), Type::Number),
    };
    if input.of != Type::Value && !label_type.includes(&input.of) {
        return at(1, error(format!("Expected {label_type} but found {} instead.", input.of)));
    }
    let args = std::iter::once(input).chain(outputs).chain([otherwise]).collect();
    Ok(Expression { op: Op::Match(Arc::new(labels)), args, of: of.unwrap_or(Type::Value) })
}

impl Labels {
    /// The operand that a value chooses.
    pub fn of(&self, value: &Value) -> Option<usize> {
        match (self, value) {
            (Labels::Texts(labels), Value::String(text)) => labels.get(&**text).copied(),
            (Labels::Numbers(labels), Value::Number(number)) if number.fract() == 0.0 => {
                labels.get(&(*number as i64)).copied()
            }
            _ => None,
        }
    }

    fn of_text(&self, text: &str) -> Option<usize> {
        match self {
            Labels::Texts(labels) => labels.get(text).copied(),
            Labels::Numbers(_) => None,
        }
    }
}

pub fn matching(labels: &Labels, args: &[Expression], context: &Context) -> Eval {
    let field = match &args[0].op {
        Op::Get(name) => context.property(name),
        _ => None,
    };
    let chosen = match field.as_ref().and_then(|field| field.text()) {
        Some(text) => labels.of_text(text),
        None => labels.of(&args[0].evaluate(context)?),
    };
    args[chosen.unwrap_or(args.len() - 1)].evaluate(context)
}

fn parse_coalesce(parser: &mut Parser, call: &Call) -> Parse {
    if call.count() == 0 {
        return error("Expected at least one argument.");
    }
    let mut of = call.wanted().cloned();
    let mut args = Vec::with_capacity(call.count());
    for i in 1..call.items.len() {
        args.push(parser.output(call, i, &mut of, Annotation::None)?);
    }
    // What its operands would have been checked for is checked of the whole: a null among them must not fail.
    let fits = |expected: &Type| args.iter().all(|arg| expected.includes(&arg.of));
    let of = if call.expected.is_none_or(fits) { of } else { None };
    Ok(Expression { op: Op::Coalesce, args: args.into(), of: of.unwrap_or(Type::Value) })
}

pub fn coalesce(args: &[Expression], context: &Context) -> Eval {
    // An image that is not there counts as null; at the end, the first such is the answer, by its name.
    let mut missing = None;
    let mut last = Value::Null;
    for arg in args {
        last = match arg.evaluate(context)? {
            Value::Null => Value::Null,
            Value::Image(image) if !image.available => {
                Value::String(missing.get_or_insert_with(|| image.name.clone()).clone())
            }
            value => return Ok(value),
        };
    }
    Ok(last)
}

#[derive(Clone, Copy, Debug)]
pub struct Comparison {
    operator: Relation,
    /// Whether the types of both sides are known only when they are evaluated.
    untyped: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Relation {
    Equal,
    NotEqual,
    Less,
    Greater,
    LessOrEqual,
    GreaterOrEqual,
}

impl Relation {
    fn named(name: &str) -> Relation {
        match name {
            "==" => Relation::Equal,
            "!=" => Relation::NotEqual,
            "<" => Relation::Less,
            ">" => Relation::Greater,
            "<=" => Relation::LessOrEqual,
            _ => Relation::GreaterOrEqual,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Relation::Equal => "==",
            Relation::NotEqual => "!=",
            Relation::Less => "<",
            Relation::Greater => ">",
            Relation::LessOrEqual => "<=",
            Relation::GreaterOrEqual => ">=",
        }
    }

    fn orders(self) -> bool {
        !matches!(self, Relation::Equal | Relation::NotEqual)
    }

    fn compares(self, of: &Type) -> bool {
        match of {
            Type::String | Type::Number | Type::Value => true,
            Type::Boolean | Type::Null => !self.orders(),
            _ => false,
        }
    }

    fn holds(self, order: Ordering) -> bool {
        match self {
            Relation::Equal => order.is_eq(),
            Relation::NotEqual => order.is_ne(),
            Relation::Less => order.is_lt(),
            Relation::Greater => order.is_gt(),
            Relation::LessOrEqual => order.is_le(),
            Relation::GreaterOrEqual => order.is_ge(),
        }
    }
}

impl Comparison {
    /// Whether it is a plain `==`.
    pub fn is_equality(&self) -> bool {
        self.operator == Relation::Equal
    }
}

fn parse_comparison(parser: &mut Parser, call: &Call) -> Parse {
    if !matches!(call.count(), 2 | 3) {
        return error("Expected two or three arguments.");
    }
    let operator = Relation::named(call.name);
    let mut side = |index| {
        let side = parser.operand(call, index, Some(&Type::Value))?;
        match operator.compares(&side.of) {
            true => Ok(side),
            false => {
                at(index, error(format!("\"{}\" comparisons are not supported for type '{}'.", call.name, side.of)))
            }
        }
    };
    let (mut left, mut right) = (side(1)?, side(2)?);
    let (left_known, right_known) = (left.of != Type::Value, right.of != Type::Value);
    if left.of != right.of && left_known && right_known {
        return error(format!("Cannot compare types '{}' and '{}'.", left.of, right.of));
    }
    if operator.orders() {
        // Of a side whose type is not known, that of the other is wanted.
        let assert = |side: Expression, of: Type| Expression { op: Op::Assert, args: Box::new([side]), of };
        match (left_known, right_known) {
            (false, true) => left = assert(left, right.of.clone()),
            (true, false) => right = assert(right, left.of.clone()),
            _ => {}
        }
    }
    let untyped = left.of == Type::Value || right.of == Type::Value;
    let mut args = vec![left, right];
    if call.count() == 3 {
        if !args.iter().any(|side| matches!(side.of, Type::String | Type::Value)) {
            return error("Cannot use collator to compare non-string types.");
        }
        args.push(parser.operand(call, 3, Some(&Type::Collator))?);
    }
    let op = Op::Compare(Comparison { operator, untyped });
    Ok(Expression { op, args: args.into(), of: Type::Boolean })
}

pub fn compare(comparison: &Comparison, args: &[Expression], context: &Context) -> Eval<bool> {
    let Comparison { operator, untyped } = *comparison;
    let (left, right) = (args[0].evaluate(context)?, args[1].evaluate(context)?);
    let texts = matches!((&left, &right), (Value::String(_), Value::String(_)));
    let numbers = matches!((&left, &right), (Value::Number(_), Value::Number(_)));
    if operator.orders() && untyped && !texts && !numbers {
        return fail(format!(
            "Expected arguments for \"{}\" to be (string, string) or (number, number), but found ({}, {}) instead.",
            operator.name(),
            left.type_of().kind(),
            right.type_of().kind()
        ));
    }
    if let Some(collator) = args.get(2)
        && (texts || operator.orders() || !untyped)
    {
        let Value::Collator(collator) = collator.evaluate(context)? else {
            return Err(EvalError::Mismatch { expected: Type::Collator, found: Type::Value });
        };
        let order = collator.compare(&left.to_text()?, &right.to_text()?);
        return Ok(operator.holds(order));
    }
    Ok(match operator {
        Relation::Equal => left.is(&right),
        Relation::NotEqual => !left.is(&right),
        _ => match (&left, &right) {
            (Value::Number(a), Value::Number(b)) => a.partial_cmp(b).is_some_and(|order| operator.holds(order)),
            (Value::String(a), Value::String(b)) => operator.holds(ecma::compare(a, b)),
            _ => false,
        },
    })
}
